/* Page tables written by hand for the tests of the oracle: one chain of entries for one address, and short ways to ask
 * about it. */
#ifndef TWINWALK_ORACLE_CHAIN_H
#define TWINWALK_ORACLE_CHAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/oracle.h"

/* Bits written out here on purpose: the test does not trust model/arch/x86.h. */
enum { P = 1, RW = 2, US = 4, PWT = 8, PCD = 16, A = 32, D = 64, PS = 128, G = 256 };
static const uint64_t XD = (uint64_t)1 << 63;
static const uint64_t WP = 1 << 16, CD = 1 << 30, PG = 1u << 31;
static const uint64_t NXE = 1 << 11, TCE = 1 << 15, UAIE = 1 << 20;
static const uint64_t LAM_U57 = (uint64_t)1 << 61, LAM_U48 = (uint64_t)1 << 62, NO_FLUSH = (uint64_t)1 << 63;
static const uint64_t PSE = 1 << 4, PAE = 1 << 5, PGE = 1 << 7, LA57 = 1 << 12, PCIDE = 1 << 17, SMEP = 1 << 20,
                      SMAP = 1 << 21, PKE = 1 << 22, CET = 1 << 23, PKS = 1 << 24, LASS = 1 << 27, LAM_SUP = 1 << 28;
static const uint64_t PAT = 0x0007040600070406;
static const uint64_t VA = 0x00007654321fedcb; /* indices: 236, 336, 400, 510; offset 0xdcb */

/* Every feature of the paging architecture, Intel's rules. */
static const struct oracle_cpu full_cpu = {
    .paddr_bits = 46, .page_1g = true, .la57 = true, .pcid = true, .pku = true, .pks = true, .cet = true, .lam = true};

struct machine {
    struct physmem *pm;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    uint64_t entry[6]; /* address of the entry of level 1 … 5 for VA */
};

static inline void put(struct machine *m, unsigned level, uint64_t value)
{
    assert_true(physmem_write(m->pm, m->entry[level], value));
}

/* Tables at 0x1000 × level (root of 4-level paging 0x4000, of 5-level paging 0x5000), all entries P RW US A, leaf frame
 * 0x40000000. */
static inline struct machine build(unsigned root, unsigned leaf, unsigned paddr_bits)
{
    struct machine m = {.pm = physmem_new(52), .cpu = full_cpu};
    m.cpu.paddr_bits = paddr_bits;
    m.regs =
        (struct oracle_regs){.cr0 = WP, .cr3 = 0x1000u * root, .cr4 = root == 5 ? LA57 : 0, .efer = NXE, .pat = PAT};
    static const unsigned index[] = {0, 0x1fe, 0x190, 0x150, 0xec, 0};
    for (unsigned level = 1; level <= 5; level++)
        m.entry[level] = 0x1000u * level + 8 * index[level];
    for (unsigned level = root; level > leaf; level--)
        put(&m, level, 0x1000u * (level - 1) | P | RW | US | A);
    put(&m, leaf, 0x40000000 | P | RW | US | A | D | (leaf > 1 ? PS : 0));
    return m;
}

static inline uint64_t get(const struct machine *m, unsigned level)
{
    return physmem_read(m->pm, IMAGE_HW, m->entry[level]);
}

static inline struct oracle_result ask_of(const struct machine *m, const struct oracle_access *access)
{
    struct oracle_result result;
    oracle_translate(m->pm, IMAGE_HW, &m->cpu, &m->regs, access, &result);
    assert_non_null(result.reason);
    return result;
}

static inline struct oracle_result ask(const struct machine *m, uint64_t va, uint8_t acc, bool user)
{
    return ask_of(m, &(struct oracle_access){.va = va, .acc = acc, .user = user});
}

static inline void check_fault(const struct machine *m, uint8_t acc, bool user, unsigned err, unsigned steps)
{
    struct oracle_result r = ask(m, VA, acc, user);
    assert_int_equal(r.kind, KIND_PF);
    assert_int_equal(r.err, err);
    assert_int_equal(r.steps, steps);
    assert_int_equal(r.addr, VA);
    assert_int_equal(r.size, 0);
}

static inline void check_ok(const struct machine *m, uint8_t acc, bool user)
{
    struct oracle_result r = ask(m, VA, acc, user);
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.err, 0);
}

#endif
