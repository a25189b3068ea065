/* The world's beginning and end: opens the trace, boots the operating system model, compares the two images of memory.
 * See world.h. */
#include "world.h"

#include "base/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch/preset_cpu.h"
#include "stale/stale.h"
#include "unfit.h"

enum { ENTRY_A = 0x20, A_AND_D = 0x60 };

/* The kernel has looked at A bits, and has cleared those that it found. */
static bool aged(const struct world *w)
{
    return w->os && os_aged(w->os);
}

/* What both images of one memory must agree in. */
static uint64_t consistent(const struct world *w)
{
    return w->counts.stale.used ? ~(uint64_t)A_AND_D : aged(w) ? ~(uint64_t)ENTRY_A : ~UINT64_C(0);
}

uint64_t world_comparable(const struct world *w)
{
    return w->counts.shared_global || w->counts.stale.flags ? ~(uint64_t)A_AND_D : consistent(w);
}

bool world_compare_memory(struct world *w)
{
    uint64_t pa, hw, oracle;
    if (w->kernel.keeps && !kernelside_audit(&w->kernel)) {
        finding_set(&w->d.finding, FINDING_MEMORY, w->d.cycle, "the OS model after the run", "consistent",
                    w->kernel.error);
        return false;
    }
    if (!physmem_compare(w->physmem, consistent(w), &pa, &hw, &oracle))
        return true;
    char field[64];
    snprintf(field, sizeof field, "page-table entry at 0x%" PRIx64 " after the run", pa);
    finding_numbers(&w->d.finding, FINDING_MEMORY, w->d.cycle, field, oracle, hw);
    return false;
}

static bool open_trace(struct world *w, const struct world_setup *setup, char *error, size_t size)
{
    const char *why = NULL;
    w->path = setup->trace;
    w->trace = trace_open(setup->trace, &why);
    w->status = STATUS_INPUT;
    if (!w->trace) {
        w->status = (uint8_t)input_status(NULL);
        snprintf(error, size, "%s", why);
        return false;
    }
    const struct trace_info *info = trace_get_info(w->trace);
    if (info->linear_bits > 48 && !w->cpu.la57) {
        unfit(w, 0, "57-bit linear addresses (arch.la57 = false)");
        w->d.ended = true;
        return true;
    }
    w->d.total = info->records;
    if (trace_next(w->trace, &w->rec, &w->rec_left) != 1) {
        const char *said = trace_error(w->trace);
        w->status = (uint8_t)input_status(w->trace);
        snprintf(error, size, "%s", said && *said ? said : "the trace is empty");
        return false;
    }
    w->run = w->rec;
    return true;
}

static bool boot(struct world *w, const struct world_setup *setup, char *error, size_t size)
{
    const struct kernel_boot how = {
        .pm = w->physmem,
        .trace = w->trace,
        .rec = w->rec,
        .records = w->rec_left,
        .paddr_bits = w->cpu.paddr_bits,
        .la57 = w->cpu.la57,
        .pcid = w->cpu.pcid,
        .page_1g = w->cpu.page_1g,
        .config = &setup->kernel,
        .signatures = setup->signatures,
        .lose_move = setup->lose_move,
    };
    if (w->broken)
        return true;
    if (trace_get_info(w->trace)->own_tables) {
        w->stale = stale_new(w->physmem, &w->cpu);
        w->status = STATUS_HOST;
        if (!w->stale)
            snprintf(error, size, "not enough memory for the bench");
        return w->stale != NULL;
    }
    if (!kernelside_boot(&w->kernel, &how, error, size))
        return false;
    w->os = w->kernel.os;
    w->phase = PHASE_CONTROL; /* the operations that switch paging on come first */
    return true;
}

struct world *world_new(const struct world_setup *setup, char *error, size_t error_size, int *status)
{
    struct world *w = calloc(1, sizeof *w);
    *status = STATUS_HOST;
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
    w->status = STATUS_HOST;
    if (!w->memport)
        snprintf(error, error_size, "not enough memory for the simulated memory");
    if (!w->memport || !open_trace(w, setup, error, error_size) || !boot(w, setup, error, error_size)) {
        *status = w->status;
        world_free(w);
        return NULL;
    }
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    kernelside_free(&w->kernel);
    if (w->trace)
        trace_close(w->trace);
    stale_free(w->stale);
    if (w->memport)
        memport_free(w->memport);
    if (w->physmem)
        physmem_free(w->physmem);
    free(w);
}
