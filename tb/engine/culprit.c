/* See culprit.h. Words of docs/microarchitecture.md section 17. */
#include "culprit.h"

#include "mmu_cfg.h"
#include "statenames.h"

enum { ENTRY_FREE = 0, ENTRY_DONE = 8, WALKER_IDLE = 0, TOKEN_NONE = 0 };

static bool read(const struct mmu *ref, const struct dut_ops *ops, struct dut *dut, unsigned sel, unsigned idx,
                 uint64_t word[2])
{
    if (ops && ops->has_state)
        return ops->state(dut, sel, idx, word);
    return ref && mmu_state(ref, sel, idx, word);
}

/* The request that a word of the miss queue belongs to. */
static bool locate(const struct driver *driver, uint64_t word, struct finding *finding)
{
    struct finding found = *finding;
    found.access = UINT64_MAX;
    if ((word & 15) == ENTRY_FREE)
        return false;
    driver->locate(driver, (int)(word >> 4 & 15), (unsigned)(word >> 8 & 255), &found);
    if (found.access == UINT64_MAX)
        return false;
    *finding = found;
    return true;
}

void culprit_of_hang(const struct driver *driver, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut,
                     struct finding *finding)
{
    bool any = false;
    for (unsigned entry = 0; entry < CFG_MISS_QUEUE_ENTRIES; entry++) {
        struct finding of_entry = *finding;
        uint64_t word[2];
        if (!read(ref, ops, dut, SEL_MISS_QUEUE, entry, word) || (word[0] & 15) == ENTRY_DONE ||
            !locate(driver, word[0], &of_entry))
            continue;
        if (!any || of_entry.access < finding->access)
            *finding = of_entry;
        any = true;
    }
    if (!any)
        driver->locate(driver, -1, 0, finding);
}

/* The miss-queue entry that a word belongs to; -1: none. */
static int entry_of(unsigned sel, unsigned idx, const struct mmu *ref, const uint64_t word[2])
{
    uint64_t walker[2];
    if (sel == SEL_MISS_QUEUE)
        return (int)idx;
    if (sel == SEL_WALKERS && mmu_state(ref, SEL_WALKERS, idx & ~1u, walker) && (walker[0] & 7) != WALKER_IDLE)
        return (int)(walker[0] >> 11 & 63);
    if (sel == SEL_PIPELINE && (word[0] & 3) != TOKEN_NONE)
        return (int)(word[0] >> 2 & 63);
    return -1;
}

void culprit_of_state(const struct driver *driver, const struct mmu *ref, const struct state_diff *diff,
                      struct finding *finding)
{
    uint64_t word[2];
    const int entry = entry_of(diff->sel, diff->idx, ref, diff->expected);
    if (entry >= 0 && mmu_state(ref, SEL_MISS_QUEUE, (unsigned)entry, word) && locate(driver, word[0], finding))
        return;
    if (entry >= 0 && diff->sel == SEL_MISS_QUEUE && locate(driver, diff->actual[0], finding))
        return;
    driver->locate(driver, -1, 0, finding);
}

void culprit_of_memory(const struct driver *driver, const struct mmu *ref, unsigned tag, struct finding *finding)
{
    struct state_diff walker = {.sel = SEL_WALKERS, .idx = 2 * tag};
    culprit_of_state(driver, ref, &walker, finding);
}
