#include "miss_queue.h"

#include <string.h>

#include "l1tlb.h"

/* The entries of fetch ports, or of data ports. */
static uint64_t of_side(const struct miss_queue *q, unsigned port)
{
    const unsigned first = port < FETCH_PORTS ? 0 : FETCH_PORTS;
    const unsigned end = port < FETCH_PORTS ? FETCH_PORTS : PORTS;
    uint64_t entries = 0;
    for (unsigned p = first; p < end; p++)
        entries |= q->of_port[p];
    return entries;
}

void queue_reset(struct miss_queue *q)
{
    memset(q, 0, sizeof *q);
    q->in[FREE] = QUEUE_ALL;
}

void queue_respond(struct mmu *m, struct pins_out *out)
{
    struct miss_queue *q = &m->q;
    if (q->in[DONE] == 0)
        return;
    const uint64_t done = q->in[DONE];
    for (unsigned port = 0; port < PORTS; port++) {
        if (!(done & q->of_port[port]))
            continue;
        const unsigned n = (unsigned)__builtin_ctzll(done & q->of_port[port]);
        const struct queue_entry *entry = &q->entry[n];
        out->resp[port] = (struct pins_resp){
            .addr = entry->addr,
            .err = entry->err,
            .id = entry->id,
            .kind = entry->kind,
            .size = entry->size,
            .pat = entry->pat,
            .mt = entry->mt,
            .src = entry->src,
        };
        out->resp_valid |= 1u << port;
        q->of_port[port] &= ~(1ull << n);
        queue_move(q, n, DONE, FREE);
    }
}

uint8_t queue_ready(const struct mmu *m)
{
    const struct miss_queue *q = &m->q;
    if (m->ctl.state != C_IDLE)
        return 0;
    const unsigned free = (unsigned)__builtin_popcountll(q->in[FREE]);
    unsigned ready = 0xffu >> (8 - (free < PORTS ? free : PORTS)); /* port p needs p + 1 FREE entries */
    if (q->in[DONE])
        for (unsigned port = 0; port < PORTS; port++)
            if (q->in[DONE] & q->of_port[port])
                ready &= ~(1u << port);
    return (uint8_t)ready;
}

/* Section 8 "Merge": the lowest-numbered of `candidates` on the same page; -1 if none is. */
static int find_leader(const struct miss_queue *q, uint64_t candidates, uint64_t va)
{
    for (; candidates; candidates &= candidates - 1) {
        const int n = __builtin_ctzll(candidates);
        if (q->entry[n].va >> 12 == va >> 12)
            return n;
    }
    return -1;
}

void queue_denied(struct miss_queue *q)
{
    q->in[NWALK] |= q->in[DENIED];
    q->in[DENIED] = 0;
}

/* Section 8 "Allocation": port p's is the (p+1)-th lowest of the FREE entries, of which there are so many (`ready`). */
static unsigned free_of_port(uint64_t free, unsigned port)
{
    while (port--)
        free &= free - 1;
    return (unsigned)__builtin_ctzll(free);
}

void queue_allocate(struct mmu *m, const struct pins_in *in, const struct edge *e)
{
    struct miss_queue *q = &m->q;
    /* Entries that led at the start of the cycle and still do; those the ports below allocate are added. */
    uint64_t leaders = e->leaders & LEADER_STATES(q);
    for (unsigned i = 0; i < e->misses; i++) {
        const unsigned port = e->miss[i].port;
        const struct pins_req *req = &in->req[port];
        const uint64_t va = e->miss[i].va;
        const unsigned n = free_of_port(e->free, port);
        const uint64_t bit = 1ull << n;
        struct queue_entry *entry = &q->entry[n];
        *entry = (struct queue_entry){
            .va = va,
            .port = (uint8_t)port,
            .id = req->id,
            .access = (uint8_t)access_of(req),
        };
        enum queue_state state = PEND;
        if (e->miss[i].what == MISS_CONFIRM) {
            state = DENIED;
            entry->confirm = true;
        } else if (e->miss[i].what == MISS_FAULT) {
            state = FINV;
            entry->kind = KIND_PF;
            entry->err = e->miss[i].err;
            m->counts.faults++;
        } else {
            const int leader = find_leader(q, leaders & of_side(q, port), va);
            if (leader >= 0) {
                state = FOLLOW;
                entry->leader = (uint8_t)leader;
                m->counts.merged++;
            }
        }
        queue_move(q, n, FREE, state);
        q->of_port[port] |= bit;
        if (state == PEND || state == DENIED)
            leaders |= bit;
    }
}

static void set_translation(struct queue_entry *entry, struct cached c, enum pins_source src, const struct registers *r)
{
    const unsigned size = tag_size(c.tag);
    entry->kind = KIND_OK;
    entry->src = (uint8_t)src;
    entry->size = (uint8_t)size;
    entry->pat = (uint8_t)data_pat(c.data);
    entry->mt = r->mt[entry->pat];
    entry->addr = physical_address(c.data, size, entry->va);
}

