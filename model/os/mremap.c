/* mremap (Linux: mm/mremap.c): shrinks, grows, moves, and copies shared mappings, by its result. */
#include <inttypes.h>

#include "kernel.h"
#include "linux_abi.h"

struct remap {
    struct os *os;
    uint64_t old, old_end, new, new_end; /* both ends in whole pages of the mapping */
    uint64_t flags;
};

static uint64_t up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

/* The part of a mapping from va on, put at [start, end). */
static struct vma relocated(const struct vma *vma, uint64_t va, uint64_t start, uint64_t end)
{
    struct vma moved = *vma;
    moved.page_offset += (va - vma->start) >> PAGE_SHIFT;
    moved.start = start;
    moved.end = end;
    return moved;
}

static bool grow(const struct remap *r, const struct vma *vma)
{
    if (vma->end != r->old_end || vma_overlaps(&r->os->mm->vmas, r->old_end, r->new_end))
        return os_fail(r->os,
                       "mremap grew 0x%" PRIx64 "-0x%" PRIx64 " in place to 0x%" PRIx64
                       ", where something else is mapped",
                       r->old, r->old_end, r->new_end);
    struct vma more = relocated(vma, r->old_end, r->old_end, r->new_end);
    return space_map(r->os, r->os->mm, &more);
}

/* What lies in one mapping, *vma. */
static bool move_one(const struct remap *r, const struct vma *vma)
{
    struct os *os = r->os;
    struct vma moved = relocated(vma, r->old, r->new, r->new_end); /* a copy: *vma moves in memory below */
    uint64_t old_size = r->old_end - r->old, new_size = r->new_end - r->new;
    if (!memory_balance(os, os->mm->pt.own, os->mm) || /* as many tables again at most, before anything is changed */
        !clear_place(os, "mremap", r->new, r->new_end, r->flags & LX_MREMAP_FIXED) || !space_map(os, os->mm, &moved))
        return false;
    struct flush flush = {0};
    bool done = space_move(os, os->mm, r->old, old_size < new_size ? old_size : new_size, r->new, &flush);
    if (done && old_size && !(r->flags & LX_MREMAP_DONTUNMAP))
        done = space_unmap(os, os->mm, r->old, r->old_end, &flush);
    tlb_flush(os, os->mm, &flush);
    return done;
}

/* Since Linux 6.17 a move that changes no size takes every mapping of the range along, with the gaps between them. */
static bool move_all(const struct remap *r)
{
    for (uint64_t at = r->old; at < r->old_end;) {
        const struct vma_list *vmas = &r->os->mm->vmas;
        const size_t i = vma_first(vmas, at);
        if (i == vmas->count || vmas->at[i].start >= r->old_end)
            return true;
        const struct vma *vma = &vmas->at[i];
        const uint64_t start = vma->start > at ? vma->start : at, end = vma->end < r->old_end ? vma->end : r->old_end;
        const struct remap part = {.os = r->os,
                                   .old = start,
                                   .old_end = end,
                                   .new = r->new + (start - r->old),
                                   .new_end = r->new + (end - r->old),
                                   .flags = r->flags};
        if (!move_one(&part, vma))
            return false;
        at = end;
    }
    return true;
}

static bool move(struct remap *r)
{
    struct os *os = r->os;
    const bool fixed = r->flags & LX_MREMAP_FIXED, same = r->old_end - r->old == r->new_end - r->new;
    if (!(r->flags & LX_MREMAP_MAYMOVE))
        return os_fail(os, "mremap moved 0x%" PRIx64 " to 0x%" PRIx64 " without MREMAP_MAYMOVE", r->old, r->new);
    if (r->old < r->new_end && r->new < r->old_end)
        return os_fail(os, "mremap moved 0x%" PRIx64 "-0x%" PRIx64 " to 0x%" PRIx64 ", which overlaps it", r->old,
                       r->old_end, r->new);
    if (r->flags & LX_MREMAP_DONTUNMAP && !same)
        return os_fail(os, "mremap with MREMAP_DONTUNMAP changed a length, from 0x%" PRIx64 " to 0x%" PRIx64,
                       r->old_end - r->old, r->new_end - r->new);
    if (r->old_end - r->old > r->new_end - r->new) { /* what is cut off may be anything, and goes first */
        if (!unmap_range(os, r->old + (r->new_end - r->new), r->old_end))
            return false;
        r->old_end = r->old + (r->new_end - r->new);
    }
    const struct vma *vma = vma_find(&os->mm->vmas, r->old);
    if (vma && r->old_end <= vma->end)
        return move_one(r, vma);
    if (vma && fixed && same)
        return move_all(r);
    return os_fail(os, "mremap succeeded on 0x%" PRIx64 ", length 0x%" PRIx64 ", which is not inside one mapping",
                   r->old, r->old_end - r->old);
}

/* Pages of MAP_HUGETLB: their mapping neither grows nor is copied, and stays aligned. */
static bool fits_large(const struct remap *r, uint64_t unit)
{
    const char *wrong = r->old % unit || r->new % unit                      ? "is not aligned to them"
                        : r->new_end - r->new > r->old_end - r->old         ? "grew"
                        : r->flags &LX_MREMAP_DONTUNMAP && r->new != r->old ? "left the old mapping in place"
                                                                            : NULL;
    return !wrong ||
           os_fail(r->os, "mremap of pages of MAP_HUGETLB from 0x%" PRIx64 " to 0x%" PRIx64 " succeeded, and %s",
                   r->old, r->new, wrong);
}

bool sys_mremap(struct os *os, const uint64_t arg[6], uint64_t new)
{
    const uint64_t old = arg[0];
    const struct vma *vma = vma_find(&os->mm->vmas, old);
    if (old % PAGE_BYTES || !vma)
        return os_fail(os, "mremap succeeded on 0x%" PRIx64 ", where no page is mapped", old);
    const uint64_t unit = vma_unit(vma);
    struct remap r = {.os = os, .old = old, .old_end = old + up(arg[1], unit), .new = new, .flags = arg[3]};
    if (r.old_end < old || r.old_end > os->user_end)
        return os_fail(os, "mremap succeeded on 0x%" PRIx64 " with an impossible length of 0x%" PRIx64, old, arg[1]);
    if (old == r.old_end && !(vma->flags & OS_SHARED))
        return os_fail(os, "mremap succeeded on 0x%" PRIx64 " with length 0, but the mapping is not shared", old);
    if (!user_range(os, "mremap", new, arg[2], &r.new_end) || !large_end(os, "mremap", new, &r.new_end, unit) ||
        (unit > PAGE_BYTES && !fits_large(&r, unit)))
        return false;
    if (new != old)
        return move(&r);
    if (r.new_end <= r.old_end)
        return r.new_end == r.old_end || unmap_range(os, r.new_end, r.old_end);
    if (r.old_end > vma->end)
        return os_fail(os, "mremap grew 0x%" PRIx64 ", length 0x%" PRIx64 ", which is not inside one mapping", old,
                       arg[1]);
    return grow(&r, vma);
}
