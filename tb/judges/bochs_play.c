/* Cases in, comparisons out: see bochs_play.h. */
#include "bochs_play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bochs_cpu.h"
#include "bochs_excuses.h"
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

/* The options that play this case again. */
static const char *again(const struct bochs_play *play, const struct judge_case *c)
{
    static char options[96];
    snprintf(options, sizeof options, "--seed=%" PRIu64 " --bits=%u --from=%" PRIu64, play->wish->seed,
             c->cpu.paddr_bits, c->number);
    return options;
}

static void judge(const struct bochs_play *play, const struct case_context *context)
{
    struct case_difference difference[CASE_DIFFERENCES];
    const bool show = play->counts->verdict.disagreements < play->wish->show;
    const unsigned differences = verdict_judge(bochs_excuses, context, &play->counts->verdict, difference);
    if (differences && show)
        verdict_show(again(play, context->c), context, difference, differences);
}

/* The same case once more, with control operations. False: memory is short. */
static bool control(struct bochs_play *play, const struct judge_case *c)
{
    char wrong[512] = "";
    if (control_play(&play->limits, play->wish->seed, c, play->expected, play->bochs, play->wish->sabotage,
                     &play->counts->control, play->counts->verdict.excused, wrong, sizeof wrong))
        return true;
    if (play->counts->verdict.disagreements < play->wish->show) {
        verdict_show(again(play, c), &(struct case_context){.c = c}, NULL, 0);
        printf("  %s\n", wrong);
    }
    play->counts->verdict.disagreements++;
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
    verdict_count(&context, &play->counts->verdict);
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
