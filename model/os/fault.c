/* Page faults in program order: what is to be done, and stack growth (Linux: mm/memory.c, arch/x86/mm/fault.c). The
 * parts that take frames are in populate.c and cow.c.
 *
 *     no mapping        the stack below may grow; implicit_map makes a mapping; else SEGV
 *     mapping forbids   SEGV
 *     entry empty       anonymous: zero page on a read, fresh frame on a write; large pages where the policy and the
 *                       mapping allow
 *                       file: page-cache frame, or at once a private copy when a private mapping is written
 *     swap entry        the page comes back from its slot
 *     entry read-only, write allowed    copy on write: a fresh frame, and INVLPG because the frame changed; or the
 *                                       frame as it is,
 *                                       when nobody else has it any more
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
            error_code & PF_I   ? "fetch"
            : error_code & PF_W ? "write"
                                : "read",
            error_code & PF_U ? "user" : "supervisor", va, error_code, wrong);
    return OS_SEGV;
}

static enum os_outcome no_mapping(struct os *os, uint64_t va, uint16_t error_code)
{
    const struct vma_list *vmas = &os->mm->vmas;
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
    struct vma_list *vmas = &os->mm->vmas;
    size_t i = vma_first(vmas, va);
    uint64_t start = va & ~(PAGE_BYTES - 1);
    if (i == vmas->count || !(vmas->at[i].flags & OS_GROWSDOWN) || vmas->at[i].end - start > STACK_LIMIT)
        return NULL;
    if (i > 0 && start - vmas->at[i - 1].end < STACK_GAP)
        return NULL;
    vma_grow_down(vmas, &vmas->at[i], start);
    mm_peaks(os->mm);
    return &vmas->at[i];
}

/* Foreign traces: maps the aligned GiB around va, as far as it is free. Only touched pages cost memory, there are few
 * such mappings however scattered the trace is, and large pages find room. The last page of the address space stays out
 * (an end is never 0). */
static struct vma *map_implicitly(struct os *os, uint64_t va)
{
    const struct vma_list *vmas = &os->mm->vmas;
    size_t next = vma_first(vmas, va);
    uint64_t start = va & ~(IMPLICIT_BYTES - 1), end = start + IMPLICIT_BYTES;
    struct vma vma = {.start = start,
                      .end = end ? end : -PAGE_BYTES,
                      .prot = OS_READ | OS_WRITE | OS_EXEC,
                      .name = "(implicit)"};
    if (next > 0 && vmas->at[next - 1].end > vma.start)
        vma.start = vmas->at[next - 1].end;
    if (next < vmas->count && vmas->at[next].start < vma.end)
        vma.end = vmas->at[next].start;
    if (va >= vma.end || !space_map(os, os->mm, &vma))
        return NULL;
    return vma_find(vmas, va);
}

static enum os_outcome not_ours(struct os *os, const struct vma *vma, uint64_t va, uint16_t error_code,
                                const struct pt_leaf *leaf)
{
    char mapping[DESCRIBE_ROOM], wrong[WRONG_ROOM];
    os_describe(vma, mapping, sizeof mapping);
    snprintf(wrong, sizeof wrong,
             "%s allows it, but the page-table entry 0x%" PRIx64 " at 0x%" PRIx64 " is not as the kernel left it",
             mapping, leaf->entry, leaf->pa);
    return refuse(os, va, error_code, wrong);
}

/* The page at va is empty or swapped out, or its entry is too strict for what the mapping allows. */
static enum os_outcome mend(struct os *os, const struct vma *vma, uint64_t va, uint16_t error_code)
{
    bool write = error_code & PF_W;
    struct pt_leaf leaf;
    if (!pt_find(&os->mm->pt, va, &leaf))
        return fault_populate(os, vma, va, write, leaf.level);
    if (is_swap_entry(leaf.entry))
        return fault_swap_in(os, vma, va, &leaf, write);
    bool present = leaf.entry & ENTRY_P;
    bool forbidden = (write && !(leaf.entry & ENTRY_RW)) || (error_code & PF_I && leaf.entry & ENTRY_XD);
    if (present && !forbidden) {
        os->counts.spurious_faults++;
        return OS_RETRY;
    }
    bool shared = vma->flags & OS_SHARED,
         exclusive = os->config.processes && !shared; /* the others of a fork may have gone */
    if (present && write && (exclusive || page_is_borrowed(os, vma, &leaf)))
        return shared ? fault_note_write(os, &leaf) : fault_copy(os, vma, va, &leaf);
    return not_ours(os, vma, va, error_code, &leaf);
}

/* Foreign traces: the page at va gets the right that the access needs. */
static bool grant(struct os *os, uint64_t va, unsigned prot)
{
    struct flush flush = {0}; /* granting needs no invalidation, but the page may be cut out of a large one */
    uint64_t start = va & ~(PAGE_BYTES - 1);
    bool done = space_protect(os, os->mm, start, start + PAGE_BYTES, prot, &flush);
    tlb_flush(os, os->mm, &flush);
    return done;
}

static enum os_outcome take_fault(struct os *os, uint64_t va, uint16_t error_code)
{
    if (!x86_is_canonical(va, os->config.la57 ? 57 : 48))
        return refuse(os, va, error_code, "the address is not canonical, so this should have been #GP");
    if (error_code & PF_RSVD)
        return refuse(os, va, error_code, "a reserved bit is set in a page-table entry, which this kernel never does");
    struct vma *vma = vma_find(&os->mm->vmas, va);
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
        vma = vma_find(&os->mm->vmas, va);
        struct pt_leaf leaf;
        if (pt_find(&os->mm->pt, va, &leaf) && !is_swap_entry(leaf.entry) &&
            (!(error_code & PF_W) || leaf.entry & ENTRY_RW))
            return OS_RETRY; /* that was all */
    }
    return mend(os, vma, va, error_code);
}

/* In the task's accounts, for a fault that is mended. */
static void account(struct os *os)
{
    os->events.major_faults += os->major;
    ++*(os->major ? &os->task->major : &os->task->minor);
}

enum os_outcome os_fault(struct os *os, uint64_t va, uint16_t error_code)
{
    if (!os->task)
        return refuse(os, va, error_code, "no task is current");
    if (!memory_balance(os, 0, NULL))
        return OS_OOM;
    os->major = false;
    os->events.cycles += os->config.costs.fault;
    enum os_outcome outcome = take_fault(os, va, error_code);
    if (outcome != OS_RETRY)
        return outcome;
    account(os);
    return OS_RETRY;
}

/* Like the faults that touching each page would take (Linux: populate_vma_page_range); the program does not see them,
 * but they count. */
bool fault_in(struct os *os, uint64_t start, uint64_t end, bool write)
{
    for (uint64_t va = start; va < end;) {
        const struct vma *vma = vma_find(&os->mm->vmas, va);
        struct pt_leaf leaf;
        if (!vma) /* Linux: ENOMEM */
            return true;
        bool wants_write = write && vma->prot & OS_WRITE;
        if (!vma->prot) {
            va = vma->end;
            continue;
        }
        if (!memory_balance(os, 0, NULL))
            return false;
        bool there = pt_find(&os->mm->pt, va, &leaf) && leaf.entry & ENTRY_P && (!wants_write || leaf.entry & ENTRY_RW);
        os->major = false;
        if (!there && mend(os, vma, va, wants_write ? PF_W : 0) != OS_RETRY)
            return false;
        if (!there)
            account(os);
        pt_find(&os->mm->pt, va, &leaf);
        va = leaf.va + ((uint64_t)1 << x86_level_shift(leaf.level));
    }
    return true;
}
