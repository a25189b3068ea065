/* Cases in, comparisons out: see bochs_play.h. */
#include "bochs_play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86.h"
#include "bochs_cpu.h"
#include "mem/prng.h"

enum { IMPLICIT_ONE_IN = 8, FREE_KEY = 0 };
static const uint64_t TABLES = 1 << 20, DATA = 1 << 30, DATA_BYTES = UINT64_C(8) << 30;

struct bochs_play {
    const struct bochs_wish *wish;
    struct bochs_counts *counts;
    struct physmem *expected, *bochs; /* the oracle's memory (empty between cases), and Bochs' */
    struct case_limits limits;
};

/* ---- memory: only tables have contents ---- */

static bool is_table(const struct case_limits *limits, uint64_t pa)
{
    return (pa & ~limits->high) - TABLES < CASE_TABLES * UINT64_C(4096);
}

static uint64_t read_word(void *memory, uint64_t pa)
{
    const struct bochs_play *play = memory;
    return is_table(&play->limits, pa) ? physmem_read(play->bochs, IMAGE_HW, pa) : 0;
}

static void write_word(void *memory, uint64_t pa, uint64_t value)
{
    struct bochs_play *play = memory;
    if (is_table(&play->limits, pa))
        physmem_write(play->bochs, pa, value);
}

/* ---- one case ---- */

static struct case_limits limits_of(unsigned paddr_bits)
{
    return (struct case_limits){
        .cpu = {.paddr_bits = paddr_bits,
                .page_1g = true,
                .la57 = true,
                .pcid = true,
                .pku = true,
                .pks = true,
                .cet = true},
        .smep = true,
        .smap = true,
        .nx = true,
        .types = true,
        .tables = TABLES,
        .batch = 1,
        .group = 1,
        .modes = 1,
        .data = DATA,
        .data_bytes = DATA_BYTES,
        .high = UINT64_C(1) << (paddr_bits - 1),
        .free_key = FREE_KEY,
    };
}

/* Some reads and writes become the processor's own. */
static void make_implicit(uint64_t seed, struct judge_case *c)
{
    uint64_t rng = prng_mix(seed ^ prng_mix(c->number + 0x696d70));
    for (unsigned n = 0; n < c->accesses; n++)
        if (prng_below(&rng, IMPLICIT_ONE_IN) == 0 && c->access[n].acc != ACC_EXECUTE && !c->access[n].ss)
            c->access[n].imp = true;
}

static bool write_entries(struct physmem *pm, const struct judge_case *c, bool erase)
{
    for (unsigned level = c->root; level >= c->leaf; level--)
        if (!physmem_write(pm, c->entry[level].pa, erase ? 0 : c->entry[level].value))
            return false;
    return true;
}

static void see(struct bochs_play *play, const struct judge_case *c, struct case_seen *seen)
{
    *seen = (struct case_seen){.types = true};
    for (unsigned n = 0; n < c->accesses; n++) {
        struct bochs_outcome outcome;
        bochs_access(&c->access[n], &outcome);
        seen->access[n].kind = outcome.kind == BOCHS_OTHER ? SEEN_OTHER : outcome.kind;
        seen->access[n].err = outcome.err;
        seen->access[n].addr = outcome.addr;
        seen->access[n].mt = outcome.mt;
        seen->access[n].tables = outcome.tables;
        memcpy(seen->access[n].table_mt, outcome.table_mt, sizeof seen->access[n].table_mt);
        play->counts->panics += outcome.panic != NULL;
        play->counts->table_types += outcome.tables;
        play->counts->types += outcome.kind == KIND_OK;
    }
    for (unsigned level = c->root; level >= c->leaf; level--)
        seen->entry[level] = physmem_read(play->bochs, IMAGE_HW, c->entry[level].pa);
}

