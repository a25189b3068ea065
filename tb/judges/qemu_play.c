/* Cases in, comparisons out: see qemu_play.h. */
#include "qemu_play.h"

#include <inttypes.h>
#include <stdlib.h>

#include "arch/x86.h"
#include "mem/prng.h"
#include "qemu_excuses.h"
#include "qemu_orders.h"

enum { BATCH = 4096, FREE_KEY = 0, IMPLICIT_ONE_IN = 6 };
_Static_assert(QEMU_TABLES_PA + BATCH * CASE_TABLES * 4096 <= QEMU_DATA_PA,
               "the tables of a batch fit below the pages");
_Static_assert(BATCH *CASE_ACCESSES <= QEMU_BATCH, "the orders of a batch fit in the mailbox");

struct one {
    struct judge_case c;
    struct case_expected expected;
    unsigned order; /* its first one */
};

struct play {
    const struct qemu_wish *wish;
    struct qemu_machine m;
    struct case_limits limits;
    unsigned levels;
    struct physmem *pm;
    struct one *one; /* BATCH */
    struct qemu_counts *counts;
};

/* What this QEMU's processor has, by the guest's CPUID leaf 7. QEMU walks 1-GByte pages whatever CPUID says. A machine
 * has one number of levels for good (CR4.LA57 cannot change while paging is on); the cases for the other number are
 * passed over. */
static struct case_limits limits_of(const struct qemu_machine *m, unsigned paddr_bits)
{
    const uint32_t ebx = (uint32_t)(m->mailbox->features >> 32), ecx = (uint32_t)m->mailbox->features;
    return (struct case_limits){
        .cpu = {.paddr_bits = paddr_bits, .page_1g = true, .la57 = true, .pku = ecx >> 3 & 1, .pks = ecx >> 31},
        .smep = ebx >> 7 & 1,
        .smap = ebx >> 20 & 1,
        .nx = true,
        .tables = QEMU_TABLES_PA,
        .batch = BATCH,
        .group = 4,
        .modes = 4,
        .data = QEMU_DATA_PA,
        .data_bytes = QEMU_DATA_BYTES,
        .high = m->high,
        .taken = {QEMU_KERNEL_SLOT},
        .taken_count = 1,
        .free_key = FREE_KEY,
    };
}

static unsigned lacks(const struct case_limits *l)
{
    return (l->smep ? 0 : QEMU_LACKS_SMEP) | (l->smap ? 0 : QEMU_LACKS_SMAP) | (l->cpu.pku ? 0 : QEMU_LACKS_PKU) |
           (l->cpu.pks ? 0 : QEMU_LACKS_PKS);
}

/* Some reads become the processor's own; nothing else can be implicit here. */
static void make_implicit(uint64_t seed, struct judge_case *c)
{
    uint64_t rng = prng_mix(seed ^ prng_mix(c->number + 0x696d70));
    for (unsigned n = 0; n < c->accesses; n++) {
        const bool chosen = prng_below(&rng, IMPLICIT_ONE_IN) == 0;
        c->access[n].imp = c->access[n].acc == ACC_READ && (chosen || c->access[n].imp);
    }
}

/* False: a disagreement. */
static bool judge(const struct play *play, const struct one *one, const struct case_seen *seen)
{
    const struct case_context context = {&one->c, &one->expected, seen};
    struct case_difference difference[CASE_DIFFERENCES];
    const bool show = play->counts->verdict.disagreements < play->wish->show;
    verdict_count(&context, &play->counts->verdict);
    const unsigned differences = verdict_judge(qemu_excuses, &context, &play->counts->verdict, difference);
    if (differences && show) {
        char again[96];
        snprintf(again, sizeof again, "--seed=%" PRIu64 " --bits=%u --levels=%u --from=%" PRIu64, play->wish->seed,
                 one->c.cpu.paddr_bits, play->levels, one->c.number);
        verdict_show(again, &context, difference, differences);
    }
    return differences == 0;
}

/* Prepares cases from *number on, at most `wanted`, until the batch's tables are used up. Returns how many, or -1:
 * memory is short. */
static int prepare(struct play *play, uint64_t wanted, uint64_t *number, uint32_t *orders)
{
    int n = 0;
    *orders = 0;
    do {
        struct one *one = &play->one[n];
        case_generate(&play->limits, prng_mix(play->wish->seed) + play->limits.cpu.paddr_bits, *number, &one->c);
        if (one->c.root != play->levels)
            continue;
        make_implicit(play->wish->seed, &one->c);
        if (!case_expect(play->pm, &one->c, play->wish->sabotage, &one->expected))
            return -1;
        one->order = *orders;
        qemu_put_tables(&play->m, &one->c);
        *orders += qemu_put_orders(&play->m, &one->c, &one->expected, &play->m.mailbox->order[*orders]);
        n++;
    } while (++*number % BATCH && (uint64_t)n < wanted);
    return n;
}

static void compare(struct play *play, unsigned n)
{
    bool all_agree = true;
    for (unsigned i = 0; i < n; i++) {
        const struct one *one = &play->one[i];
        struct case_seen seen;
        qemu_take_outcomes(&play->m, &one->c, &play->m.mailbox->order[one->order],
                           &play->m.mailbox->outcome[one->order], &seen);
        all_agree = judge(play, one, &seen) && all_agree;
    }
    if (!all_agree) /* a write may have gone anywhere */
        qemu_tag_pages(&play->m);
}

/* The machine broke down: the case that it was at. */
static void print_last(const struct play *play, unsigned n)
{
    for (unsigned i = n; i-- > 0;)
        if (play->one[i].order <= play->m.mailbox->done) {
            printf("BROKE DOWN at access %u of\n", play->m.mailbox->done - play->one[i].order);
            case_print(stdout, &play->one[i].c);
            return;
        }
}

static bool play_all(struct play *play, uint64_t left, bool (*tell)(const struct qemu_counts *counts))
{
    uint64_t number = play->wish->from;
    while (left) {
        uint32_t orders;
        const int n = prepare(play, left, &number, &orders);
        if (n < 0) {
            snprintf(play->m.why, sizeof play->m.why, "memory is short");
            return false;
        }
        if (orders && !qemu_machine_run(&play->m, orders)) {
            print_last(play, (unsigned)n);
            return false;
        }
        compare(play, (unsigned)n);
        left -= (uint64_t)n;
        if (!tell(play->counts))
            break;
    }
    return true;
}

bool qemu_play(const struct qemu_wish *wish, unsigned paddr_bits, unsigned levels, uint64_t cases,
               struct qemu_counts *counts, bool (*tell)(const struct qemu_counts *counts), char *why, size_t size)
{
    struct play play = {.wish = wish, .levels = levels, .counts = counts};
    play.pm = physmem_new(paddr_bits);
    play.one = calloc(BATCH, sizeof *play.one);
    bool good = false;
    snprintf(why, size, "memory is short");
    if (play.pm && play.one) {
        good = qemu_machine_start(&play.m, paddr_bits, levels == 5);
        if (good) {
            play.limits = limits_of(&play.m, paddr_bits);
            counts->lacks |= lacks(&play.limits);
            qemu_tag_pages(&play.m);
            good = play_all(&play, cases, tell);
        }
        snprintf(why, size, "%s (M = %u, %u levels, seed %" PRIu64 ")", play.m.why, paddr_bits, levels, wish->seed);
        qemu_machine_stop(&play.m);
    }
    if (play.pm)
        physmem_free(play.pm);
    free(play.one);
    return good;
}
