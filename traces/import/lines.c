/* Lines and numbers of the text formats. */
#include "import.h"

#include <string.h>

enum { LINE_MOST = 4096 };

/* The length of a line without blanks, tabs and a carriage return at its end. */
static size_t without_blanks(const uint8_t *p, size_t len)
{
    while (len && (p[len - 1] == ' ' || p[len - 1] == '\t' || p[len - 1] == '\r'))
        len--;
    return len;
}

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
    im->unended = !end; /* many editors write it so; and a file that was cut off may end so */
    if (!end)
        end = p + n;
    if (memchr(p, 0, (size_t)(end - p)))
        return import_wrong(im, "holds a zero byte: this is no text"), -1;
    *line = (char *)p; /* in the source's buffer, which is ours until the next peek, and a byte longer */
    (*line)[without_blanks(p, (size_t)(end - p))] = 0;
    source_take(im->source, (size_t)(end - p) + !im->unended);
    return 1;
}

bool import_first_line(const uint8_t *p, size_t n, size_t *at, char *line, size_t room)
{
    if (*at >= n)
        return false;
    const uint8_t *end = memchr(p + *at, '\n', n - *at);
    const size_t len = end ? (size_t)(end - p) - *at : n - *at;
    if (len >= room)
        return false;
    memcpy(line, p + *at, len);
    line[without_blanks((const uint8_t *)line, len)] = 0;
    *at += len + 1;
    return true;
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
