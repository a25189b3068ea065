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
 * a page, that the oracle knows it, is noted in the model's memo of the page.
 *
 * Hits change nothing that other hits are found by. So accesses are looked up many at a time and divided among cycles,
 * a batch; how many a cycle takes cannot be predicted, and nothing branches on it. Their sets are touched on the way,
 * and what was touched for cycles that do not take place is undone. */
#include "cycle/hits.h"
#include "remembered.h"
#include "world.h"

/* The accesses of one cycle, in program order. All of them words: bytes that are written one by one and read together
 * would wait for each other. */
struct group {
    const struct trace_rec *rec;  /* of the first; not of the group that a stretch begins with */
    struct hit_memo *const *memo; /* of each; likewise */
    const uint64_t *pa;
    unsigned count;
    uint64_t sums;
};

/* What is counted of accesses, each in eight bits, which a batch does not fill: those of each enum pins_access, of each
 * enum pins_page_size, and those whose answer the trace tells too. */
enum { SUM_ACC = 0, SUM_SIZE = 24, SUM_EXPECTED = 48 };

static inline uint64_t sum_of(unsigned acc, unsigned size, bool expected)
{
    return UINT64_C(1) << (SUM_ACC + 8 * acc) | UINT64_C(1) << (SUM_SIZE + 8 * size) |
           (uint64_t)expected << SUM_EXPECTED;
}

enum { BATCH = 128 };

/* Accesses from rec on that are taken in the next cycles. */
struct batch {
    const struct trace_rec *rec;
    unsigned count;               /* of accesses of which all is known */
    unsigned cycles;              /* … and cycles */
    bool last;                    /* the next access is not known, or is none */
    uint8_t end[BATCH + 1];       /* [n]: behind the last access of so many cycles */
    uint64_t sums[BATCH + 1];     /* [n]: of so many accesses */
    uint64_t pa[BATCH];           /* [n]: of access n */
    struct repl before[BATCH];    /* likewise its set, until it was touched */
    struct hit_memo *memo[BATCH]; /* likewise */
};

struct tally {
    uint64_t commits, expected, acc[3], sizes[3];
};

/* ---- which accesses, and in which cycles? ---- */

/* The first hit on the page by such an access since page tables or registers have changed. */
static __attribute__((noinline)) bool get_known(const struct world *w, struct hit_memo *memo,
                                                const struct trace_rec *rec, unsigned access)
{
    struct pins_resp answer = memo->resp;
    answer.addr |= rec->va & 0xfff;
    if (!as_remembered(w, rec->va, recorded_access(rec->kind), rec->flags, &answer))
        return false;
    memo->known = (memo->stamp == w->stamp ? memo->known : 0) | UINT64_C(1) << access;
    memo->stamp = w->stamp;
    return true;
}

static __attribute__((noinline)) bool expects_it(const struct world *w, const struct trace_rec *rec,
                                                 const struct hit_memo *memo)
{
    struct pins_resp answer = memo->resp;
    answer.addr |= rec->va & 0xfff;
    return as_expected(&trace_extra(w->trace, rec)->expect, &answer);
}

/* The memo of an access of which all is known; NULL: it is no such one. */
static inline struct hit_memo *sure(const struct world *w, struct mmu *ref, const struct trace_rec *rec, unsigned acc)
{
    const unsigned access = acc | ((rec->flags & RECORDED_MODE) ^ TRACE_SUPERVISOR) << 2;
    struct hit_memo *memo = mmu_hit(ref, rec->kind != TRACE_FETCH, rec->va, access);
    if (!memo || ((memo->stamp != w->stamp || !(memo->known >> access & 1)) && !get_known(w, memo, rec, access)) ||
        (rec->flags & TRACE_EXPECT && !expects_it(w, rec, memo)))
        return NULL;
    return memo;
}

static inline unsigned side_of(const struct trace_rec *rec)
{
    return rec->kind != TRACE_FETCH;
}

/* The state of the set of access n at the start of its cycle, whose first access is `first`. */
static __attribute__((noinline)) const struct repl *at_start(struct batch *b, unsigned first, unsigned n)
{
    const struct repl *before = &b->before[n];
    for (unsigned other = n; other-- > first;)
        if (b->memo[other]->repl == b->memo[n]->repl)
            before = &b->before[other];
    return before;
}

