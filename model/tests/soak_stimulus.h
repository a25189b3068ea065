/* What a random life of the cycle model consists of (mmu_soak.h): page tables, requests, control operations.
 *
 * Page tables change in A and D only, and D only where it changes no right. So the oracle can judge every answer in one
 * image of memory, made at the start. It also keeps the registers: a version of them for each operation. */
#ifndef TWINWALK_TESTS_SOAK_STIMULUS_H
#define TWINWALK_TESTS_SOAK_STIMULUS_H

#include "arch/preset_cpu.h"
#include "cycle_bench.h"

enum { PAGES = 96, VERSIONS = 64, SECOND_PCID = 7 };

struct asked {
    bool live;
    struct pins_req req;
    unsigned long first; /* version at the accept */
};

struct soak;

/* What a test looks at; NULL: nothing. */
struct soak_watch {
    void (*answer)(struct soak *s, const struct asked *asked, const struct pins_resp *r);
    void (*operation)(struct soak *s,
                      bool gp); /* an operation ended; `refused` says whether the oracle has it raise #GP */
    void (*cycle)(struct soak *s);
    void (*waiting)(struct soak *s); /* a cycle in which the model says `waiting` */
};

struct soak_life {
    bool la57;
    unsigned load;    /* requests offered, per port and 100 cycles */
    unsigned control; /* operations, per 10000 cycles */
    unsigned slow;    /* memory: most extra cycles; also stalls */
    bool errors;      /* memory errors are being made */
};

struct soak {
    struct bench *b;
    const struct soak_watch *watch;
    struct soak_life life;
    struct physmem *tables; /* as they are at the start */
    struct oracle_regs version[VERSIONS];
    unsigned long now; /* number of the newest version, which counts from the accept of its operation */
    bool refused;      /* the newest operation raises #GP */
    uint64_t root[2];
    uint64_t page[PAGES]; /* addresses to ask for */
    struct asked asked[PINS_MAX_PORTS][256];
    uint8_t next_id[PINS_MAX_PORTS];
    unsigned long live, answered, done; /* requests not yet answered; answers; operations ended */
};

