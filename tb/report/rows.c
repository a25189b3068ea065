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
