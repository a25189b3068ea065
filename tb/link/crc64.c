/* CRC-64: see crc64.h.
 *
 * A lane is 16 bytes of the message. As far as the CRC is concerned a lane that stands D bits before another one is the
 * same as its two halves times x^(D+64) and x^D, reduced, added to that other one; so lanes are moved forward, four
 * side by side, until one is left, and liblzma makes the CRC of that. Bits are reflected: bit 63 is x^0, and the
 * product of two words, as a lane, has an x too many, which the constants lack. */
#include "crc64.h"

#include <lzma.h>

static uint64_t by_library(const void *from, size_t bytes, uint64_t crc)
{
    return lzma_crc64(from, bytes, crc);
}

#ifdef __x86_64__
#include <immintrin.h>

enum { LANES = 4, WORDS = 2 * LANES, LEAST = 4 * WORDS };

/* x^n modulo the polynomial. */
static uint64_t power(unsigned n)
{
    uint64_t r = UINT64_C(1) << 63;
    while (n-- > 0)
        r = r >> 1 ^ (r & 1 ? UINT64_C(0xc96c5795d7870f42) : 0);
    return r;
}

/* For moving a lane forward by so many bits. */
static __m128i mover(unsigned bits)
{
    return _mm_set_epi64x((long long)power(bits - 1), (long long)power(bits + 63));
}

__attribute__((target("pclmul"))) static __m128i moved(__m128i lane, __m128i by, __m128i onto)
{
    const __m128i low = _mm_clmulepi64_si128(lane, by, 0x00), high = _mm_clmulepi64_si128(lane, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

static __m128i load(const uint64_t *word)
{
    return _mm_loadu_si128((const __m128i *)word);
}

__attribute__((target("pclmul"))) static uint64_t by_lanes(const uint64_t *word, size_t words, uint64_t crc)
{
    static __m128i far, near;
    if (_mm_cvtsi128_si64(far) == 0) {
        near = mover(128);
        far = mover(128 * LANES);
    }
    __m128i lane[LANES], one;
    for (unsigned i = 0; i < LANES; i++)
        lane[i] = load(word + 2 * i);
    lane[0] = _mm_xor_si128(lane[0], _mm_cvtsi64_si128((long long)~crc));
    size_t at = WORDS;
    for (; words - at >= WORDS; at += WORDS)
        for (unsigned i = 0; i < LANES; i++)
            lane[i] = moved(lane[i], far, load(word + at + 2 * i));
    one = lane[0];
    for (unsigned i = 1; i < LANES; i++)
        one = moved(one, near, lane[i]);
    const uint64_t before = by_library(&one, sizeof one, UINT64_MAX); /* from a register that is 0 */
    return by_library(word + at, (words - at) * sizeof *word, before);
}

uint64_t crc64_words(const uint64_t *word, size_t words, uint64_t crc)
{
    if (words >= LEAST && __builtin_cpu_supports("pclmul"))
        return by_lanes(word, words, crc);
    return by_library(word, words * sizeof *word, crc);
}
#else
uint64_t crc64_words(const uint64_t *word, size_t words, uint64_t crc)
{
    return by_library(word, words * sizeof *word, crc);
}
#endif
