#include "l1tlb.h"

#include <stddef.h>

#define INLINE static inline __attribute__((always_inline))

/* ---- memos ---- */

/* A key that no address has which is looked for in slot n: the bits that choose the slot are other ones. */
static inline uint64_t no_memo(unsigned n)
{
    return (uint64_t)(~n % MEMOS) << 12;
}

static void forget_all(struct l1tlb *l1)
{
    for (unsigned n = 0; n < MEMOS; n++)
        l1->key[n] = no_memo(n);
}

/* Forgets what is known of the page of `size` at va, in every PCID. */
static void forget_page(struct l1tlb *l1, unsigned size, uint64_t va)
{
    if (size == SIZE_4K) {
        const unsigned n = (va >> 12) % MEMOS;
        l1->key[n] = no_memo(n);
        return;
    }
    const unsigned shift = 12 + 9 * size;
    const uint64_t page = l1tlb_memo_key(va, 0) >> shift & BITS(56 - shift, 0); /* of a tag, only VA[56:12] is known */
    for (unsigned n = 0; n < MEMOS; n++)
        l1->key[n] = (l1->key[n] >> shift & BITS(56 - shift, 0)) == page ? no_memo(n) : l1->key[n];
}

/* Forgets what is known of the page at va, of whatever size it is. */
static void forget_at(struct l1tlb *l1, uint64_t va)
{
    forget_page(l1, SIZE_4K, va);
    for (unsigned size = SIZE_2M; size <= SIZE_1G; size++) {
        unsigned held = 0;
        for (unsigned n = 0; n < L1_ARRAYS_MAX; n++)
            held += l1->array[n].held[size];
        if (held)
            forget_page(l1, size, va);
    }
}

void l1tlb_forget(struct mmu *m)
{
    forget_all(&m->itlb);
    forget_all(&m->dtlb);
}

/* ---- lookup ---- */

struct found {
    struct tlb_array *array;
    unsigned set, way;
    struct cached entry;
};

/* One page size of one array. Returns true and writes *f when an entry matches. */
INLINE bool probe_size(struct tlb_array *a, struct geometry g, unsigned size, unsigned pcid, uint64_t va,
                       struct found *f)
{
    if (!(g.holds >> size & 1) || a->held[size] == 0)
        return false;
    const unsigned set = tlb_set(g, size, va);
    const int at = tlb_find(a, g, set, tlb_tag(size, pcid, va));
    if (at < 0)
        return false;
    *f = (struct found){a, set, (unsigned)at - set * g.ways, {a->tag[at], a->data[at]}};
    return true;
}

/* Section 4: within an array the smallest size wins. */
INLINE bool probe_array(struct tlb_array *a, struct geometry g, unsigned pcid, uint64_t va, struct found *f)
{
    return g.holds && (probe_size(a, g, SIZE_4K, pcid, va, f) || probe_size(a, g, SIZE_2M, pcid, va, f) ||
                       probe_size(a, g, SIZE_1G, pcid, va, f));
}

/* The lowest-numbered array that matches wins. */
static bool find_instruction(struct mmu *m, uint64_t va, struct found *f)
{
    struct tlb_array *a = m->itlb.array;
    const unsigned pcid = m->regs.pcid;
    return probe_array(&a[0], ITLB_0, pcid, va, f) || probe_array(&a[1], ITLB_1, pcid, va, f) ||
           probe_array(&a[2], ITLB_2, pcid, va, f);
}

static bool find_data(struct mmu *m, uint64_t va, struct found *f)
{
    struct tlb_array *a = m->dtlb.array;
    const unsigned pcid = m->regs.pcid;
    return probe_array(&a[0], DTLB_0, pcid, va, f) || probe_array(&a[1], DTLB_1, pcid, va, f) ||
           probe_array(&a[2], DTLB_2, pcid, va, f);
}

/* `good`: the accesses that may use the entry. */
static const struct hit_memo *memorize(const struct mmu *m, struct l1tlb *l1, const struct found *f, uint64_t va,
                                       uint64_t good)
{
    struct hit_memo *memo = &l1->memo[(va >> 12) % MEMOS];
    l1->key[(va >> 12) % MEMOS] = l1tlb_memo_key(va, m->regs.pcid);
    const unsigned size = tag_size(f->entry.tag);
    *memo = (struct hit_memo){
        .repl = &f->array->repl[f->set],
        .path = &f->array->path[f->way],
        .resp = {.addr = physical_address(f->entry.data, size, va & ~0xfffull),
                 .kind = KIND_OK,
                 .size = (uint8_t)size,
                 .pat = (uint8_t)data_pat(f->entry.data),
                 .mt = m->regs.mt[data_pat(f->entry.data)],
                 .src = SRC_L1},
        .good = good,
        .way = (uint8_t)f->way,
        .ways = (uint8_t)f->array->g.ways,
    };
    return memo;
}

static void miss(struct mmu *m, unsigned port, uint64_t va, enum miss_what what, unsigned err, struct edge *e)
{
    m->counts.l1_miss[port >= FETCH_PORTS]++;
    e->miss[e->misses].va = va;
    e->miss[e->misses].port = (uint8_t)port;
    e->miss[e->misses].what = (uint8_t)what;
    e->miss[e->misses++].err = (uint8_t)err;
}

