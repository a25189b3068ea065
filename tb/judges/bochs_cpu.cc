/* See bochs_cpu.h. Bochs' processor is linked as it is built (scripts/judge_bochs.sh); the machine that it expects
 * around it is bochs_around.cc. An exception ends the access where Bochs would deliver it. */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu/cpu.h"
/* Bochs' headers want this order. */
#include "bxversion.h"
#include "cpu/apic.h"
#include "cpu/cpuid.h"
#include "cpu/msr.h"
#include "memory/memory-bochs.h"

#include "bochs_cpu.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

extern int fetchDecode64(const Bit8u *bytes, bxInstruction_c *i, unsigned room);

#define CPU BX_CPU(0)

Bit64u judge_physical_mask;

static bochs_memory ram;
static jmp_buf faulted;
static bochs_outcome *now; /* of the access in work; NULL: a control operation is */

/* Where INVPCID finds its descriptor: one page, which the TLB is told before; and what stands there. */
static const bx_address DESCRIPTOR = BX_CONST64(0x7ffffffff000);
alignas(4096) static Bit64u descriptor[512];
alignas(4096) static Bit8u code[4096]; /* what a fetch is given: it is never run */

/* ---- what Bochs calls ---- */

void judge_exception(unsigned vector, unsigned error_code)
{
    if (now && vector == BX_PF_EXCEPTION) {
        now->kind = KIND_PF;
        now->err = (uint16_t)error_code;
        now->addr = CPU->cr2;
    } else if (now) {
        now->kind = vector == BX_GP_EXCEPTION ? (uint8_t)KIND_GP : (uint8_t)BOCHS_OTHER;
        now->err = vector == BX_GP_EXCEPTION ? 0 : (uint16_t)vector;
        now->addr = 0;
    }
    longjmp(faulted, vector == BX_GP_EXCEPTION ? 1 : 2);
}

void judge_linear(bx_phy_address physical, unsigned memtype)
{
    if (now) {
        now->addr = physical;
        now->mt = (uint8_t)memtype;
    }
}

void judge_table(bx_phy_address, unsigned memtype, unsigned rw)
{
    if (now && rw == BX_READ && now->tables < BOCHS_TABLES)
        now->table_mt[now->tables++] = (uint8_t)memtype;
}

void logfunctions::panic(const char *words, ...)
{
    if (now)
        now->panic = words;
}

/* ---- memory: words of the caller's; no access here is wider, and none goes across two ---- */

BX_MEMORY_STUB_C::BX_MEMORY_STUB_C() {}
BX_MEMORY_STUB_C::~BX_MEMORY_STUB_C() {}
BX_MEM_C::BX_MEM_C() {}
BX_MEM_C::~BX_MEM_C() {}

Bit64u BX_MEMORY_STUB_C::get_memory_len()
{
    return ~BX_CONST64(0);
}

void BX_MEM_C::readPhysicalPage(BX_CPU_C *, bx_phy_address pa, unsigned len, void *data)
{
    const uint64_t word = ram.read(ram.memory, pa & ~BX_CONST64(7)) >> 8 * (pa & 7);
    memcpy(data, &word, len < 8 ? len : 8);
}

void BX_MEM_C::writePhysicalPage(BX_CPU_C *, bx_phy_address pa, unsigned len, void *data)
{
    uint64_t word = len < 8 ? ram.read(ram.memory, pa & ~BX_CONST64(7)) : 0;
    memcpy((char *)&word + (pa & 7), data, len < 8 ? len : 8);
    ram.write(ram.memory, pa & ~BX_CONST64(7), word);
}

/* Only fetches are given a page of the host's; everything else is told to us word by word. */
Bit8u *BX_MEM_C::getHostMemAddr(BX_CPU_C *, bx_phy_address, unsigned rw)
{
    return rw == BX_EXECUTE ? code : NULL;
}

bool BX_MEM_C::dbg_fetch_mem(BX_CPU_C *, bx_phy_address, unsigned, Bit8u *)
{
    return false;
}

#if BX_SUPPORT_MONITOR_MWAIT
bool BX_MEMORY_STUB_C::is_monitor(bx_phy_address, unsigned)
{
    return false;
}
#endif

/* ---- the processor ---- */

/* Asked for MSRs that it does not know. */
class judge_cpuid : public bx_cpuid_t
{
public:
    judge_cpuid(BX_CPU_C *cpu) : bx_cpuid_t(cpu) {}
    const char *get_name() const override
    {
        return "judge";
    }
    void get_cpuid_leaf(Bit32u, Bit32u, cpuid_function_t *leaf) const override
    {
        *leaf = {};
    }
    void dump_cpuid() const override {}
};

