/* Page tables of one address space in simulated memory: finds, sets, splits and moves leaf entries; makes and frees
 * tables.
 *
 * A leaf that is not present but not 0 keeps its frame (a page whose mapping has no access rights); a table entry
 * always has P = 1. A and D bits belong to the hardware and may differ between the two images; every operation here
 * carries them over image by image. */
#ifndef TWINWALK_PAGETABLE_H
#define TWINWALK_PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "flush.h"
#include "frames.h"
#include "mem/physmem.h"

struct pagetable {
    struct physmem *pm;
    struct frames *frames;
    uint64_t root;    /* physical address of the root table */
    unsigned levels;  /* 4 or 5 */
    uint64_t *tables; /* counts table frames in use, roots among them, of all address spaces */
    uint64_t own;     /* those of this one */
};

/* A place in the tables: a leaf, or the empty entry at which a walk ended. */
struct pt_leaf {
    uint64_t va;    /* first linear address that the entry covers */
    uint64_t pa;    /* address of the entry */
    uint64_t entry; /* its contents in the HW image; 0: empty */
    unsigned level; /* 1 … 5 (a leaf: 1 … 3) */
};

/* Makes an empty address space; *tables goes on counting its tables. False when no frame is left. */
bool pt_init(struct pagetable *pt, struct physmem *pm, struct frames *frames, unsigned levels, uint64_t *tables);

/* Where the walk for va ends; true when that is a leaf. */
bool pt_find(const struct pagetable *pt, uint64_t va, struct pt_leaf *leaf);

/* Writes a fresh leaf for va at this level, making the tables above it. The place must be empty. False when no frame is
 * left. */
bool pt_set(struct pagetable *pt, uint64_t va, unsigned level, uint64_t entry);

/* Puts the leaf, with its A and D bits, at new_va (same level, empty) and clears its old place. False when no frame is
 * left. */
bool pt_move(struct pagetable *pt, const struct pt_leaf *leaf, uint64_t new_va);

/* Replaces a leaf of level 2 or 3 by a table of 512 leaves of the level below (what becomes of the frame is the
 * caller's business). False when no frame is left. */
bool pt_split(struct pagetable *pt, const struct pt_leaf *leaf, struct flush *flush);

/* Replaces the table of level 1 that covers va by one leaf of level 2. The table's entries must be nobody's any more.
 */
bool pt_join(struct pagetable *pt, uint64_t va, uint64_t entry, struct flush *flush);

/* Calls visit for every leaf in [start, end), ascending; visit may change or clear that leaf. Stops, and returns false,
 * when visit does. */
bool pt_visit(struct pagetable *pt, uint64_t start, uint64_t end,
              bool (*visit)(void *context, const struct pt_leaf *leaf), void *context);

/* Frees the tables that cover parts of [start, end) and have become empty; never the root. */
void pt_prune(struct pagetable *pt, uint64_t start, uint64_t end, struct flush *flush);

/* Frees every table, the root too: nobody may walk them any more. Leaves are not looked at. */
void pt_drop(struct pagetable *pt);

#endif
