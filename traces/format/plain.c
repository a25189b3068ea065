/* See plain.h. */
#include "plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* No control character of C0 or C1, and no byte that belongs to none. */
unsigned plain_character(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (*c < 0x80)
        return *c >= ' ' && *c != 0x7f;
    const unsigned length = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
    uint32_t code = *c & (0x7fu >> length);
    if (*c < 0xc2 || *c > 0xf4)
        return 0;
    for (unsigned i = 1; i < length; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3fu);
    }
    return code >= least[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? length : 0;
}

static bool is_plain(const char *text)
{
    for (unsigned length; *text; text += length)
        if (!(length = plain_character(text)))
            return false;
    return true;
}

static void convert(const char *text, char *to, size_t size)
{
    char *const end = to + size - 1;
    while (*text) {
        const unsigned length = plain_character(text), room = length ? length : 4;
        if ((size_t)(end - to) < room)
            break;
        if (length)
            memcpy(to, text, length);
        else
            snprintf(to, 5, "\\x%02x", (unsigned char)*text);
        to += room;
        text += length ? length : 1;
    }
    *to = 0;
}

const char *plain(const char *text)
{
    static _Thread_local char buffers[8][PLAIN_MOST];
    static _Thread_local unsigned turn;
    if (is_plain(text))
        return text;
    char *to = buffers[turn++ % 8];
    convert(text, to, PLAIN_MOST);
    return to;
}

void plain_in_place(char *text, size_t size)
{
    char copy[PLAIN_MOST];
    if (is_plain(text))
        return;
    snprintf(copy, sizeof copy, "%s", text);
    convert(copy, text, size);
}
