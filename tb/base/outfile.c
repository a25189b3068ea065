/* See outfile.h. */
#include "outfile.h"
#include "traces/format/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void outfile_complain(const char *option, const char *path, const char *why)
{
    if (option && *option)
        fprintf(stderr, "twinwalk: --%s=%s: %s\n", option, plain(path), why);
    else
        fprintf(stderr, "twinwalk: %s: %s\n", plain(path), why);
}

bool outfile_open(struct outfile *o, const char *option, const char *path)
{
    *o = (struct outfile){.option = option, .path = path};
    if (!whole_open(&o->whole, path)) {
        outfile_complain(option, path, o->whole.error);
        return false;
    }
    o->file = !o->whole.standard ? fdopen(o->whole.fd, "w") : o->whole.fd == STDOUT_FILENO ? stdout : stderr;
    if (o->file)
        return true;
    outfile_complain(option, path, strerror(errno));
    whole_drop(&o->whole);
    return false;
}

bool outfile_possible(const char *option, const char *path)
{
    struct whole trial;
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
        !S_ISDIR(st.st_mode)) { /* a pipe's reader waits for one writer */
        if (access(path, W_OK) == 0)
            return true;
        outfile_complain(option, path, strerror(errno));
        return false;
    }
    if (!whole_open(&trial, path)) {
        outfile_complain(option, path, trial.error);
        return false;
    }
    whole_drop(&trial);
    return true;
}

FILE *outfile_table(const char *json)
{
    return json && whole_is_standard(json) ? stderr : stdout;
}

bool outfile_keep(struct outfile *o)
{
    char why[300] = "";
    if (!o->file)
        return true;
    errno = 0;
    /* Of an error some time ago the cause is not known any more: the next byte fails for the same. */
    if (fflush(o->file) != 0 || (ferror(o->file) && (o->whole.standard || write(o->whole.fd, "", 1) != 1)) ||
        ferror(o->file))
        snprintf(why, sizeof why, "cannot be written: %s", errno ? strerror(errno) : "not everything was taken");
    if (!o->whole.standard && fclose(o->file) != 0 && !*why)
        snprintf(why, sizeof why, "cannot be written: %s", strerror(errno));
    o->file = NULL;
    o->whole.fd = -1; /* closed, or standard output */
    if (*why)
        whole_drop(&o->whole);
    else if (!whole_keep(&o->whole))
        snprintf(why, sizeof why, "%s", o->whole.error);
    if (*why)
        outfile_complain(o->option, o->path, why);
    return !*why;
}

void outfile_drop(struct outfile *o)
{
    if (o->file && !o->whole.standard)
        fclose(o->file);
    o->whole.fd = -1;
    if (o->file)
        whole_drop(&o->whole);
    o->file = NULL;
}

static const char *called(const struct outfile_use *use, char *text, size_t size)
{
    if (*use->option)
        snprintf(text, size, "--%s=%s", use->option, plain(use->path));
    else
        snprintf(text, size, "%s", plain(use->path));
    return text;
}

bool outfile_apart(const struct outfile_use *use, size_t count)
{
    char a[300], b[300];
    for (size_t i = 0; i < count; i++) {
        if (use[i].path && !*use[i].path && use[i].how != OUTFILE_READ) {
            fprintf(stderr, "twinwalk: %s: names no file\n", called(&use[i], a, sizeof a));
            return false;
        }
        for (size_t k = i + 1; k < count; k++) {
            const bool reads = use[i].how == OUTFILE_READ || use[k].how == OUTFILE_READ;
            if (!use[i].path || !use[k].path || (use[i].how == use[k].how && use[i].how != OUTFILE_WRITE) ||
                (reads && (strcmp(use[i].path, "-") == 0 || strcmp(use[k].path, "-") == 0)) ||
                !whole_same(use[i].path, use[k].path))
                continue;
            const struct outfile_use *writer = use[k].how == OUTFILE_READ ? &use[i] : &use[k];
            const struct outfile_use *other = writer == &use[i] ? &use[k] : &use[i];
            fprintf(stderr, "twinwalk: %s: %s %s; give another file\n", called(writer, a, sizeof a),
                    reads ? "would destroy what is being read:" : "would be written over by",
                    called(other, b, sizeof b));
            return false;
        }
    }
    return true;
}
