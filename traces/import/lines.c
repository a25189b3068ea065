/* Lines and numbers of the text formats. */
#include "import.h"

#include <string.h>

enum { LINE_MOST = 4096 };

int import_line(struct import *im, char **line)
{
    const uint8_t *p;
    size_t n = source_peek(im->source, &p, 256); /* mostly enough; a line that is longer costs a second look */
    const uint8_t *end = memchr(p, '\n', n);
    if (!end && n == 256) {
        n = source_peek(im->source, &p, LINE_MOST);
        end = memchr(p, '\n', n);
    }
    if (!n)
        return 0;
    im->counts.units++;
    if (!end && n == LINE_MOST)
        return import_wrong(im, "is longer than %d bytes; is this a trace?", LINE_MOST - 1), -1;
    if (!end && im->source->error[0]) {
        im->counts.units--; /* the source's own error tells */
        return 0;
    }
    if (!end)
        return import_wrong(im, "torn: the file ends in the middle of it"), -1;
    if (memchr(p, 0, (size_t)(end - p)))
        return import_wrong(im, "holds a zero byte: this is no text"), -1;
    *line = (char *)p; /* in the source's buffer, which is ours until the next peek */
    (*line)[end - p] = 0;
    if (end > p && end[-1] == '\r')
        (*line)[end - p - 1] = 0;
    source_take(im->source, (size_t)(end - p) + 1);
    return 1;
}

bool import_digits(const char **p, int base, uint64_t *value)
{
    const char *q = *p;
    uint64_t v = 0;
    for (;; q++) {
        unsigned digit = (unsigned char)*q - '0';
        if (digit > 9) {
            digit = ((unsigned char)*q | 32) - 'a' + 10;
            if (digit < 10 || digit >= 16)
                break;
        }
        if (digit >= (unsigned)base)
            break;
        if (v > (UINT64_MAX - digit) / (unsigned)base)
            return false;
        v = v * (unsigned)base + digit;
    }
    if (q == *p)
        return false;
    *p = q;
    *value = v;
    return true;
}
