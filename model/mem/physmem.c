/* Table frames live in a hash from frame number to an 8-KiB block that holds both images side by side.
 *
 * Open addressing with linear probing, at most 3/4 full; a removal shifts the rest of its run back, so there are no
 * tombstones and a lookup ends at the first empty slot. One lookup is one multiplication and, nearly always, one cache
 * line of the table. A frame costs 8 KiB, its share of the table (22 … 43 bytes) and the allocator's header. */
#include "physmem.h"

#include <stdlib.h>
#include <string.h>

enum { FRAME_SHIFT = 12, WORDS = 512, LINE_WORDS = 8, FIRST_BITS = 8 };

struct frame {
    uint64_t word[2][WORDS]; /* [enum physmem_image][word of the frame] */
};

struct slot {
    uint64_t number;     /* frame number; meaningless in an empty slot */
    struct frame *frame; /* NULL: empty */
};

struct physmem {
    struct slot *slots;  /* 2^bits of them */
    size_t used;         /* slots in use = table frames */
    unsigned bits;       /* log2 of the table size */
    unsigned paddr_bits; /* addresses below 2^paddr_bits exist */
    uint64_t generation; /* software writes and releases so far */
};

static const uint64_t zero_line[LINE_WORDS];

static size_t home_slot(const struct physmem *pm, uint64_t number)
{
    return (size_t)(number * 0x9e3779b97f4a7c15u >> (64 - pm->bits)); /* Fibonacci hashing */
}

/* The slot that holds frame `number`, or the empty one where it would go. */
static struct slot *find_slot(const struct physmem *pm, uint64_t number)
{
    size_t mask = ((size_t)1 << pm->bits) - 1;
    size_t i = home_slot(pm, number);
    while (pm->slots[i].frame && pm->slots[i].number != number)
        i = (i + 1) & mask;
    return &pm->slots[i];
}

static struct frame *find_frame(const struct physmem *pm, uint64_t pa)
{
    return find_slot(pm, pa >> FRAME_SHIFT)->frame;
}

static uint64_t *word_of(struct frame *frame, enum physmem_image image, uint64_t pa)
{
    return &frame->word[image][pa >> 3 & (WORDS - 1)];
}

static bool exists(const struct physmem *pm, uint64_t pa)
{
    return pa >> pm->paddr_bits == 0;
}

static bool grow(struct physmem *pm)
{
    struct physmem bigger = *pm;
    bigger.bits = pm->bits + 1;
    bigger.slots = calloc((size_t)1 << bigger.bits, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < (size_t)1 << pm->bits; i++)
        if (pm->slots[i].frame)
            *find_slot(&bigger, pm->slots[i].number) = pm->slots[i];
    free(pm->slots);
    *pm = bigger;
    return true;
}

/* The frame around pa, made when it is not there yet; NULL when memory is short or pa does not exist. */
static struct frame *make_frame(struct physmem *pm, uint64_t pa)
{
    if (!exists(pm, pa))
        return NULL;
    struct slot *slot = find_slot(pm, pa >> FRAME_SHIFT);
    if (slot->frame)
        return slot->frame;
    if ((pm->used + 1) * 4 > ((size_t)3 << pm->bits)) {
        if (!grow(pm))
            return NULL;
        slot = find_slot(pm, pa >> FRAME_SHIFT);
    }
    struct frame *frame = aligned_alloc(64, sizeof *frame);
    if (!frame)
        return NULL;
    memset(frame, 0, sizeof *frame);
    *slot = (struct slot){.number = pa >> FRAME_SHIFT, .frame = frame};
    pm->used++;
    return frame;
}

struct physmem *physmem_new(unsigned paddr_bits)
{
    struct physmem *pm = calloc(1, sizeof *pm);
    if (!pm)
        return NULL;
    pm->bits = FIRST_BITS;
    pm->paddr_bits = paddr_bits;
    pm->slots = calloc((size_t)1 << pm->bits, sizeof *pm->slots);
    if (!pm->slots) {
        free(pm);
        return NULL;
    }
    return pm;
}

void physmem_free(struct physmem *pm)
{
    if (!pm)
        return;
    for (size_t i = 0; i < (size_t)1 << pm->bits; i++)
        free(pm->slots[i].frame);
    free(pm->slots);
    free(pm);
}