/* A request that hits and may use its entry. */
static inline void answer(struct mmu *m, const struct hit_memo *memo, unsigned side, bool lru, unsigned port,
                          const struct pins_req *req, struct pins_out *out, struct edge *e)
{
    struct pins_resp resp = memo->resp;
    resp.addr |= req->va & 0xfff;
    resp.id = req->id;
    out->resp[port] = resp;
    out->resp_valid |= 1u << port;
    e->touch[e->touches].set = memo->repl;
    e->touch[e->touches++].value = l1tlb_memo_touched(*memo->repl, memo, lru);
    m->counts.l1_hit[side]++;
}

static void refuse(unsigned port, const struct pins_req *req, struct pins_out *out)
{
    out->resp[port] = (struct pins_resp){.id = req->id, .kind = KIND_GP, .src = SRC_L1};
    out->resp_valid |= 1u << port;
}

/* Section 7: what becomes of one accepted request for va, the address as masked by LAM. */
static void look_up(struct mmu *m, struct l1tlb *l1, unsigned port, const struct pins_req *req, uint64_t va,
                    struct pins_out *out, struct edge *e)
{
    const bool fetch = port < FETCH_PORTS;
    const unsigned access = access_of(req);
    struct found f = {0};
    if (!is_canonical(va, m->regs.la57)) {
        refuse(port, req, out);
        return;
    }
    if (!(fetch ? find_instruction(m, va, &f) : find_data(m, va, &f))) {
        miss(m, port, va, MISS_PLAIN, 0, e);
        return;
    }
    const uint64_t allowed = entry_allows(f.entry.data, &m->regs), good = allowed & without_update(f.entry.data);
    if (has_access(good, access)) {
        answer(m, memorize(m, l1, &f, va, good), !fetch, f.array->g.lru, port, req, out, e);
    } else if (has_access(allowed, access)) { /* a write that must set D */
        miss(m, port, va, MISS_PLAIN, 0, e);
    } else {
        /* A cached denial is confirmed by a walk (AMD), or reported as it stands (Intel): SDM 3A 5.10.4.3. */
        if (CFG_POLICY_FAULT_REWALK)
            miss(m, port, va, MISS_CONFIRM, 0, e);
        else
            miss(m, port, va, MISS_FAULT, error_code_of_entry(f.entry.data, access, &m->regs), e);
    }
}

/* The same, by memo if there is one. */
INLINE void look_up_fast(struct mmu *m, struct l1tlb *l1, bool lru, unsigned port, const struct pins_req *req,
                         struct pins_out *out, struct edge *e)
{
    const bool fetch = port < FETCH_PORTS;
    uint64_t va = req->va;
    if (CFG_ARCH_LAM && !fetch && !req->imp && !lam_mask(&va, &m->regs)) {
        refuse(port, req, out);
        return;
    }
    const struct hit_memo *memo = l1tlb_memo(l1, m->regs.pcid, va, access_of(req));
    if (memo)
        answer(m, memo, !fetch, lru, port, req, out, e);
    else
        look_up(m, l1, port, req, va, out, e);
}

void l1tlb_lookup(struct mmu *m, const struct pins_in *in, uint8_t accepted, struct pins_out *out, struct edge *e)
{
    for (unsigned port = 0; port < FETCH_PORTS; port++)
        if (accepted >> port & 1)
            look_up_fast(m, &m->itlb, ITLB_0.lru, port, &in->req[port], out, e);
    for (unsigned port = FETCH_PORTS; port < PORTS; port++)
        if (accepted >> port & 1)
            look_up_fast(m, &m->dtlb, DTLB_0.lru, port, &in->req[port], out, e);
}

struct tlb_plan l1tlb_plan_fill(struct mmu *m, unsigned port, struct cached entry, uint64_t va)
{
    struct l1tlb *l1 = port < FETCH_PORTS ? &m->itlb : &m->dtlb;
    struct tlb_array *a = l1->array;
    const unsigned size = tag_size(entry.tag);
    for (unsigned n = 0; n < L1_ARRAYS_MAX; n++)
        if (a[n].g.holds >> size & 1) {
            const struct tlb_plan plan = tlb_plan_fill(&a[n], tlb_set(a[n].g, size, va), entry, true);
            const uint64_t old = a[n].tag[plan.at];
            forget_page(l1, size, va);
            if (plan.displaced > 1)
                forget_all(l1);
            else if (old)
                forget_page(l1, tag_size(old), (old & BITS(60, 16)) >> 4);
            return plan;
        }
    return (struct tlb_plan){0};
}

void l1tlb_invalidate(struct mmu *m, enum invalidation what, uint64_t va, unsigned pcid)
{
    if (is_of_address(what)) {
        forget_at(&m->itlb, va);
        forget_at(&m->dtlb, va);
    } else {
        l1tlb_forget(m);
    }
    for (unsigned n = 0; n < L1_ARRAYS_MAX; n++) {
        tlb_invalidate(&m->itlb.array[n], what, va, pcid);
        tlb_invalidate(&m->dtlb.array[n], what, va, pcid);
    }
}
