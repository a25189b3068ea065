/* See output.h. */
#define _GNU_SOURCE
#include "output.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stopped_by;

static void on_signal(int number)
{
    stopped_by = number;
}

static void catch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal};
    stopped_by = 0;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
}

int output_stopped(void)
{
    return stopped_by;
}

bool output_same_file(const char *a, const char *b)
{
    struct stat sa, sb;
    return strcmp(a, "-") && strcmp(b, "-") && !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

bool output_create(struct output *o, const char *from, const struct trace_info *info, bool text, int level)
{
    const char *error;
    if (output_same_file(from, o->path)) {
        fprintf(stderr, "%s: %s: is the trace being read; write to another file\n", o->self, o->path);
        return false;
    }
    o->writer = trace_create(o->path, info, text, &error);
    if (!o->writer) {
        fprintf(stderr, "%s: %s\n", o->self, error);
        return false;
    }
    if (level)
        trace_set_level(o->writer, level);
    catch_signals();
    return true;
}

bool output_put(struct output *o, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (trace_put(o->writer, rec, extra))
        return true;
    fprintf(stderr, "%s: %s\n", o->self, trace_writer_error(o->writer));
    return false;
}

int output_finish(struct output *o, int status)
{
    const char *error;
    struct stat st;
    if (!trace_finish(o->writer, &error) && !status) {
        fprintf(stderr, "%s: %s\n", o->self, error);
        status = 1;
    }
    if (stopped_by) {
        fprintf(stderr, "%s: %s: stopped by signal %d (%s)\n", o->self, o->path, (int)stopped_by,
                strsignal(stopped_by));
        status = 128 + stopped_by;
    }
    if (status && strcmp(o->path, "-") && !lstat(o->path, &st) && S_ISREG(st.st_mode) && !unlink(o->path))
        fprintf(stderr, "%s: %s: removed, since it is not complete\n", o->self, o->path);
    return status;
}
