/* The committed traces are whole, replayable and what their provenance files say. Runs in the root of the repository,
 * or where CORPUS points. */
#include "support.h"

#include "format/check.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The number behind "key = " in a provenance file. */
static uint64_t stated(const char *toml, const char *key)
{
    char line[64];
    snprintf(line, sizeof line, "\n%s = ", key);
    const char *at = strstr(toml, line);
    if (!at)
        fail_msg("there is no %s", key);
    return strtoull(at + strlen(line), NULL, 10);
}

static void test_corpus(void **state)
{
    (void)state;
    const char *error, *corpus = getenv("CORPUS") ? getenv("CORPUS") : "traces/corpus";
    char pattern[512], why[1200];
    uint64_t bytes = 0;
    glob_t files;
    snprintf(pattern, sizeof pattern, "%s/*.tw", corpus);
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 2);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        size_t size;
        struct check_counts counts;
        uint8_t *trace = load_file(files.gl_pathv[i], &size);
        free(trace);
        bytes += size;
        snprintf(pattern, sizeof pattern, "%.*s.toml", (int)strlen(files.gl_pathv[i]) - 3, files.gl_pathv[i]);
        char *toml = (char *)load_file(pattern, &(size_t){0});
        assert_true(stated(toml, "bytes") == size);

        struct trace_reader *r = trace_open(files.gl_pathv[i], &error);
        if (!r)
            fail_msg("%s", error);
        if (!check_trace(r, &counts, why, sizeof why))
            fail_msg("%s: %s", files.gl_pathv[i], why);
        const struct trace_info *info = trace_get_info(r);
        assert_true(info->linear_bits == 48 || info->own_tables);
        assert_true(info->accesses >= 2000000 && info->records == counts.records);
        assert_true(stated(toml, "records") == counts.records && stated(toml, "accesses") == info->accesses);
        assert_true(stated(toml, "fetches") == counts.kind[TRACE_FETCH] &&
                    stated(toml, "loads") == counts.kind[TRACE_LOAD] &&
                    stated(toml, "stores") == counts.kind[TRACE_STORE] &&
                    stated(toml, "syscalls") == counts.kind[TRACE_SYSCALL]);
        struct trace_sizes sizes = trace_get_sizes(r);
        assert_true(sizes.raw <= (info->own_tables ? 6 : 3) * info->accesses /* with expectations */ &&
                    sizes.packed < info->accesses);
        trace_close(r);
        free(toml);
    }
    assert_true(bytes < 20 << 20);
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests_name("traces: corpus", tests, NULL, NULL);
}
