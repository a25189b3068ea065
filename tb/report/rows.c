/* Rows and numbers of the tables: see rows.h. */
#include "rows.h"

#include <inttypes.h>
#include <stdarg.h>

const char *report_number(uint64_t n)
{
    static char buffers[8][32];
    static unsigned turn;
    char *text = buffers[turn++ % 8], digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
    return text;
}

void report_row(FILE *out, const char *name, const char *format, ...)
{
    va_list arguments;
    fprintf(out, "  %-22s ", name);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
}

double report_share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

void report_hits(FILE *out, const char *name, uint64_t hits, uint64_t lookups)
{
    if (lookups)
        report_row(out, name, "%6.2f %%  %15s of %s", report_share(hits, lookups), report_number(hits),
                   report_number(lookups));
}

void report_latency(FILE *out, const struct histogram *latency)
{
    if (latency && latency->count)
        report_row(out, "  latency, cycles", "p50 %s  p90 %s  p99 %s  max %s  mean %.1f",
                   report_number(histogram_percentile(latency, 0.5)), report_number(histogram_percentile(latency, 0.9)),
                   report_number(histogram_percentile(latency, 0.99)), report_number(latency->max),
                   (double)latency->sum / (double)latency->count);
}
