/* Large memory of the readers is kept when they free it, and given out again: an allocation of AddressSanitizer's that
 * is larger than 128 KiB is mapped anew and unmapped, and smaller ones walk through its quarantine. The sanitizers
 * still know which of it is in use: what is freed is poisoned until it is given out, and then not yet written.
 * By the linker's --wrap, so it is for the readers only; libraries have malloc() itself. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define POISONED(at) (__msan_test_shadow(at, 1) == 0)
#define FREED(at, len) __msan_poison(at, len)
#define GIVEN(at, len) __msan_poison(at, len)
#else
#include <sanitizer/asan_interface.h>
#define POISONED(at) __asan_address_is_poisoned(at)
#define FREED(at, len) ASAN_POISON_MEMORY_REGION(at, len)
#define GIVEN(at, len) ASAN_UNPOISON_MEMORY_REGION(at, len)
#endif

enum { PIECES = 32, LEAST = 4 << 10, MOST = 4 << 20 };

static struct piece {
    void *memory; /* NULL: of none yet */
    size_t bytes;
    bool used;
} pieces[PIECES];

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes)
{
    if (bytes < LEAST || bytes > MOST)
        return __real_malloc(bytes);
    struct piece *p = pieces;
    while (p < pieces + PIECES && p->memory && (p->used || p->bytes != bytes))
        p++;
    if (p == pieces + PIECES)
        return __real_malloc(bytes);
    if (!p->memory)
        *p = (struct piece){__real_malloc(bytes), bytes, false};
    else
        GIVEN(p->memory, bytes);
    p->used = p->memory != NULL;
    return p->memory;
}

static struct piece *of_memory(const void *memory)
{
    for (struct piece *p = pieces; p < pieces + PIECES && p->memory; p++)
        if (p->memory == memory)
            return p;
    return NULL;
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    struct piece *p = memory ? of_memory(memory) : NULL;
    if (!p) {
        __real_free(memory);
        return;
    }
    if (!p->used)
        abort(); /* freed twice */
    FREED(memory, p->bytes);
    p->used = false;
}

void fuzz_check_memory(void)
{
    enum { SIZE = LEAST + 1 }; /* not a multiple of what a byte of shadow stands for */
    char *volatile first = malloc(SIZE);
    PROMISE(first && fuzz_pieces_used() == 1);
    memset(first, 1, SIZE);
    PROMISE(!POISONED(first) && !POISONED(first + SIZE - 1));
#if !__has_feature(memory_sanitizer)
    PROMISE(POISONED(first + SIZE));
#endif
    free(first);
    PROMISE(!fuzz_pieces_used() && POISONED(first) && POISONED(first + SIZE - 1));
    char *volatile second = calloc(1, SIZE);
    PROMISE(second == first && !second[0] && !second[SIZE - 1] && !POISONED(second + SIZE - 1));
    second = realloc(second, SIZE + LEAST);
    PROMISE(second != first && !second[0] && POISONED(first) && fuzz_pieces_used() == 1);
    free(second);
}

unsigned fuzz_pieces_used(void)
{
    unsigned used = 0;
    for (const struct piece *p = pieces; p < pieces + PIECES && p->memory; p++)
        used += p->used;
    return used;
}

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes)
{
    if (count && bytes > MOST / count)
        return __real_calloc(count, bytes);
    void *memory = __wrap_malloc(count * bytes);
    if (memory)
        memset(memory, 0, count * bytes);
    return memory;
}

void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes)
{
    struct piece *p = memory ? of_memory(memory) : NULL;
    if (memory && !p)
        return __real_realloc(memory, bytes);
    void *more = __wrap_malloc(bytes);
    if (more && p) {
        memcpy(more, memory, p->bytes < bytes ? p->bytes : bytes);
        __wrap_free(memory);
    }
    return more;
}
