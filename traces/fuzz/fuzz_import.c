/* An importer: FORMAT is its name; "any": what the content looks like, packed or not; "shards": up to three files of
 * drmemtrace's as one trace. Unpacking is left to "any", since its large windows cost more time than all the rest. */
#include "fuzz.h"

#include "import/import.h"
#include "import/shards.h"

#include <stdlib.h>
#include <string.h>

static bool take(void *to, const struct trace_rec *rec)
{
    PROMISE(!trace_invalid(rec, NULL));
    return ++*(uint64_t *)to < 200000; /* a bomb may go on for ever; what counts is that it takes no memory */
}

static struct import im;

/* An import begins. Its table of threads is a megabyte, so only what the last one used is cleared. */
static void begin(struct source *source, const struct import_options *options, uint64_t *records)
{
    memset(im.thread, 0, im.ever_below * sizeof *im.thread);
    memset(&im, 0, offsetof(struct import, thread));
    im.source = source;
    im.options = options;
    im.put = take;
    im.to = records;
}

static void check_end(bool ok)
{
    PROMISE(ok == !im.error[0]);
    PROMISE(!strchr(im.error, '\n'));
}

static const struct format *by_name(const char *name)
{
    int i = 0;
    while (import_formats[i] && strcmp(import_formats[i]->name, name))
        i++;
    return import_formats[i];
}

/* data: the lengths of the first two files in units of 16 bytes, then the files. */
static void as_shards(const uint8_t *data, size_t size, const struct import_options *options)
{
    struct shard shard[3] = {0};
    struct shards s = {.shard = shard};
    uint64_t records = 0;
    if (size < 3)
        return;
    const uint8_t *at = data + 2, *end = data + size;
    for (unsigned i = 0; i < 3 && at < end; i++) {
        const size_t left = (size_t)(end - at), want = i < 2 ? 16U * data[i] : left, len = want < left ? want : left;
        if (len && source_start(&shard[s.count].source, fuzz_open(at, len), "file") &&
            !source_packed(&shard[s.count].source))
            s.count++;
        else if (len)
            source_close(&shard[s.count].source);
        at += len;
    }
    if (s.count) {
        begin(&shard[0].source, options, &records);
        check_end(shards_run(&im, &s));
    }
    for (unsigned i = 0; i < s.count; i++)
        source_close(&shard[i].source);
}

static void as_one(struct source *source, const struct import_options *options)
{
    static char error[2048];
    uint64_t records = 0;
    struct trace_info info;
    const struct format *format = import_format(source, options, error, sizeof error);
    PROMISE(format || error[0]);
    PROMISE(!strchr(error, '\n') || format);
    if (!format && options->from) /* the reader must stand it all the same */
        format = by_name(options->from);
    if (!format)
        return;
    import_describe(source, format, options, &info);
    PROMISE(memchr(info.program, 0, sizeof info.program) && memchr(info.recorder, 0, sizeof info.recorder));
    begin(source, options, &records);
    check_end(import_run(&im, format));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool any = !strcmp(FORMAT, "any"), shards = !strcmp(FORMAT, "shards");
    struct source source;
    if (!size)
        return -1;
    const struct import_options options = {
        .from = any || shards ? NULL : FORMAT,
        .linear_bits = data[0] & 1 ? 57 : 48,
        .drop = data[0] & 2,
        .no_fetches = data[0] & 4,
        .base = data[0] & 8 ? (data[0] & 16 ? 16 : 10) : 0,
        .one_process = data[0] & 32,
        .pid = 7,
        .limit = data[0] & 64 ? 9 : UINT64_MAX,
        .lam = data[0] & 128 ? (data[0] & 16 ? 48 : 57) : 0,
        .fold = data[0] & 128 ? 3 : 0,
    };
    if (shards) {
        as_shards(data + 1, size - 1, &options);
        PROMISE(!fuzz_files_open() && !fuzz_pieces_used());
        return 0;
    }
    const bool started = source_start(&source, fuzz_open(data + 1, size - 1), "file");
    if (started && !any && source_packed(&source)) {
        source_close(&source);
        return -1;
    }
    if (started)
        as_one(&source, &options);
    else
        PROMISE(source.error[0]);
    source_close(&source);
    PROMISE(!fuzz_files_open() && !fuzz_pieces_used());
    return 0;
}
