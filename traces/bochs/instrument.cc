/* The instrumentation of Bochs: reads out of the emulated processor what its hooks do not say, and hands it to the recorder. */
#define NEED_CPU_REG_SHORTCUTS 0
#include "bochs.h"
#include "cpu/cpu.h"
#include "cpu/decoder/ia_opcodes.h"
#include "memory/memory-bochs.h"
#include "recorder.h"
#include "session.h"
extern "C" {
#include "pins.h"
#include "format/trace.h"
}

#include <string.h>

enum { MSR_EFER = 0xc0000080, MSR_PAT = 0x277, MSR_PKRS = 0x6e1 };
enum { PF_WRITE = 2, PF_USER = 4, PF_FETCH = 16, PF_SHADOW_STACK = 64 };
static const unsigned long long NO_FLUSH = 1ull << 63;

static struct {
    bool delivery;             /* the processor is delivering an interrupt or exception */
    bx_address cr3_source;     /* what the MOV to CR3 at hand loads, with bit 63 */
    struct { bx_phy_address pa; unsigned length; } loaded[2]; /* the last load of this instruction, in up to two pages */
    unsigned parts;
    unsigned msr;              /* that the WRMSR at hand writes, if it does not fault; 0: none */
    Bit64u msr_value;
} state;

/* ---- Accesses ---- */

static bool within(const bx_global_segment_reg_t &table, bx_address linear) { return linear - table.base <= table.limit; }
static bool within(const bx_segment_reg_t &segment, bx_address linear)
{
    return segment.cache.valid && linear - segment.cache.u.segment.base <= segment.cache.u.segment.limit_scaled;
}

/* Of an access by the instruction at hand, or by the delivery of an interrupt. Descriptor tables and the TSS are accessed implicitly, whatever
 * the CPL. The hooks do not say that, but the address does. */
static uint8_t access_flags(bx_address linear)
{
    const BX_CPU_C *cpu = BX_CPU(0);
    uint8_t flags = 0;
    if (within(cpu->idtr, linear) || within(cpu->gdtr, linear) || within(cpu->tr, linear) || within(cpu->ldtr, linear))
        flags = TRACE_SUPERVISOR | TRACE_IMPLICIT;
    else if (!cpu->user_pl || state.delivery)
        flags = TRACE_SUPERVISOR;
    return flags | (BX_CPU(0)->get_AC() ? TRACE_AC : 0);
}

static int8_t page_size(bx_address mask) { return mask == 0xfff ? 0 : mask == 0x1fffff ? 1 : mask == 0x3fffffff ? 2 : -1; }

/* The page size of an access that was just translated: from the TLB's entry, or, if Bochs used a shortcut past it, from the tables. */
static int8_t size_of(const bx_TLB_entry *entry, bx_address linear, bx_phy_address physical)
{
    if (LPFOf(entry->lpf) == LPFOf(linear) && PPFOf(entry->ppf) == PPFOf(physical))
        return page_size(entry->lpf_mask);
    bx_phy_address walked;
    bx_address mask;
    if (!BX_CPU(0)->dbg_xlate_linear2phy(linear, &walked, &mask) || walked != physical)
        return -1;
    return page_size(mask);
}

void twinwalk_linear(bx_address linear, bx_phy_address physical, unsigned length, unsigned rw)
{
    if (!recorder_active())
        return;
    bool write = rw & 1; /* also of a read-modify-write */
    struct recorder_access access;
    memset(&access, 0, sizeof access);
    access.va = linear;
    access.pa = physical;
    access.kind = write ? TRACE_STORE : TRACE_LOAD;
    access.flags = access_flags(linear) | (rw & 4 ? TRACE_SHADOW_STACK : 0);
    access.size = (uint8_t)length;
    access.pages = size_of(BX_CPU(0)->DTLB.get_entry_of(linear), linear, physical);
    recorder_access(&access);
    if (write)
        recorder_stores(physical, length);
    else {
        if (state.parts && (state.parts == 2 || state.loaded[0].length + length != 16))
            state.parts = 0;
        state.loaded[state.parts].pa = physical;
        state.loaded[state.parts++].length = length;
    }
}

static void fetch(bx_address linear, unsigned length)
{
    BX_CPU_C *cpu = BX_CPU(0);
    const bx_TLB_entry *entry = cpu->ITLB.get_entry_of(linear);
    struct recorder_access access;
    memset(&access, 0, sizeof access);
    access.va = linear;
    access.kind = TRACE_FETCH;
    access.flags = (cpu->user_pl ? 0 : TRACE_SUPERVISOR) | (cpu->get_AC() ? TRACE_AC : 0);
    access.size = (uint8_t)length;
    if (LPFOf(entry->lpf) == LPFOf(linear)) {
        access.pa = entry->ppf | PAGE_OFFSET(linear);
        access.pages = page_size(entry->lpf_mask);
    } else
        access.pages = -1; /* decoded earlier, and run without looking at its second page again */
    recorder_access(&access);
}

