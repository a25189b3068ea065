/* Reduction of directed cases: see reduce.h.
 *
 *     the case, or those before it and it ─► ddmin over its records ─► reduced.txt
 *
 * What is left without a record may be right in another way than the case says: it counts only when the oracle passes
 * it, so that the expectation in it is true, and another device too, so that it is not one of what may be stale (each
 * of them if it passes all of it: a case about a choice of the microarchitecture is not the oracle's); and the device
 * fails it in the same field. */
#define _GNU_SOURCE
#include "reduce.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/shell.h"
#include "dut/dut_list.h"
#include "mmu_cfg.h"
#include "reduce/ddmin.h"
#include "reduce/script.h"

enum { PAST_MOST = 1 << 14, HANG_SOON = 5000, RIGHT = 2 };

/* ---- what was asked before ----------------------------------------------------------------------------------------
 */

/* The older half, up to the beginning of a case. */
static void forget(struct vector_past *past)
{
    size_t from = past->count / 2;
    while (from < past->count && past->step[from].rec.kind != TRACE_CASE)
        from++;
    past->count -= from;
    memmove(past->step, past->step + from, past->count * sizeof *past->step);
}

bool vector_past_add(struct vector_past *past, const struct vector *v)
{
    if (past->count > PAST_MOST)
        forget(past);
    if (past->count + v->steps > past->room) {
        const size_t room = 2 * past->room + v->steps;
        struct vector_step *more = realloc(past->step, room * sizeof *more);
        if (!more) {
            vector_past_free(past);
            return false;
        }
        past->step = more;
        past->room = room;
    }
    memcpy(past->step + past->count, v->step, v->steps * sizeof *v->step);
    past->count += v->steps;
    return true;
}

void vector_past_free(struct vector_past *past)
{
    free(past->step);
    *past = (struct vector_past){0};
}

/* ---- trials -------------------------------------------------------------------------------------------------------
 */

struct cut {
    const char *word; /* what a command line calls the device */
    struct vector_engine *engine;
    struct vector_engine *right[RIGHT]; /* who must pass: the oracle, another device; NULL: none */
    bool asked[RIGHT];                  /* they pass all of it */
    const struct dut_ops *ops;
    const struct vector_verdict *wanted;
    struct vector_step *step, *trial; /* all of it; what is left of it in a trial */
    size_t count;
    bool *keep;
    double until;
    uint64_t tries;
};

static bool more(void *context)
{
    const struct cut *c = context;
    return wall_seconds() < c->until && interrupt_count == 0;
}

/* The next case of the steps from *at on, which is moved behind it; false: none, or what the reader would refuse. */
static bool next_case(const struct cut *c, size_t count, size_t *at, struct vector *v)
{
    *v = (struct vector){.file = "", .step = c->trial + *at};
    if (*at >= count || v->step->rec.kind != TRACE_CASE)
        return false;
    do
        v->steps++;
    while (*at + v->steps < count && v->step[v->steps].rec.kind != TRACE_CASE);
    *at += v->steps;
    return vector_says_anything(v);
}

/* Runs the cases on an engine. True: all were passed. *last: what came of the last one that was run. */
static bool passes(const struct cut *c, struct vector_engine *engine, size_t count, struct vector_verdict *last)
{
    struct vector v;
    struct vector_unmet unmet;
    for (size_t at = 0; at < count;) {
        if (!next_case(c, count, &at, &v))
            return *last = (struct vector_verdict){.passed = true}, false;
        const struct oracle_cpu cpu = vector_cpu(vector_case(&v), false, &unmet);
        if (v.step == c->trial)
            engine->begin(engine, &cpu, &v, true); /* nothing is left of the trial before */
        vector_run(engine, &cpu, &v, last);
        if (!last->passed)
            return false;
    }
    return true;
}

static bool fails(void *context, const bool *keep)
{
    struct cut *c = context;
    struct vector_verdict verdict;
    const char *error;
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (keep[i])
            c->trial[count++] = c->step[i];
    c->tries++;
    for (unsigned i = 0; i < RIGHT; i++)
        if (!count || (c->asked[i] && !passes(c, c->right[i], count, &verdict)))
            return false;
    struct vector_engine *fresh = c->ops->alone ? NULL : vector_device(c->ops, &error);
    struct vector_engine *engine = fresh ? fresh : c->engine;
    const unsigned patience = engine->patience;
    engine->patience = HANG_SOON;
    const bool wanted = !passes(c, engine, count, &verdict) && !verdict.passed &&
                        verdict.carried_over == c->wanted->carried_over && !strcmp(verdict.field, c->wanted->field);
    engine->patience = patience;
    if (fresh)
        fresh->destroy(fresh);
    return wanted;
}

/* The cycle model, or beside it the RTL. */
static struct vector_engine *other_device(const struct dut_ops *ops)
{
    const char *error;
    const struct dut_ops *other = strcmp(ops->name, "model") ? dut_find("model") : dut_find("rtl");
    return other && !other->alone ? vector_device(other, &error) : NULL;
}

