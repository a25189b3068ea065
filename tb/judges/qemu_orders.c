/* Orders and outcomes: see qemu_orders.h. */
#include "qemu_orders.h"

#include <inttypes.h>
#include <string.h>

#include "arch/x86.h"
#include "mem/prng.h"

enum { VECTOR_BP = 3, VECTOR_UD = 6, VECTOR_GP = 13, VECTOR_PF = 14 };
static const uint64_t UNKNOWN = ~UINT64_C(0);
#define INT3 UINT64_C(0xcc)
#define CR2_UNTOUCHED UINT64_C(0x5a5a5a5a5a5a)
/* A descriptor that VERR finds readable from every CPL; a tag is none (its byte 5 has S = 0). */
#define READABLE_DESCRIPTOR UINT64_C(0x0000f20000000000)

/* Sixteen bytes that are no instruction in 64-bit mode: with them as digits a word can say a number, and be executed
 * from any byte on. */
static const uint8_t digit[16] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27,
                                  0x2f, 0x37, 0x3f, 0x60, 0x61, 0xce, 0xd4, 0xd5};
static const uint8_t digit_place[] = {0, 1, 2, 3, 4, 6, 7}; /* bytes of a word; byte 5 is always digit[0] */

static bool is_page(const struct qemu_machine *m, uint64_t pa)
{
    pa &= ~m->high;
    return pa >= QEMU_DATA_PA && pa < QEMU_DATA_PA + QEMU_DATA_BYTES;
}

static uint64_t tag_of(const struct qemu_machine *m, uint64_t pa)
{
    uint64_t number = ((pa & ~m->high) - QEMU_DATA_PA) / 8 << 1 | !!(pa & m->high), tag = (uint64_t)digit[0] << 40;
    for (unsigned i = 0; i < sizeof digit_place; i++, number >>= 4)
        tag |= (uint64_t)digit[number & 15] << 8 * digit_place[i];
    return tag;
}

/* UNKNOWN: it is no tag. */
static uint64_t address_of(const struct qemu_machine *m, uint64_t tag)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < sizeof digit_place; i++) {
        const uint8_t *found = memchr(digit, (int)(tag >> 8 * digit_place[i] & 0xff), sizeof digit);
        if (!found)
            return UNKNOWN;
        number |= (uint64_t)(found - digit) << 4 * i;
    }
    const uint64_t pa = (QEMU_DATA_PA + (number >> 1) * 8) | (number & 1 ? m->high : 0);
    return is_page(m, pa) && tag_of(m, pa) == tag ? pa : UNKNOWN;
}

void qemu_tag_pages(const struct qemu_machine *m)
{
    for (uint64_t pa = QEMU_DATA_PA; pa < QEMU_DATA_PA + QEMU_DATA_BYTES; pa += 8) {
        *qemu_machine_word(m, pa) = tag_of(m, pa);
        *qemu_machine_word(m, pa | m->high) = tag_of(m, pa | m->high);
    }
}

void qemu_put_tables(const struct qemu_machine *m, const struct judge_case *c)
{
    for (unsigned level = c->root; level >= c->leaf; level--)
        *qemu_machine_word(m, c->entry[level].pa) = c->entry[level].value;
    *qemu_machine_word(m, c->table[c->root] + QEMU_KERNEL_SLOT * 8) = m->mailbox->root_entry;
}

static uint8_t how(const struct oracle_access *access)
{
    static const uint8_t explicit[] =
        {[ACC_READ] = QEMU_DO_READ, [ACC_WRITE] = QEMU_DO_WRITE, [ACC_EXECUTE] = QEMU_DO_FETCH};
    return (uint8_t)((access->imp ? QEMU_DO_IMPLICIT : explicit[access->acc]) + (access->user ? QEMU_DO_USER : 0));
}

