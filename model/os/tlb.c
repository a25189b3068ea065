/* One processor: the program stands still while the kernel works, and all that is owed is done before it goes on. */
#include <string.h>

#include "kernel.h"

uint64_t tlb_cr3(const struct os *os)
{
    return os->loaded->pt.root | os->tlb.pcid;
}

/* The defect of os_config.forget_flush: every so many invalidations one is left out, at once and for good. */
static bool forgets(struct os *os)
{
    os->events.flushes++;
    if (!os->config.forget_flush || os->events.flushes % os->config.forget_flush)
        return false;
    os->events.forgotten++;
    return true;
}

static bool invalidates(uint8_t op)
{
    return op == CTL_INVLPG || op == CTL_MOV_CR3 || (op >= CTL_INVPCID_ADDRESS && op <= CTL_INVPCID_ALL_NONGLOBAL);
}

/* Keeps the operations that are no invalidation: those that switch the MMU on stand in front. */
static void make_room(struct os *os)
{
    struct tlb *tlb = &os->tlb;
    unsigned kept = 0;
    for (unsigned i = tlb->head; i < tlb->count; i++)
        if (!invalidates(tlb->op[i].op))
            tlb->op[kept++] = tlb->op[i];
    tlb->op[kept++] = (struct os_control){.op = CTL_MOV_CR3, .data = tlb_cr3(os)};
    tlb->head = 0;
    tlb->count = kept;
    for (unsigned pcid = 1; tlb->others && pcid <= tlb->pcids; pcid++)
        if (pcid != tlb->pcid)
            tlb->owner[pcid].context = 0;
    tlb->others = false;
}

void tlb_push(struct os *os, uint8_t op, uint64_t data, uint64_t desc)
{
    struct tlb *tlb = &os->tlb;
    if (tlb->head == tlb->count) {
        tlb->head = tlb->count = 0;
        tlb->others = false;
    }
    if (op >= CTL_INVPCID_ADDRESS && op <= CTL_INVPCID_ALL_NONGLOBAL)
        tlb->others = true;
    if (tlb->count == QUEUE_SIZE) {
        make_room(os);
        if (invalidates(op))
            return;
    }
    tlb->op[tlb->count++] = (struct os_control){.op = op, .data = data, .desc = desc};
}

bool os_control(struct os *os, struct os_control *op)
{
    if (os->tlb.head == os->tlb.count)
        return false;
    *op = os->tlb.op[os->tlb.head++];
    return true;
}

/* The PCID that has this address space's translations; 0: none. */
static unsigned pcid_of(const struct os *os, const struct os_mm *mm)
{
    for (unsigned pcid = 1; pcid <= os->tlb.pcids; pcid++)
        if (os->tlb.owner[pcid].context == mm->context)
            return pcid;
    return 0;
}

/* One operation a page, or one for all. */
static void push_range(struct os *os, const struct flush *flush, bool loaded, unsigned pcid)
{
    if ((flush->end - flush->start) >> flush->shift > FLUSH_CEILING) {
        tlb_push(os, loaded ? CTL_MOV_CR3 : CTL_INVPCID_CONTEXT, loaded ? tlb_cr3(os) : 0, loaded ? 0 : pcid);
        return;
    }
    for (uint64_t va = flush->start; va != flush->end; va += (uint64_t)1 << flush->shift)
        tlb_push(os, loaded ? CTL_INVLPG : CTL_INVPCID_ADDRESS, va, loaded ? 0 : pcid);
}

void tlb_flush(struct os *os, struct os_mm *mm, const struct flush *flush)
{
    if (!flush->shift || forgets(os))
        return;
    mm->tlb_generation++;
    bool loaded = mm == os->loaded;
    unsigned pcid = loaded ? os->tlb.pcid : pcid_of(os, mm);
    if (!loaded && !(os->config.invpcid && pcid))
        return;
    push_range(os, flush, loaded, pcid);
    os->tlb.owner[pcid].generation = mm->tlb_generation;
}

void tlb_flush_all(struct os *os, struct os_mm *mm)
{
    struct flush everything = {.start = 0, .end = (uint64_t)1 << 63, .shift = PAGE_SHIFT};
    tlb_flush(os, mm, &everything);
}

void tlb_flush_owed(struct os *os)
{
    for (struct os_mm *mm = os->mms; mm; mm = mm->next) {
        struct flush owed = mm->owed;
        mm->owed = (struct flush){0};
        tlb_flush(os, mm, &owed);
    }
}

/* Linux: choose_new_asid. */
static bool choose_pcid(struct os *os, const struct os_mm *mm)
{
    struct tlb *tlb = &os->tlb;
    unsigned pcid = pcid_of(os, mm);
    bool good = pcid && tlb->owner[pcid].generation == mm->tlb_generation;
    if (!pcid)
        pcid = tlb->last = tlb->last % tlb->pcids + 1;
    tlb->owner[pcid] = (struct pcid_owner){.context = mm->context, .generation = mm->tlb_generation};
    tlb->pcid = pcid;
    return good;
}

void tlb_load(struct os *os, struct os_mm *mm)
{
    if (mm == os->loaded)
        return;
    os->loaded = mm;
    bool keep = os->tlb.pcids && choose_pcid(os, mm);
    if (!keep && os->tlb.pcids && forgets(os))
        keep = true;
    os->events.switches++;
    os->events.kept += keep;
    os->events.flushed += !keep;
    os->tlb.others = true; /* what was owed before was owed to the address space that is left */
    tlb_push(os, CTL_MOV_CR3, tlb_cr3(os) | (keep ? CR3_NO_FLUSH : 0), 0);
}
