/* Stretches of hits: many cycles of the model alone, without window and pins.
 *
 * Nearly always what was taken in a cycle, and nothing else, is answered in the next one out of the first level, as the
 * oracle remembers it. Then all that the cycle does is known beforehand: it commits the accesses in flight, and takes
 * the next ones of the trace until one finds no port.
 *
 *     cycle      c      c+1      c+2
 *     taken      A      B        C           in `group`: A while c+1 is carried out
 *     committed         A        B
 *
 * A stretch goes on as long as every access to be taken is a hit that the oracle knows; it stops before the first cycle
 * that might bring anything else, with window and pins as if it had gone through them. For a device the
 * pins are what they are in every cycle; the window is not moved for it. What is the same for all hits of
 * a page, that the oracle knows it, is noted in the model's memo of the page. */
#include "cycle/hits.h"
#include "remembered.h"
#include "world.h"

/* The accesses of a cycle, in program order. All of them words: bytes that are written one by one and read together
 * would wait for each other. */
struct group {
    const struct trace_rec *rec; /* of the first; not of the group that a stretch begins with */
    unsigned count, beyond;      /* beyond: one more was looked at, and found no port */
    struct member {
        struct hit_memo *memo; /* likewise */
        uint64_t pa;
        unsigned what; /* enum pins_access, and enum pins_page_size from bit 2 on */
        unsigned expected;
    } of[WORLD_PORTS];
};

enum { WHATS = 16 };

struct tally {
    uint64_t commits, expected, what[WHATS];
};

/* ---- may a cycle be carried out here? ---- */

/* The first hit on the page by such an access since page tables or registers have changed. */
static bool get_known(const struct world *w, struct hit_memo *memo, const struct trace_rec *rec, unsigned access)
{
    struct pins_resp answer = memo->resp;
    answer.addr |= rec->va & 0xfff;
    if (!as_remembered(w, rec->va, recorded_access(rec->kind), rec->flags, &answer))
        return false;
    memo->known = (memo->stamp == w->stamp ? memo->known : 0) | UINT64_C(1) << access;
    memo->stamp = w->stamp;
    return true;
}

static bool expects_it(const struct world *w, const struct trace_rec *rec, const struct member *member)
{
    struct pins_resp answer = member->memo->resp;
    answer.addr = member->pa;
    return as_expected(&trace_extra(w->trace, rec)->expect, &answer);
}

/* Fills *member in, for an access of which all is known. False: it is no such one. */
static inline bool is_sure(const struct world *w, struct mmu *ref, const struct trace_rec *rec, struct member *member)
{
    const unsigned acc = recorded_access(rec->kind);
    const unsigned access = acc | ((rec->flags & RECORDED_MODE) ^ TRACE_SUPERVISOR) << 2;
    struct hit_memo *memo = mmu_hit(ref, rec->kind != TRACE_FETCH, rec->va, access);
    if (!memo || ((memo->stamp != w->stamp || !(memo->known >> access & 1)) && !get_known(w, memo, rec, access)))
        return false;
    member->memo = memo;
    member->pa = memo->resp.addr | (rec->va & 0xfff);
    member->what = acc | (unsigned)memo->resp.size << 2;
    member->expected = (rec->flags & TRACE_EXPECT) != 0;
    return !member->expected || expects_it(w, rec, member);
}

/* The accesses that a cycle takes, from rec on. False: not all of it is known. */
static inline bool gather(const struct world *w, struct mmu *ref, const struct trace_rec *rec, struct group *g)
{
    unsigned idle = WORLD_FETCH_PORTS | WORLD_DATA_PORTS, count = 0;
    g->rec = rec;
    for (; idle; rec++) {
        if (rec->kind > TRACE_STORE || (w->os && rec->thread != w->kernel.thread))
            return false;
        const unsigned side = idle & (rec->kind == TRACE_FETCH ? WORLD_FETCH_PORTS : WORLD_DATA_PORTS);
        if (!side)
            break;
        if (!is_sure(w, ref, rec, &g->of[count++]))
            return false;
        idle &= ~(side & -side);
    }
    g->count = count;
    g->beyond = idle != 0;
    return true;
}