/* Takes the case, behind so many steps of the past. */
static bool begin(struct cut *c, const struct vector_past *past, size_t before, const struct vector *v)
{
    free(c->step);
    free(c->trial);
    free(c->keep);
    c->count = before + v->steps;
    c->step = malloc(c->count * sizeof *c->step);
    c->trial = malloc(c->count * sizeof *c->trial);
    c->keep = malloc(c->count);
    if (!c->step || !c->trial || !c->keep)
        return false;
    if (before)
        memcpy(c->step, past->step + past->count - before, before * sizeof *c->step);
    memcpy(c->step + before, v->step, v->steps * sizeof *v->step);
    memset(c->keep, true, c->count);
    memcpy(c->trial, c->step, c->count * sizeof *c->step);
    for (unsigned i = 0; i < RIGHT; i++) {
        struct vector_verdict verdict;
        c->asked[i] = c->right[i] && passes(c, c->right[i], c->count, &verdict);
    }
    return (c->asked[0] || c->asked[1]) && fails(c, c->keep);
}

/* The case alone, or behind ever more of those before it. */
static bool find(struct cut *c, const struct vector_past *past, const struct vector *v)
{
    if (begin(c, past, 0, v))
        return true;
    for (size_t i = past->count, cases = 0, wanted = 1; i-- > 0 && more(c);)
        if (past->step[i].rec.kind == TRACE_CASE && (++cases == wanted || i == 0)) {
            if (begin(c, past, past->count - i, v))
                return true;
            wanted *= 4;
        }
    return false;
}

/* ---- the result ---------------------------------------------------------------------------------------------------
 */

/* "error-code-of-CASE". */
static void name_case(struct vector_step *step, const char *field)
{
    char name[sizeof step->extra.vector.name];
    if (snprintf(name, sizeof name, "%s-of-%s", field, step->extra.vector.name) < 0)
        return;
    for (char *at = name; *at; at++)
        if (*at == ' ')
            *at = '-';
    memcpy(step->extra.vector.name, name, sizeof name);
}

static bool write_result(struct cut *c, const char *folder, const char *head, struct reduced *reduced)
{
    struct script script = {.linear_bits = CFG_ARCH_LA57 ? 57 : 48};
    char *text = NULL;
    snprintf(reduced->path, sizeof reduced->path, "%s/reduced.txt", folder);
    char *path = shell_word(reduced->path), *device = shell_word(c->word);
    bool good = path && device &&
                asprintf(&text, "%s# Run it: %s vectors --on=%s %s\n", head, shell_program(), device, path) >= 0;
    script.line = malloc(c->count * sizeof *script.line);
    for (size_t i = 0; script.line && i < c->count; i++)
        if (c->keep[i])
            script.line[script.count++] = (struct line){c->step[i].rec, c->step[i].extra};
    if (good && script.line) {
        for (size_t i = 0; i < script.count; i++) {
            const uint8_t kind = script.line[i].rec.kind;
            reduced->records += kind != TRACE_POKE && kind != TRACE_CASE && kind != TRACE_MEMERR;
            reduced->lines += kind != TRACE_CASE;
        }
        good = script_write(&script, NULL, reduced->path, text);
    }
    good = good && script.line;
    script_free(&script);
    free(text);
    free(path);
    free(device);
    return good;
}

void vector_reduce(struct vector_engine *engine, const struct dut_ops *ops, const char *word,
                   const struct vector_past *past, const struct vector *v, const struct vector_verdict *verdict,
                   const char *folder, const char *head, double budget, struct reduced *reduced)
{
    const double start = wall_seconds();
    const char *error;
    struct cut c = {.engine = engine,
                    .word = word ? word : ops->name,
                    .right = {vector_oracle(&error), other_device(ops)},
                    .ops = ops,
                    .wanted = verdict,
                    .until = start + budget};
    *reduced = (struct reduced){0};
    if (find(&c, past, v)) {
        ddmin(c.keep, c.count, fails, more, &c);
        size_t last = c.count;
        while (!c.keep[--last] || c.step[last].rec.kind != TRACE_CASE) {
        }
        name_case(&c.step[last], verdict->field);
        reduced->found = write_result(&c, folder, head ? head : "", reduced);
    }
    if (!reduced->found)
        snprintf(reduced->why, sizeof reduced->why, "%s",
                 interrupt_count ? "interrupted"
                 : !more(&c)     ? "no shorter case was found in the time given"
                                 : "neither alone nor behind those before it does it fail in the same way where the "
                                   "oracle or another device passes");
    reduced->tries = c.tries;
    reduced->seconds = wall_seconds() - start;
    for (unsigned i = 0; i < RIGHT; i++)
        if (c.right[i])
            c.right[i]->destroy(c.right[i]);
    free(c.step);
    free(c.trial);
    free(c.keep);
}