/* ---- Before each instruction ---- */

/* Called at the start of a WRMSR, which may still raise #GP. */
void twinwalk_wrmsr(unsigned msr, Bit64u value)
{
    state.msr = msr;
    state.msr_value = value;
}

static void wrote_msr(void)
{
    switch (state.msr) {
    case MSR_EFER: recorder_control(CTL_WRMSR_EFER, state.msr_value, 0); break;
    case MSR_PAT: recorder_control(CTL_WRMSR_PAT, state.msr_value, 0); break;
    case MSR_PKRS: recorder_control(CTL_WRMSR_PKRS, state.msr_value, 0); break;
    }
    state.msr = 0;
}

void twinwalk_before(bxInstruction_c *i)
{
    state.delivery = false;
    if (!recorder_active()) {
        if (!session_begins())
            return;
        state.msr = 0;
    }
    BX_CPU_C *cpu = BX_CPU(0);
    recorder_settle();
    if (recorder_full())
        session_finish("the limit is reached");
    state.parts = 0;
    wrote_msr();
    if (cpu->pkru != session_pkru) /* by WRPKRU, or by XRSTOR */
        recorder_control(CTL_WRPKRU, session_pkru = cpu->pkru, 0);

    bx_address linear = cpu->get_laddr(BX_SEG_REG_CS, cpu->get_instruction_pointer());
    unsigned length = i->ilen(), first = 4096 - PAGE_OFFSET(linear);
    fetch(linear, length < first ? length : first);
    if (length > first)
        fetch(linear + first, length - first);
    if (i->getIaOpcode() == BX_IA_MOV_CR3Rq)
        state.cr3_source = cpu->gen_reg[i->src()].rrx;
}

void twinwalk_round(void)
{
    if (recorder_active())
        recorder_settle();
}

/* ---- What else happens ---- */

void twinwalk_exception(unsigned vector, unsigned error_code)
{
    if (!recorder_active())
        return;
    recorder_settle();
    BX_CPU_C *cpu = BX_CPU(0);
    if (vector == BX_GP_EXCEPTION && cpu->get_instruction_pointer() != cpu->prev_rip) /* raised by the instruction, not by the fetch of the next */
        state.msr = 0;
    wrote_msr();
    if (vector != BX_PF_EXCEPTION)
        return;
    uint8_t flags = access_flags(cpu->cr2);
    if (!(error_code & PF_USER) && !(flags & TRACE_SUPERVISOR))
        flags |= TRACE_SUPERVISOR;
    if (error_code & PF_SHADOW_STACK)
        flags |= TRACE_SHADOW_STACK;
    if (error_code & PF_FETCH || error_code & PF_USER)
        flags &= ~(TRACE_IMPLICIT | (error_code & PF_USER ? TRACE_SUPERVISOR : 0));
    recorder_fault(error_code & PF_FETCH ? TRACE_FETCH : error_code & PF_WRITE ? TRACE_STORE : TRACE_LOAD, flags, cpu->cr2, (uint16_t)error_code);
}

void twinwalk_delivery(void)
{
    state.delivery = true;
    if (recorder_active()) {
        recorder_settle();
        wrote_msr();
    }
}

/* The descriptor's quadword that lies `offset` bytes into what the instruction loaded last. */
static uint64_t loaded_quadword(unsigned offset)
{
    uint8_t bytes[8];
    for (unsigned n = 0; n < 8; n++, offset++) {
        bool second = offset >= state.loaded[0].length;
        bx_phy_address pa = second ? state.loaded[1].pa + offset - state.loaded[0].length : state.loaded[0].pa + offset;
        const uint64_t *page = session_page(pa & ~(bx_phy_address)4095);
        bytes[n] = page ? ((const uint8_t *)page)[pa & 4095] : 0;
    }
    uint64_t value;
    memcpy(&value, bytes, 8);
    return value;
}

/* Called after the operation has been done; a MOV to CR3 has lost its bit 63 by then. */
void twinwalk_tlb_control(unsigned what, bx_phy_address value)
{
    if (!recorder_active())
        return;
    switch (what) {
    case BX_INSTR_MOV_CR0: recorder_control(CTL_MOV_CR0, value, 0); break;
    case BX_INSTR_MOV_CR3: recorder_control(CTL_MOV_CR3, (state.cr3_source & ~NO_FLUSH) == value ? state.cr3_source : value, 0); break;
    case BX_INSTR_MOV_CR4: recorder_control(CTL_MOV_CR4, value, 0); break;
    case BX_INSTR_INVLPG: recorder_control(CTL_INVLPG, value, 0); break;
    case BX_INSTR_INVPCID: recorder_control((uint8_t)(CTL_INVPCID_ADDRESS + value), loaded_quadword(8), loaded_quadword(0)); break;
    default: session_finish("a task switch, SMM or a virtual machine: none of them can be recorded");
    }
}