/* ---- carrying it out ---- */

static inline void commit(struct world *w, const struct group *g, struct tally *t)
{
    for (unsigned i = 0; i < g->count; i++) {
        const struct member *member = &g->of[i];
        if (w->touches)
            memport_touch(w->memport, member->pa);
        t->what[member->what % WHATS]++;
        t->expected += member->expected;
    }
    t->commits += g->count;
}

static inline unsigned side_of(const struct member *member)
{
    return (member->what & 3) != ACC_EXECUTE;
}

/* The clock edge: all touches are of the state at the start of the cycle, and written in the order of ports, which is
 * that of the accesses on either side. */
static inline void touch(const struct group *g)
{
    struct repl value[WORLD_PORTS];
    for (unsigned i = 0; i < g->count; i++)
        value[i] = mmu_hit_touched(g->of[i].memo, side_of(&g->of[i]));
    for (unsigned i = 0; i < g->count; i++)
        *g->of[i].memo->repl = value[i];
}

/* Adds the accesses of a group to those of either side, or takes them off. */
static void count_sides(const struct group *g, int64_t how, uint64_t sides[2])
{
    for (unsigned i = 0; i < g->count; i++)
        sides[side_of(&g->of[i])] += (uint64_t)how;
}

/* ---- from window and pins, and back ---- */

/* Everything that is under way was taken in the last cycle and is answered in this one, by hits that the oracle knows:
 * then *g has it. */
static bool begin(struct world *w, const struct mmu *ref, const struct pins_out *out, struct group *g)
{
    const unsigned count = w->in_flight;
    if (w->d.done >= w->d.done_most || w->barrier || w->exhausted || w->d.stop || w->kernel.losses ||
        w->window <= WORLD_PORTS || w->ctl != CTL_NONE || w->mem_next != UINT64_MAX)
        return false;
    if (!count || w->tail - w->next > 1 || w->accepted != w->d.in.req_valid ||
        (w->tail != w->next && w->rec == w->run) || !mmu_undisturbed(ref) || !all_known(w, out))
        return false;
    g->count = count;
    for (unsigned i = 0; i < count; i++) {
        const struct slot *s = world_slot(w, w->head + i);
        const struct pins_resp *resp = &out->resp[s->port];
        if (resp->src != SRC_L1)
            return false;
        g->of[i] =
            (struct member){.pa = resp->addr, .what = s->acc | (unsigned)resp->size << 2, .expected = s->expected};
    }
    return true;
}

/* What has happened in cycles before the present one, but for what is still under way. */
static void settle(struct world *w, const struct tally *t, struct exercised *e)
{
    for (uint64_t sequence = w->head; sequence != w->tail; sequence++)
        world_slot(w, sequence)->state = SLOT_IDLE;
    w->head = w->next = w->tail = w->head + t->commits;
    w->d.progress = w->d.cycle - 1;
    count_remembered(w, t->commits, t->expected);
    w->counts.accesses += t->commits;
    e->kinds[KIND_OK] += t->commits;
    e->sources[SRC_L1] += t->commits;
    for (unsigned what = 0; what < WHATS; what++) {
        if (!t->what[what])
            continue;
        w->counts.by_acc[what & 3] += t->what[what];
        e->accesses[what & 3] += t->what[what];
        e->sizes[what >> 2] += t->what[what];
    }
}

/* Offers the accesses of a group, the first of which is so manieth in the window's count. */
static inline void offer(struct world *w, const struct group *g, uint64_t sequence)
{
    unsigned idle = WORLD_FETCH_PORTS | WORLD_DATA_PORTS;
    for (unsigned i = 0; i < g->count; i++) {
        const struct trace_rec *rec = &g->rec[i];
        const unsigned side = idle & (side_of(&g->of[i]) ? WORLD_DATA_PORTS : WORLD_FETCH_PORTS);
        w->d.in.req[__builtin_ctz(side)] = world_request(rec->va, g->of[i].what & 3, rec->flags,
                                                         (unsigned)((sequence + i) & w->mask));
        idle &= ~(side & -side);
    }
    w->d.in.req_valid = (uint8_t)((WORLD_FETCH_PORTS | WORLD_DATA_PORTS) & ~idle);
}

