/* The text reader, and the check of what it reads. And: what it takes is written in one way, which it takes again. */
#include "fuzz.h"

#include "format/check.h"
#include "format/format.h"

#include <stdlib.h>
#include <string.h>

static void write_and_read(const char *path)
{
    const struct trace_rec *recs;
    size_t count;
    struct trace_reader *r = trace_open(path, NULL);
    while (r && trace_next(r, &recs, &count) > 0) {
        for (size_t i = 0; i < count; i++) {
            static char once[TEXT_LINE], twice[TEXT_LINE];
            struct trace_rec rec = {0};
            struct trace_extra extra;
            struct trace_info info = {0};
            size_t len = text_put_record(once, &recs[i], trace_extra(r, &recs[i]));
            PROMISE(len > 1 && len < TEXT_LINE && once[len - 1] == '\n');
            char line[TEXT_LINE];
            memcpy(line, once, len - 1);
            line[len - 1] = 0;
            struct text_cursor c = {.p = line};
            PROMISE(text_get_line(&c, false, false, &info, &rec, &extra) == TEXT_RECORD);
            PROMISE(text_put_record(twice, &rec, &extra) == len && !memcmp(once, twice, len));
        }
    }
    trace_close(r);
}

/* A trace is good, or one line says what is wrong with it. */
static void check(const char *path)
{
    struct check_counts counts;
    char why[1200] = "";
    struct trace_reader *r = trace_open(path, NULL);
    if (r)
        PROMISE(check_trace(r, &counts, why, sizeof why) ? !why[0] : why[0] && !strchr(why, '\n'));
    trace_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 0x89)
        return -1; /* the binary form has its own */
    const char *path = fuzz_file(data, size);
    if (fuzz_read_trace(path)) {
        write_and_read(path);
        check(path);
    }
    return 0;
}
