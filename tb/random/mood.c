/* Moods: what is likely for now. A mood holds for some thousand cycles and sets rates, locality and where the trouble
 * comes from, so that each corner has its time and nothing drowns in an average. */
#include "parts.h"

enum {
    MOOD_CYCLES = 8000, /* most cycles of a mood */
    GAP_MOST = 40,      /* cycles that a port is silent, when it is */
};

#define PICK(r, list) (list)[below(r, sizeof(list) / sizeof *(list))]

/* Rates that a mood has by nature, after the common ones are drawn. */
static void particular(struct random *r, struct mood *m)
{
    const unsigned loud = (unsigned)below(r, PORTS);
    switch (m->kind) {
    case MOOD_RACE: /* many walks over the same few entries, whose A and D bits are cleared again and again */
        m->hot_count = 2 + (unsigned)below(r, 12);
        m->edit_gap = 60;
        m->pounce = 60;
        m->locality = 40;
        break;
    case MOOD_FAULTS:
        m->polite = 0;
        m->locality = (unsigned)below(r, 40);
        break;
    case MOOD_SIZES:
        m->edit_gap = 100;
        m->hot_count = 8;
        break;
    case MOOD_FLOOD: /* one port alone, and far apart: it fills the queue */
        for (unsigned port = 0; port < PORTS; port++)
            m->busy[port] = port == loud ? 100 : 0;
        m->locality = 0;
        m->hot_count = 400;
        break;
    default:
        break;
    }
}

void mood_change(struct random *r)
{
    static const unsigned rates[] = {100, 100, 100, 60, 30, 5}, hot[] = {4, 16, 64, 400};
    static const uint64_t gaps[] = {60, 400, 2000, 10000};
    struct mood *m = &r->mood;
    const unsigned rate = PICK(r, rates);
    m->kind = chance(r, 40) ? MOOD_PLAIN : (enum mood_kind)below(r, MOODS);
    for (unsigned port = 0; port < PORTS; port++)
        m->busy[port] = rate;
    m->edit_gap = PICK(r, gaps);
    m->control_gap = PICK(r, gaps);
    m->hot_first = (unsigned)below(r, r->pages);
    m->hot_count = PICK(r, hot);
    m->polite = chance(r, 75) ? 95 : 0;
    m->locality = (unsigned)below(r, 100);
    m->aim = chance(r, 25) ? 1 + (unsigned)below(r, 20) : 0;
    m->pounce = chance(r, 30) ? 20 : 2;
    m->step = chance(r, 30);
    particular(r, m);
    squash_mood(r);
    r->next_edit = r->d.cycle + below(r, m->edit_gap);
    r->next_control = r->d.cycle + below(r, m->control_gap);
    /* Storms are short: not much gets through them. */
    const bool storm = m->control_gap == gaps[0] || m->edit_gap == gaps[0] || m->aim;
    m->until = r->d.cycle + 1 + below(r, storm ? MOOD_CYCLES / 8 : MOOD_CYCLES);
}

/* Addresses that are wrong, or would be without LAM: bits above the paged ones changed. */
static uint64_t disguised(struct random *r, uint64_t va, uint8_t acc)
{
    static const uint64_t edges[] = {0x00007fffffffffff, 0x0000800000000000, 0xffff7fffffffffff,
                                     0xffff800000000000, 0x00ffffffffffffff, 0x0100000000000000,
                                     0xfeffffffffffffff, 0xff00000000000000, UINT64_MAX};
    const bool lam = (r->regs.cr3 & (CR3_LAM_U48 | CR3_LAM_U57)) || (r->regs.cr4 & CR4_LAM_SUP);
    const uint64_t how = below(r, 256);
    const uint64_t tag = (UINT64_C(1) << 63) - (UINT64_C(1) << (how & 1 ? 57 : 48)); /* bits 62:57 or 62:48 */
    if (lam && acc != ACC_EXECUTE && how < 90)
        return va ^ (prng_next(&r->prng) & tag);
    switch (how) {
    case 250:
        return va ^ UINT64_C(1) << (57 + below(r, 7)); /* one of 63:57, and nothing else */
    case 251:
        return va ^ UINT64_C(1) << (48 + below(r, 9));
    case 252:
        return va ^ (prng_next(&r->prng) & tag);
    case 253:
        return va ^ UINT64_C(1) << 47;
    case 254:
        return PICK(r, edges);
    default:
        return va;
    }
}

/* One request for a port, at random within the mood. */
static struct pins_req make(struct random *r, unsigned port, uint8_t id)
{
    uint64_t va = r->last_va[port];
    if (!chance(r, r->mood.locality))
        va = chance(r, 30) ? r->last_va[below(r, PORTS)] : tables_va(r);
    const uint64_t bits = prng_next(&r->prng);
    if (bits & 2)
        va = (va & ~UINT64_C(0xfff)) | (bits >> 52);
    r->last_va[port] = va;
    struct pins_req req = {
        .id = id,
        .acc = port < CFG_PORTS_FETCH ? ACC_EXECUTE
               : bits & 1             ? ACC_WRITE
                                      : ACC_READ,
        .user = bits & 4,
        .imp = (bits & 0x38) == 0,
        .ac = bits & 0x40,
        .ss = r->mood.kind == MOOD_STACKS ? (bits & 0x80) : (bits & 0xf80) == 0,
    };
    req.va = disguised(r, va, req.acc);
    return req;
}

static bool would_fault(const struct random *r, const struct pins_req *req)
{
    const struct oracle_access access = {req->va, req->acc, req->user, req->imp, req->ac, req->ss};
    struct oracle_result says;
    oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs, &access, &says);
    return says.kind == KIND_PF;
}

/* An identifier that no request in flight has. False: an MMU that answers nothing has them all. */
static bool free_id(const struct random *r, unsigned port, uint8_t *id)
{
    *id = r->next_id[port];
    for (unsigned tries = 0; tries < IDS; tries++, ++*id)
        if (!r->flight[port][*id].busy)
            return true;
    return false;
}

/* Faults are slow, so most of the time most requests that would fault are made up once more. */
static void offer(struct random *r, unsigned port)
{
    uint8_t id;
    if (!free_id(r, port, &id))
        return;
    struct pins_req req = make(r, port, id);
    r->next_id[port] = (uint8_t)(id + 1 + (r->prng & 7));
    for (unsigned again = 0; again < 4 && chance(r, r->mood.polite) && would_fault(r, &req); again++) {
        r->last_va[port] = tables_va(r);
        req = make(r, port, id);
    }
    r->d.in.req[port] = req;
    r->offered_at[port] = r->d.cycle;
    r->d.in.req_valid |= (uint8_t)(1u << port);
    r->counts.requests++;
}

void mood_offer(struct random *r)
{
    if (r->d.cycle >= r->mood.until)
        mood_change(r);
    for (unsigned port = 0; port < PORTS; port++)
        if (!(r->d.in.req_valid >> port & 1) && r->d.cycle >= r->next_offer[port] && r->counts.requests < r->requests)
            offer(r, port);
}

void mood_accepted(struct random *r, unsigned port)
{
    r->next_offer[port] = r->d.cycle + 1 + (chance(r, r->mood.busy[port]) ? 0 : 1 + below(r, GAP_MOST));
}