/* … and answers what is offered. */
static inline void answer(const struct world *w, const struct group *g, struct pins_out *out)
{
    unsigned idle = WORLD_FETCH_PORTS | WORLD_DATA_PORTS;
    for (unsigned i = 0; i < g->count; i++) {
        const unsigned side = idle & (side_of(&g->of[i]) ? WORLD_DATA_PORTS : WORLD_FETCH_PORTS);
        const unsigned port = (unsigned)__builtin_ctz(side);
        out->resp[port] = g->of[i].memo->resp;
        out->resp[port].addr = g->of[i].pa;
        out->resp[port].id = w->d.in.req[port].id;
        idle &= ~(1u << port);
    }
    out->resp_valid = w->d.in.req_valid;
}

/* Puts the accesses that were taken in the last cycle into the window, and on the pins: offered then, answered now. */
static void put_back(struct world *w, const struct group *g, struct pins_out *out, struct exercised *e)
{
    const int64_t passed = g->rec - w->rec; /* -1: one that had found no port was taken, and no other */
    w->rec += passed;
    w->rec_left -= (size_t)passed;
    w->d.done += (uint64_t)passed;
    w->loaded += (uint64_t)passed;
    offer(w, g, w->tail);
    answer(w, g, out);
    for (unsigned i = 0; i < g->count; i++)
        window_fill(w);
    w->next = w->tail;
    for (unsigned ports = w->d.in.req_valid; ports; ports &= ports - 1) {
        const uint8_t port = (uint8_t)__builtin_ctz(ports), id = w->d.in.req[port].id;
        w->slot[id].port = port;
        e->acc[port][id] = w->slot[id].acc;
    }
    w->in_flight = 0;
    world_accept(w, w->d.in.req_valid, w->d.cycle - 1);
    if (g->beyond)
        window_fill(w);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void world_stretch(struct driver *self, struct mmu *ref, struct pins_out *out, uint64_t until,
                   struct exercised *exercised, const struct follower *follower)
{
    struct world *w = (struct world *)self;
    struct group group[2]; /* under way, and to be taken */
    struct tally tally = {0};
    uint64_t taken[2] = {0, 0};
    if (!begin(w, ref, out, &group[0]))
        return;
    w->d.in.mem_req_ready = w->d.in.mem_rsp_valid = w->d.mem_accepted = false;
    count_sides(&group[0], -1, taken);
    const struct trace_rec *rec = w->rec - (w->tail - w->next);
    const uint64_t left = least(w->rec_left, least(w->limit - w->loaded, w->d.done_most - w->d.done));
    const struct trace_rec *const last = w->rec + left - WORLD_PORTS; /* from before it on a cycle finds its records */
    unsigned now = 0;
    bool on = left > WORLD_PORTS;
    for (; on && rec < last && w->d.cycle < until; now ^= 1, w->d.cycle++) {
        if (!gather(w, ref, rec, &group[!now]))
            break;
        if (follower) {
            offer(w, &group[!now], w->head + tally.commits + group[now].count);
            if (follower->chosen)
                follower->chosen(follower->context, out);
            if (w->d.ended)
                break;
            answer(w, &group[!now], out);
        }
        commit(w, &group[now], &tally);
        touch(&group[!now]);
        rec += group[!now].count;
        on = !follower || !follower->stepped || follower->stepped(follower->context, &w->d.in, out);
    }
    if (!tally.commits)
        return;
    count_sides(&group[now], 1, taken);
    for (unsigned what = 0; what < WHATS; what++)
        taken[(what & 3) != ACC_EXECUTE] += tally.what[what];
    w->accepts += taken[0] + taken[1] - group[now].count;
    mmu_count_hits(ref, taken);
    settle(w, &tally, exercised);
    put_back(w, &group[now], out, exercised);
}
