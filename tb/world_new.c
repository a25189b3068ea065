/* The world's beginning and end: opens the trace, boots the operating system model, compares the two images of memory. See world.h. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "preset_cpu.h"

enum { A_AND_D = 0x60 };

uint64_t world_comparable(const struct world *w)
{
    return w->stale_used || w->counts.shared_global ? ~(uint64_t)A_AND_D : ~UINT64_C(0);
}

bool world_compare_memory(struct world *w)
{
    uint64_t pa, hw, oracle;
    if (!physmem_compare(w->physmem, w->stale_used ? ~(uint64_t)A_AND_D : ~UINT64_C(0), &pa, &hw, &oracle))
        return true;
    char field[64];
    snprintf(field, sizeof field, "page-table entry at 0x%" PRIx64 " after the run", pa);
    finding_numbers(&w->d.finding, FINDING_MEMORY, w->d.cycle, field, oracle, hw);
    return false;
}

static bool open_trace(struct world *w, const struct world_setup *setup, char *error, size_t size)
{
    const char *why = NULL;
    w->trace = trace_open(setup->trace, &why);
    if (!w->trace) {
        snprintf(error, size, "%s", why);
        return false;
    }
    const struct trace_info *info = trace_get_info(w->trace);
    if (info->linear_bits > 48 && !w->cpu.la57) {
        snprintf(error, size, "%s needs %u-bit linear addresses, and preset %s has no 57-bit paging (arch.la57 = false)",
                 setup->trace, info->linear_bits, CFG_NAME);
        return false;
    }
    w->d.total = info->records;
    if (trace_next(w->trace, &w->rec, &w->rec_left) != 1) {
        const char *said = trace_error(w->trace);
        snprintf(error, size, "%s", said && *said ? said : "the trace is empty");
        return false;
    }
    return true;
}

/* A trace that does not begin with its program's mappings comes without any: then every page it touches is mapped. */
static bool boot(struct world *w, const struct world_setup *setup, char *error, size_t size)
{
    const struct trace_info *info = trace_get_info(w->trace);
    if (info->own_tables)
        return true;
    const struct os_config config = {
        .paddr_bits = w->cpu.paddr_bits,
        .la57 = w->cpu.la57 && info->linear_bits > 48,
        .pcid = w->cpu.pcid,
        .page_1g = w->cpu.page_1g,
        .implicit_map = w->rec->kind != TRACE_MAP,
        .pages = (enum os_page_policy)setup->pages,
        .ram_bytes = setup->ram,
        .seed = setup->seed,
    };
    w->os = os_new(w->physmem, &config);
    if (!w->os) {
        snprintf(error, size, "the operating system model cannot start: %" PRIu64 " KiB of simulated memory (--ram) are too few, or the host has none left",
                 setup->ram >> 10);
        return false;
    }
    w->phase = PHASE_CONTROL; /* the operations that switch paging on come first */
    return true;
}

struct world *world_new(const struct world_setup *setup, char *error, size_t error_size)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) {
        snprintf(error, error_size, "not enough memory for the bench");
        return NULL;
    }
    world_pins(w);
    w->cpu = preset_cpu();
    w->regs.pat = UINT64_C(0x0007040600070406); /* after reset (SDM 3A 13.12.4) */
    w->window = setup->window;
    w->mask = 1;
    while (w->mask < w->window)
        w->mask *= 2;
    w->mask--;
    w->limit = setup->limit;
    w->judged = setup->judged;
    w->touches = setup->memory.model == MEMPORT_CACHE;
    w->mem_next = UINT64_MAX;
    w->stamp = 1;
    w->physmem = physmem_new(CFG_ARCH_PADDR_BITS);
    w->memport = w->physmem ? memport_new(w->physmem, &setup->memory) : NULL;
    if (!w->memport)
        snprintf(error, error_size, "not enough memory for the simulated memory");
    if (!w->memport || !open_trace(w, setup, error, error_size) || !boot(w, setup, error, error_size)) {
        world_free(w);
        return NULL;
    }
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    if (w->os)
        os_free(w->os);
    if (w->trace)
        trace_close(w->trace);
    if (w->memport)
        memport_free(w->memport);
    if (w->physmem)
        physmem_free(w->physmem);
    free(w);
}
