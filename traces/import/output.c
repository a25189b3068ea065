/* See output.h. */
#include "output.h"

#include <string.h>

#include "base/exits.h"
#include "base/interrupt.h"
#include "format/plain.h"
#include "format/whole.h"

int output_stopped(void)
{
    return interrupt_signal;
}

int output_create(struct output *o, const char *from, const struct trace_info *info, bool text, int level)
{
    const char *error;
    if (strcmp(from, "-") && whole_same(from, o->path)) {
        fprintf(stderr, "%s: %s: is the trace being read; write to another file\n", o->self, plain(o->path));
        return STATUS_USAGE;
    }
    o->writer = trace_create(o->path, info, text, &error);
    if (!o->writer) {
        fprintf(stderr, "%s: %s\n", o->self, plain(error));
        return STATUS_OUTPUT;
    }
    if (level)
        trace_set_level(o->writer, level);
    interrupt_install();
    return STATUS_EQUAL;
}

bool output_put(struct output *o, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (trace_put(o->writer, rec, extra))
        return true;
    fprintf(stderr, "%s: %s\n", o->self, plain(trace_writer_error(o->writer)));
    return false;
}

int output_finish(struct output *o, int status)
{
    const char *error;
    if (output_stopped()) {
        fprintf(stderr, "%s: %s: stopped by signal %d (%s)\n", o->self, plain(o->path), output_stopped(),
                strsignal(output_stopped()));
        status = STATUS_INTERRUPTED;
    }
    if (status) {
        trace_abandon(o->writer);
        fprintf(stderr, "%s: %s: removed, since it is not complete\n", o->self, plain(o->path));
    } else if (!trace_finish(o->writer, &error)) {
        fprintf(stderr, "%s: %s\n", o->self, plain(error));
        status = STATUS_OUTPUT;
    }
    return status;
}
