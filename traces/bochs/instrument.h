/* What Bochs calls while it emulates: its instrumentation interface (instrument/instrumentation.txt in its source), as
 * macros. Those that the recorder needs call the functions below (instrument.cc); all others are empty. Included by
 * every file of Bochs, so it names no type of the recorder. */
#ifndef TWINWALK_BOCHS_INSTRUMENT_H
#define TWINWALK_BOCHS_INSTRUMENT_H

class bxInstruction_c;

void twinwalk_start(void);
void twinwalk_end(void);
void twinwalk_before(bxInstruction_c *i);
void twinwalk_round(void);
void twinwalk_exception(unsigned vector, unsigned error_code);
void twinwalk_delivery(void);
void twinwalk_tlb_control(unsigned what, bx_phy_address value);
void twinwalk_wrmsr(unsigned msr, Bit64u value);
void twinwalk_linear(bx_address linear, bx_phy_address physical, unsigned length, unsigned rw);
void twinwalk_out(unsigned port, unsigned length, unsigned value);

#define BX_INSTR_INIT_ENV()
#define BX_INSTR_EXIT_ENV() twinwalk_end()
#define BX_INSTR_INITIALIZE(cpu) twinwalk_start()
#define BX_INSTR_EXIT(cpu)
#define BX_INSTR_RESET(cpu, type)
#define BX_INSTR_HLT(cpu)
#define BX_INSTR_MWAIT(cpu, addr, len, flags)

#define BX_INSTR_DEBUG_PROMPT()
#define BX_INSTR_DEBUG_CMD(cmd)

#define BX_INSTR_CNEAR_BRANCH_TAKEN(cpu, branch, target)
#define BX_INSTR_CNEAR_BRANCH_NOT_TAKEN(cpu, branch)
#define BX_INSTR_UCNEAR_BRANCH(cpu, what, branch, target)
#define BX_INSTR_FAR_BRANCH(cpu, what, old_cs, old_ip, new_cs, new_ip)

#define BX_INSTR_OPCODE(cpu, i, opcode, len, is32, is64)
#define BX_INSTR_EXCEPTION(cpu, vector, error_code) twinwalk_exception(vector, error_code)
#define BX_INSTR_INTERRUPT(cpu, vector) twinwalk_delivery()
#define BX_INSTR_HWINTERRUPT(cpu, vector, cs, ip) twinwalk_delivery()

#define BX_INSTR_CLFLUSH(cpu, linear, physical)
#define BX_INSTR_CACHE_CNTRL(cpu, what)
#define BX_INSTR_TLB_CNTRL(cpu, what, value) twinwalk_tlb_control(what, value)
#define BX_INSTR_PREFETCH_HINT(cpu, what, seg, offset)

#define BX_INSTR_BEFORE_EXECUTION(cpu, i) twinwalk_before(i)
#define BX_INSTR_AFTER_EXECUTION(cpu, i)
#define BX_INSTR_REPEAT_ITERATION(cpu, i) twinwalk_round()

#define BX_INSTR_LIN_ACCESS(cpu, linear, physical, len, memtype, rw) twinwalk_linear(linear, physical, len, rw)
#define BX_INSTR_PHY_ACCESS(cpu, physical, len, memtype, rw)

#define BX_INSTR_INP(port, len)
#define BX_INSTR_INP2(port, len, value)
#define BX_INSTR_OUTP(port, len, value) twinwalk_out(port, len, value)
#define BX_INSTR_WRMSR(cpu, msr, value) twinwalk_wrmsr(msr, value)
#define BX_INSTR_VMEXIT(cpu, reason, qualification)

#endif