/* A follower whose leader did not help it looks for itself. */
static void follower_to_pend(struct miss_queue *q, unsigned n)
{
    q->entry[n].leader = 0;
    queue_move(q, n, FOLLOW, PEND);
}

void queue_complete(struct mmu *m, unsigned n, enum queue_state from, struct cached c, enum pins_source src,
                    struct edge *e)
{
    struct miss_queue *q = &m->q;
    set_translation(&q->entry[n], c, src, &m->regs);
    queue_move(q, n, from, DONE);
    const uint64_t allowed = entry_allows(c.data, &m->regs) & without_update(c.data);
    for (uint64_t left = q->in[FOLLOW]; left; left &= left - 1) {
        const unsigned f = (unsigned)__builtin_ctzll(left);
        struct queue_entry *follower = &q->entry[f];
        if (follower->leader != n)
            continue;
        if (has_access(allowed, follower->access)) {
            set_translation(follower, c, SRC_MERGED, &m->regs);
            queue_move(q, f, FOLLOW, DONE);
        } else {
            follower_to_pend(q, f);
        }
    }
    /* Section 4: the PCID of a fill is the current one, also of an entry that an STLB hit found as a global one. */
    c.tag = (c.tag & ~TAG_PCID) | (uint64_t)m->regs.pcid << 4;
    e->l1_fill = l1tlb_plan_fill(m, q->entry[n].port, c, q->entry[n].va);
}

/* A follower never inherits a fault: the page may have been mapped after the leader's read. */
static void release_followers(struct miss_queue *q, unsigned leader)
{
    for (uint64_t left = q->in[FOLLOW]; left; left &= left - 1) {
        const unsigned f = (unsigned)__builtin_ctzll(left);
        if (q->entry[f].leader == leader)
            follower_to_pend(q, f);
    }
}

void queue_fault(struct mmu *m, unsigned n, enum queue_state from, unsigned err, enum pins_source src)
{
    struct queue_entry *entry = &m->q.entry[n];
    entry->kind = KIND_PF;
    entry->err = (uint8_t)err;
    entry->src = (uint8_t)src;
    queue_move(&m->q, n, from, FINV);
    release_followers(&m->q, n);
    m->counts.faults++;
}

void queue_fault_done(struct mmu *m, unsigned n)
{
    m->q.entry[n].addr = m->q.entry[n].va; /* CR2: SDM 3A 5.7, the address after LAM's masking */
    queue_move(&m->q, n, FINVW, DONE);
}

void queue_memory_error(struct mmu *m, unsigned n, enum queue_state from)
{
    struct queue_entry *entry = &m->q.entry[n];
    entry->kind = KIND_MEMERR;
    entry->src = SRC_WALK;
    queue_move(&m->q, n, from, DONE);
    release_followers(&m->q, n);
    m->counts.memory_errors++;
}

uint64_t queue_squashed(const struct miss_queue *q, const struct pins_in *in)
{
    uint64_t squashed = 0;
    for (unsigned port = 0; port < PORTS; port++) {
        if (!(in->squash_valid >> port & 1))
            continue;
        for (uint64_t left = q->of_port[port]; left; left &= left - 1) {
            const unsigned n = (unsigned)__builtin_ctzll(left);
            if (q->entry[n].id == in->squash_id[port])
                squashed |= 1ull << n;
        }
    }
    return squashed;
}

void queue_squash(struct mmu *m, uint64_t squashed, struct pins_out *out)
{
    struct miss_queue *q = &m->q;
    /* What is FREE by now was DONE and has left in this cycle. */
    for (uint64_t left = squashed & q->in[FREE]; left; left &= left - 1)
        out->resp_valid &= (uint8_t)~(1u << q->entry[__builtin_ctzll(left)].port);
    for (enum queue_state s = FREE; s < QUEUE_STATES; s++)
        q->in[s] &= ~squashed;
    q->in[FREE] |= squashed;
    for (unsigned port = 0; port < PORTS; port++)
        q->of_port[port] &= ~squashed;
    for (uint64_t left = q->in[FOLLOW]; left; left &= left - 1) {
        const unsigned f = (unsigned)__builtin_ctzll(left);
        if (squashed >> q->entry[f].leader & 1)
            follower_to_pend(q, f);
    }
    m->counts.squashed += (unsigned)__builtin_popcountll(squashed);
}

void queue_restart(struct miss_queue *q)
{
    const uint64_t restarted = QUEUE_ALL & ~(q->in[FREE] | q->in[DONE]);
    for (uint64_t left = restarted; left; left &= left - 1) {
        struct queue_entry *entry = &q->entry[__builtin_ctzll(left)];
        entry->confirm = false;
        entry->leader = entry->step = 0;
        entry->src = entry->kind = entry->err = entry->size = entry->pat = entry->mt = 0;
        entry->addr = 0;
    }
    const uint64_t done = q->in[DONE], free = q->in[FREE];
    memset(q->in, 0, sizeof q->in);
    q->in[FREE] = free;
    q->in[DONE] = done;
    q->in[PEND] = restarted;
}
