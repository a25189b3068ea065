/* Every operation is a walk from the root by physmem_read: page tables are small trees, and the simulated hardware
 * reads them far more often than the kernel changes them. Addresses inside [start, end) loops are compared by distance,
 * so the top of the address space is no special case. */
#include "pagetable.h"

#include "arch/x86.h"

static const uint64_t TABLE_BITS = ENTRY_P | ENTRY_RW | ENTRY_US; /* rights are decided at the leaf */
static const uint64_t KEEP_IN_CHILD = ~(ENTRY_FRAME | ENTRY_PS);

static uint64_t span_of(unsigned level)
{
    return (uint64_t)1 << x86_level_shift(level);
}

static bool is_table(uint64_t entry, unsigned level)
{
    return entry && level > 1 && (level > 3 || !(entry & ENTRY_PS));
}

static uint64_t new_table(struct pagetable *pt)
{
    uint64_t pa = frames_take(pt->frames, 1);
    if (pa) {
        ++*pt->tables;
        pt->own++;
    }
    return pa;
}

static void free_table(struct pagetable *pt, uint64_t pa)
{
    physmem_release(pt->pm, pa);
    frames_give(pt->frames, pa, 1);
    --*pt->tables;
    pt->own--;
}

bool pt_init(struct pagetable *pt, struct physmem *pm, struct frames *frames, unsigned levels, uint64_t *tables)
{
    *pt = (struct pagetable){.pm = pm, .frames = frames, .levels = levels, .tables = tables};
    pt->root = new_table(pt);
    return pt->root != 0;
}

bool pt_find(const struct pagetable *pt, uint64_t va, struct pt_leaf *leaf)
{
    uint64_t table = pt->root;
    for (unsigned level = pt->levels;; level--) {
        leaf->pa = x86_entry_address(table, va, level);
        leaf->entry = physmem_read(pt->pm, IMAGE_HW, leaf->pa);
        leaf->level = level;
        if (!is_table(leaf->entry, level))
            break;
        table = leaf->entry & ENTRY_FRAME;
    }
    leaf->va = va & ~(span_of(leaf->level) - 1);
    return leaf->entry != 0;
}

/* Makes the tables down to this level; the address of the entry for va there, or 0 when no frame is left. */
static uint64_t make_place(struct pagetable *pt, uint64_t va, unsigned level)
{
    struct pt_leaf at;
    pt_find(pt, va, &at);
    while (at.level > level) {
        uint64_t table = new_table(pt);
        if (!table)
            return 0;
        if (!physmem_write(pt->pm, at.pa, table | TABLE_BITS)) {
            free_table(pt, table);
            return 0;
        }
        at.level--;
        at.pa = x86_entry_address(table, va, at.level);
    }
    return at.pa;
}

bool pt_set(struct pagetable *pt, uint64_t va, unsigned level, uint64_t entry)
{
    uint64_t pa = make_place(pt, va, level);
    return pa && physmem_write(pt->pm, pa, entry);
}

bool pt_move(struct pagetable *pt, const struct pt_leaf *leaf, uint64_t new_va)
{
    uint64_t pa = make_place(pt, new_va, leaf->level);
    if (!pa)
        return false;
    for (enum physmem_image image = IMAGE_HW; image <= IMAGE_ORACLE; image++)
        if (!physmem_write_image(pt->pm, image, pa, physmem_read(pt->pm, image, leaf->pa)))
            return false;
    return physmem_write(pt->pm, leaf->pa, 0);
}

