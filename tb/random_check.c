/* What each answer may be.
 *
 * A request may be answered by any state of page tables and registers between its accept and its answer, and, as long as an edit has
 * not been invalidated, by what the edited entry held before. So the oracle is asked when the request is accepted, and for all in
 * flight whenever something changes; the answer must be one of what it said. Each time the A and D bits that the access sets, or may set,
 * go into the oracle's image, which so becomes the upper bound of what the hardware may have set at the end. The lower bound is
 * checked at the answer: a translation must have left A, and after a write D, in memory. */
#include <inttypes.h>
#include <stdio.h>

#include "random_parts.h"

uint64_t check_with_old(struct random *r)
{
    const uint64_t value = physmem_read(r->physmem, IMAGE_ORACLE, r->pending.place.pa);
    physmem_write_image(r->physmem, IMAGE_ORACLE, r->pending.place.pa, r->pending.old);
    return value;
}

void check_with_new(struct random *r, uint64_t value)
{
    physmem_write_image(r->physmem, IMAGE_ORACLE, r->pending.place.pa, value);
}

static bool same(const struct result *a, const struct result *b)
{
    return a->kind == b->kind && a->pa == b->pa && a->err == b->err && a->size == b->size && a->pat == b->pat;
}

/* Asks the oracle once, and adds its word to what is allowed. */
static void ask(struct random *r, struct flight *f, bool stale)
{
    struct oracle_result says;
    oracle_translate(r->physmem, IMAGE_ORACLE, &r->cpu, &r->regs, &f->access, &says);
    oracle_commit(r->physmem, &says, true);
    const struct result result = {says.pa, says.err, says.kind, says.size, says.pat, stale};
    /* Under this policy the walk is done again from the root before a fault is raised: a cached entry never decides one. */
    if (stale && CFG_POLICY_FAULT_REWALK && says.kind == KIND_PF)
        return;
    for (unsigned i = 0; i < f->allowed; i++)
        if (same(&f->result[i], &result)) {
            f->result[i].stale &= stale;
            return;
        }
    if (f->allowed == ALLOWED_MOST)
        f->anything = true;
    else
        f->result[f->allowed++] = result;
}

static void ask_both(struct random *r, struct flight *f)
{
    ask(r, f, false);
    if (!r->pending.active)
        return;
    const uint64_t value = check_with_old(r);
    ask(r, f, true);
    check_with_new(r, value);
}

void check_begin(struct random *r, struct flight *f)
{
    f->allowed = 0;
    f->anything = false;
    f->errors = r->errors;
    f->changes = r->changes;
    f->since = r->d.cycle;
    ask_both(r, f);
}

void check_all(struct random *r)
{
    for (unsigned i = 0; i < r->outstanding; i++)
        ask_both(r, &r->flight[r->flying[i] / IDS][r->flying[i] % IDS]);
}

static void text_of(const struct result *x, char *text, size_t size)
{
    if (x->kind == KIND_OK)
        snprintf(text, size, "OK pa=0x%" PRIx64 " size=%u pat=%u", x->pa, x->size, x->pat);
    else if (x->kind == KIND_PF)
        snprintf(text, size, "#PF 0x%x", x->err);
    else
        snprintf(text, size, "%s", x->kind == KIND_GP ? "#GP" : "MEMERR");
}

static void complain(struct random *r, const struct flight *f, const char *field, const char *expected, const char *actual)
{
    struct finding *finding = &r->d.finding;
    if (finding->kind != FINDING_NONE)
        return;
    finding_set(finding, FINDING_ORACLE, r->d.cycle, field, expected, actual);
    finding->access = finding->record = f->number;
    finding->va = f->access.va;
    finding->acc = f->access.acc;
    finding->user = f->access.user;
    r->d.ended = true;
}

static void not_allowed(struct random *r, const struct flight *f, const struct result *actual)
{
    char expected[160] = "", got[160];
    size_t used = 0;
    for (unsigned i = 0; i < f->allowed && used + 60 < sizeof expected; i++) {
        char one[64];
        text_of(&f->result[i], one, sizeof one);
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s%s", i ? ", or " : "", one,
                                 f->result[i].stale ? " (stale)" : "");
    }
    text_of(actual, got, sizeof got);
    complain(r, f, "result", expected, got);
}

/* A translation that was given, with nothing having changed meanwhile, has set its A and D bits in memory. Only a global page may have been
 * cached by way of another root, whose entries then have A, and not this one's. */
static void check_bits(struct random *r, const struct flight *f)
{
    struct oracle_result walk;
    oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs, &f->access, &walk);
    const bool global = walk.steps && (walk.step[walk.steps - 1].value & E_G);
    for (unsigned i = 0; i < walk.steps; i++) {
        if (global && walk.step[i].level >= ROOT_LEVEL)
            continue;
        const uint64_t must = E_A | (f->access.acc == ACC_WRITE && i + 1u == walk.steps ? E_D : 0);
        if ((walk.step[i].value & must) == must)
            continue;
        char field[64], expected[32], actual[32];
        snprintf(field, sizeof field, "level %u entry at 0x%" PRIx64 " after the access", walk.step[i].level, walk.step[i].pa);
        snprintf(expected, sizeof expected, "0x%" PRIx64, walk.step[i].value | must);
        snprintf(actual, sizeof actual, "0x%" PRIx64, walk.step[i].value);
        complain(r, f, field, expected, actual);
    }
}

void check_answer(struct random *r, unsigned port, const struct pins_resp *resp)
{
    struct flight *f = &r->flight[port][resp->id];
    const struct result actual = {resp->pa, resp->err, resp->kind, resp->size, resp->pat, false};
    if (!f->busy) {
        char text[64];
        snprintf(text, sizeof text, "port %u id %u", port, resp->id);
        finding_set(&r->d.finding, FINDING_PROTOCOL, r->d.cycle, "resp_id", "only answers to requests in flight", text);
        r->d.ended = true;
        return;
    }
    f->busy = false;
    r->flying[f->position] = r->flying[--r->outstanding];
    r->flight[r->flying[f->position] / IDS][r->flying[f->position] % IDS].position = f->position;
    r->counts.answers++;
    r->counts.by_kind[resp->kind & 3]++;
    r->counts.by_source[resp->src & 3]++;
    r->d.done++;
    if (resp->kind == KIND_MEMERR) {
        r->counts.oracle_checks++;
        if (f->errors == r->errors)
            not_allowed(r, f, &actual);
        return;
    }
    if (f->anything) {
        r->counts.unjudged++;
        return;
    }
    r->counts.oracle_checks++;
    r->counts.several += f->allowed > 1;
    for (unsigned i = 0; i < f->allowed; i++)
        if (same(&f->result[i], &actual)) {
            r->counts.stale += f->result[i].stale;
            r->counts.spurious += f->result[i].stale && actual.kind == KIND_PF;
            if (actual.kind == KIND_OK && f->changes == r->changes && !r->pending.active)
                check_bits(r, f);
            return;
        }
    not_allowed(r, f, &actual);
}
