/* An importer: FORMAT is its name; "any": what the content looks like, packed or not. Unpacking is left to that one,
 * since its large windows cost more time than all the rest. */
#include "fuzz.h"

#include "import/import.h"

#include <stdlib.h>
#include <string.h>

static bool take(void *to, const struct trace_rec *rec)
{
    PROMISE(!trace_invalid(rec, NULL));
    return ++*(uint64_t *)to < 200000; /* a bomb may go on for ever; what counts is that it takes no memory */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct import im;
    static char error[2048];
    const bool any = !strcmp(FORMAT, "any");
    uint64_t records = 0;
    struct source source;
    struct trace_info info;
    if (!size)
        return -1;
    const struct import_options options = {
        .from = any ? NULL : FORMAT,
        .linear_bits = data[0] & 1 ? 57 : 48,
        .drop = data[0] & 2,
        .no_fetches = data[0] & 4,
        .base = data[0] & 8 ? (data[0] & 16 ? 16 : 10) : 0,
        .one_process = data[0] & 32,
        .pid = 7,
        .limit = data[0] & 64 ? 9 : UINT64_MAX,
    };
    const bool started = source_start(&source, fmemopen((void *)(data + 1), size - 1, "rb"), "file");
    if (started && !any && source.packing != &packing_plain) {
        source_close(&source);
        return -1;
    }
    if (started) {
        const struct format *format = import_format(&source, &options, error, sizeof error);
        PROMISE(format || error[0]);
        if (format) {
            import_describe(&source, format, &options, &info);
            PROMISE(memchr(info.program, 0, sizeof info.program) && memchr(info.recorder, 0, sizeof info.recorder));
            im = (struct import){.source = &source, .options = &options, .put = take, .to = &records};
            bool ok = import_run(&im, format);
            PROMISE(ok == !im.error[0]);
            PROMISE(!strchr(im.error, '\n'));
        }
    } else {
        PROMISE(source.error[0]);
    }
    source_close(&source);
    return 0;
}
