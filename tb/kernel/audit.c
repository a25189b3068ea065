/* What must hold of the OS model at any time, and of every access: see kernelside.h. */
#include <inttypes.h>
#include <stdio.h>

#include "kernelside.h"

static bool wrong(struct kernelside *k, const char *what, uint64_t found, uint64_t expected)
{
    snprintf(k->error, sizeof k->error, "record %" PRIu64 ": %s: %" PRIu64 ", and must be %" PRIu64, k->record, what,
             found, expected);
    return false;
}

/* Whether an earlier task shares the address space (threads, and vfork until the child has gone its way). */
static bool is_shared(const struct kernelside *k, unsigned task)
{
    for (unsigned other = os_next_task(k->os, 0); other && other != task; other = os_next_task(k->os, other))
        if (os_shares_memory(k->os, task, other))
            return true;
    return false;
}

static bool audit_sums(struct kernelside *k, const struct os_memory *m)
{
    uint64_t pss = 0;
    for (unsigned task = os_next_task(k->os, 0); task; task = os_next_task(k->os, task)) {
        struct os_usage usage;
        struct os_status status;
        if (is_shared(k, task) || !os_usage(k->os, task, &usage) || !os_status(k->os, task, &status))
            continue;
        if (usage.rss != status.rss)
            return wrong(k, "RSS of a process by its pages", usage.rss, status.rss);
        if (usage.size != status.vsz)
            return wrong(k, "VSZ of a process by its mappings", usage.size, status.vsz);
        pss += usage.pss;
    }
    return pss == m->mapped << 24 || wrong(k, "the sum of PSS, in units of 2^-12 byte", pss, m->mapped << 24);
}

/* Nobody is left: only pages of files and segments that nobody maps, and the kernel's own root table, may be in memory.
 */
static bool audit_end(struct kernelside *k, const struct os_memory *m)
{
    if (m->mapped || m->hugetlb != m->hugetlb_cached)
        return wrong(k, "frames that are mapped after the last task has ended",
                     m->mapped + m->hugetlb - m->hugetlb_cached, 0);
    if (m->swap_used != m->swap_cached)
        return wrong(k, "swap slots in use, but for shared memory's, after the last task has ended", m->swap_used,
                     m->swap_cached);
    return m->tables == 1 || wrong(k, "page tables after the last task has ended", m->tables, 1);
}

bool kernelside_audit(struct kernelside *k)
{
    struct os_memory m;
    os_memory(k->os, &m);
    if (!os_check(k->os)) {
        snprintf(k->error, sizeof k->error, "record %" PRIu64 ": the OS model contradicts itself: %s", k->record,
                 os_error(k->os));
        return false;
    }
    return audit_sums(k, &m) && (os_next_task(k->os, 0) || audit_end(k, &m));
}

bool kernelside_reaches(struct kernelside *k, uint64_t va, bool store, uint64_t pa, uint64_t *found, uint64_t *expected)
{
    if (!k->keeps || k->contents.short_of_memory)
        return true;
    uint64_t *frame = contents_at(&k->contents, pa);
    uint64_t none = CONTENTS_NONE;
    const bool right = shadow_access(&k->shadow, k->thread, va, store, frame ? frame : &none, expected);
    *found = frame ? *frame : none;
    return right;
}
