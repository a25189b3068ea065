/* A machine for the tests of model/os: the kernel, its memory, and a processor made of the oracle and a TLB that never
 * forgets by itself.
 *
 * The TLB keeps every translation until a control operation takes it away, by the SDM's minimum (3A 5.10.4.1). After
 * the kernel's control operations no entry may allow what the page tables no longer allow: that is how missing
 * invalidations are seen. */
#ifndef TWINWALK_OS_MACHINE_H
#define TWINWALK_OS_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/oracle.h"
#include "os/os.h"

enum { TLB_ROOM = 8192, CONTROL_ROOM = 256, MACHINE_PAGE = 4096 };

struct tlb_entry {
    struct oracle_access access; /* the access that was allowed */
    struct oracle_result result;
};

struct machine {
    struct physmem *pm;
    struct os *os;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct tlb_entry tlb[TLB_ROOM]; /* the first tlb_count are in use */
    unsigned tlb_count;
    struct os_control done[CONTROL_ROOM]; /* control operations since machine_forget */
    unsigned done_count;
};

static inline void tlb_drop(struct machine *m, bool (*goes)(const struct tlb_entry *entry, uint64_t va), uint64_t va)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < m->tlb_count; i++)
        if (!goes(&m->tlb[i], va))
            m->tlb[kept++] = m->tlb[i];
    m->tlb_count = kept;
}

static inline bool tlb_same_page(const struct tlb_entry *entry, uint64_t va)
{
    return (entry->access.va ^ va) >> (12 + 9 * entry->result.size) == 0;
}

static inline bool tlb_any(const struct tlb_entry *entry, uint64_t va)
{
    (void)entry;
    (void)va;
    return true;
}

/* No cached translation may be stale in a way that matters: another frame or page size, or an access that is now
 * refused. */
static inline void machine_check_tlb(struct machine *m)
{
    for (unsigned i = 0; i < m->tlb_count; i++) {
        const struct tlb_entry *e = &m->tlb[i];
        struct oracle_result now;
        oracle_translate(m->pm, IMAGE_ORACLE, &m->cpu, &m->regs, &e->access, &now);
        if (now.kind != KIND_OK || now.addr != e->result.addr || now.size != e->result.size)
            fail_msg("stale TLB entry: 0x%llx gave pa 0x%llx, now kind %u pa 0x%llx", (unsigned long long)e->access.va,
                     (unsigned long long)e->result.addr, now.kind, (unsigned long long)now.addr);
    }
}

/* Carries out what the kernel owes, then checks the TLB. */
static inline void machine_controls(struct machine *m)
{
    struct os_control op;
    while (os_control(m->os, &op)) {
        assert_true(m->done_count < CONTROL_ROOM);
        m->done[m->done_count++] = op;
        assert_true(oracle_control(&m->regs, &m->cpu, op.op, op.data, 0)); /* a kernel never raises #GP */
        if (op.op == CTL_INVLPG)
            tlb_drop(m, tlb_same_page, op.data);
        else if (op.op == CTL_MOV_CR3)
            tlb_drop(m, tlb_any, 0);
    }
    machine_check_tlb(m);
}

static inline void machine_forget(struct machine *m)
{
    m->done_count = 0;
}

static inline void machine_init(struct machine *m, const struct os_config *config)
{
    memset(m, 0, sizeof *m);
    m->pm = physmem_new(config->paddr_bits);
    m->os = os_new(m->pm, config);
    assert_non_null(m->os);
    m->cpu = (struct oracle_cpu){.paddr_bits = config->paddr_bits,
                                 .page_1g = config->page_1g,
                                 .la57 = config->la57,
                                 .pcid = config->pcid};
    machine_controls(m);
    machine_forget(m);
}

static inline void machine_end(struct machine *m)
{
    uint64_t pa, hw, oracle;
    assert_false(physmem_compare(m->pm, UINT64_MAX, &pa, &hw, &oracle));
    os_free(m->os);
    physmem_free(m->pm);
}

static const struct os_config machine_4k = {
    .paddr_bits = 46, .pcid = true, .page_1g = true, .ram_bytes = (uint64_t)1 << 30, .seed = 7};

/* What the page tables say of a user access now; faults are results. */
static inline struct oracle_result look(struct machine *m, uint64_t va, uint8_t acc)
{
    struct oracle_access access = {.va = va, .acc = acc, .user = true};
    struct oracle_result result;
    oracle_translate(m->pm, IMAGE_ORACLE, &m->cpu, &m->regs, &access, &result);
    return result;
}