uint64_t physmem_read(const struct physmem *pm, enum physmem_image image, uint64_t pa)
{
    struct frame *frame = find_frame(pm, pa);
    return frame ? *word_of(frame, image, pa) : 0;
}

bool physmem_write(struct physmem *pm, uint64_t pa, uint64_t value)
{
    return physmem_modify(pm, pa, UINT64_MAX, value);
}

bool physmem_modify(struct physmem *pm, uint64_t pa, uint64_t clear, uint64_t set)
{
    struct frame *frame = make_frame(pm, pa);
    if (!frame)
        return false;
    for (int image = IMAGE_HW; image <= IMAGE_ORACLE; image++) {
        uint64_t *word = word_of(frame, image, pa);
        *word = (*word & ~clear) | set;
    }
    pm->generation++;
    return true;
}

bool physmem_write_image(struct physmem *pm, enum physmem_image image, uint64_t pa, uint64_t value)
{
    struct frame *frame = make_frame(pm, pa);
    if (!frame)
        return false;
    *word_of(frame, image, pa) = value;
    return true;
}

uint64_t physmem_cas(struct physmem *pm, uint64_t pa, uint64_t expected, uint64_t desired)
{
    uint64_t old = physmem_read(pm, IMAGE_HW, pa);
    if (old == expected && old != desired && !physmem_write_image(pm, IMAGE_HW, pa, desired))
        return ~expected; /* nothing was changed, so old must not look like expected */
    return old;
}

const uint64_t *physmem_line(const struct physmem *pm, uint64_t pa)
{
    struct frame *frame = find_frame(pm, pa);
    return frame ? word_of(frame, IMAGE_HW, pa & ~(uint64_t)63) : zero_line;
}

void physmem_release(struct physmem *pm, uint64_t frame_pa)
{
    pm->generation++;
    struct slot *slot = find_slot(pm, frame_pa >> FRAME_SHIFT);
    if (!slot->frame)
        return;
    free(slot->frame);
    pm->used--;

    /* Close the gap: every later member of the run that may live here without passing its home slot moves up. */
    size_t mask = ((size_t)1 << pm->bits) - 1;
    size_t gap = (size_t)(slot - pm->slots);
    for (size_t i = (gap + 1) & mask; pm->slots[i].frame; i = (i + 1) & mask) {
        size_t home = home_slot(pm, pm->slots[i].number);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            pm->slots[gap] = pm->slots[i];
            gap = i;
        }
    }
    pm->slots[gap].frame = NULL;
}

uint64_t physmem_generation(const struct physmem *pm)
{
    return pm->generation;
}

size_t physmem_bytes(const struct physmem *pm)
{
    return pm->used * sizeof(struct frame);
}

bool physmem_compare(const struct physmem *pm, uint64_t mask, uint64_t *pa, uint64_t *hw, uint64_t *oracle)
{
    bool found = false;
    for (size_t i = 0; i < (size_t)1 << pm->bits; i++) {
        const struct slot *slot = &pm->slots[i];
        if (!slot->frame || (found && slot->number >= *pa >> FRAME_SHIFT))
            continue;
        for (unsigned w = 0; w < WORDS; w++) {
            uint64_t a = slot->frame->word[IMAGE_HW][w], b = slot->frame->word[IMAGE_ORACLE][w];
            if ((a ^ b) & mask) {
                *pa = slot->number << FRAME_SHIFT | w * 8;
                *hw = a;
                *oracle = b;
                found = true;
                break;
            }
        }
    }
    return found;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct slot *)a)->number, y = ((const struct slot *)b)->number;
    return (x > y) - (x < y);
}

bool physmem_visit(const struct physmem *pm, enum physmem_image image,
                   bool (*visit)(void *context, uint64_t frame_pa, const uint64_t *words), void *context)
{
    struct slot *sorted = malloc((pm->used + 1) * sizeof *sorted);
    if (!sorted)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < (size_t)1 << pm->bits; i++)
        if (pm->slots[i].frame)
            sorted[n++] = pm->slots[i];
    qsort(sorted, n, sizeof *sorted, by_number);
    for (size_t i = 0; i < n; i++)
        if (!visit(context, sorted[i].number << FRAME_SHIFT, sorted[i].frame->word[image]))
            break;
    free(sorted);
    return true;
}
