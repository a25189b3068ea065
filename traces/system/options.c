#define _GNU_SOURCE
#include "options.h"

#include <stdlib.h>
#include <string.h>

struct options options = {.limit = UINT64_MAX};

static bool to_number(const char *text, uint64_t *n)
{
    char *end;
    *n = strtoull(text, &end, 0);
    return *text >= '0' && *text <= '9' && !*end;
}

static bool to_mark(const char *text, uint64_t *n)
{
    return !strncmp(text, "mark", 4) && to_number(text + 4, n) && *n >= 1 && *n <= 255;
}

bool options_take(char *arg)
{
    char *value = strchr(arg, '=');
    if (!value)
        return false;
    *value++ = 0;
    if (!strcmp(arg, "out"))
        return (options.out = strdup(value));
    if (!strcmp(arg, "start"))
        return !strcmp(value, "user") || to_mark(value, &options.start);
    if (!strcmp(arg, "until"))
        return to_mark(value, &options.until);
    if (!strcmp(arg, "skip"))
        return to_number(value, &options.skip);
    if (!strcmp(arg, "limit"))
        return to_number(value, &options.limit) && options.limit;
    if (!strcmp(arg, "memory"))
        return to_number(value, &options.memory) && options.memory && !(options.memory & 0xfff) &&
               options.memory <= UINT64_C(2) << 30;
    if (!strcmp(arg, "level"))
        return to_number(value, &options.level) && options.level >= 1 && options.level <= 19;
    return false;
}