/* A user access with demand paging, as the bench makes it: at most three faults. Sets A and D in both images. */
static inline enum os_outcome touch(struct machine *m, uint64_t va, uint8_t acc, struct oracle_result *result)
{
    for (unsigned faults = 0;; faults++) {
        *result = look(m, va, acc);
        if (result->kind == KIND_OK)
            break;
        assert_int_equal(result->kind, KIND_PF);
        assert_true(faults < 3);
        enum os_outcome outcome = os_fault(m->os, va, result->err);
        if (outcome != OS_RETRY) {
            assert_true(os_error(m->os)[0] != 0);
            return outcome;
        }
        tlb_drop(m, tlb_same_page, va); /* a page fault invalidates its page (SDM 3A 5.10.4.1) */
        machine_controls(m);
    }
    oracle_commit(m->pm, result, false);
    for (unsigned i = 0; i < result->steps; i++) /* the hardware does the same */
        physmem_write_image(m->pm, IMAGE_HW, result->step[i].pa, physmem_read(m->pm, IMAGE_ORACLE, result->step[i].pa));
    if (m->tlb_count < TLB_ROOM)
        m->tlb[m->tlb_count++] = (struct tlb_entry){.access = {.va = va, .acc = acc, .user = true}, .result = *result};
    return OS_RETRY;
}

/* The physical address of an access that must succeed. */
static inline uint64_t pa_of(struct machine *m, uint64_t va, uint8_t acc)
{
    struct oracle_result result;
    if (touch(m, va, acc, &result) != OS_RETRY)
        fail_msg("0x%llx: %s", (unsigned long long)va, os_error(m->os));
    return result.addr;
}

static inline bool is_refused(struct machine *m, uint64_t va, uint8_t acc)
{
    struct oracle_result result;
    return touch(m, va, acc, &result) == OS_SEGV;
}

/* A system call that the kernel must accept; its control operations are carried out. */
static inline void call(struct machine *m, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                        uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, UINT64_MAX, 0};
    if (!os_syscall(m->os, number, arg, (int64_t)result))
        fail_msg("system call %u: %s", (unsigned)number, os_error(m->os));
    machine_controls(m);
}

/* A system call that the kernel must refuse, with this word in its message. */
static inline void refused_call(struct machine *m, const char *word, uint64_t number, uint64_t a0, uint64_t a1,
                                uint64_t a2, uint64_t a3, uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, UINT64_MAX, 0};
    assert_false(os_syscall(m->os, number, arg, (int64_t)result));
    if (!strstr(os_error(m->os), word))
        fail_msg("\"%s\" is missing in: %s", word, os_error(m->os));
}

/* x86-64 Linux, written out a second time. */
enum { SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_MUNMAP = 11, SYS_BRK = 12, SYS_MREMAP = 25, SYS_MADVISE = 28 };
enum { R_ = 1, RW_ = 3, RX_ = 5, RWX_ = 7 };
enum { SHARED_ANON = 0x21, PRIVATE_ANON = 0x22, FIXED = 0x10 };

static inline void map_anon(struct machine *m, uint64_t start, uint64_t bytes, unsigned prot)
{
    call(m, SYS_MMAP, 0, bytes, prot, PRIVATE_ANON, start);
}

static inline void map_file(struct machine *m, uint64_t start, uint64_t bytes, unsigned prot, unsigned flags, int fd,
                            uint64_t offset)
{
    const uint64_t arg[6] = {0, bytes, prot, flags, (uint64_t)(int64_t)fd, offset};
    if (!os_syscall(m->os, SYS_MMAP, arg, (int64_t)start))
        fail_msg("mmap: %s", os_error(m->os));
    machine_controls(m);
}

static inline void write_pages(struct machine *m, uint64_t start, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        pa_of(m, start + (uint64_t)i * MACHINE_PAGE, ACC_WRITE);
    machine_forget(m);
}

/* Exactly these pages, one INVLPG each, in order. */
static inline void check_invlpg(const struct machine *m, uint64_t start, unsigned pages)
{
    assert_int_equal(m->done_count, pages);
    for (unsigned i = 0; i < pages; i++) {
        assert_int_equal(m->done[i].op, CTL_INVLPG);
        assert_int_equal(m->done[i].data, start + (uint64_t)i * MACHINE_PAGE);
    }
}

static inline void check_empty(struct machine *m)
{
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 1);
    assert_int_equal(physmem_bytes(m->pm), 8192);
}

#endif
