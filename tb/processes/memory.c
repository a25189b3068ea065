/* A replay without an MMU under test: see memory.h. The processor is the architectural oracle, which sets A and D bits
 * as it goes, and a memory of what it said of a page (memo.h), which every call of the kernel and every control
 * operation empties. So A and D bits are at every fault what the program's accesses so far demand, and nothing depends
 * on a clock or on what a TLB happens to hold. */
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/preset_cpu.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/input.h"
#include "base/interrupt.h"
#include "memory_replay.h"
#include "quick.h"
#include "report/results.h"
#include "serial.h"
#include "traces/format/plain.h"

enum { MOST_FAULTS = 16 };
enum { A = 0x20, D = 0x40 };

bool memory_fail(struct memory *m, int status, const char *why)
{
    snprintf(m->error, sizeof m->error, "%s: %s", m->setup->trace, why);
    plain_in_place(m->error, sizeof m->error);
    m->status = status;
    return false;
}

bool memory_fail_reading(struct memory *m)
{
    snprintf(m->error, sizeof m->error, "%s", trace_error(m->trace));
    plain_in_place(m->error, sizeof m->error);
    m->status = input_status(m->trace);
    return false;
}

bool memory_fail_here(struct memory *m, int status, const char *why)
{
    snprintf(m->error, sizeof m->error, "%s: record %" PRIu64 ": %s", m->setup->trace, m->records, why);
    plain_in_place(m->error, sizeof m->error);
    m->status = status;
    return false;
}

/* What the kernel owes is done before the program goes on. */
static bool controls(struct memory *m)
{
    struct os_control op;
    m->stamp++;
    while (os_control(m->kernel.os, &op)) {
        m->control_ops++;
        if (!oracle_control(&m->regs, &m->cpu, op.op, op.data, op.desc))
            return memory_fail_here(m, STATUS_INPUT, "a control operation of the operating system model raises #GP(0)");
        if (m->tlbs)
            serial_tlbs_control(m->tlbs, op.op, op.data, op.desc, m->mending && m->setup->serial.map_first);
    }
    return true;
}

static bool verify(struct memory *m)
{
    m->checks++;
    m->kernel.record = m->records;
    return kernelside_audit(&m->kernel) || memory_fail(m, STATUS_MISMATCH, m->kernel.error);
}

/* A page fault. False: the run is over, or the task is lost (then error is empty). */
static bool fault(struct memory *m, const struct trace_rec *rec, uint8_t acc, uint16_t error_code)
{
    m->faults++;
    m->kernel.record = m->records;
    const enum kernel_mend mend = kernelside_fault(&m->kernel, rec->va, acc, error_code);
    if (mend == MEND_BAD)
        return memory_fail(m, STATUS_INPUT, m->kernel.error);
    if (m->tlbs && !m->setup->serial.map_first)
        serial_tlbs_fault(m->tlbs, rec->va);
    m->mending = true;
    const bool mended = controls(m);
    m->mending = false;
    if (!mended || (m->setup->verify && m->faults % m->setup->verify == 0 && !verify(m)))
        return false;
    if (mend == MEND_LOST)
        m->kernel.counts.skipped++;
    return mend == MEND_RETRY;
}

void memory_remember(struct memory *m, uint64_t key, const struct oracle_result *r)
{
    for (unsigned i = 0; i < r->steps; i++)
        if (r->step[i].must_a || r->step[i].must_d)
            physmem_modify(m->pm, r->step[i].pa, 0, (r->step[i].must_a ? A : 0) | (r->step[i].must_d ? D : 0));
    *memo_slot(&m->memo, key) =
        (struct memo_entry){.key = key, .stamp = m->stamp, .frame = r->addr & ~UINT64_C(0xfff), .size = r->size};
}

/* Asks the oracle, lets the kernel mend faults, and remembers the answer. */
static bool walk(struct memory *m, const struct trace_rec *rec, uint8_t acc, uint64_t key)
{
    const struct oracle_access access = recorded_oracle_access(rec);
    struct oracle_result r;
    for (unsigned faults = 0;; faults++) {
        m->walks++;
        oracle_translate(m->pm, IMAGE_HW, &m->cpu, &m->regs, &access, &r);
        if (r.kind == KIND_OK)
            break;
        if (r.kind != KIND_PF)
            return memory_fail_here(m, STATUS_INPUT, "the linear address is not canonical");
        if (faults == MOST_FAULTS)
            return memory_fail_here(m, STATUS_INPUT, "the access faults again and again");
        if (!fault(m, rec, acc, r.err))
            return false;
    }
    memory_remember(m, key, &r);
    return true;
}

