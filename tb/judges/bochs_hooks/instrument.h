/* What Bochs calls while it emulates, as macros (instrument/instrumentation.txt in its source): its start and its
 * exceptions call the functions below (bochs_cpu.cc), the rest is empty. Included by every file of Bochs. */
#ifndef TWINWALK_BOCHS_JUDGE_H
#define TWINWALK_BOCHS_JUDGE_H

class bxInstruction_c;

void judge_linear(bx_phy_address physical, unsigned memtype);
void judge_table(bx_phy_address physical, unsigned memtype, unsigned rw);
void judge_exception(unsigned vector, unsigned error_code);

#define BX_INSTR_INIT_ENV()
#define BX_INSTR_EXIT_ENV()
#define BX_INSTR_INITIALIZE(cpu)
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
#define BX_INSTR_EXCEPTION(cpu, vector, error_code) judge_exception(vector, error_code)
#define BX_INSTR_INTERRUPT(cpu, vector)
#define BX_INSTR_HWINTERRUPT(cpu, vector, cs, ip)

#define BX_INSTR_CLFLUSH(cpu, linear, physical)
#define BX_INSTR_CACHE_CNTRL(cpu, what)
#define BX_INSTR_TLB_CNTRL(cpu, what, value)
#define BX_INSTR_PREFETCH_HINT(cpu, what, seg, offset)

#define BX_INSTR_BEFORE_EXECUTION(cpu, i)
#define BX_INSTR_AFTER_EXECUTION(cpu, i)
#define BX_INSTR_REPEAT_ITERATION(cpu, i)

#define BX_INSTR_LIN_ACCESS(cpu, linear, physical, len, memtype, rw) judge_linear(physical, memtype)
#define BX_INSTR_PHY_ACCESS(cpu, physical, len, memtype, rw) judge_table(physical, memtype, rw)

#define BX_INSTR_INP(port, len)
#define BX_INSTR_INP2(port, len, value)
#define BX_INSTR_OUTP(port, len, value)
#define BX_INSTR_WRMSR(cpu, msr, value)
#define BX_INSTR_VMEXIT(cpu, reason, qualification)

#endif
