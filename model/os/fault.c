/* Page faults in program order: demand paging, copy on write, stack growth (Linux: mm/memory.c, arch/x86/mm/fault.c).
 *
 *     no mapping        the stack below may grow; implicit_map makes a mapping; else SEGV
 *     mapping forbids   SEGV
 *     entry empty       anonymous: zero page on a read, fresh frame on a write; large pages where the policy and the mapping allow
 *                       file: page-cache frame, or at once a private copy when a private mapping is written
 *     entry read-only, write allowed    copy on write: a fresh frame, and INVLPG because the frame changed
 *     entry allows it   spurious: the fault itself has invalidated the stale TLB entry (SDM 3A 5.10.4.1) */
#include <inttypes.h>
#include <stdio.h>

#include "kernel.h"

static unsigned needed(uint16_t error_code)
{
    return error_code & PF_I ? OS_EXEC : error_code & PF_W ? OS_WRITE : OS_READ;
}

/* Any right at all makes memory readable on x86 (Linux: access_error). */
static bool allows(const struct vma *vma, uint16_t error_code)
{
    unsigned need = needed(error_code);
    return need == OS_READ ? vma->prot != 0 : vma->prot & need;
}

/* Sets os_error to the access, in words, and what is wrong with it. */
static enum os_outcome refuse(struct os *os, uint64_t va, uint16_t error_code, const char *wrong)
{
    os_fail(os, "%s by %s at 0x%" PRIx64 " (error code 0x%x): %s",
            error_code & PF_I ? "fetch" : error_code & PF_W ? "write" : "read", error_code & PF_U ? "user" : "supervisor", va, error_code,
            wrong);
    return OS_SEGV;
}

static enum os_outcome no_mapping(struct os *os, uint64_t va, uint16_t error_code)
{
    const struct vma_list *vmas = &os->process.vmas;
    size_t i = vma_first(vmas, va);
    char below[DESCRIBE_ROOM] = "nothing", above[DESCRIBE_ROOM] = "nothing", wrong[WRONG_ROOM];
    if (i > 0)
        os_describe(&vmas->at[i - 1], below, sizeof below);
    if (i < vmas->count)
        os_describe(&vmas->at[i], above, sizeof above);
    snprintf(wrong, sizeof wrong, "nothing is mapped there; next below: %s; next above: %s%s", below, above,
             i < vmas->count && vmas->at[i].flags & OS_GROWSDOWN ? " (which cannot grow down so far)" : "");
    return refuse(os, va, error_code, wrong);
}

/* A mapping that grows down takes the page at va in, within the stack limit and with the guard gap below kept free. */
static struct vma *grow_stack(struct os *os, uint64_t va)
{
    struct vma_list *vmas = &os->process.vmas;
    size_t i = vma_first(vmas, va);
    uint64_t start = va & ~(PAGE_BYTES - 1);
    if (i == vmas->count || !(vmas->at[i].flags & OS_GROWSDOWN) || vmas->at[i].end - start > STACK_LIMIT)
        return NULL;
    if (i > 0 && start - vmas->at[i - 1].end < STACK_GAP)
        return NULL;
    vmas->at[i].start = start;
    return &vmas->at[i];
}

/* Foreign traces: maps the aligned GiB around va, as far as it is free. Only touched pages cost memory, there are few such mappings
 * however scattered the trace is, and large pages find room. The last page of the address space stays out (an end is never 0). */
static struct vma *map_implicitly(struct os *os, uint64_t va)
{
    const struct vma_list *vmas = &os->process.vmas;
    size_t next = vma_first(vmas, va);
    uint64_t start = va & ~(IMPLICIT_BYTES - 1), end = start + IMPLICIT_BYTES;
    struct vma vma = {.start = start, .end = end ? end : -PAGE_BYTES, .prot = OS_READ | OS_WRITE | OS_EXEC, .name = "(implicit)"};
    if (next > 0 && vmas->at[next - 1].end > vma.start)
        vma.start = vmas->at[next - 1].end;
    if (next < vmas->count && vmas->at[next].start < vma.end)
        vma.end = vmas->at[next].start;
    if (va >= vma.end || !space_map(os, &vma))
        return NULL;
    return vma_find(vmas, va);
}