static bool reaches_its_page(struct memory *m, const struct trace_rec *rec, uint64_t frame)
{
    uint64_t found = 0, expected = 0;
    char text[160];
    if (kernelside_reaches(&m->kernel, rec->va, rec->kind == TRACE_STORE, frame, &found, &expected))
        return true;
    snprintf(text, sizeof text,
             "MISMATCH (contents): 0x%" PRIx64 " has signature 0x%" PRIx64 " in frame 0x%" PRIx64
             ", and must have 0x%" PRIx64,
             rec->va, found, frame, expected);
    return memory_fail_here(m, STATUS_MISMATCH, text);
}

void memory_count(struct memory *m, const struct trace_rec *rec, uint64_t key, unsigned size)
{
    if (m->quick)
        quick_count(m, rec, key, size);
    else
        serial_count(m, rec, size);
}

/* False: the run is over, or the task is lost (then error is empty). */
static inline bool make_access(struct memory *m, const struct trace_rec *rec)
{
    const uint64_t key = memo_key(rec->va, recorded_access(rec->kind), rec->flags);
    const struct memo_entry *entry = memo_slot(&m->memo, key);
    if (m->quick && !m->kernel.keeps && quick_again(m, rec->kind, key)) {
        m->accesses++;
        m->by_kind[rec->kind]++;
        return true;
    }
    if ((entry->key != key || entry->stamp != m->stamp) && !walk(m, rec, recorded_access(rec->kind), key))
        return false;
    if (m->kernel.keeps && !reaches_its_page(m, rec, entry->frame))
        return false;
    if (m->tlbs)
        memory_count(m, rec, key, entry->size);
    m->accesses++;
    m->by_kind[rec->kind]++;
    return true;
}

/* A record that is no access of the running task. */
static bool make_record(struct memory *m, const struct trace_rec *rec)
{
    const struct trace_extra *extra = trace_extra(m->trace, rec);
    m->kernel.record = m->records;
    for (;;) {
        switch (kernelside_turn(&m->kernel, rec)) {
        case TURN_RUN:
            break;
        case TURN_SWITCHED:
            if (!controls(m))
                return false;
            continue;
        case TURN_SKIP:
            kernelside_skip(&m->kernel, rec, extra);
            return true;
        case TURN_BAD:
            return memory_fail(m, STATUS_INPUT, m->kernel.error);
        }
        if (rec->kind <= TRACE_STORE)
            return make_access(m, rec) || !m->error[0];
        m->syscalls += rec->kind == TRACE_SYSCALL;
        return (kernelside_do(&m->kernel, rec, extra) || memory_fail(m, STATUS_INPUT, m->kernel.error)) && controls(m);
    }
}

static bool replay(struct memory *m, const struct trace_rec *rec, size_t count)
{
    for (const struct trace_rec *end = rec + count; rec != end; rec++, m->records++) {
        if (m->accesses == m->setup->limit)
            return true;
        if (rec->kind <= TRACE_STORE && rec->thread == m->kernel.thread) {
            if (!make_access(m, rec) && m->error[0])
                return false;
        } else if (!make_record(m, rec)) {
            return false;
        }
    }
    return true;
}

