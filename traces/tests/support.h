/* What the tests of traces/ share: scratch files, random records, whole traces in memory. */
#ifndef TWINWALK_TRACE_TESTS_SUPPORT_H
#define TWINWALK_TRACE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/trace.h"

struct item {
    struct trace_rec rec;
    struct trace_extra extra;
};

/* A path in a directory of this process that is removed at its end. */
const char *scratch(const char *name);

uint64_t rnd(void); /* the same numbers in every run */
/* A valid record: any kind, sizes, flags, threads and extras, canonical or not. */
void random_item(struct item *item);
/* A typical one: straight-line fetches and nearby data. */
void plain_item(struct item *item);

struct trace_info test_info(void);
/* Writes items[count] to path; everything must succeed. */
void write_trace(const char *path, const struct trace_info *info, bool text, const struct item *items, size_t count);
/* Do two records say the same? The index of the extra part does not count. */
bool same_item(const struct item *a, const struct trace_rec *rec, const struct trace_extra *extra);

/* Reads a trace and compares it with items[]. The status of the last trace_next (0 or -1), or -2 when it could not be
 * opened; *got: records given, all of them equal to items[0 …) or the test fails. */
int read_against(const char *path, const struct item *items, size_t count, size_t *got);

uint8_t *load_file(const char *path, size_t *size);
void save_file(const char *path, const void *bytes, size_t size);

#endif
