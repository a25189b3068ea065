/* What each answer may be.
 *
 * A request may be answered by any state of page tables and registers between its accept and its answer, and by what
 * edited entries held before, where the books say that the old value may be cached, in any mixture of old and new. So
 * the oracle is asked when the request is accepted, and for those in flight whenever a control operation is taken or an
 * entry on their path changes; the answer must be one of what it said. A control operation restarts every request
 * without a result, so what was possible before it is so only a little longer. Each time the A and D bits that the
 * access sets, or may set, go into the oracle's image, which so becomes the upper bound of what the hardware may have
 * set at the end. The lower bound is checked at the answer: a translation must have left A, and after a write D, in
 * memory. */
#include <inttypes.h>

#include "parts.h"

#include "arch/rules_address.h"

static bool same(const struct result *a, const struct result *b)
{
    return a->kind == b->kind && a->addr == b->addr && a->err == b->err && a->size == b->size && a->pat == b->pat &&
           a->mt == b->mt;
}

/* Whether a result that was last possible in an epoch may still be answered now. */
static bool in_time(const struct random *r, uint32_t epoch)
{
    if (epoch == r->epoch)
        return true;
    return r->epoch - epoch < EPOCHS && r->d.cycle <= r->taken_at[(epoch + 1) % EPOCHS] + DRAIN_CYCLES;
}

static void allow(const struct random *r, struct flight *f, const struct result *result)
{
    unsigned at = f->allowed;
    for (unsigned i = 0; i < f->allowed; i++) {
        if (same(&f->result[i], result)) {
            f->result[i].stale &= result->stale;
            f->result[i].epoch = r->epoch;
            return;
        }
        if (!in_time(r, f->result[i].epoch))
            at = i;
    }
    if (at == ALLOWED_MOST) {
        f->anything = true;
        return;
    }
    f->result[at] = *result;
    f->allowed += at == f->allowed;
}

struct oracle_regs check_registers(const struct random *r, const struct flight *f)
{
    struct oracle_regs regs = r->regs;
    if (f->restarted) {
        regs.cr3 &= ~(CR3_LAM_U57 | CR3_LAM_U48);
        regs.cr4 &= ~CR4_LAM_SUP;
    }
    return regs;
}

/* Asks the oracle once, and adds its word to what is allowed. */
static void ask(struct random *r, struct flight *f, bool stale, bool fault_too)
{
    const struct oracle_regs regs = check_registers(r, f);
    struct oracle_result says;
    oracle_translate(r->physmem, IMAGE_ORACLE, &r->cpu, &regs, &f->access, &says);
    books_walk(r, &says);
    oracle_commit(r->physmem, &says, true);
    if (says.kind == KIND_PF && !fault_too)
        return;
    struct result result = {says.addr, r->epoch, says.err, says.kind, says.size, says.pat, says.mt, stale};
    if (f->foreign && says.kind == KIND_PF)
        result.addr = f->linear;
    allow(r, f, &result);
    /* A walk has set D in a read-only leaf, which so became a shadow-stack page; elsewhere it may be cached with D = 0.
     */
    if (says.kind == KIND_OK && f->access.ss && (r->regs.cr4 & CR4_CET) && r->dirty_read_only &&
        !CFG_POLICY_FAULT_REWALK) {
        const bool user = f->access.user && !f->access.imp;
        result = (struct result){.addr = f->linear, .epoch = r->epoch, .kind = KIND_PF, .stale = true};
        result.err = (uint16_t)(PF_P | PF_SS | (f->access.acc == ACC_WRITE ? PF_W : 0) | (user ? PF_U : 0));
        allow(r, f, &result);
    }
}

/* Whether the mixture that is in the oracle's image can still be met, by what was dropped of paging-structure caches.
 */
static bool passable(struct random *r, const struct flight *f, struct pending *const visible[], unsigned mask)
{
    const struct oracle_regs regs = check_registers(r, f);
    struct oracle_result walk;
    bool dropped = false;
    for (unsigned i = 0; mask >> i; i++)
        dropped |= mask >> i & 1 && visible[i]->dropped[r->slot];
    if (!dropped)
        return true;
    oracle_translate(r->physmem, IMAGE_ORACLE, &r->cpu, &regs, &f->access, &walk);
    for (unsigned i = 0; mask >> i; i++)
        if (mask >> i & 1 && !books_passable(r, visible[i], &walk))
            return false;
    return true;
}

