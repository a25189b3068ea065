/* Delta debugging: see ddmin.h. */
#include "ddmin.h"

#include <stdlib.h>

static size_t left(const bool *keep, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += keep[i];
    return n;
}

/* Takes away the parts from the first-th to before the last-th of those that are there. */
static void cut(const bool *keep, size_t count, size_t first, size_t last, bool *without)
{
    for (size_t i = 0, n = 0; i < count; i++) {
        without[i] = keep[i] && (n < first || n >= last);
        n += keep[i];
    }
}

size_t ddmin(bool *keep, size_t count, bool (*fails)(void *context, const bool *keep), bool (*more)(void *context),
             void *context)
{
    size_t parts = left(keep, count), pieces = 2;
    bool *without = malloc(count ? count : 1);
    while (without && parts > 0) {
        bool smaller = false;
        const size_t size = (parts + pieces - 1) / pieces;
        for (size_t at = 0; at < parts;) {
            if (more && !more(context)) {
                free(without);
                return parts;
            }
            cut(keep, count, at, at + size, without);
            if (fails(context, without)) {
                for (size_t i = 0; i < count; i++)
                    keep[i] = without[i];
                parts = left(keep, count);
                smaller = true;
            } else {
                at += size;
            }
        }
        if (size == 1 && !smaller)
            break;
        pieces = smaller && pieces > 2 ? pieces - 1 : 2 * pieces;
        if (pieces > parts)
            pieces = parts ? parts : 1;
    }
    free(without);
    return parts;
}