/* The last accesses of either side before the present one: among them are all of its cycle. */
enum { RECENT = (CFG_PORTS_FETCH > CFG_PORTS_DATA ? CFG_PORTS_FETCH : CFG_PORTS_DATA) - 1 };
struct recent {
    struct hit_memo *of[2][RECENT + 1];
};

/* A clock edge does to the set of access n. All touches of a cycle are of the state at its start, and written in the
 * order of ports, which is that of the accesses on either side: so the last one of a set stands. */
static inline void touch(struct batch *b, unsigned first, unsigned n, unsigned side, struct recent *recent)
{
    struct hit_memo *const memo = b->memo[n], **of = recent->of[side];
    const struct repl now = l1tlb_repl(memo->repl);
    const struct repl *start = &now;
    l1tlb_put_repl(&b->before[n], now);
    if (of[0] == memo) /* again */
        return;
    bool other = false; /* lately, perhaps in this cycle, the set was touched for another page */
    for (int i = 0; i < RECENT; i++)
        other |= of[i]->repl == memo->repl && of[i] != memo;
    for (int i = RECENT; i > 0; i--)
        of[i] = of[i - 1];
    of[0] = memo;
    if (other)
        start = at_start(b, first, n);
    l1tlb_put_repl(memo->repl, mmu_hit_touched(l1tlb_repl(start), memo, side));
}

/* Undoes the touches of accesses from `first` on. */
static void untouch(struct batch *b, unsigned first)
{
    for (unsigned n = b->count; n-- > first;)
        l1tlb_put_repl(b->memo[n]->repl, l1tlb_repl(&b->before[n]));
}

/* The last fetch: most are of the same page as the one before. */
enum { NO_MODE = 1 << 8 };
struct fetched {
    uint64_t va;
    struct hit_memo *memo;
    unsigned mode; /* flags of its record; NO_MODE: it had an expectation, or there was none */
};

static inline bool is_again(const struct fetched *last, const struct trace_rec *rec)
{
    return !((rec->va ^ last->va) >> 12) && rec->flags == last->mode;
}

/* Fills *b with accesses from rec on, `most` at most, and as many cycles at most. A cycle is known when all its ports
 * take something, or the next access finds none. */
static void gather(const struct world *w, struct mmu *ref, const struct trace_rec *rec, uint64_t most, uint64_t cycles,
                   struct batch *b)
{
    /* Ports that are idle, of either side in eight bits. */
    enum { ALL = CFG_PORTS_FETCH | CFG_PORTS_DATA << 8 };
    static const uint32_t ports[] = {[TRACE_FETCH] = 0xff, [TRACE_LOAD] = 0xff00, [TRACE_STORE] = 0xff00};
    static const uint32_t port[] = {[TRACE_FETCH] = 1, [TRACE_LOAD] = 0x100, [TRACE_STORE] = 0x100};
    const uint16_t mask = w->os ? 0xffff : 0, thread = (uint16_t)w->kernel.thread & mask;
    const struct trace_rec *const stop = rec + most;
    static struct hit_memo nobodys;
    struct recent recent;
    struct fetched fetched = {.mode = NO_MODE};
    size_t n = 0;
    uint8_t *end = &b->end[1]; /* of the cycle of the access at hand */
    unsigned idle = ALL;
    bool next; /* the access at hand is of another cycle than those before it */
    for (int i = 0; i <= RECENT; i++)
        recent.of[0][i] = recent.of[1][i] = &nobodys;
    b->rec = rec;
    for (;; n++, rec++) {
        if (rec == stop || rec->kind > TRACE_STORE || (rec->thread & mask) != thread) {
            next = !idle;
            break;
        }
        const unsigned acc = recorded_access(rec->kind), side = side_of(rec);
        const bool again = !side && is_again(&fetched, rec);
        struct hit_memo *const memo = again ? fetched.memo : sure(w, ref, rec, acc);
        if (!side && !again)
            fetched = (struct fetched){rec->va, memo, rec->flags & TRACE_EXPECT ? NO_MODE : rec->flags};
        next = !(idle & ports[rec->kind]);
        if (!memo)
            break;
        end += next;
        idle = (next ? ALL : idle) - port[rec->kind];
        *end = (uint8_t)(n + 1);
        b->memo[n] = memo;
        b->pa[n] = memo->resp.addr | (rec->va & 0xfff);
        b->sums[n + 1] = b->sums[n] + sum_of(acc, memo->resp.size, rec->flags & TRACE_EXPECT);
        if (again) /* it was the last that was touched */
            l1tlb_put_repl(&b->before[n], l1tlb_repl(memo->repl));
        else
            touch(b, end[-1], (unsigned)n, side, &recent);
    }
    const size_t known = (size_t)(end - b->end) - 1 + next;
    b->count = (unsigned)n;
    b->last = rec != stop;
    b->cycles = (unsigned)(known < cycles ? known : cycles);
}

