/* The CRC-64 of a run's outputs (tb/link/crc64.c) is liblzma's, whatever the length and wherever it is cut. */
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/crc64.h"

enum { MOST = 400 };

static void as_the_library(void **state)
{
    static uint64_t word[MOST];
    uint64_t r = 1;
    (void)state;
    for (unsigned i = 0; i < MOST; i++)
        word[i] = r = r * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    for (size_t words = 0; words <= MOST; words++) {
        const uint64_t whole = lzma_crc64((const uint8_t *)word, words * 8, 0);
        assert_true(crc64_words(word, words, 0) == whole);
        const size_t first = words * 3 / 7;
        assert_true(crc64_words(word + first, words - first, crc64_words(word, first, 0)) == whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_library)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
