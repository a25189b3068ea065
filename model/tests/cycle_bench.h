/* A bench for unit tests of the cycle model: the model, a small memory behind its memory port, page tables in it.
 *
 * Time: `cycle` numbers the cycle whose outputs are in `out`. Fill in `in` (or use the helpers) and call bench_tick.
 * Requests, squashes and control operations offered in `in` are withdrawn after each tick; the memory side runs by
 * itself. */
#ifndef TWINWALK_TESTS_CYCLE_BENCH_H
#define TWINWALK_TESTS_CYCLE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cycle/mmu.h"
#include "cycle/mmu_state.h"
#include "mem/reply.h"
#include "state_index.h"

enum { BENCH_FRAMES = 1024, BENCH_OUTSTANDING = 64, BENCH_TYPES = 64, FETCH = 0, DATA = FETCH_PORTS };

/* Leaf flags for bench_map. */
#define MAPPED (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

/* Operands of control operations, by the bit numbers of the SDM. PG and PAE must stay 1. */
#define CR0_PG (1ull << 31)
#define CR0_CD (1ull << 30)
#define CR0_WP (1ull << 16)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_PGE (1ull << 7)
#define CR4_LA57 (1ull << 12)
#define CR4_PCIDE (1ull << 17)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define CR4_PKE (1ull << 22)
#define CR4_CET (1ull << 23)
#define CR4_PKS (1ull << 24)
#define CR4_LASS (1ull << 27)
#define CR4_LAM_SUP (1ull << 28)
#define LAM_U57 (1ull << 61)
#define LAM_U48 (1ull << 62)
#define CR3_KEEP (1ull << 63)
#define EFER_NXE (1ull << 11)
#define EFER_TCE (1ull << 15)
#define EFER_UAIE (1ull << 20)

/* What bench_new sets. */
#define BENCH_CR0 (CR0_PG | CR0_WP)
#define BENCH_CR4 (CR4_PAE | CR4_PGE)

struct bench_request { /* accepted by memory, not yet answered */
    bool live, cas, err;
    uint8_t tag;
    uint64_t addr, expected, desired, due;
    uint64_t line[8]; /* as it was at the accept */
};

struct bench {
    struct mmu *m;
    struct pins_in in;
    struct pins_out out;
    uint64_t cycle;
    uint64_t memory[BENCH_FRAMES * 512];
    uint64_t next_frame;     /* first frame no table uses yet */
    uint64_t cr3;            /* root table */
    unsigned latency;        /* cycles from accept to reply */
    unsigned jitter;         /* up to that many more, at random */
    bool stall;              /* mem_req_ready stays 0 */
    bool mute;               /* replies are kept back */
    bool early;              /* reads return what memory held when it accepted them */
    int fail_reads;          /* so many of the next accepted requests get an error */
    uint64_t reads, cas;     /* accepted */
    uint8_t mt[BENCH_TYPES]; /* [n % BENCH_TYPES]: memory type of accepted request n = 0, 1, …, reads and
                                compare-and-swaps */
    struct bench_request outstanding[BENCH_OUTSTANDING];
    uint64_t line[8];
    /* Responses by port and id. */
    struct {
        bool seen;
        uint64_t cycle;
        struct pins_resp r;
    } answer[PINS_MAX_PORTS][256];
};

static inline uint64_t *bench_word(struct bench *b, uint64_t addr)
{
    assert_true(addr / 8 < BENCH_FRAMES * 512);
    return &b->memory[addr / 8];
}

static inline void bench_reply(struct bench *b)
{
    b->in.mem_rsp_valid = false;
    struct bench_request *first = NULL;
    for (unsigned i = 0; i < BENCH_OUTSTANDING; i++) {
        struct bench_request *r = &b->outstanding[i];
        if (r->live && r->due <= b->cycle && (!first || r->due < first->due))
            first = r;
    }
    if (!first || b->mute)
        return;
    first->live = false;
    b->in.mem_rsp_valid = true;
    b->in.mem_rsp_tag = first->tag;
    b->in.mem_rsp_err = first->err;
    b->in.mem_rsp_line = NULL;
    if (first->err)
        return;
    uint64_t *word = bench_word(b, first->addr);
    reply_fill(b->line, b->early && !first->cas ? first->line : bench_word(b, first->addr & ~63ull), first->addr,
               CFG_WALKERS_REPLY_BYTES);
    b->in.mem_rsp_line = b->line;
    if (first->cas && *word == first->expected)
        *word = first->desired;
}