/* The whole trace. The first run of records tells the kernel how to boot. */
static bool run(struct memory *m)
{
    const struct trace_rec *rec;
    size_t count;
    int got = trace_next(m->trace, &rec, &count);
    const struct os_config config = setup_os(m->setup);
    const struct kernel_boot boot = {.pm = m->pm,
                                     .trace = m->trace,
                                     .rec = rec,
                                     .records = count,
                                     .paddr_bits = m->cpu.paddr_bits,
                                     .la57 = m->cpu.la57,
                                     .pcid = m->cpu.pcid,
                                     .page_1g = m->cpu.page_1g,
                                     .config = &config,
                                     .signatures = m->setup->kernel.signatures,
                                     .lose_move = m->setup->kernel.lose_move};
    struct kernel_prints prints;
    char error[512];
    bool good;
    if (got < 0)
        return memory_fail_reading(m);
    if (got == 0)
        return memory_fail(m, STATUS_INPUT, "the trace is empty");
    if (!kernelside_boot(&m->kernel, &boot, error, sizeof error))
        return memory_fail(m, STATUS_INPUT, error);
    if (!kernel_prints_open(&prints, &m->setup->kernel, &m->kernel))
        return memory_fail(m, STATUS_OUTPUT, "nothing was replayed");
    good = controls(m);
    while (good && got == 1 && !interrupt_count && m->accesses < m->setup->limit) {
        good = replay(m, rec, count);
        if (good)
            got = trace_next(m->trace, &rec, &count);
    }
    if (good && got < 0)
        good = memory_fail_reading(m);
    if (good && m->setup->verify)
        good = verify(m);
    if (good && !m->accesses && !interrupt_count)
        good = memory_fail(m, STATUS_INCOMPLETE, "the trace has no access, so nothing was replayed");
    kernelside_look(&m->kernel);
    if (!kernel_prints_close(&prints, &m->kernel)) {
        m->status = exits_both(m->status, STATUS_OUTPUT);
        good = false;
    }
    return good;
}

struct memory *memory_new(const struct setup *setup, bool serial)
{
    const char *error;
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->setup = setup;
    m->stamp = 1;
    m->cpu = preset_cpu();
    m->regs.pat = UINT64_C(0x0007040600070406); /* after reset (SDM 3A 13.12.4) */
    m->pm = physmem_new(CFG_ARCH_PADDR_BITS);
    m->serial = serial;
    m->tlbs = serial ? serial_tlbs_new(&setup->serial.shapes) : NULL;
    if (m->tlbs && setup->serial.quick)
        m->quick = quick_new(m->tlbs, setup->serial.stacks);
    m->short_of_memory = !m->pm || (serial && !m->tlbs) || (m->tlbs && setup->serial.quick && !m->quick);
    m->trace = trace_open(setup->trace, &error);
    m->status = m->trace ? STATUS_INPUT : input_status(NULL);
    if (!m->trace)
        snprintf(m->error, sizeof m->error, "%s", error);
    return m;
}

bool memory_go(struct memory *m)
{
    if (!m->trace)
        return false;
    if (m->short_of_memory)
        return memory_fail(m, STATUS_HOST, "not enough memory for the simulated memory");
    if (trace_get_info(m->trace)->own_tables && !m->serial)
        return memory_fail(m, STATUS_USAGE,
                           "the trace brings its own page tables, so there is nothing for an operating system to do; "
                           "use `twinwalk model`");
    if (trace_get_info(m->trace)->linear_bits > 48 && !m->cpu.la57)
        return memory_fail(m, STATUS_UNFIT,
                           "the trace needs 57-bit linear addresses, and preset " CFG_NAME
                           " has no 57-bit paging (arch.la57 = false)");
    m->status = STATUS_EQUAL;
    return trace_get_info(m->trace)->own_tables ? serial_own(m) : run(m);
}

void memory_free(struct memory *m)
{
    kernelside_free(&m->kernel);
    if (m->tlbs)
        serial_tlbs_free(m->tlbs);
    free(m->quick);
    if (m->trace)
        trace_close(m->trace);
    if (m->pm)
        physmem_free(m->pm);
    free(m);
}

int memory_replay(const struct setup *o, bool serial)
{
    struct memory *m = memory_new(o, serial);
    if (!m) {
        fprintf(stderr, "twinwalk: not enough memory\n");
        return STATUS_HOST;
    }
    interrupt_install();
    const double start = cpu_seconds();
    const bool good = memory_go(m);
    const double seconds = cpu_seconds() - start;
    (serial ? serial_report : memory_report)(m, seconds, good);
    int status = m->status;
    if (!status && interrupt_count)
        status = STATUS_INTERRUPTED;
    if (o->json && !(serial ? serial_write_json : memory_write_json)(m, seconds))
        status = exits_both(status, STATUS_OUTPUT);
    memory_free(m);
    return status;
}

int memory_run(const struct setup *o)
{
    return memory_replay(o, false);
}
