/* A small deterministic random number generator (splitmix64, public domain, Sebastiano Vigna): one word of state, any
 * seed is good. The same seed gives the same sequence on every host. */
#ifndef TWINWALK_PRNG_H
#define TWINWALK_PRNG_H

#include <stdint.h>

/* The finalizer on its own: a good hash of one word. */
static inline uint64_t prng_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t prng_next(uint64_t *state)
{
    return prng_mix(*state += 0x9e3779b97f4a7c15u);
}

/* 0 … bound-1, bound >= 1. The bias (bound / 2^64) is of no account here. */
static inline uint64_t prng_below(uint64_t *state, uint64_t bound)
{
    return prng_next(state) % bound;
}

#endif
