/* Records come in pieces of one 2-MiB block, made when a frame of the block is first used: memory may be large and
 * sparsely used. */
#include "record.h"

#include <stdlib.h>

#include "arch/x86.h"

enum { PIECE = 512, PIECE_SHIFT = PAGE_SHIFT + 9 };

struct records {
    struct frame **piece;
    uint64_t pieces;
};

struct records *records_new(uint64_t ram_bytes)
{
    struct records *records = calloc(1, sizeof *records);
    if (!records)
        return NULL;
    records->pieces = (ram_bytes >> PIECE_SHIFT) + 1;
    records->piece = calloc(records->pieces, sizeof *records->piece);
    if (!records->piece) {
        free(records);
        return NULL;
    }
    return records;
}

static void free_chain(struct frame *frame)
{
    for (struct mapping *m = frame->map.next; m;) {
        struct mapping *next = m->next;
        free(m);
        m = next;
    }
}

void records_free(struct records *records)
{
    if (!records)
        return;
    for (uint64_t p = 0; p < records->pieces; p++) {
        for (unsigned i = 0; records->piece[p] && i < PIECE; i++)
            free_chain(&records->piece[p][i]);
        free(records->piece[p]);
    }
    free(records->piece);
    free(records);
}

struct frame *records_find(const struct records *records, uint64_t pa)
{
    uint64_t p = pa >> PIECE_SHIFT;
    return p < records->pieces && records->piece[p] ? &records->piece[p][pa >> PAGE_SHIFT & (PIECE - 1)] : NULL;
}

struct frame *records_make(struct records *records, uint64_t pa)
{
    uint64_t p = pa >> PIECE_SHIFT;
    if (p >= records->pieces)
        return NULL;
    if (!records->piece[p]) {
        struct frame *piece = calloc(PIECE, sizeof *piece);
        if (!piece)
            return NULL;
        for (unsigned i = 0; i < PIECE; i++)
            piece[i].pa = p << PIECE_SHIFT | (uint64_t)i << PAGE_SHIFT;
        records->piece[p] = piece;
    }
    return records_find(records, pa);
}

bool records_visit(const struct records *records, bool (*visit)(void *context, struct frame *frame), void *context)
{
    for (uint64_t p = 0; p < records->pieces; p++)
        for (unsigned i = 0; records->piece[p] && i < PIECE; i++)
            if (records->piece[p][i].kind != FRAME_NONE && !visit(context, &records->piece[p][i]))
                return false;
    return true;
}

/* New mappings go behind the first one; the order only decides who gets the rest of a division. */
bool frame_mapped(struct frame *frame, struct os_mm *mm, uint64_t va)
{
    if (!frame->map.mm) {
        frame->map = (struct mapping){.mm = mm, .va = va};
    } else {
        struct mapping *more = malloc(sizeof *more);
        if (!more)
            return false;
        *more = (struct mapping){.mm = mm, .va = va, .next = frame->map.next};
        frame->map.next = more;
    }
    frame->maps++;
    return true;
}

void frame_unmapped(struct frame *frame, struct os_mm *mm, uint64_t va)
{
    struct mapping *before = NULL, *m = &frame->map;
    while (m && (m->mm != mm || m->va != va)) {
        before = m;
        m = m->next;
    }
    if (!m)
        return;
    frame->maps--;
    struct mapping *gone = m;
    if (before) {
        before->next = m->next;
    } else if (m->next) {
        gone = m->next;
        *m = *gone;
    } else {
        *m = (struct mapping){0};
        return;
    }
    free(gone);
}

void frame_moved(struct frame *frame, struct os_mm *mm, uint64_t from, uint64_t to)
{
    for (struct mapping *m = &frame->map; m; m = m->next)
        if (m->mm == mm && m->va == from) {
            m->va = to;
            return;
        }
}

uint32_t frame_place(const struct frame *frame, const struct os_mm *mm, uint64_t va)
{
    uint32_t place = 0;
    for (const struct mapping *m = &frame->map; m; m = m->next, place++)
        if (m->mm == mm && m->va == va)
            return place;
    return UINT32_MAX;
}
