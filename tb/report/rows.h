/* Rows and numbers of the tables that runs print. */
#ifndef TWINWALK_ROWS_H
#define TWINWALK_ROWS_H

#include <stdint.h>
#include <stdio.h>

#include "engine/histogram.h"

/* One row: two blanks, the name, what printf makes of the rest. */
void report_row(FILE *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* 1234567 → "1,234,567"; eight buffers in turn. */
const char *report_number(uint64_t n);

/* Percent; 0 of nothing. */
double report_share(uint64_t part, uint64_t whole);

/* A row of hits among lookups; none without lookups. */
void report_hits(FILE *out, const char *name, uint64_t hits, uint64_t lookups);

/* A row of percentiles of latencies, in cycles; none where nothing was measured (NULL, or none). */
void report_latency(FILE *out, const struct histogram *latency);

#endif