/* Highest level at which the policy wants a page here and the mapping covers all of it; empty: the highest level without a table. */
static unsigned best_level(const struct os *os, const struct vma *vma, uint64_t va, unsigned empty)
{
    if (vma->file || os->config.pages == OS_PAGES_4K)
        return 1;
    unsigned level = os->config.pages == OS_PAGES_1G && os->config.page_1g ? 3 : 2;
    for (; level > 1; level--) {
        uint64_t size = (uint64_t)1 << x86_level_shift(level);
        uint64_t start = va & ~(size - 1);
        if (level <= empty && start >= vma->start && vma->end - start >= size && vma->end > start)
            return level;
    }
    return 1;
}

static enum os_outcome out_of_memory(struct os *os)
{
    os_out_of_memory(os);
    return OS_OOM;
}

/* Writes a leaf for va. When there is no frame for the tables, the page's own frame is given up again. */
static enum os_outcome install(struct os *os, const struct vma *vma, uint64_t va, unsigned level, uint64_t frame, uint64_t bits)
{
    struct pt_leaf leaf = {.va = va & ~(PAGE_BYTES - 1), .level = level, .entry = frame | bits | (level > 1 ? ENTRY_PS : 0)};
    if (pt_set(&os->process.pt, va, level, leaf.entry)) {
        os->counts.minor_faults++;
        return OS_RETRY;
    }
    page_let_go(os, vma, &leaf);
    return out_of_memory(os);
}

/* THP reads share one 2-MiB frame of zeros, as Linux does (use_zero_page). 0 when there is none. */
static uint64_t huge_zero_page(struct os *os)
{
    if (!os->huge_zero_page)
        os->huge_zero_page = frames_take(os->frames, 2);
    return os->huge_zero_page;
}

static enum os_outcome populate_anonymous(struct os *os, const struct vma *vma, uint64_t va, bool write, unsigned empty)
{
    unsigned level = best_level(os, vma, va, empty);
    if (!write && level == 2 && os->config.pages == OS_PAGES_THP && huge_zero_page(os))
        return install(os, vma, va, 2, os->huge_zero_page, page_bits(vma, false));
    for (; level > 1; level--) { /* without a large frame a smaller one does */
        uint64_t frame = page_take(os, level);
        if (frame)
            return install(os, vma, va, level, frame, page_bits(vma, true));
    }
    if (!write)
        return install(os, vma, va, 1, os->zero_page, page_bits(vma, false));
    uint64_t frame = page_take(os, 1);
    return frame ? install(os, vma, va, 1, frame, page_bits(vma, true)) : out_of_memory(os);
}

static enum os_outcome populate_file(struct os *os, const struct vma *vma, uint64_t va, bool write)
{
    bool shared = vma->flags & OS_SHARED;
    uint64_t frame = shared || !write ? page_from_file(os, vma, va) : page_take(os, 1);
    return frame ? install(os, vma, va, 1, frame, page_bits(vma, shared || write)) : out_of_memory(os);
}