static unsigned below(unsigned limit)
{
    return (unsigned)(rand() >> 4) % limit;
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

static uint64_t random_bits(uint64_t mask)
{
    return ((uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ (uint64_t)rand()) & mask;
}

/* ---- page tables ---- */

static uint64_t random_leaf(unsigned size)
{
    uint64_t e = MAPPED | random_bits(BITS(62, 52)) | random_bits(3 << 3) | (one_in(3) ? 1ull << (size ? 12 : 7) : 0);
    if (one_in(5))
        e &= ~PTE_W; /* and D = 1: a shadow-stack page, if all above is writable */
    else if (one_in(3))
        e &= ~PTE_D;
    if (one_in(4))
        e &= ~PTE_U;
    if (one_in(4))
        e &= ~PTE_A;
    if (one_in(12))
        e &= ~PTE_P;
    if (one_in(4))
        e |= PTE_XD;
    if (one_in(20) && CFG_ARCH_PADDR_BITS < 52)
        e |= 1ull << 51;
    if (one_in(20) && size)
        e |= 1ull << 14;
    return e;
}

static void spoil_table(uint64_t *entry)
{
    *entry |= random_bits(3 << 3) | random_bits(BITS(62, 52));
    if (one_in(6))
        *entry &= ~PTE_A;
    if (one_in(12))
        *entry &= ~PTE_W;
    if (one_in(12))
        *entry &= ~PTE_U;
    if (one_in(12))
        *entry |= PTE_G; /* ignored; reserved at AMD's upper levels */
}

/* Two address spaces. Low addresses differ between them; high ones are the same, and some of them global. */
static void make_tables(struct soak *s)
{
    const unsigned top = s->life.la57 ? 5 : 4;
    struct bench *b = s->b;
    s->root[0] = b->cr3;
    s->root[1] = bench_new_table(b);
    for (unsigned i = 0; i < PAGES; i++) {
        const bool high = i % 3 == 0;
        const unsigned size = i % 16 == 5 && CFG_ARCH_PAGE_1G ? SIZE_1G : i % 5 == 1 ? SIZE_2M : SIZE_4K;
        const uint64_t near = (uint64_t)below(40) << 12 | (uint64_t)below(3) << 21 | (uint64_t)below(3) << 30;
        /* One area for each size, so that a leaf never takes the place of a table. */
        uint64_t va = (uint64_t)(2 * size + 1) << 39 | (uint64_t)below(2) << 40 << (size == 0 ? 3 : 0) | near;
        if (s->life.la57 && below(2))
            va |= 1ull << 50;
        if (high)
            va |= s->life.la57 ? 0xff80000000000000 : 0xffff800000000000;
        s->page[i] = va;
        for (unsigned space = 0; space < 2; space++) {
            if (high && space == 1)
                break;
            b->cr3 = s->root[space];
            uint64_t leaf = random_leaf(size) | ((uint64_t)(1 + below(200)) << 12 & ~page_offset_mask(size)) |
                            (size ? PTE_PS : 0);
            if (high && below(2))
                leaf |= PTE_G;
            *bench_word(b, bench_entry(b, top, va, size + 1)) = leaf;
            if (one_in(4))
                spoil_table(bench_word(b, bench_entry(b, top, va, size + 2)));
        }
    }
    for (unsigned i = 256; i < 512; i++) { /* the same upper half; its A bits, which are there twice, are set */
        uint64_t *entry = bench_word(b, s->root[0] + 8 * i);
        *entry |= *entry & PTE_P ? PTE_A : 0;
        *bench_word(b, s->root[1] + 8 * i) = *entry;
    }
    b->cr3 = s->root[0];
    s->tables = physmem_new(CFG_ARCH_PADDR_BITS);
    assert_non_null(s->tables);
    for (uint64_t addr = 0; addr < b->next_frame << 12; addr += 8)
        if (*bench_word(b, addr))
            assert_true(physmem_write(s->tables, addr, *bench_word(b, addr)));
}

/* ---- requests ---- */

static void random_requests(struct soak *s)
{
    struct bench *b = s->b;
    static uint64_t last; /* asked for again, to meet what is cached */
    for (unsigned port = 0; port < PORTS; port++) {
        const bool rests = port < FETCH_PORTS &&
                           b->cycle / 256 % 2; /* a low port that floods the queue holds back the others */
        if (!(b->out.req_ready >> port & 1) || rests || below(100) >= s->life.load)
            continue;
        const uint8_t id = s->next_id[port];
        struct asked *q = &s->asked[port][id];
        if (q->live)
            continue;
        uint64_t va = below(2) ? s->page[below(below(4) ? 12 : PAGES)] : last;
        va = (va & ~0xfffull) | below(4096);
        last = va;
        if (one_in(60))
            va ^= 1ull << (12 + below(51));
        if (CFG_ARCH_LAM && one_in(4))
            va ^= random_bits(below(2) ? BITS(62, 57) : BITS(62, 48));
        q->req = (struct pins_req){.va = va,
                                   .id = id,
                                   .acc = (uint8_t)(port < FETCH_PORTS ? ACC_EXECUTE : below(2)),
                                   .user = below(4) != 0,
                                   .imp = one_in(6),
                                   .ac = below(2),
                                   .ss = one_in(5)};
        q->live = true;
        s->live++;
        q->first = s->now;
        s->next_id[port]++;
        bench_offer_req(b, port, q->req);
    }
}

/* ---- control operations ---- */

static struct oracle_regs *soak_regs(struct soak *s, unsigned long version)
{
    return &s->version[version % VERSIONS];
}

/* Offers an operation and makes the version of the registers after it. */
static void operate(struct soak *s, unsigned op, uint64_t data, uint64_t desc)
{
    struct bench *b = s->b;
    struct oracle_regs r = *soak_regs(s, s->now);
    const struct oracle_cpu cpu = preset_cpu();
    s->refused = !oracle_control(&r, &cpu, (uint8_t)op, data, desc);
    r.cr0 |= CR0_PG; /* the MMU knows no other mode */
    *soak_regs(s, ++s->now) = r;
    b->in.ctl_valid = true;
    b->in.ctl_op = (uint8_t)op;
    b->in.ctl_data = data;
    b->in.ctl_desc = desc;
}

static uint64_t random_cr3(struct soak *s, const struct oracle_regs *r)
{
    const unsigned space = below(2);
    uint64_t cr3 = s->root[space] | (CFG_ARCH_LAM && one_in(2) ? random_bits(3ull << 61) : 0);
    if (r->cr4 & CR4_PCIDE)
        cr3 |= (uint64_t)below(2) << 63 | (space ? SECOND_PCID : 0);
    else
        cr3 |= random_bits(3 << 3) | (one_in(20) ? CR3_KEEP : 0);
    return cr3 | (one_in(20) ? random_bits(BITS(62, CFG_ARCH_PADDR_BITS)) : 0);
}

static uint64_t random_cr4(const struct oracle_regs *r)
{
    uint64_t there = CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP | (CFG_ARCH_PKU ? CR4_PKE : 0) |
                     (CFG_ARCH_PKS ? CR4_PKS : 0) | (CFG_ARCH_CET ? CR4_CET : 0) | (CFG_ARCH_LAM ? CR4_LAM_SUP : 0);
    if (one_in(20))
        there |= CR4_PAE | CR4_LASS | CR4_PKE | CR4_PKS | CR4_CET | CR4_LAM_SUP;
    return r->cr4 ^ (random_bits(there) & random_bits(there));
}

static uint64_t random_pat(void)
{
    static const uint8_t types[] = {0, 1, 4, 5, 6, 7};
    uint64_t pat = 0;
    for (unsigned i = 0; i < 8; i++)
        pat |= (uint64_t)types[below(6)] << 8 * i;
    return one_in(10) ? pat | random_bits(BITS(63, 0)) : pat;
}

static void random_control(struct soak *s)
{
    for (unsigned port = 0; port < PORTS; port++) /* versions are few: no request may see more of them */
        for (unsigned id = 0; id < 256; id++)
            if (s->asked[port][id].live && s->now - s->asked[port][id].first > VERSIONS - 4)
                return;
    const struct oracle_regs *r = soak_regs(s, s->now);
    const uint64_t page = s->page[below(PAGES)] ^ (one_in(20) ? 1ull << 60 : 0);
    const uint64_t desc = (one_in(2) ? SECOND_PCID : 0) | (one_in(20) ? random_bits(BITS(63, 12)) : 0);
    const unsigned op = one_in(2) ? CTL_INVLPG : below(16);
    switch (op) {
    case CTL_MOV_CR0:
        operate(s, op, (one_in(20) ? 0 : CR0_PG) | (one_in(3) ? 0 : CR0_WP) | (one_in(6) ? CR0_CD : 0), desc);
        break;
    case CTL_MOV_CR3:
        operate(s, op, random_cr3(s, r), desc);
        break;
    case CTL_MOV_CR4:
        operate(s, op, random_cr4(r), desc);
        break;
    case CTL_WRMSR_EFER:
        operate(s, op,
                (one_in(6) ? 0 : EFER_NXE) | (CFG_ARCH_AMD ? random_bits(EFER_TCE) : 0) |
                    (one_in(20) ? random_bits(EFER_TCE | EFER_UAIE) : 0),
                desc);
        break;
    case CTL_WRPKRU:
    case CTL_WRMSR_PKRS:
        operate(s, op, random_bits(BITS(31, 0)) & random_bits(BITS(31, 0)) & random_bits(BITS(one_in(20) ? 40 : 31, 0)),
                desc);
        break;
    case CTL_WRMSR_PAT:
        operate(s, op, random_pat(), desc);
        break;
    default:
        operate(s, op, page, desc);
        break;
    }
}

#endif
