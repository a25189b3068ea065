/* See fuzz.h. */
#include "fuzz.h"

#include "format/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_broken(const char *promise, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, promise);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_check_files();
    fuzz_check_memory();
    return 0;
}

/* Records of the rest of the trace; the last status of trace_next in *status. */
static uint64_t read_on(struct trace_reader *r, int *status)
{
    const struct trace_rec *recs;
    size_t count;
    uint64_t records = 0;
    while ((*status = trace_next(r, &recs, &count)) > 0) {
        PROMISE(count > 0);
        for (size_t i = 0; i < count; i++)
            PROMISE(!trace_invalid(&recs[i], trace_extra(r, &recs[i])));
        records += count;
    }
    PROMISE(!*status || trace_error(r)[0]);
    return records;
}

bool fuzz_read_trace(const char *path)
{
    const char *error = NULL;
    int status;
    struct trace_reader *r = trace_open(path, &error);
    if (!r) {
        PROMISE(error && error[0] && !strchr(error, '\n'));
        return false;
    }
    uint64_t records = read_on(r, &status);
    if (status < 0) {
        PROMISE(!strchr(trace_error(r), '\n'));
    } else {
        const uint64_t said = trace_get_info(r)->records;
        PROMISE(said == UINT64_MAX || said == records);
        const uint64_t place[] = {0, records / 2, records, records + 1};
        for (unsigned i = 0; i < 4; i++) {
            int again;
            bool there = trace_seek(r, place[i]);
            PROMISE(there == (place[i] <= records));
            if (there) {
                uint64_t rest = read_on(r, &again);
                PROMISE(!again && rest == records - place[i]);
            }
        }
    }
    trace_close(r);
    PROMISE(!fuzz_files_open() && !fuzz_pieces_used());
    return true;
}