static struct group group_of(struct batch *b, unsigned cycle)
{
    const unsigned first = b->end[cycle];
    return (struct group){.rec = b->rec + first,
                          .memo = b->memo + first,
                          .pa = b->pa + first,
                          .count = b->end[cycle + 1] - first,
                          .sums = b->sums[b->end[cycle + 1]] - b->sums[first]};
}

/* ---- carrying it out ---- */

static void commit(struct world *w, const uint64_t *pa, unsigned count, uint64_t sums, struct tally *t)
{
    if (w->touches)
        memport_touch_all(w->memport, pa, count);
    for (unsigned kind = 0; kind < 3; kind++) {
        t->acc[kind] += sums >> (SUM_ACC + 8 * kind) & 0xff;
        t->sizes[kind] += sums >> (SUM_SIZE + 8 * kind) & 0xff;
    }
    t->expected += sums >> SUM_EXPECTED;
    t->commits += count;
}

/* A group that outlives its batch. */
struct kept {
    struct hit_memo *memo[WORLD_PORTS];
    uint64_t pa[WORLD_PORTS];
};

static struct group keep(struct group g, struct kept *kept)
{
    for (unsigned i = 0; i < g.count; i++) {
        kept->memo[i] = g.memo[i];
        kept->pa[i] = g.pa[i];
    }
    g.memo = kept->memo;
    g.pa = kept->pa;
    return g;
}

/* Adds the accesses of a group to those of either side, or takes them off. */
static void count_sides(uint64_t sums, int64_t how, uint64_t sides[2])
{
    for (unsigned acc = 0; acc < 3; acc++)
        sides[acc != ACC_EXECUTE] += (uint64_t)how * (sums >> (SUM_ACC + 8 * acc) & 0xff);
}

/* ---- from window and pins, and back ---- */

/* Everything that is under way was taken in the last cycle and is answered in this one, by hits that the oracle knows:
 * then *g has it. */