static void count(const struct judge_case *c, const struct case_expected *expected, struct bochs_counts *counts)
{
    counts->cases++;
    counts->by_levels[c->root - 4]++;
    for (unsigned n = 0; n < c->accesses; n++) {
        const struct oracle_result *r = &expected->result[n];
        counts->accesses++;
        counts->implicit += c->access[n].imp;
        counts->shadow_stack += c->access[n].ss;
        counts->by_kind[r->kind]++;
        if (r->kind == KIND_OK)
            counts->by_size[r->size]++;
        for (unsigned bit = 0; bit < 7; bit++)
            counts->by_error_bit[bit] += r->err >> bit & 1;
    }
    for (unsigned level = c->root; level >= c->leaf; level--) {
        counts->entries++;
        counts->a_set += !!(expected->must[level] & ENTRY_A);
        counts->d_set += !!(expected->must[level] & ENTRY_D);
    }
}

static void judge(const struct bochs_play *play, const struct case_context *context)
{
    struct case_difference difference[CASE_DIFFERENCES];
    const unsigned differences = case_compare(context, difference);
    const bool show = play->counts->disagreements < play->wish->show;
    bool agrees = true;
    for (unsigned i = 0; i < differences; i++) {
        if (bochs_excused(context, &difference[i], play->counts->excused))
            continue;
        if (show && agrees) {
            printf("DISAGREEMENT; again: --seed=%" PRIu64 " --bits=%u --from=%" PRIu64 " --cases=1\n", play->wish->seed,
                   context->c->cpu.paddr_bits, context->c->number);
            case_print(stdout, context->c);
        }
        if (show)
            case_print_difference(stdout, context, &difference[i]);
        agrees = false;
    }
    play->counts->disagreements += !agrees;
}

/* The same case once more, with control operations. False: memory is short. */
static bool control(struct bochs_play *play, const struct judge_case *c)
{
    char wrong[512] = "";
    if (control_play(&play->limits, play->wish->seed, c, play->expected, play->bochs, play->wish->sabotage,
                     &play->counts->control, play->counts->excused, wrong, sizeof wrong))
        return true;
    if (play->counts->disagreements < play->wish->show) {
        printf("DISAGREEMENT; again: --seed=%" PRIu64 " --bits=%u --from=%" PRIu64 " --cases=1\n", play->wish->seed,
               c->cpu.paddr_bits, c->number);
        case_print(stdout, c);
        printf("  %s\n", wrong);
    }
    play->counts->disagreements++;
    return strcmp(wrong, "memory is short") != 0;
}

bool bochs_play_case(struct bochs_play *play, unsigned paddr_bits, uint64_t number)
{
    struct judge_case c;
    struct case_expected expected;
    struct case_seen seen;
    const struct case_context context = {&c, &expected, &seen};
    play->limits = limits_of(paddr_bits);
    case_generate(&play->limits, prng_mix(play->wish->seed) + paddr_bits, number, &c);
    make_implicit(play->wish->seed, &c);
    if (!case_expect(play->expected, &c, play->wish->sabotage, &expected) || !write_entries(play->bochs, &c, false))
        return false;
    bochs_set(&c.cpu, &c.regs);
    see(play, &c, &seen);
    count(&c, &expected, play->counts);
    judge(play, &context);
    if (number % 2 && !control(play, &c))
        return false;
    return write_entries(play->bochs, &c, true);
}

struct bochs_play *bochs_play_new(const struct bochs_wish *wish, struct bochs_counts *counts)
{
    struct bochs_play *play = calloc(1, sizeof *play);
    if (!play)
        return NULL;
    *play = (struct bochs_play){.wish = wish, .counts = counts, .expected = physmem_new(52), .bochs = physmem_new(52)};
    if (!play->expected || !play->bochs) {
        bochs_play_free(play);
        return NULL;
    }
    const struct bochs_memory memory = {read_word, write_word, play};
    bochs_start(&memory);
    return play;
}

void bochs_play_free(struct bochs_play *play)
{
    if (play && play->expected)
        physmem_free(play->expected);
    if (play && play->bochs)
        physmem_free(play->bochs);
    free(play);
}
