/* Two tiers of the same thing: blocks of 2 MiB cut into 512 frames of 4 KiB, and blocks of 1 GiB cut into 512 frames of
 * 2 MiB.
 *
 *     tier 1   1-GiB block  = 512 × 2 MiB      takes whole 1-GiB blocks from the list of free ones
 *     tier 0   2-MiB block  = 512 × 4 KiB      takes whole 2-MiB blocks from tier 1
 *
 * A block that is cut is "open" while a frame in it is free. A tier keeps several blocks open and takes a random frame
 * of a random one, so neighbours in linear memory are scattered in physical memory, while the rest of memory stays
 * whole for large frames. A block whose last frame comes back goes up a tier whole. */
#include "frames.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem/prng.h"

enum { PARTS = 512, PART_BITS = 9, FRAME_SHIFT = 12 };
static const uint64_t NONE = UINT64_MAX;

struct tier {
    uint64_t (*used)[PARTS / 64]; /* per block, bit i: part i is taken (or does not exist) */
    uint16_t *taken;              /* per block: bits set in used */
    uint32_t *place;              /* per block: its position in open, plus 1; 0: not open */
    uint32_t *open;               /* open blocks, in no order */
    uint32_t opens;               /* how many */
    uint32_t spread;              /* how many are kept open when there is a choice */
};

struct frames {
    struct tier tier[2];
    uint32_t *giants; /* free 1-GiB frames, in no order */
    uint32_t giant_count;
    uint64_t random;
    uint64_t left; /* free 4-KiB frames */
};

static bool tier_init(struct tier *t, uint64_t blocks, uint32_t most_spread)
{
    t->used = calloc(blocks, sizeof *t->used);
    t->taken = calloc(blocks, sizeof *t->taken);
    t->place = calloc(blocks, sizeof *t->place);
    t->open = calloc(blocks, sizeof *t->open);
    uint64_t spread = blocks / 8;
    t->spread = spread < 1 ? 1 : spread > most_spread ? most_spread : (uint32_t)spread;
    return t->used && t->taken && t->place && t->open;
}

static void tier_drop(struct tier *t)
{
    free(t->used);
    free(t->taken);
    free(t->place);
    free(t->open);
}

static void open_block(struct tier *t, uint64_t block)
{
    t->open[t->opens++] = (uint32_t)block;
    t->place[block] = t->opens;
}

static void close_block(struct tier *t, uint64_t block)
{
    uint32_t last = t->open[--t->opens];
    t->open[t->place[block] - 1] = last;
    t->place[last] = t->place[block];
    t->place[block] = 0;
}

static void mark(struct tier *t, uint64_t block, unsigned part)
{
    t->used[block][part / 64] |= (uint64_t)1 << part % 64;
    t->taken[block]++;
}

/* Cuts a block of which only parts [from, to) exist. */
static void open_partial(struct tier *t, uint64_t block, unsigned from, unsigned to)
{
    for (unsigned part = 0; part < PARTS; part++)
        if (part < from || part >= to)
            mark(t, block, part);
    if (from < to)
        open_block(t, block);
}

/* The installed memory as blocks: block 0 lacks its part 0, the last one may be cut short; both are open from the
 * start. */
static void tier_bounds(struct tier *t, uint64_t parts)
{
    uint64_t blocks = parts / PARTS;
    unsigned tail = parts % PARTS;
    open_partial(t, 0, 1, blocks ? PARTS : tail);
    if (tail && blocks)
        open_partial(t, blocks, 0, tail);
}

struct frames *frames_new(uint64_t ram_bytes, uint64_t seed)
{
    uint64_t small = ram_bytes >> FRAME_SHIFT;    /* 4-KiB frames */
    uint64_t large = (small + PARTS - 1) / PARTS; /* 2-MiB blocks, the last perhaps cut short */
    uint64_t giant = (large + PARTS - 1) / PARTS;
    struct frames *f = calloc(1, sizeof *f);
    if (!f || small < 2 * PARTS)
        goto fail;
    f->random = seed;
    f->left = small - 1;
    f->giants = calloc(giant, sizeof *f->giants);
    if (!f->giants || !tier_init(&f->tier[0], large, 64) || !tier_init(&f->tier[1], giant, 4))
        goto fail;

    /* Block 0, and a last block that is cut short, are cut from the start; whole blocks are free one tier up. */
    uint64_t whole_large = small / PARTS;
    tier_bounds(&f->tier[0], small);
    tier_bounds(&f->tier[1], whole_large);
    for (uint64_t g = 1; g < whole_large / PARTS; g++)
        f->giants[f->giant_count++] = (uint32_t)g;
    return f;
fail:
    frames_free(f);
    return NULL;
}

void frames_free(struct frames *f)
{
    if (!f)
        return;
    tier_drop(&f->tier[0]);
    tier_drop(&f->tier[1]);
    free(f->giants);
    free(f);
}

static uint64_t take_giant(struct frames *f)
{
    if (!f->giant_count)
        return NONE;
    uint64_t i = prng_below(&f->random, f->giant_count);
    uint32_t giant = f->giants[i];
    f->giants[i] = f->giants[--f->giant_count];
    return giant;
}

static unsigned random_free_part(struct frames *f, const uint64_t *used)
{
    unsigned part = (unsigned)prng_below(&f->random, PARTS);
    while (used[part / 64] >> part % 64 & 1)
        part = (part + 1) % PARTS;
    return part;
}

/* The number of a frame of tier n, or NONE. */
static uint64_t take(struct frames *f, unsigned n)
{
    struct tier *t = &f->tier[n];
    if (t->opens < t->spread) {
        uint64_t block = n == 0 ? take(f, 1) : take_giant(f);
        if (block != NONE)
            open_block(t, block);
    }
    if (!t->opens)
        return NONE;
    uint64_t block = t->open[prng_below(&f->random, t->opens)];
    unsigned part = random_free_part(f, t->used[block]);
    mark(t, block, part);
    if (t->taken[block] == PARTS)
        close_block(t, block);
    return block << PART_BITS | part;
}

static void give(struct frames *f, unsigned n, uint64_t number)
{
    if (n == 2) {
        f->giants[f->giant_count++] = (uint32_t)number;
        return;
    }
    struct tier *t = &f->tier[n];
    uint64_t block = number >> PART_BITS;
    unsigned part = number % PARTS;
    t->used[block][part / 64] &= ~((uint64_t)1 << part % 64);
    if (t->taken[block]-- == PARTS)
        open_block(t, block);
    if (t->taken[block] == 0) {
        close_block(t, block);
        give(f, n + 1, block);
    }
}

static unsigned shift_of(unsigned level)
{
    return FRAME_SHIFT + PART_BITS * (level - 1);
}

uint64_t frames_take(struct frames *f, unsigned level)
{
    uint64_t number = level == 3 ? take_giant(f) : take(f, level - 1);
    if (number == NONE)
        return 0;
    f->left -= (uint64_t)1 << PART_BITS * (level - 1);
    return number << shift_of(level);
}

void frames_give(struct frames *f, uint64_t pa, unsigned level)
{
    f->left += (uint64_t)1 << PART_BITS * (level - 1);
    give(f, level - 1, pa >> shift_of(level));
}

uint64_t frames_left(const struct frames *f)
{
    return f->left;
}

void frames_split(struct frames *f, uint64_t pa, unsigned level)
{
    struct tier *t = &f->tier[level - 2];
    uint64_t block = pa >> shift_of(level);
    memset(t->used[block], 0xff, sizeof t->used[block]);
    t->taken[block] = PARTS;
}
