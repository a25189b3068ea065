/* See folder.h. */
#include "folder.h"
#include "traces/format/plain.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURNS = 100000, NAME_MOST = 512 /* the part's is a little longer */ };

static bool complain(const char *path, const char *why)
{
    fprintf(stderr, "twinwalk: %s: the folder cannot be made: %s; give another place by --out=FOLDER\n", plain(path),
            why);
    return false;
}

static bool make_all(const char *path)
{
    char part[512];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return errno = ENAMETOOLONG, false;
    for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
        *slash = 0;
        mkdir(part, 0777); /* an error shows below */
        *slash = '/';
    }
    struct stat st;
    if (mkdir(part, 0777) == 0 || (errno == EEXIST && stat(part, &st) == 0 && S_ISDIR(st.st_mode)))
        return true;
    if (errno == EEXIST)
        errno = ENOTDIR;
    return false;
}

bool folder_make(struct folder *f, const char *out, const char *name)
{
    *f = (struct folder){{0}, {0}};
    if (!make_all(out))
        return complain(out, strerror(errno));
    for (unsigned turn = 1; turn < TURNS; turn++) {
        char number[16] = "";
        if (turn > 1)
            snprintf(number, sizeof number, "-%u", turn);
        if (snprintf(f->name, sizeof f->name, "%s/%s%s", out, name, number) >= NAME_MOST)
            errno = ENAMETOOLONG;
        else if (mkdir(f->name, 0777) == 0) {
            snprintf(f->part, sizeof f->part, "%.*s.part-%d", NAME_MOST, f->name, (int)getpid());
            if (mkdir(f->part, 0777) == 0)
                return true;
            const int cause = errno;
            rmdir(f->name);
            errno = cause;
        }
        if (errno != EEXIST)
            break;
    }
    complain(f->name, strerror(errno));
    *f = (struct folder){{0}, {0}};
    return false;
}

bool folder_keep(struct folder *f)
{
    if (rmdir(f->part) == 0) { /* there is nothing in it */
        rmdir(f->name);
        *f = (struct folder){{0}, {0}};
        return false;
    }
    if (rename(f->part, f->name) == 0)
        return true;
    fprintf(stderr, "twinwalk: %s: cannot be renamed to %s: %s\n", f->part, f->name, strerror(errno));
    memcpy(f->name, f->part, sizeof f->name);
    return false;
}

bool folder_file(struct outfile *out, const char *folder, const char *name)
{
    static char path[600]; /* of one file at a time */
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return outfile_open(out, "", path);
}

void folder_stem(const char *path, char *stem, size_t size)
{
    const char *slash = strrchr(path, '/');
    snprintf(stem, size, "%.60s", strcmp(path, "-") == 0 ? "stdin" : slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem)
        *dot = 0;
    for (char *c = stem; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '_';
}