bool pt_split(struct pagetable *pt, const struct pt_leaf *leaf, struct flush *flush)
{
    uint64_t table = new_table(pt);
    if (!table)
        return false;
    uint64_t ps = leaf->level - 1 > 1 ? ENTRY_PS : 0;
    for (enum physmem_image image = IMAGE_HW; image <= IMAGE_ORACLE; image++) {
        uint64_t old = physmem_read(pt->pm, image, leaf->pa);
        for (uint64_t i = 0; i < TABLE_WORDS; i++) {
            uint64_t child = ((old & ENTRY_FRAME) + i * span_of(leaf->level - 1)) | (old & KEEP_IN_CHILD) | ps;
            if (!physmem_write_image(pt->pm, image, table + i * 8, child)) {
                free_table(pt, table);
                return false;
            }
        }
    }
    flush_add(flush, leaf->va, x86_level_shift(leaf->level));
    return physmem_write(pt->pm, leaf->pa, table | TABLE_BITS);
}

bool pt_join(struct pagetable *pt, uint64_t va, uint64_t entry, struct flush *flush)
{
    struct pt_leaf leaf;
    pt_find(pt, va, &leaf);
    uint64_t table = leaf.pa & ~(span_of(1) - 1), at = pt->root;
    for (unsigned level = pt->levels; level > 2; level--)
        at = physmem_read(pt->pm, IMAGE_HW, x86_entry_address(at, va, level)) & ENTRY_FRAME;
    flush_add(flush, va & ~(span_of(2) - 1), PAGE_SHIFT);
    flush_add(flush, va | (span_of(2) - 1), PAGE_SHIFT);
    if (!physmem_write(pt->pm, x86_entry_address(at, va, 2), entry))
        return false;
    free_table(pt, table);
    return true;
}

bool pt_visit(struct pagetable *pt, uint64_t start, uint64_t end,
              bool (*visit)(void *context, const struct pt_leaf *leaf), void *context)
{
    for (uint64_t va = start; va - start < end - start;) {
        struct pt_leaf leaf;
        if (pt_find(pt, va, &leaf) && !visit(context, &leaf))
            return false;
        va = leaf.va + span_of(leaf.level);
        if (va <= start) /* the span reached beyond the top of the address space */
            break;
    }
    return true;
}

static bool is_empty(const struct pagetable *pt, uint64_t table)
{
    for (uint64_t line = 0; line < TABLE_WORDS * 8; line += 64) {
        const uint64_t *word = physmem_line(pt->pm, table + line);
        for (unsigned i = 0; i < 8; i++)
            if (word[i])
                return false;
    }
    return true;
}

static void prune_below(struct pagetable *pt, uint64_t table, unsigned level, uint64_t start, uint64_t end,
                        struct flush *flush)
{
    uint64_t span = span_of(level);
    for (uint64_t va = start; va - start < end - start;) {
        uint64_t pa = x86_entry_address(table, va, level);
        uint64_t entry = physmem_read(pt->pm, IMAGE_HW, pa);
        uint64_t next = (va & ~(span - 1)) + span;
        if (is_table(entry, level)) {
            uint64_t child = entry & ENTRY_FRAME;
            if (level > 2)
                prune_below(pt, child, level - 1, va, next - va < end - va ? next : end, flush);
            if (is_empty(pt, child)) {
                physmem_write(pt->pm, pa, 0);
                free_table(pt, child);
                flush_add(
                    flush, va,
                    PAGE_SHIFT); /* one INVLPG drops every paging-structure-cache entry of the PCID (SDM 3A 5.10.4.1) */
            }
        }
        if (next <= start)
            break;
        va = next;
    }
}

void pt_prune(struct pagetable *pt, uint64_t start, uint64_t end, struct flush *flush)
{
    prune_below(pt, pt->root, pt->levels, start, end, flush);
}

static void drop_below(struct pagetable *pt, uint64_t table, unsigned level)
{
    for (unsigned i = 0; level > 1 && i < TABLE_WORDS; i++) {
        uint64_t entry = physmem_read(pt->pm, IMAGE_HW, table + i * 8);
        if (is_table(entry, level))
            drop_below(pt, entry & ENTRY_FRAME, level - 1);
    }
    free_table(pt, table);
}

void pt_drop(struct pagetable *pt)
{
    drop_below(pt, pt->root, pt->levels);
}
