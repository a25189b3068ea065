/* Control operations: what MOV CR, WRMSR, WRPKRU, XRSTOR and INVLPG of the guest did. */
#include "machine.h"
#include "pins.h"
#include "recorder.h"
#include "tables.h"

enum { MSR_EFER = 0xc0000080, MSR_PAT = 0x277, CR0_PE_PG_WP_CD_NW = 1 << 0 | 1 << 16 | 1 << 29 | 1 << 30 };

void control_start(void)
{
    struct walk_registers *r = &recorder.regs;
    *r = (struct walk_registers){.cr0 = machine_register(REG_CR0),
                                 .cr3 = machine_register(REG_CR3),
                                 .cr4 = machine_register(REG_CR4),
                                 .efer = machine_register(REG_EFER),
                                 .pkru = machine_pkru()};
    tables_root(r->cr3, walk_root_level(r));
    access_control(CTL_WRMSR_EFER, r->efer);
    access_control(CTL_WRMSR_PAT, recorder.pat);
    access_control(CTL_MOV_CR0, r->cr0);
    access_control(CTL_MOV_CR4, r->cr4);
    access_control(CTL_MOV_CR3, r->cr3);
    access_control(CTL_WRPKRU, r->pkru);
}

static void mov_cr(unsigned number, uint64_t operand)
{
    struct walk_registers *r = &recorder.regs;
    static const int of[] = {[0] = REG_CR0, [3] = REG_CR3, [4] = REG_CR4};
    const uint64_t now = machine_register(of[number]);
    if (number == 0 ? (now ^ operand) & CR0_PE_PG_WP_CD_NW & ~UINT64_C(1) : now != operand) { /* it raised #GP */
        recorder.counts.refused++;
        return;
    }
    if (number == 3)
        tables_root(now, walk_root_level(r));
    access_control(number == 0 ? CTL_MOV_CR0 : number == 3 ? CTL_MOV_CR3 : CTL_MOV_CR4, operand);
    *(number == 0 ? &r->cr0 : number == 3 ? &r->cr3 : &r->cr4) = now;
}

static void wrmsr(uint32_t msr, uint64_t operand)
{
    if (msr == MSR_PAT)
        recorder.pat = operand;
    if (!recorder.active)
        return;
    if (msr == MSR_EFER && recorder.regs.efer != machine_register(REG_EFER)) {
        recorder.regs.efer = machine_register(REG_EFER);
        access_control(CTL_WRMSR_EFER, operand);
    } else if (msr == MSR_PAT) {
        access_control(CTL_WRMSR_PAT, operand);
    }
}

void control_pending(uint64_t rip)
{
    const struct special_insn *s = recorder.pending;
    const bool at_block = rip != UINT64_MAX;
    if (s->insn.special == SPECIAL_WRPKRU || s->insn.special == SPECIAL_XRSTOR) {
        const uint32_t old = recorder.regs.pkru;
        recorder.pending = NULL;
        if (!recorder.active)
            return;
        recorder.regs.pkru = machine_pkru();
        if (s->insn.special == SPECIAL_WRPKRU || recorder.regs.pkru != old)
            access_control(CTL_WRPKRU, recorder.regs.pkru);
        return;
    }
    if (!at_block) /* the others end their block */
        return;
    recorder.pending = NULL;
    if (s->insn.special == SPECIAL_WRMSR)
        wrmsr((uint32_t)machine_register(REG_RCX),
              (machine_register(REG_RDX) & 0xffffffff) << 32 | (machine_register(REG_RAX) & 0xffffffff));
    if (!recorder.active)
        return;
    if (s->insn.special == SPECIAL_MOV_CR)
        mov_cr(s->insn.number, machine_general(s->insn.general));
    if (s->insn.special == SPECIAL_INVLPG)
        access_control(CTL_INVLPG, decode_address(&s->insn, recorder.pending_va + s->insn.length, machine_general));
}