/* A private page gets a frame of its own. Under THP a 2-MiB zero page is replaced whole, or split when no 2-MiB frame is left. */
static enum os_outcome copy_on_write(struct os *os, const struct vma *vma, uint64_t va, struct pt_leaf *leaf)
{
    uint64_t frame = page_take(os, leaf->level);
    if (!frame && leaf->level > 1) {
        struct flush flush = {0};
        if (!pt_split(&os->process.pt, leaf, &flush))
            return out_of_memory(os);
        flush_queue(&flush, &os->queue, process_cr3(&os->process));
        pt_find(&os->process.pt, va, leaf);
        frame = page_take(os, 1);
    }
    if (!frame)
        return out_of_memory(os);
    uint64_t entry = frame | page_bits(vma, true) | (leaf->level > 1 ? ENTRY_PS : 0);
    if (!physmem_write(os->pm, leaf->pa, entry))
        return out_of_memory(os);
    page_let_go(os, vma, leaf);
    control_push(&os->queue, CTL_INVLPG, leaf->va, process_cr3(&os->process)); /* Linux: ptep_clear_flush */
    os->counts.cow_faults++;
    return OS_RETRY;
}

/* The page at va is empty, or its entry is too strict for what the mapping allows. */
static enum os_outcome mend(struct os *os, const struct vma *vma, uint64_t va, uint16_t error_code)
{
    bool write = error_code & PF_W;
    struct pt_leaf leaf;
    if (!pt_find(&os->process.pt, va, &leaf))
        return vma->file ? populate_file(os, vma, va, write) : populate_anonymous(os, vma, va, write, leaf.level);
    bool present = leaf.entry & ENTRY_P;
    bool forbidden = (write && !(leaf.entry & ENTRY_RW)) || (error_code & PF_I && leaf.entry & ENTRY_XD);
    if (present && !forbidden) {
        os->counts.spurious_faults++;
        return OS_RETRY;
    }
    if (present && write && page_is_borrowed(os, vma, &leaf))
        return copy_on_write(os, vma, va, &leaf);
    char mapping[DESCRIBE_ROOM], wrong[WRONG_ROOM];
    os_describe(vma, mapping, sizeof mapping);
    snprintf(wrong, sizeof wrong, "%s allows it, but the page-table entry 0x%" PRIx64 " at 0x%" PRIx64 " is not as the kernel left it",
             mapping, leaf.entry, leaf.pa);
    return refuse(os, va, error_code, wrong);
}

/* Foreign traces: the page at va gets the right that the access needs. */
static bool grant(struct os *os, uint64_t va, unsigned prot)
{
    struct flush flush = {0}; /* granting needs no invalidation, but the page may be cut out of a large one */
    uint64_t start = va & ~(PAGE_BYTES - 1);
    bool done = space_protect(os, start, start + PAGE_BYTES, prot, &flush);
    flush_queue(&flush, &os->queue, process_cr3(&os->process));
    return done;
}

enum os_outcome os_fault(struct os *os, uint64_t va, uint16_t error_code)
{
    if (!x86_is_canonical(va, os->config.la57 ? 57 : 48))
        return refuse(os, va, error_code, "the address is not canonical, so this should have been #GP");
    if (error_code & PF_RSVD)
        return refuse(os, va, error_code, "a reserved bit is set in a page-table entry, which this kernel never does");
    struct vma *vma = vma_find(&os->process.vmas, va);
    if (!vma)
        vma = grow_stack(os, va);
    if (!vma && os->config.implicit_map)
        vma = map_implicitly(os, va);
    if (!vma)
        return no_mapping(os, va, error_code);
    if (!allows(vma, error_code)) {
        if (!os->config.implicit_map) {
            char mapping[DESCRIBE_ROOM], wrong[WRONG_ROOM];
            os_describe(vma, mapping, sizeof mapping);
            snprintf(wrong, sizeof wrong, "not allowed by what is mapped there: %s", mapping);
            return refuse(os, va, error_code, wrong);
        }
        if (!grant(os, va, vma->prot | OS_READ | needed(error_code)))
            return OS_OOM;
        vma = vma_find(&os->process.vmas, va);
        struct pt_leaf leaf;
        if (pt_find(&os->process.pt, va, &leaf) && (!(error_code & PF_W) || leaf.entry & ENTRY_RW))
            return OS_RETRY; /* that was all */
    }
    return mend(os, vma, va, error_code);
}