unsigned qemu_put_orders(const struct qemu_machine *m, const struct judge_case *c, const struct case_expected *expected,
                         volatile struct qemu_order *order)
{
    for (unsigned n = 0; n < c->accesses; n++, order++) {
        const struct oracle_access *access = &c->access[n];
        const struct oracle_regs *regs = &c->regs;
        const uint64_t pa = expected->result[n].addr, word = pa & ~UINT64_C(7);
        *order = (struct qemu_order){.va = access->va,
                                     .value = prng_mix(c->number * CASE_ACCESSES + n + 1),
                                     .cr0 = regs->cr0,
                                     .cr3 = regs->cr3,
                                     .cr4 = regs->cr4,
                                     .efer = regs->efer,
                                     .pkru = regs->pkru,
                                     .pkrs = regs->pkrs,
                                     .how = how(access),
                                     .ac = access->ac,
                                     .fresh = n == 0};
        if (expected->result[n].kind != KIND_OK || !is_page(m, word))
            continue;
        order->word = (word & m->high ? QEMU_HIGH_VA : QEMU_WINDOW_VA) + ((word & ~m->high) - QEMU_DATA_PA);
        order->tag = tag_of(m, word);
        order->plant = order->tag;
        if (access->imp)
            order->plant = READABLE_DESCRIPTOR;
        else if (access->acc == ACC_EXECUTE)
            order->plant = (order->tag & ~(UINT64_C(0xff) << 8 * (pa & 7))) | INT3 << 8 * (pa & 7);
    }
    return c->accesses;
}

/* Where a completed access went: to the word of the order, or, as far as can be told, elsewhere. */
static uint64_t place(const struct qemu_machine *m, const volatile struct qemu_order *order,
                      const volatile struct qemu_outcome *outcome)
{
    const uint64_t window = order->word & ~(uint64_t)(QEMU_DATA_BYTES - 1);
    const uint64_t word = order->word ? (order->word - window + QEMU_DATA_PA) | (window == QEMU_HIGH_VA ? m->high : 0)
                                      : UNKNOWN;
    switch (order->how & ~QEMU_DO_USER) {
    case QEMU_DO_READ:
        return address_of(m, outcome->value);
    case QEMU_DO_WRITE:
        return order->word && outcome->word == order->value ? word : UNKNOWN;
    case QEMU_DO_IMPLICIT:
        return order->word && outcome->value & 1 ? word : UNKNOWN;
    default:
        return order->word && outcome->vector == VECTOR_BP ? word | (order->va & 7) : UNKNOWN;
    }
}

static void take(const struct qemu_machine *m, const volatile struct qemu_order *order,
                 const volatile struct qemu_outcome *outcome, struct case_seen *seen, unsigned n)
{
    static char detail[CASE_ACCESSES][160];
    const bool fetch = (order->how & ~QEMU_DO_USER) == QEMU_DO_FETCH;
    const uint64_t site = fetch ? order->va : m->mailbox->site[order->how];
    seen->access[n].kind = SEEN_OTHER;
    if (outcome->rip == site && outcome->vector == VECTOR_PF) {
        seen->access[n].kind = KIND_PF;
        seen->access[n].err = (uint16_t)outcome->error;
        seen->access[n].addr = outcome->cr2;
    } else if (outcome->rip == site && outcome->vector == VECTOR_GP && outcome->error == 0 &&
               outcome->cr2 == CR2_UNTOUCHED) {
        seen->access[n].kind = KIND_GP;
    } else if (fetch ? (outcome->vector == VECTOR_BP && outcome->rip == site + 1) ||
                           (outcome->vector == VECTOR_UD && outcome->rip == site)
                     : outcome->vector == QEMU_DONE) {
        seen->access[n].kind = KIND_OK;
        seen->access[n].addr = place(m, order, outcome);
    }
    snprintf(detail[n], sizeof detail[n],
             "vector %" PRIu64 ", error code %" PRIx64 ", RIP %" PRIx64 " instead of %" PRIx64 ", CR2 %" PRIx64,
             outcome->vector, outcome->error, outcome->rip, site, outcome->cr2);
    seen->access[n].detail = seen->access[n].kind == SEEN_OTHER ? detail[n] : NULL;
}

void qemu_take_outcomes(const struct qemu_machine *m, const struct judge_case *c,
                        const volatile struct qemu_order *order, const volatile struct qemu_outcome *outcome,
                        struct case_seen *seen)
{
    *seen = (struct case_seen){0};
    for (unsigned n = 0; n < c->accesses; n++)
        take(m, &order[n], &outcome[n], seen, n);
    for (unsigned level = c->root; level >= c->leaf; level--)
        seen->entry[level] = *qemu_machine_word(m, c->entry[level].pa);
    for (unsigned level = c->root; level >= c->leaf; level--)
        *qemu_machine_word(m, c->entry[level].pa) = 0;
    *qemu_machine_word(m, c->table[c->root] + QEMU_KERNEL_SLOT * 8) = 0;
}
