/* Records for Bochs' instrumentation; see recorder.h. */
#include "recorder.h"
#include "format/trace.h"
#include "pins.h"
#include "system/machine.h"
#include "system/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING = 16 };
static const uint64_t PCID = 0xfff, PKE = UINT64_C(1) << 22, LA57 = UINT64_C(1) << 12;
static const uint64_t ROOT_ADDRESS = UINT64_C(0x000ffffffffff000), NO_FLUSH = UINT64_C(1) << 63;

static struct {
    struct trace_writer *writer; /* NULL: nothing is recorded */
    const uint64_t *(*page)(uint64_t pa);
    const char *out;
    uint64_t limit, accesses, pokes, controls, faults, no_flush, invpcid;
    unsigned levels;
    struct {
        uint64_t pa;
        size_t size;
    } pending[PENDING]; /* stores whose bytes may not be there yet */
    size_t stores;
} recorder;

static void give_up(const char *why)
{
    fprintf(stderr, "twinwalk bochs: %s: %s\n", recorder.out, why);
    if (recorder.writer)
        trace_abandon(recorder.writer);
    _Exit(1);
}

static void put(const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (!trace_put(recorder.writer, rec, extra))
        give_up(trace_writer_error(recorder.writer));
}

/* What tables.c asks. */
uint64_t machine_word(uint64_t pa)
{
    const uint64_t *page = recorder.page(pa & ~UINT64_C(4095));
    return page ? page[pa / 8 % 512] : 0;
}

static void poke(uint64_t pa, uint64_t value)
{
    struct trace_rec rec = {.kind = TRACE_POKE};
    struct trace_extra extra = {.poke = {.pa = pa, .value = value}};
    put(&rec, &extra);
    recorder.pokes++;
}

/* All succeeded: one that faults does not come to the hook. */
static void put_control(uint8_t op, uint64_t value, uint64_t descriptor)
{
    struct trace_rec rec = {.kind = TRACE_CONTROL, .flags = TRACE_EXPECT};
    struct trace_extra extra = {.control = {.op = op, .data = value, .desc = descriptor}};
    put(&rec, &extra);
    recorder.controls++;
}

/* From the state after reset, each step legal: PCIDE may only be set while CR3 names PCID 0. */
static void put_registers(const struct recorder_registers *r)
{
    put_control(CTL_WRMSR_EFER, r->efer, 0);
    put_control(CTL_MOV_CR3, r->cr3 & ~PCID, 0);
    put_control(CTL_MOV_CR4, r->cr4, 0);
    if (r->cr3 & PCID)
        put_control(CTL_MOV_CR3, r->cr3, 0);
    put_control(CTL_MOV_CR0, r->cr0, 0);
    put_control(CTL_WRMSR_PAT, r->pat, 0);
    if (r->cr4 & PKE)
        put_control(CTL_WRPKRU, r->pkru, 0);
}

void recorder_begin(const struct recorder_options *options, const struct recorder_registers *registers)
{
    const char *error;
    struct trace_info info = {.linear_bits = registers->cr4 & LA57 ? 57 : 48, .own_tables = true};
    snprintf(info.program, sizeof info.program, "%s", options->program);
    snprintf(info.recorder, sizeof info.recorder, "Bochs 3.0, traces/bochs");
    recorder.out = options->out;
    recorder.limit = options->limit;
    recorder.levels = info.linear_bits == 57 ? 5 : 4;
    recorder.page = options->page;
    if (!tables_open(options->memory, poke))
        give_up("out of memory");
    recorder.writer = trace_create(options->out, &info, false, &error);
    if (!recorder.writer)
        give_up(error);
    if (!trace_set_level(recorder.writer, options->level))
        give_up("zstd's level must be 1 … 19");
    tables_root(registers->cr3 & ROOT_ADDRESS, recorder.levels);
    put_registers(registers);
}

bool recorder_active(void)
{
    return recorder.writer != NULL;
}
bool recorder_full(void)
{
    return recorder.accesses >= recorder.limit;
}

void recorder_end(void)
{
    const char *error;
    recorder_settle();
    struct trace_writer *writer = recorder.writer;
    recorder.writer = NULL;
    if (!trace_finish(writer, &error))
        give_up(error);
    uint64_t unseen = tables_differ();
    fprintf(stderr,
            "twinwalk bochs: %s: %" PRIu64 " accesses, %" PRIu64 " page faults, %" PRIu64 " controls (%" PRIu64
            " CR3 loads that flush nothing, %" PRIu64 " INVPCID), %" PRIu64 " pokes\n",
            recorder.out, recorder.accesses, recorder.faults, recorder.controls, recorder.no_flush, recorder.invpcid,
            recorder.pokes);
    if (unseen) {
        fprintf(stderr,
                "twinwalk bochs: %s: %" PRIu64 " words of page tables changed unseen: the trace is not to be trusted\n",
                recorder.out, unseen);
        _Exit(1);
    }
}

void recorder_access(const struct recorder_access *access)
{
    struct trace_rec rec = {.va = access->va, .kind = access->kind, .flags = access->flags, .size = access->size};
    struct trace_extra extra = {
        .expect = {.kind = KIND_OK, .has_pa = true, .pa = access->pa, .size = (uint8_t)access->pages}};
    if (access->pages >= 0)
        rec.flags |= TRACE_EXPECT;
    put(&rec, access->pages >= 0 ? &extra : NULL);
    recorder.accesses++;
}

void recorder_fault(uint8_t kind, uint8_t flags, uint64_t va, uint16_t error)
{
    /* How long the access was is not known; its first byte is what faulted. */
    struct trace_rec rec = {.va = va, .kind = kind, .flags = flags | TRACE_EXPECT, .size = 1};
    struct trace_extra extra = {.expect = {.kind = KIND_PF, .err = error, .has_cr2 = true, .cr2 = va}};
    put(&rec, &extra);
    recorder.accesses++;
    recorder.faults++;
}

void recorder_control(uint8_t op, uint64_t value, uint64_t descriptor)
{
    recorder_settle();
    if (op == CTL_MOV_CR3)
        tables_root(value & ROOT_ADDRESS, recorder.levels);
    recorder.no_flush += op == CTL_MOV_CR3 && value & NO_FLUSH;
    recorder.invpcid += trace_is_invpcid(op);
    put_control(op, value, descriptor);
}

void recorder_stores(uint64_t pa, size_t size)
{
    if (recorder.stores == PENDING)
        recorder_settle();
    recorder.pending[recorder.stores].pa = pa;
    recorder.pending[recorder.stores++].size = size;
}

void recorder_settle(void)
{
    for (size_t n = 0; n < recorder.stores; n++)
        tables_store(recorder.pending[n].pa, (unsigned)recorder.pending[n].size);
    recorder.stores = 0;
}