static void feature(unsigned extension, bool there)
{
    Bit32u &word = CPU->ia_extensions_bitmask[extension / 32];
    word = there ? word | 1U << extension % 32 : word & ~(1U << extension % 32);
}

/* What this processor has. MTRRs are not there: only page tables and IA32_PAT choose a memory type. */
static void features(const oracle_cpu *cpu)
{
    static const unsigned always[] = {BX_ISA_386,  BX_ISA_486,       BX_ISA_PENTIUM, BX_ISA_P6,
                                      BX_ISA_X87,  BX_ISA_PSE,       BX_ISA_PAE,     BX_ISA_PGE,
                                      BX_ISA_PAT,  BX_ISA_LONG_MODE, BX_ISA_NX,      BX_ISA_SMEP,
                                      BX_ISA_SMAP, BX_ISA_SSE2,      BX_ISA_SSE,     BX_ISA_CMPXCHG16B};
    for (unsigned extension : always)
        feature(extension, true);
    feature(BX_ISA_1G_PAGES, cpu->page_1g);
    feature(BX_ISA_LA57, cpu->la57);
    feature(BX_ISA_PCID, cpu->pcid);
    feature(BX_ISA_INVPCID, cpu->pcid);
    feature(BX_ISA_PKU, cpu->pku);
    feature(BX_ISA_PKS, cpu->pks);
    feature(BX_ISA_CET, cpu->cet);
    CPU->cr4_suppmask = CPU->get_cr4_allow_mask();
    CPU->efer_suppmask = CPU->get_efer_allow_mask();
    judge_physical_mask = (BX_CONST64(1) << cpu->paddr_bits) - 1;
}

static void segments(unsigned cpl)
{
    for (unsigned i = 0; i < 6; i++) {
        bx_segment_reg_t *s = &CPU->sregs[i];
        s->selector.value = s->selector.rpl = cpl;
        s->cache.valid = SegValidCache | SegAccessROK | SegAccessWOK | SegAccessROK4G | SegAccessWOK4G;
        s->cache.p = s->cache.segment = 1;
        s->cache.dpl = cpl;
        s->cache.type = i == BX_SEG_REG_CS ? BX_CODE_EXEC_READ_ACCESSED : BX_DATA_READ_WRITE_ACCESSED;
        s->cache.u.segment.base = 0;
        s->cache.u.segment.limit_scaled = 0xffffffff;
        s->cache.u.segment.g = 1;
        s->cache.u.segment.l = i == BX_SEG_REG_CS;
        s->cache.u.segment.d_b = i != BX_SEG_REG_CS;
    }
    CPU->updateFetchModeMask();
}

void bochs_start(const bochs_memory *memory)
{
    static const oracle_cpu all = {52, true, true, true, true, true, true, false, false};
    ram = *memory;
    features(&all);
    CPU->lapic->set_base(0); /* switched off: its page is memory like any other */
    CPU->init_FetchDecodeTables();
    CPU->init_MSRs();
    CPU->cpuid = new judge_cpuid(CPU);
    CPU->eflags = 2;
}

void bochs_set(const oracle_cpu *cpu, const oracle_regs *regs)
{
    features(cpu);
    segments(0);
    CPU->cr0.set32((Bit32u)regs->cr0);
    CPU->cr3 = regs->cr3;
    CPU->cr4.set32((Bit32u)regs->cr4);
    CPU->efer.set32((Bit32u)regs->efer);
    CPU->msr.pat = regs->pat;
    CPU->linaddr_width = CPU->cr4.get_LA57() ? 57 : 48;
    CPU->handleCpuModeChange();
    CPU->handleSseModeChange();
    CPU->set_PKeys(regs->pkru, regs->pkrs);
    CPU->TLB_flush();
}

void bochs_get(oracle_regs *regs)
{
    *regs = {CPU->cr0.get32(), CPU->cr3, CPU->cr4.get32(), CPU->efer.get32(), CPU->msr.pat.u64, CPU->pkru, CPU->pkrs};
}

/* ---- accesses ---- */

static void fetch(bx_address va)
{
    RIP = va;
    CPU->prefetch();
    now->addr = CPU->pAddrFetchPage | PAGE_OFFSET(va);
    now->mt = (uint8_t)BX_ITLB_ENTRY_OF(va)->get_memtype();
}

