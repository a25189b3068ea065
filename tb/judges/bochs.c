/* The judge Bochs: random page tables, registers, accesses and control operations in Bochs' processor, compared with
 * the oracle. See docs/oracles.md. */
#include <argp.h>
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
#include "bochs_cpu.h"
#include "bochs_excuses.h"
#include "bochs_play.h"
#include "options.h"
#include "progress.h"

/* A run is spread over processors with each of these MAXPHYADDR. */
static const uint8_t paddr_bits_list[] = {36, 39, 40, 43, 46, 48, 51, 52};
enum { MACHINES = sizeof paddr_bits_list };

static const struct argp_child common[] = {{&judge_options_argp, 0, NULL, 0}, {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    (void)text;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

static const struct argp argp = {
    NULL,
    parse,
    "",
    "Judges the oracle by Bochs' MMU.\v"
    "Exit status: 0 every case agrees; 1 disagreements; 2 wrong usage; 5 fewer cases were played than asked for; 6 the "
    "JSON could not be written; 7 memory is short; 130 interrupted.",
    common,
    NULL,
    NULL};

/* ---- output ---------------------------------------------------------------------------------------------------------
 */

static void print_counts(const struct bochs_counts *c, double wall)
{
    const struct verdict_counts *v = &c->verdict;
    printf("cases compared     %" PRIu64 " (4 levels %" PRIu64 ", 5 levels %" PRIu64 ") in %.1f s (%.1f k cases/s)\n",
           v->cases, v->by_levels[0], v->by_levels[1], wall, (double)v->cases / wall / 1e3);
    printf("accesses           %" PRIu64 " (%" PRIu64 " implicit, %" PRIu64 " of shadow stacks): %" PRIu64
           " complete, %" PRIu64 " #GP, %" PRIu64 " #PF\n",
           v->accesses, v->implicit, v->shadow_stack, v->by_kind[0], v->by_kind[1], v->by_kind[2]);
    printf("complete           4K %" PRIu64 ", 2M %" PRIu64 ", 1G %" PRIu64 "\n", v->by_size[0], v->by_size[1],
           v->by_size[2]);
    verdict_print_faults(v, ERROR_BITS);
    printf("entries compared   %" PRIu64 ": A had to be set in %" PRIu64 ", D in %" PRIu64 "\n", v->entries, v->a_set,
           v->d_set);
    printf("memory types       of %" PRIu64 " pages, and of %" PRIu64 " entries read\n", c->types, c->table_types);
    control_print(stdout, &c->control);
    verdict_print_excused(bochs_excuses, v);
    printf("Bochs' own doubts  %" PRIu64 " writes with CR0.WP = 0 to a page with R/W = 0, where it sets D\n",
           c->panics);
    printf("disagreements      %" PRIu64 "\n", v->disagreements);
}

static bool write_json(const struct judge_options *o, const struct bochs_counts *c, double wall)
{
    const struct verdict_counts *v = &c->verdict;
    json_t *root = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:f}", "judge",
        "bochs", "bochs", bochs_version(), "seed", (json_int_t)o->seed, "from", (json_int_t)o->from, "cases",
        (json_int_t)v->cases, "cases_5_levels", (json_int_t)v->by_levels[1], "accesses", (json_int_t)v->accesses,
        "implicit", (json_int_t)v->implicit, "shadow_stack", (json_int_t)v->shadow_stack, "completed",
        (json_int_t)v->by_kind[0], "general_protection", (json_int_t)v->by_kind[1], "page_faults",
        (json_int_t)v->by_kind[2], "entries", (json_int_t)v->entries, "types", (json_int_t)c->types, "table_types",
        (json_int_t)c->table_types, "control", control_json(&c->control), "excused",
        verdict_excused_json(bochs_excuses, v), "disagreements", (json_int_t)v->disagreements, "seconds", wall);
    json_t *all = about_json(NULL);
    json_object_update(all, root);
    json_decref(root);
    struct outfile out;
    if (outfile_open(&out, "json", o->json))
        return about_write(all, JSON_INDENT(2), &out);
    json_decref(all);
    return false;
}

/* ---- the run --------------------------------------------------------------------------------------------------------
 */

/* Every MAXPHYADDR gets an even part of the cases. False: memory is short. */
static bool play(const struct judge_options *o, struct bochs_play *bochs, const struct bochs_counts *counts)
{
    const unsigned machines = o->paddr_bits ? 1 : MACHINES;
    const double started = wall_seconds();
    for (unsigned i = 0; i < machines; i++) {
        const uint64_t cases = o->cases * (i + 1) / machines - o->cases * i / machines;
        for (uint64_t n = 0; n < cases && !interrupt_count; n++) {
            if (!bochs_play_case(bochs, o->paddr_bits ? o->paddr_bits : paddr_bits_list[i], o->from + n))
                return false;
            if (n % 1024 == 0 || counts->verdict.cases == o->cases)
                progress_show(counts->verdict.cases, o->cases, started);
        }
    }
    return true;
}

static void print_machine(const struct judge_options *o)
{
    printf("judge: Bochs %s, Intel's rules, seed %" PRIu64 "; M =", bochs_version(), o->seed);
    for (unsigned i = 0; i < (o->paddr_bits ? 1 : MACHINES); i++)
        printf(" %u", o->paddr_bits ? o->paddr_bits : paddr_bits_list[i]);
    printf(", 4 and 5 levels\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct judge_options o = judge_options_default;
    struct bochs_counts counts = {0};
    exits_begin("judge");
    arguments_parse(&argp, argc, argv, &o);
    const struct bochs_wish wish = {.seed = o.seed, .from = o.from, .show = o.show, .sabotage = o.sabotage};
    struct bochs_play *bochs = bochs_play_new(&wish, &counts);
    interrupt_install();
    print_machine(&o);
    const double started = wall_seconds();
    const bool good = bochs && play(&o, bochs, &counts);
    const double wall = wall_seconds() - started;
    if (counts.verdict.cases)
        print_counts(&counts, wall);
    int status = STATUS_HOST;
    if (!good)
        fprintf(stderr, "judge: memory is short\n");
    else if (interrupt_count)
        puts("interrupted");
    if (good || counts.verdict.disagreements)
        status = judge_status(&o, counts.verdict.cases, counts.verdict.disagreements, interrupt_count);
    if (o.json && !write_json(&o, &counts, wall))
        status = exits_both(status, STATUS_OUTPUT);
    bochs_play_free(bochs);
    return status;
}