static inline void bench_accept(struct bench *b)
{
    b->in.mem_req_ready = !b->stall;
    if (!b->out.mem_req_valid || b->stall)
        return;
    unsigned i = 0;
    while (b->outstanding[i].live)
        assert_true(++i < BENCH_OUTSTANDING);
    b->outstanding[i] = (struct bench_request){
        .live = true,
        .cas = b->out.mem_req_cas,
        .tag = b->out.mem_req_tag,
        .addr = b->out.mem_req_addr,
        .expected = b->out.mem_req_expected,
        .desired = b->out.mem_req_desired,
        .err = b->fail_reads > 0,
        .due = b->cycle + b->latency + (b->jitter ? (unsigned)rand() % (b->jitter + 1) : 0),
    };
    memcpy(b->outstanding[i].line, bench_word(b, b->out.mem_req_addr & ~63ull), sizeof b->line);
    b->fail_reads -= b->fail_reads > 0;
    b->mt[(b->reads + b->cas) % BENCH_TYPES] = b->out.mem_req_mt;
    if (b->out.mem_req_cas)
        b->cas++;
    else
        b->reads++;
}

/* One clock. Responses that appear in the new cycle are entered in `answer`. */
static inline void bench_tick(struct bench *b)
{
    bench_reply(b);
    bench_accept(b);
    mmu_step(b->m, &b->in, &b->out);
    b->cycle++;
    b->in.req_valid = 0;
    b->in.squash_valid = 0;
    b->in.ctl_valid = false;
    for (unsigned p = 0; p < PORTS; p++)
        if (b->out.resp_valid >> p & 1) {
            const struct pins_resp r = b->out.resp[p];
            assert_false(b->answer[p][r.id].seen);
            b->answer[p][r.id].seen = true;
            b->answer[p][r.id].cycle = b->cycle;
            b->answer[p][r.id].r = r;
        }
}

/* Offers a request in this cycle, which must find the port ready. */
static inline void bench_offer_req(struct bench *b, unsigned port, struct pins_req req)
{
    assert_true(b->out.req_ready >> port & 1);
    b->in.req_valid |= 1u << port;
    b->in.req[port] = req;
    b->answer[port][req.id].seen = false;
}

static inline void bench_offer(struct bench *b, unsigned port, unsigned id, uint64_t va, unsigned acc, bool user)
{
    bench_offer_req(b, port, (struct pins_req){.va = va, .id = (uint8_t)id, .acc = (uint8_t)acc, .user = user});
}

/* A fetch, request 2, and in the next cycle a read, request 1: misses both, they get walkers 0 and 1. */
static inline void bench_offer_both(struct bench *b, uint64_t fetch, uint64_t read)
{
    bench_offer(b, FETCH, 2, fetch, ACC_EXECUTE, true);
    bench_tick(b);
    bench_offer(b, DATA, 1, read, ACC_READ, true);
}

/* The core drops a request in this cycle. */
static inline void bench_squash(struct bench *b, unsigned port, unsigned id)
{
    b->in.squash_valid |= 1u << port;
    b->in.squash_id[port] = (uint8_t)id;
}

struct bench_answer {
    struct pins_resp r;
    unsigned latency;
};

/* A request alone, to its response; any id. */
static inline struct bench_answer bench_translate_req(struct bench *b, unsigned port, struct pins_req req)
{
    static uint8_t id;
    req.id = ++id;
    bench_offer_req(b, port, req);
    const uint64_t start = b->cycle;
    do {
        bench_tick(b);
        assert_true(b->cycle - start < 100000);
    } while (!b->answer[port][req.id].seen);
    return (struct bench_answer){b->answer[port][req.id].r, (unsigned)(b->cycle - start)};
}

static inline struct bench_answer bench_translate(struct bench *b, unsigned port, uint64_t va, unsigned acc, bool user)
{
    return bench_translate_req(b, port, (struct pins_req){.va = va, .acc = (uint8_t)acc, .user = user});
}

/* A control operation, to its ctl_done; *gp (may be NULL: it must not) says whether it raised #GP(0). Returns its cost
 * in cycles. */
static inline unsigned bench_control_desc(struct bench *b, unsigned op, uint64_t data, uint64_t desc, bool *gp)
{
    assert_true(b->out.ctl_ready);
    b->in.ctl_valid = true;
    b->in.ctl_op = (uint8_t)op;
    b->in.ctl_data = data;
    b->in.ctl_desc = desc;
    const uint64_t start = b->cycle;
    do {
        bench_tick(b);
        assert_true(b->cycle - start < 100000);
    } while (!b->out.ctl_done);
    const unsigned cost = (unsigned)(b->cycle - start);
    if (gp)
        *gp = b->out.ctl_gp;
    else
        assert_false(b->out.ctl_gp);
    bench_tick(b);
    assert_true(b->out.ctl_ready);
    return cost;
}

/* One that is legal, and has no descriptor. */
static inline unsigned bench_control(struct bench *b, unsigned op, uint64_t data)
{
    return bench_control_desc(b, op, data, ~0ull, NULL);
}

static inline void bench_ticks(struct bench *b, unsigned n)
{
    while (n--)
        bench_tick(b);
}

/* Ticks until `condition` holds, which it does at some time. */
#define BENCH_UNTIL(b, condition)                          \
    for (unsigned ticks_ = 0; !(condition); bench_tick(b)) \
    assert_true(++ticks_ < 100000)

static inline uint64_t bench_new_table(struct bench *b)
{
    assert_true(b->next_frame < BENCH_FRAMES);
    return b->next_frame++ << 12;
}

