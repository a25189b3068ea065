/* See shards.h. */
#define _GNU_SOURCE
#include "shards.h"
#include "format/plain.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

__attribute__((format(printf, 2, 3))) static bool wrong(struct shards *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->error, sizeof s->error, format, args);
    va_end(args);
    plain_in_place(s->error, sizeof s->error);
    return false;
}

/* Every file stays open, and there may be one a thread. */
static void allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Takes a file in if it is a shard. One that cannot be unpacked, or is empty and named like one, may have been one. */
static bool take(struct shards *s, const char *path)
{
    struct stat status;
    const uint8_t *p;
    if (stat(path, &status) || !S_ISREG(status.st_mode) || (!status.st_size && !strstr(path, ".trace")))
        return true;
    struct shard *more = realloc(s->shard, (s->count + 1) * sizeof *more);
    if (!more)
        return wrong(s, "out of memory");
    s->shard = more;
    struct shard *shard = &s->shard[s->count];
    *shard = (struct shard){0};
    source_open(&shard->source, path);
    const size_t n = source_peek(&shard->source, &p, 4096);
    if (drmemtrace_looks_like(p, n)) {
        s->count++;
        return true;
    }
    const bool good = !shard->source.error[0] || wrong(s, "%s", shard->source.error);
    s->others++;
    source_close(&shard->source);
    return good;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool take_all(struct shards *s, const char *folder)
{
    struct dirent **list;
    const int n = scandir(folder, &list, visible, versionsort);
    bool ok = n >= 0 || wrong(s, "%s: cannot read: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        ok = ok && take(s, path);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return ok;
}

bool shards_open(struct shards *s, const char *folder)
{
    struct stat status;
    char inside[4096];
    *s = (struct shards){0};
    allow_files();
    if (!take_all(s, folder))
        return false;
    snprintf(inside, sizeof inside, "%s/trace", folder);
    if (!s->count && !stat(inside, &status) && S_ISDIR(status.st_mode) && !take_all(s, inside))
        return false;
    snprintf(inside, sizeof inside, "%s/raw", folder);
    if (s->count)
        return true;
    if (!stat(inside, &status) && S_ISDIR(status.st_mode))
        return wrong(s,
                     "%s: holds raw files of DynamoRIO's drmemtrace; `drrun -t drmemtrace -indir FOLDER` (raw2trace) "
                     "makes the final ones",
                     folder);
    return wrong(s, "%s: is a folder, and none of its %u files is one of drmemtrace's, one a thread or core", folder,
                 s->others);
}

void shards_close(struct shards *s)
{
    for (unsigned i = 0; i < s->count; i++)
        source_close(&s->shard[i].source);
    free(s->shard);
    s->shard = NULL;
    s->count = 0;
}

/* Is it a's turn before b's? Of two at the same time the one of the first name comes first. */
static bool before(const struct shard *a, const struct shard *b)
{
    return a->at.time != b->at.time ? a->at.time < b->at.time : a < b;
}

/* The one whose turn it is, and the time up to which it is; NULL: all have ended. */
static struct shard *earliest(struct shards *s, uint64_t *until)
{
    struct shard *first = NULL, *second = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        struct shard *shard = &s->shard[i];
        if (shard->ended)
            continue;
        if (!first || before(shard, first)) {
            second = first;
            first = shard;
        } else if (!second || before(shard, second)) {
            second = shard;
        }
    }
    *until = !second ? UINT64_MAX : second->at.time - (second < first);
    return first;
}

bool shards_run(struct import *im, struct shards *s)
{
    struct shard *shard;
    uint64_t until;
    im->error[0] = 0;
    im->unit = "record";
    while ((shard = earliest(s, &until))) {
        im->source = &shard->source;
        im->others = im->counts.units - shard->units;
        const enum drmemtrace_stop stop = drmemtrace_read(im, &shard->at, until);
        shard->units = im->counts.units - im->others;
        shard->ended = stop == DRMEMTRACE_END;
        if (stop == DRMEMTRACE_STOP || shard->source.error[0])
            return import_end(im, stop != DRMEMTRACE_STOP);
    }
    return import_end(im, drmemtrace_found(im));
}