static bool begin(struct world *w, const struct mmu *ref, const struct pins_out *out, struct kept *kept,
                  struct group *g)
{
    const unsigned count = w->in_flight;
    if (w->d.done >= w->d.done_most || w->barrier || w->exhausted || w->d.stop || w->kernel.losses ||
        w->window <= WORLD_PORTS || w->ctl != CTL_NONE || w->mem_next != UINT64_MAX)
        return false;
    if (!count || w->tail - w->next > 1 || w->accepted != w->d.in.req_valid ||
        (w->tail != w->next && w->rec == w->run) || !mmu_undisturbed(ref) || !all_known(w, out))
        return false;
    *g = (struct group){.pa = kept->pa, .count = count};
    for (unsigned i = 0; i < count; i++) {
        const struct slot *s = world_slot(w, w->head + i);
        const struct pins_resp *resp = &out->resp[s->port];
        if (resp->src != SRC_L1)
            return false;
        kept->pa[i] = resp->addr;
        g->sums += sum_of(s->acc, resp->size, s->expected);
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
    for (unsigned kind = 0; kind < 3; kind++) {
        w->counts.by_acc[kind] += t->acc[kind];
        e->accesses[kind] += t->acc[kind];
        e->sizes[kind] += t->sizes[kind];
    }
}

/* Offers the accesses of a group, the first of which is so manieth in the window's count. */
static inline void offer(struct world *w, const struct group *g, uint64_t sequence)
{
    unsigned idle = WORLD_FETCH_PORTS | WORLD_DATA_PORTS;
    for (unsigned i = 0; i < g->count; i++) {
        const struct trace_rec *rec = &g->rec[i];
        const unsigned side = idle & (side_of(&g->rec[i]) ? WORLD_DATA_PORTS : WORLD_FETCH_PORTS);
        w->d.in.req[__builtin_ctz(side)] = world_request(rec->va, recorded_access(rec->kind), rec->flags,
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
        const unsigned side = idle & (side_of(&g->rec[i]) ? WORLD_DATA_PORTS : WORLD_FETCH_PORTS);
        const unsigned port = (unsigned)__builtin_ctz(side);
        out->resp[port] = g->memo[i]->resp;
        out->resp[port].addr = g->pa[i];
        out->resp[port].id = w->d.in.req[port].id;
        idle &= ~(1u << port);
    }
    out->resp_valid = w->d.in.req_valid;
}

/* Puts the accesses that were taken in the last cycle into the window, and on the pins: offered then, answered now. One
 * more was looked at if a port was left. */
static void put_back(struct world *w, const struct group *g, struct pins_out *out, struct exercised *e)
{
    const bool beyond = g->count < WORLD_PORTS;
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
    if (beyond)
        window_fill(w);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The cycles of a batch, for who sees them; `sequence`: of its first access. How many took place, if not all. */
static unsigned show(struct world *w, struct batch *b, uint64_t sequence, struct pins_out *out,
                     const struct follower *follower)
{
    unsigned cycle = 0;
    for (bool on = true; on && cycle < b->cycles; cycle++, w->d.cycle++) {
        const struct group g = group_of(b, cycle);
        offer(w, &g, sequence + b->end[cycle]);
        if (follower->chosen)
            follower->chosen(follower->context, out);
        if (w->d.ended)
            break;
        answer(w, &g, out);
        on = !follower->stepped || follower->stepped(follower->context, &w->d.in, out);
    }
    return cycle;
}

void world_stretch(struct driver *self, struct mmu *ref, struct pins_out *out, uint64_t until,
                   struct exercised *exercised, const struct follower *follower)
{
    struct world *w = (struct world *)self;
    struct batch b;
    struct kept kept;
    struct group last; /* that of the last cycle: under way */
    struct tally tally = {0};
    uint64_t taken[2] = {0, 0};
    if (!begin(w, ref, out, &kept, &last))
        return;
    w->d.in.mem_req_ready = w->d.in.mem_rsp_valid = w->d.mem_accepted = false;
    count_sides(last.sums, -1, taken);
    const struct trace_rec *rec = w->rec - (w->tail - w->next);
    const struct trace_rec *const stop = w->rec +
                                         least(w->rec_left, least(w->limit - w->loaded, w->d.done_most - w->d.done));
    b.end[0] = b.sums[0] = 0;
    for (bool on = true; on && w->d.cycle < until;) {
        gather(w, ref, rec, least(BATCH, (uint64_t)(stop - rec)), until - w->d.cycle, &b);
        unsigned cycles = b.cycles;
        if (follower)
            cycles = show(w, &b, w->head + tally.commits + last.count, out, follower);
        else
            w->d.cycle += cycles;
        untouch(&b, b.end[cycles]);
        if (!cycles)
            break;
        on = cycles == b.cycles && !b.last;
        commit(w, last.pa, last.count, last.sums, &tally);
        commit(w, b.pa, b.end[cycles - 1], b.sums[b.end[cycles - 1]], &tally);
        last = keep(group_of(&b, cycles - 1), &kept);
        rec = last.rec + last.count;
    }
    if (!tally.commits)
        return;
    count_sides(last.sums, 1, taken);
    for (unsigned kind = 0; kind < 3; kind++)
        taken[kind != ACC_EXECUTE] += tally.acc[kind];
    w->accepts += taken[0] + taken[1] - last.count;
    mmu_count_hits(ref, taken);
    settle(w, &tally, exercised);
    put_back(w, &last, out, exercised);
}
