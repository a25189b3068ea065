/* The judge QEMU: random page tables, registers and accesses in a guest under QEMU's TCG, compared with the oracle. See
 * docs/oracles.md. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "base/arguments.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "options.h"
#include "progress.h"
#include "qemu_excuses.h"
#include "qemu_machine.h"
#include "qemu_play.h"

/* A run is spread over machines with each of these MAXPHYADDR, and four and five levels. */
static const unsigned paddr_bits_list[] = {36, 39, 40, 43, 46, 48, 51, 52};
enum { MACHINES = 2 * sizeof paddr_bits_list / sizeof *paddr_bits_list };

struct wishes {
    struct judge_options common;
    unsigned levels; /* 0: all */
};

/* ---- command line ---------------------------------------------------------------------------------------------------
 */

static const struct argp_option options[] = {
    {"levels", 'l', "L", 0, "Only machines with 4 or 5 levels", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct wishes *w = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &w->common;
        return 0;
    case 'l':
        w->levels = (unsigned)arguments_number(state, "levels", text, 4, 5, false);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{&judge_options_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    options,
    parse,
    "",
    "Judges the oracle by QEMU's MMU (TCG).\v"
    "Exit status: 0 every case agrees; 1 disagreements; 4 there is no qemu-system-x86_64 (a "
    "line SKIP says so); 2 wrong usage; 5 fewer cases were played than asked for; 6 the JSON could not be written; 7 "
    "QEMU broke down; "
    "130 interrupted.",
    common,
    NULL,
    NULL};

/* ---- output ---------------------------------------------------------------------------------------------------------
 */

static double started;
static uint64_t total;

/* After every batch. */
static bool tell(const struct qemu_counts *counts)
{
    progress_show(counts->verdict.cases, total, started);
    return interrupt_count == 0;
}

static void print_counts(const struct qemu_counts *c, double wall)
{
    const struct verdict_counts *v = &c->verdict;
    printf("cases compared     %" PRIu64 " (4 levels %" PRIu64 ", 5 levels %" PRIu64 ") in %.1f s (%.1f k cases/s)\n",
           v->cases, v->by_levels[0], v->by_levels[1], wall, (double)v->cases / wall / 1e3);
    printf("accesses           %" PRIu64 " (%" PRIu64 " implicit): %" PRIu64 " complete, %" PRIu64 " #GP, %" PRIu64
           " #PF\n",
           v->accesses, v->implicit, v->by_kind[0], v->by_kind[1], v->by_kind[2]);
    printf("complete           4K %" PRIu64 ", 2M %" PRIu64 ", 1G %" PRIu64 "\n", v->by_size[0], v->by_size[1],
           v->by_size[2]);
    verdict_print_faults(v, ERROR_BITS - 1); /* nothing here has shadow stacks */
    printf("entries compared   %" PRIu64 ": A had to be set in %" PRIu64 ", D in %" PRIu64 "\n", v->entries, v->a_set,
           v->d_set);
    verdict_print_excused(qemu_excuses, v);
    static const char *const feature[] = {"SMEP", "SMAP", "PKU", "PKS"};
    for (unsigned i = 0; i < 4; i++)
        if (c->lacks >> i & 1)
            printf("not judged         %s: this QEMU's -cpu max has it not\n", feature[i]);
    printf("disagreements      %" PRIu64 "\n", v->disagreements);
}

static bool write_json(const struct wishes *w, const struct qemu_counts *c, double wall)
{
    const struct verdict_counts *v = &c->verdict;
    json_t *root = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:f}", "judge", "qemu",
                             "seed", (json_int_t)w->common.seed, "from", (json_int_t)w->common.from, "cases",
                             (json_int_t)v->cases, "cases_5_levels", (json_int_t)v->by_levels[1], "accesses",
                             (json_int_t)v->accesses, "implicit", (json_int_t)v->implicit, "completed",
                             (json_int_t)v->by_kind[0], "general_protection", (json_int_t)v->by_kind[1], "page_faults",
                             (json_int_t)v->by_kind[2], "entries", (json_int_t)v->entries, "excused",
                             verdict_excused_json(qemu_excuses, v), "disagreements", (json_int_t)v->disagreements,
                             "seconds", wall);
    json_t *all = about_json(NULL);
    json_object_update(all, root);
    json_decref(root);
    struct outfile out;
    if (outfile_open(&out, "json", w->common.json))
        return about_write(all, JSON_INDENT(2), &out);
    json_decref(all);
    return false;
}

/* ---- the run --------------------------------------------------------------------------------------------------------
 */

struct machine {
    unsigned paddr_bits, levels;
};

/* The machines that are wanted. With --bits any number of bits will do. */
static unsigned list_machines(const struct wishes *w, struct machine machine[MACHINES])
{
    unsigned machines = 0;
    for (unsigned i = 0; i < (w->common.paddr_bits ? 2 : MACHINES); i++)
        if (!w->levels || w->levels == 4 + i % 2)
            machine[machines++] = (struct machine){w->common.paddr_bits ? w->common.paddr_bits : paddr_bits_list[i / 2],
                                                   4 + i % 2};
    return machines;
}

/* Every machine gets an even part of the cases. */
static bool play(const struct wishes *w, struct qemu_counts *counts, char *why, size_t size)
{
    struct machine machine[MACHINES];
    const unsigned machines = list_machines(w, machine);
    const struct qemu_wish wish = {.seed = w->common.seed,
                                   .from = w->common.from,
                                   .show = w->common.show,
                                   .sabotage = w->common.sabotage};
    printf("judge: %s -accel tcg, Intel's rules; M =", qemu_machine_program());
    for (unsigned i = 0; i < machines; i++)
        if (i == 0 || machine[i].paddr_bits != machine[i - 1].paddr_bits)
            printf(" %u", machine[i].paddr_bits);
    printf(", %s levels\n", w->levels == 4 ? "4" : w->levels == 5 ? "5" : "4 and 5");
    fflush(stdout);
    for (unsigned i = 0; i < machines && !interrupt_count; i++) {
        const uint64_t cases = w->common.cases * (i + 1) / machines - w->common.cases * i / machines;
        if (cases && !qemu_play(&wish, machine[i].paddr_bits, machine[i].levels, cases, counts, tell, why, size))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct wishes w = {.common = judge_options_default};
    exits_begin("judge");
    arguments_parse(&argp, argc, argv, &w);
    if (!qemu_machine_program()) {
        puts("SKIP: qemu-system-x86_64 is not installed (Debian package qemu-system-x86)");
        return STATUS_UNFIT;
    }
    interrupt_install();
    char why[1200];
    struct qemu_counts counts = {0};
    started = wall_seconds();
    total = w.common.cases;
    const bool good = play(&w, &counts, why, sizeof why);
    const double wall = wall_seconds() - started;
    if (counts.verdict.cases)
        print_counts(&counts, wall);
    int status = STATUS_HOST;
    if (!good)
        fprintf(stderr, "judge: QEMU broke down: %s\n", why);
    else if (interrupt_count)
        puts("interrupted");
    if (good || counts.verdict.disagreements)
        status = judge_status(&w.common, counts.verdict.cases, counts.verdict.disagreements, interrupt_count);
    if (w.common.json && !write_json(&w, &counts, wall))
        status = exits_both(status, STATUS_OUTPUT);
    return status;
}