static void make(const oracle_access *a, bool shadow_stack)
{
    Bit64u value = 0;
    if (a->acc == ACC_EXECUTE)
        fetch(a->va);
    else if (shadow_stack && a->acc == ACC_READ)
        CPU->shadow_stack_read_qword(a->va, a->user && !a->imp ? 3 : 0);
    else if (shadow_stack)
        CPU->shadow_stack_write_qword(a->va, a->user && !a->imp ? 3 : 0, value);
    else if (a->imp && a->acc == ACC_READ)
        CPU->system_read_qword(a->va);
    else if (a->imp)
        CPU->system_write_dword(a->va, 0);
    else if (a->acc == ACC_READ)
        CPU->read_linear_qword(BX_SEG_REG_DS, a->va);
    else
        CPU->write_linear_qword(BX_SEG_REG_DS, a->va, value);
}

void bochs_access(const oracle_access *access, bochs_outcome *out)
{
    *out = {};
    now = out;
    segments(access->user ? 3 : 0);
    CPU->eflags = 2 | (access->ac ? EFlagsACMask : 0);
    const bool shadow_stack = access->ss && CPU->cr4.get_CET() && access->acc != ACC_EXECUTE;
    if (!setjmp(faulted)) {
        make(access, shadow_stack);
        out->kind = KIND_OK;
    } else {
        out->mt = 0;
    }
    now = NULL;
}

/* ---- control operations, each the instruction itself ---- */

static void run(const Bit8u *bytes, unsigned length)
{
    Bit8u padded[16] = {};
    bxInstruction_c i;
    memcpy(padded, bytes, length);
    if (fetchDecode64(padded, &i, sizeof padded))
        abort();
    CPU->assignHandler(&i, CPU->fetchModeMask);
    BX_CPU_CALL_METHOD(i.execute1, (&i));
}
#define RUN(...)                                    \
    do {                                            \
        static const Bit8u bytes[] = {__VA_ARGS__}; \
        run(bytes, sizeof bytes);                   \
    } while (0)

/* INVPCID reads its descriptor through the TLB. */
static void invpcid(Bit64u type, Bit64u va, Bit64u desc)
{
    bx_TLB_entry *entry = BX_DTLB_ENTRY_OF(DESCRIPTOR, 0);
    descriptor[0] = desc;
    descriptor[1] = va;
    entry->lpf = DESCRIPTOR;
    entry->ppf = 0;
    entry->hostPageAddr = (bx_hostpageaddr_t)descriptor;
    entry->accessBits = TLB_SysReadOK;
    entry->pkey = 0;
    entry->lpf_mask = 0xfff;
    entry->memtype = BX_MEMTYPE_WB;
    RAX = type;
    RBX = DESCRIPTOR;
    RUN(0x66, 0x0f, 0x38, 0x82, 0x03); /* invpcid rax, [rbx] */
}

static void wrmsr(Bit32u index, Bit64u value)
{
    RCX = index;
    RAX = (Bit32u)value;
    RDX = value >> 32;
    RUN(0x0f, 0x30);
}

static void operate(uint8_t op, Bit64u data, Bit64u desc)
{
    RAX = data;
    switch (op) {
    case CTL_MOV_CR0:
        RUN(0x0f, 0x22, 0xc0);
        break;
    case CTL_MOV_CR3:
        RUN(0x0f, 0x22, 0xd8);
        break;
    case CTL_MOV_CR4:
        RUN(0x0f, 0x22, 0xe0);
        break;
    case CTL_WRMSR_EFER:
        wrmsr(0xc0000080, data);
        break;
    case CTL_INVLPG:
        RUN(0x0f, 0x01, 0x38); /* invlpg [rax] */
        break;
    case CTL_WRPKRU:
        RCX = 0;
        RDX = data >> 32;
        RAX = (Bit32u)data;
        RUN(0x0f, 0x01, 0xef);
        break;
    case CTL_WRMSR_PKRS:
        wrmsr(0x6e1, data);
        break;
    case CTL_WRMSR_PAT:
        wrmsr(0x277, data);
        break;
    default:
        invpcid(op - CTL_INVPCID_ADDRESS, data, desc);
    }
}

bool bochs_control(uint8_t op, uint64_t data, uint64_t desc)
{
    segments(0);
    now = NULL;
    volatile bool good = true;
    if (setjmp(faulted))
        good = false;
    else
        operate(op, data, desc);
    bx_TLB_entry *entry = BX_DTLB_ENTRY_OF(DESCRIPTOR, 0);
    if (entry->lpf == DESCRIPTOR)
        entry->invalidate();
    return good;
}

const char *bochs_version(void)
{
    return VERSION;
}
