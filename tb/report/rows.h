/* Rows and numbers of the tables that runs print. */
#ifndef TWINWALK_ROWS_H
#define TWINWALK_ROWS_H

#include <stdint.h>
#include <stdio.h>

/* One row: two blanks, the name, what printf makes of the rest. */
void report_row(FILE *out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* 1234567 → "1,234,567"; eight buffers in turn. */
const char *report_number(uint64_t n);

#endif
