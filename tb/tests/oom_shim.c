/* Preloaded: OOM_AFTER allocations succeed, and no later one. */
#include <errno.h>
#include <stdlib.h>

static long left = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *after = getenv("OOM_AFTER");
    left = after ? atol(after) : -1;
}

static int none_left(void)
{
    if (left > 0)
        left--;
    if (left == 0)
        errno = ENOMEM;
    return left == 0;
}

void *malloc(size_t size)
{
    extern void *__libc_malloc(size_t);
    return none_left() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    extern void *__libc_calloc(size_t, size_t);
    return none_left() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    extern void *__libc_realloc(void *, size_t);
    return none_left() ? NULL : __libc_realloc(old, size);
}