/* In every mixture of old and new values. Under the policy of the second walk a cached entry never decides a fault:
 * only an old value that the walk may have read in memory does. */
static void ask_all(struct random *r, struct flight *f)
{
    struct pending *visible[PENDING_MOST];
    uint64_t now[PENDING_MOST];
    const unsigned n = f->foreign ? 0 : books_visible(r, f->linear, visible);
    ask(r, f, false, true);
    for (unsigned mask = 1; mask < 1u << n; mask++) {
        bool read = true;
        for (unsigned i = 0; i < n; i++)
            if (mask >> i & 1) {
                now[i] = physmem_read(r->physmem, IMAGE_ORACLE, visible[i]->place->pa);
                physmem_write_image(r->physmem, IMAGE_ORACLE, visible[i]->place->pa, visible[i]->old);
                read &= visible[i]->edited > f->start;
            }
        if (passable(r, f, visible, mask))
            ask(r, f, true, read || !CFG_POLICY_FAULT_REWALK);
        for (unsigned i = 0; i < n; i++)
            if (mask >> i & 1)
                physmem_write_image(r->physmem, IMAGE_ORACLE, visible[i]->place->pa, now[i]);
    }
}

void check_begin(struct random *r, struct flight *f)
{
    f->allowed = 0;
    f->anything = f->disturbed = f->foreign = f->restarted = false;
    f->errors = r->errors;
    f->alone = r->outstanding == 1;
    f->since = f->start = f->oldest = r->d.cycle;
    for (unsigned i = 0; i + 1 < r->outstanding; i++)
        if (flying(r, i)->start < f->oldest)
            f->oldest = flying(r, i)->start;
    f->refused = linear_address(&r->regs, &f->access, &f->linear) != NULL;
    f->masked = !f->refused && f->linear != f->va;
    if (f->refused)
        ask(r, f, false, true);
    else
        ask_all(r, f);
}

void check_edited(struct random *r, const struct place *place)
{
    for (unsigned i = 0; i < r->outstanding; i++) {
        struct flight *f = flying(r, i);
        if (f->refused || (f->linear ^ place->va) >> x86_level_shift(place->level))
            continue;
        f->disturbed = true;
        ask_all(r, f);
    }
}

void check_control(struct random *r)
{
    r->foreign = 0;
    for (unsigned i = 0; i < r->outstanding; i++) {
        struct flight *f = flying(r, i);
        f->disturbed = f->restarted = true;
        f->start = r->d.cycle;
        if (f->refused)
            continue;
        /* LAM and the canonical check are done with; a 48-bit walk uses bits 47:12 of what it is given. */
        f->foreign = !canonical(&r->regs, f->linear);
        f->access.va = f->foreign ? (uint64_t)((int64_t)(f->linear << 16) >> 16) : f->linear;
        r->foreign += f->foreign;
        ask_all(r, f);
    }
}

void check_again(struct random *r)
{
    for (unsigned i = 0; i < r->outstanding; i++)
        if (!flying(r, i)->refused)
            ask_all(r, flying(r, i));
}

void check_text(const struct result *x, char *text, size_t size)
{
    if (x->kind == KIND_OK)
        snprintf(text, size, "OK 0x%" PRIx64 " size=%u pat=%u mt=%u", x->addr, x->size, x->pat, x->mt);
    else if (x->kind == KIND_PF)
        snprintf(text, size, "#PF 0x%x CR2 0x%" PRIx64, x->err, x->addr);
    else
        snprintf(text, size, "%s", x->kind == KIND_GP ? "#GP" : "MEMERR");
}

static void complain(struct random *r, const struct flight *f, const char *field, const char *expected,
                     const char *actual)
{
    struct finding *finding = &r->d.finding;
    if (finding->kind != FINDING_NONE)
        return;
    finding_set(finding, FINDING_ORACLE, r->d.cycle, field, expected, actual);
    finding->access = finding->record = f->number;
    finding->va = f->va;
    finding->acc = f->access.acc;
    finding->user = f->access.user;
    finding->imp = f->access.imp;
    finding->ac = f->access.ac;
    finding->ss = f->access.ss;
    r->d.ended = true;
}