/* The address of va's level-`level` entry below the table at `root` of level `top`; makes the tables above it. */
static inline uint64_t bench_entry(struct bench *b, unsigned top, uint64_t va, unsigned level)
{
    uint64_t table = b->cr3;
    for (unsigned l = top;; l--) {
        const uint64_t at = table + 8 * (va >> (12 + 9 * (l - 1)) & 511);
        if (l == level)
            return at;
        uint64_t *entry = bench_word(b, at);
        if (!(*entry & PTE_P))
            *entry = bench_new_table(b) | PTE_P | PTE_W | PTE_U | PTE_A;
        table = *entry & PTE_FRAME;
    }
}

/* Maps va with a leaf of `size`; `flags` as in MAPPED. Returns the address of the leaf. */
static inline uint64_t bench_map(struct bench *b, uint64_t va, uint64_t pa, unsigned size, uint64_t flags)
{
    const uint64_t at = bench_entry(b, 4, va, size + 1);
    *bench_word(b, at) = pa | flags | (size ? PTE_PS : 0);
    return at;
}

static inline void bench_free(struct bench *b)
{
    mmu_free(b->m);
    free(b);
}

/* Where a preset's TLBs hold one entry, no two pages are held at a time: what a case is about cannot be there. */
static inline void bench_needs_room(void)
{
    if (CFG_STLB_A0_ENTRIES == 1)
        skip();
}

/* A bench after reset, with an empty root table in CR3, BENCH_CR0, BENCH_CR4, NXE = 1; counters of memory at 0. */
static inline struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->m = mmu_new();
    assert_non_null(b->m);
    b->latency = 10;
    b->next_frame = 1;
    mmu_reset(b->m, &b->out);
    while (!b->out.ctl_ready)
        bench_tick(b);
    b->cr3 = bench_new_table(b);
    bench_control(b, CTL_MOV_CR0, BENCH_CR0);
    bench_control(b, CTL_WRMSR_EFER, EFER_NXE);
    bench_control(b, CTL_MOV_CR4, BENCH_CR4);
    bench_control(b, CTL_MOV_CR3, b->cr3);
    return b;
}

/* Every state word there is, in one order; returns how many words. */
static inline size_t bench_words(const struct mmu *m, uint64_t *words, size_t room)
{
    size_t n = 0;
    for (unsigned sel = 0; sel < 16; sel++)
        for (unsigned idx = 0; idx < 65536; idx++) {
            uint64_t w[2];
            if (!mmu_state(m, sel, idx, w))
                continue;
            assert_true(n + 2 <= room);
            words[n++] = w[0];
            words[n++] = w[1];
        }
    return n;
}

static inline uint64_t bench_state0(const struct bench *b, unsigned sel, unsigned idx)
{
    uint64_t w[2];
    assert_true(mmu_state(b->m, sel, idx, w));
    return w[0];
}

static inline uint64_t bench_state1(const struct bench *b, unsigned sel, unsigned idx)
{
    uint64_t w[2];
    assert_true(mmu_state(b->m, sel, idx, w));
    return w[1];
}

/* The number of the miss-queue entry that has this request; QUEUE if none has. */
static inline unsigned bench_entry_of(const struct bench *b, unsigned port, unsigned id)
{
    for (unsigned n = 0; n < QUEUE; n++) {
        const uint64_t word = bench_state0(b, 6, n);
        if ((word & 15) != FREE && (word >> 4 & 15) == port && (word >> 8 & 255) == id)
            return n;
    }
    return QUEUE;
}

/* The state of a request's miss-queue entry; FREE if none has it. */
static inline unsigned bench_request_state(const struct bench *b, unsigned port, unsigned id)
{
    const unsigned n = bench_entry_of(b, port, id);
    return n < QUEUE ? bench_state0(b, 6, n) & 15 : FREE;
}

/* Is an entry with these tag words in structure `sel` (1 ITLB … 4 PSC)? The tag's bits outside `mask` do not count. */
static inline bool bench_has_tag(const struct bench *b, unsigned sel, uint64_t tag, uint64_t mask)
{
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, sel, idx, w) && (w[0] & mask) == tag)
            return true;
    return false;
}

static inline unsigned bench_psc_entries(const struct bench *b)
{
    unsigned n = 0;
    uint64_t w[2];
    for (unsigned idx = 0; idx < 65536; idx++)
        if (mmu_state(b->m, 4, idx, w))
            n += w[0] & 1;
    return n;
}

/* Is anything cached for this address? A user read that finds it in the L1 or the STLB. */
static inline bool bench_is_cached(struct bench *b, uint64_t va)
{
    const uint64_t walks = mmu_counts(b->m)->walks;
    assert_int_equal(bench_translate(b, DATA, va, ACC_READ, true).r.kind, KIND_OK);
    bench_ticks(b, CFG_STLB_LATENCY);
    return mmu_counts(b->m)->walks == walks;
}

#endif
