/* Squashes: requests that the core drops while they are in flight, as after a branch that went another way.
 *
 * Which requests, and after how many cycles, is decided when they are accepted, by a generator of its own: without
 * squashes a run is what it would be if there were none. One in some names an identifier that is not in flight, or only
 * accepted in this very cycle, or answered in it: nothing may come of that. State words as in docs/microarchitecture.md
 * section 17. */
#include "parts.h"

#include "cycle/mmu.h"

enum {
    MOODS_WITH = 25, /* per cent of moods in which requests are dropped */
    SHARE_MOST = 30, /* per cent of requests that are then, at most */
    SOON = 8,        /* cycles after the accept, at most, half of the time … */
    LATE = 120,      /* … and else */
    ASTRAY = 12,     /* per cent of squashes that name another identifier */
    SEL_REGISTERS = 0,
    SEL_MISS_QUEUE = 6,
    SEL_WALKERS = 7,
    HELD = 24, /* bit of the word of pointers */
};

static uint64_t draw(struct random *r, uint64_t bound)
{
    return prng_below(&r->squash.prng, bound);
}

void squash_start(struct random *r, uint64_t seed, int share)
{
    r->squash.prng = prng_mix(seed ^ UINT64_C(0x5105a5));
    r->squash.fixed = share;
    r->squash.next = UINT64_MAX;
    r->counts.squashes = share != 0;
}

void squash_mood(struct random *r)
{
    r->squash.share = r->squash.fixed >= 0                  ? (unsigned)r->squash.fixed
                      : draw(r, 100) < (uint64_t)MOODS_WITH ? 1 + (unsigned)draw(r, SHARE_MOST)
                                                            : 0;
}

static void later(struct random *r, struct flight *f, uint64_t cycle)
{
    f->squash_at = cycle;
    if (cycle < r->squash.next)
        r->squash.next = cycle;
}

void squash_plan(struct random *r, struct flight *f)
{
    f->squash_at = UINT64_MAX;
    if (r->squash.share && draw(r, 100) < r->squash.share)
        later(r, f, r->d.cycle + 1 + draw(r, draw(r, 2) ? SOON : LATE));
}

/* What the squash finds the request's entry and its walker at. */
static void count_states(struct random *r, unsigned port, unsigned id)
{
    static const enum random_corner entries[] = {
        [1] = CORNER_squash_pend,  [2] = CORNER_squash_slk,    [3] = CORNER_squash_nwalk,
        [4] = CORNER_squash_walk,  [5] = CORNER_squash_follow, [6] = CORNER_squash_finv,
        [7] = CORNER_squash_finvw, [8] = CORNER_squash_done,   [9] = CORNER_squash_denied};
    static const enum random_corner walkers[] = {[1] = CORNER_squash_walker_req,
                                                 [2] = CORNER_squash_walker_wait,
                                                 [3] = CORNER_squash_walker_cas,
                                                 [4] = CORNER_squash_walker_casw,
                                                 [5] = CORNER_squash_walker_fin};
    uint64_t word[2], walker[2], pointers[2] = {0, 0}, follower[2];
    unsigned n = 0;
    mmu_state(r->model, SEL_REGISTERS, 2, pointers);
    while (n < CFG_MISS_QUEUE_ENTRIES && (!mmu_state(r->model, SEL_MISS_QUEUE, n, word) || !(word[0] & 15) ||
                                          (word[0] >> 4 & 15) != port || (word[0] >> 8 & 255) != id))
        n++;
    if (n == CFG_MISS_QUEUE_ENTRIES)
        return;
    met(r, entries[word[0] & 15]);
    for (unsigned i = 0; i < CFG_MISS_QUEUE_ENTRIES; i++)
        if (mmu_state(r->model, SEL_MISS_QUEUE, i, follower) && (follower[0] & 15) == 5 &&
            (follower[0] >> 23 & 63) == n) {
            met(r, CORNER_squash_leader);
            break;
        }
    for (unsigned w = 0; w < CFG_WALKERS_COUNT; w++)
        if (mmu_state(r->model, SEL_WALKERS, 2 * w, walker) && (walker[0] & 7) && !(walker[0] >> 3 & 1) &&
            (walker[0] >> 11 & 63) == n) {
            met(r, walkers[walker[0] & 7]);
            if ((pointers[0] >> HELD & 1) && (pointers[0] >> (HELD + 4) & 15) == w)
                met(r, CORNER_squash_walker_held);
        }
}

/* Says so at the pins, and, if there is such a request, that is its end. An offer of a compare-and-swap stays. */
static void drop(struct random *r, const struct pins_out *out, unsigned port, unsigned id)
{
    struct flight *f = &r->flight[port][id];
    r->d.in.squash_valid |= (uint8_t)(1u << port);
    r->d.in.squash_id[port] = (uint8_t)id;
    if (!f->busy) {
        met(r, CORNER_squash_astray);
        return;
    }
    if (r->model)
        count_states(r, port, id);
    if (!out->ctl_ready)
        met(r, CORNER_squash_during_control);
    if (out->mem_req_valid && out->mem_req_cas)
        r->squash.offered |= (uint16_t)(1u << (out->mem_req_tag & 15));
    history_squash(r, port, id, f->number);
    r->counts.squashed++;
    check_over(r, f);
}

void squash_answered(struct random *r, unsigned port, const struct flight *f)
{
    if (f->squash_at != r->d.cycle)
        return;
    r->squash.late |= (uint8_t)(1u << port);
    r->squash.late_id[port] = (uint8_t)(f - r->flight[port]);
}

/* Of a request whose time has come. False: its port drops another one in this cycle. */
static bool due(struct random *r, const struct pins_out *out, unsigned at)
{
    const unsigned port = r->flying[at] / IDS, id = r->flying[at] % IDS;
    struct flight *f = &r->flight[port][id];
    if (r->d.in.squash_valid >> port & 1) {
        later(r, f, r->d.cycle + 1);
        return false;
    }
    f->squash_at = UINT64_MAX;
    if (draw(r, 100) >= ASTRAY)
        drop(r, out, port, id);
    else
        drop(r, out, port, r->d.in.req_valid >> port & 1 ? r->d.in.req[port].id : (unsigned)draw(r, IDS));
    return true;
}

void squash_pins(struct random *r, const struct pins_out *out)
{
    r->d.in.squash_valid = 0;
    if (r->d.cycle < r->squash.next)
        return;
    for (unsigned port = 0; port < PORTS; port++)
        if (r->squash.late >> port & 1) {
            drop(r, out, port, r->squash.late_id[port]);
            met(r, CORNER_squash_answered);
        }
    r->squash.late = 0;
    for (unsigned i = 0; i < r->outstanding;)
        i = flying(r, i)->squash_at <= r->d.cycle && due(r, out, i) ? 0 : i + 1;
    r->squash.next = UINT64_MAX;
    for (unsigned i = 0; i < r->outstanding; i++)
        if (flying(r, i)->squash_at < r->squash.next)
            r->squash.next = flying(r, i)->squash_at;
}

void squash_swap(struct random *r, const struct memport_request *swap)
{
    const unsigned bit = 1u << (swap->tag & 15);
    if (!(r->squash.offered & bit))
        return;
    r->squash.offered &= (uint16_t)~bit;
    const uint64_t oracle = physmem_read(r->physmem, IMAGE_ORACLE, swap->addr);
    if (physmem_read(r->physmem, IMAGE_HW, swap->addr) == swap->expected)
        physmem_write_image(r->physmem, IMAGE_ORACLE, swap->addr, oracle | swap->desired);
}