static void not_allowed(struct random *r, const struct flight *f, const struct result *actual)
{
    char expected[160] = "", got[160];
    size_t used = 0;
    for (unsigned i = 0; i < f->allowed && used + 80 < sizeof expected; i++) {
        char one[64];
        if (!in_time(r, f->result[i].epoch))
            continue;
        check_text(&f->result[i], one, sizeof one);
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s%s", used ? ", or " : "", one,
                                 f->result[i].stale ? " (stale)" : "");
    }
    check_text(actual, got, sizeof got);
    complain(r, f, "result", expected, got);
}

/* A translation that was given, with nothing having changed meanwhile, has set its A and D bits in memory. Only a
 * global page may have been cached by way of another root, whose entries then have A, and not this one's. */
static void check_bits(struct random *r, const struct flight *f)
{
    struct oracle_result walk;
    oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs, &f->access, &walk);
    const bool global = walk.steps && (walk.step[walk.steps - 1].value & ENTRY_G);
    for (unsigned i = 0; i < walk.steps; i++) {
        if (global && walk.step[i].level >= ROOT_LEVEL)
            continue;
        const uint64_t must = ENTRY_A | (f->access.acc == ACC_WRITE && i + 1u == walk.steps ? ENTRY_D : 0);
        if ((walk.step[i].value & must) == must)
            continue;
        char field[64], expected[32], actual[32];
        /* named as a trace's, so that it can be cut down to one */
        snprintf(field, sizeof field, "%s of the entry at 0x%" PRIx64 " after the access",
                 must & ~walk.step[i].value & ENTRY_D ? "D" : "A", walk.step[i].pa);
        snprintf(expected, sizeof expected, "0x%" PRIx64, walk.step[i].value | must);
        snprintf(actual, sizeof actual, "0x%" PRIx64, walk.step[i].value);
        complain(r, f, field, expected, actual);
    }
}

/* The result that allows the answer; NULL: it is not allowed, and that is said. */
static const struct result *judge(struct random *r, const struct flight *f, const struct result *actual)
{
    struct pending *visible[PENDING_MOST];
    unsigned possible = 0;
    const struct result *found = NULL;
    r->counts.oracle_checks++;
    for (unsigned i = 0; i < f->allowed; i++)
        if (in_time(r, f->result[i].epoch)) {
            possible++;
            found = same(&f->result[i], actual) ? &f->result[i] : found;
        }
    r->counts.several += possible > 1;
    if (!found)
        not_allowed(r, f, actual);
    else if (actual->kind == KIND_OK && !f->disturbed && !books_visible(r, f->linear, visible))
        check_bits(r, f);
    return found;
}

void check_over(struct random *r, struct flight *f)
{
    f->busy = false;
    r->foreign -= f->foreign;
    r->flying[f->position] = r->flying[--r->outstanding];
    flying(r, f->position)->position = f->position;
    r->d.done++;
}

void check_answer(struct random *r, unsigned port, const struct pins_resp *resp)
{
    struct flight *f = &r->flight[port][resp->id];
    const struct result actual = {resp->addr, 0, resp->err, resp->kind, resp->size, resp->pat, resp->mt, false};
    if (!f->busy) {
        char text[64];
        snprintf(text, sizeof text, "port %u id %u", port, resp->id);
        finding_set(&r->d.finding, FINDING_PROTOCOL, r->d.cycle, "resp_id", "only answers to requests in flight", text);
        r->d.ended = true;
        return;
    }
    const struct result *judged = NULL;
    if (resp->kind == KIND_MEMERR) {
        r->counts.oracle_checks++;
        if (f->errors == r->errors)
            not_allowed(r, f, &actual);
    } else if (f->anything) {
        r->counts.unjudged++;
    } else {
        judged = judge(r, f, &actual);
    }
    count_answer(r, f, resp, judged);
    if (resp->kind == KIND_PF)
        books_fault(r, f);
    squash_answered(r, port, f);
    check_over(r, f);
}
