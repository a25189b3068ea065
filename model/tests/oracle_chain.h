/* Page tables written by hand for the tests of the oracle: one chain of entries for one address, and short ways to ask about it. */
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
static const uint64_t WP = 1 << 16, NXE = 1 << 11, LA57 = 1 << 12, PCIDE = 1 << 17;
static const uint64_t VA = 0x00007654321fedcb; /* indices: 236, 336, 400, 510; offset 0xdcb */

struct machine {
    struct physmem *pm;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    uint64_t entry[6];       /* address of the entry of level 1 … 5 for VA */
};

static inline void put(struct machine *m, unsigned level, uint64_t value)
{
    assert_true(physmem_write(m->pm, m->entry[level], value));
}

/* Tables at 0x1000 × level (root of 4-level paging 0x4000, of 5-level paging 0x5000), all entries P RW US A, leaf frame 0x40000000. */
static inline struct machine build(unsigned root, unsigned leaf, unsigned paddr_bits)
{
    struct machine m = {.pm = physmem_new(52), .cpu = {.paddr_bits = paddr_bits, .page_1g = true, .la57 = true, .pcid = true}};
    m.regs = (struct oracle_regs){.cr0 = WP, .cr3 = 0x1000u * root, .cr4 = root == 5 ? LA57 : 0, .efer = NXE};
    static const unsigned index[] = {0, 0x1fe, 0x190, 0x150, 0xec, 0};
    for (unsigned level = 1; level <= 5; level++)
        m.entry[level] = 0x1000u * level + 8 * index[level];
    for (unsigned level = root; level > leaf; level--)
        put(&m, level, 0x1000u * (level - 1) | P | RW | US | A);
    put(&m, leaf, 0x40000000 | P | RW | US | A | D | (leaf > 1 ? PS : 0));
    return m;
}

static inline struct oracle_result ask(const struct machine *m, uint64_t va, uint8_t acc, bool user)
{
    struct oracle_access access = {.va = va, .acc = acc, .user = user};
    struct oracle_result result;
    oracle_translate(m->pm, IMAGE_HW, &m->cpu, &m->regs, &access, &result);
    assert_non_null(result.reason);
    return result;
}

static inline void check_fault(const struct machine *m, uint8_t acc, bool user, unsigned err, unsigned steps)
{
    struct oracle_result r = ask(m, VA, acc, user);
    assert_int_equal(r.kind, KIND_PF);
    assert_int_equal(r.err, err);
    assert_int_equal(r.steps, steps);
    assert_int_equal(r.pa, 0);
    assert_int_equal(r.size, 0);
}

static inline void check_ok(const struct machine *m, uint8_t acc, bool user)
{
    struct oracle_result r = ask(m, VA, acc, user);
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.err, 0);
}

#endif
