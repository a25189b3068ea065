/* An MMU in C as a library: one request at a time, no TLB, every access walks from the root. It needs dut.h and pins.h
 * and nothing else of the bench:
 *
 *     cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -I HEADERS walker.c -o libwalker.so
 *     twinwalk cosim --dut=./libwalker.so TRACE
 *
 * It has all that any preset may ask for but AMD's rules, and says so when it is opened. */
#include "dut.h"

#include <stdlib.h>
#include <string.h>

enum state { IDLE, READ, READ_WAIT, CAS, CAS_WAIT, ANSWER };
enum { BIT_P = 1, BIT_W = 2, BIT_U = 4, BIT_A = 0x20, BIT_D = 0x40, BIT_PS = 0x80 };
#define BIT_XD (UINT64_C(1) << 63)

static const struct dut_host *host;

struct dut {
    enum state state;
    unsigned turn, port; /* who may ask: a port, or the control port behind the last; whose request it is */
    bool done, gp;       /* of the control operation before */
    struct pins_req req;
    struct pins_resp resp;
    unsigned level;          /* of the entry at addr: 5 … 1 */
    uint64_t addr, expected; /* where it is; CAS: what it was */
    uint64_t cacheable;      /* PCD and PWT of its table, in their places in an entry */
    bool w, u, nx;           /* rights from the root down to it */
    uint64_t cr0, cr3, cr4, efer, pkru, pkrs, pat;
};

static uint64_t bit(uint64_t word, unsigned n)
{
    return word >> n & 1;
}

static unsigned ports(void)
{
    return host->ports_fetch + host->ports_data;
}

static bool la57(const struct dut *d)
{
    return bit(d->cr4, 12);
}

/* Bits 63 … m+1 are copies of bit m. */
static uint64_t extended(uint64_t va, unsigned m)
{
    return (uint64_t)((int64_t)(va << (63 - m)) >> (63 - m));
}

static bool canonical(const struct dut *d, uint64_t va)
{
    return va == extended(va, la57(d) ? 56 : 47);
}

static unsigned memory_type(const struct dut *d, unsigned index)
{
    return bit(d->cr0, 30) ? MT_UC : d->pat >> 8 * index & 7;
}

static void answer(struct dut *d, enum pins_kind kind, unsigned err, uint64_t addr)
{
    d->resp.kind = kind;
    d->resp.err = (uint16_t)err;
    d->resp.addr = addr;
    d->state = ANSWER;
}

/* Reads the entry of this level in the table at `table`. */
static void look(struct dut *d, uint64_t table, unsigned level)
{
    d->level = level;
    d->addr = (table & UINT64_C(0xffffffffff000)) | (d->req.va >> (12 + 9 * (level - 1)) & 0x1ff) << 3;
    d->state = READ;
}

/* SDM 3A 4.4: linear-address masking, then the check for canonical addresses. */
static void begin(struct dut *d)
{
    const bool high = bit(d->req.va, 63), plain = d->req.acc == ACC_EXECUTE || d->req.imp;
    const bool m57 = high ? bit(d->cr4, 28) && la57(d) : bit(d->cr3, 61);
    const bool m48 = high ? bit(d->cr4, 28) && !la57(d) : bit(d->cr3, 62);
    const unsigned m = plain ? 0 : m57 ? 56 : m48 ? 47 : 0;
    bool good = true;
    d->resp = (struct pins_resp){.id = d->req.id, .src = SRC_WALK};
    if (m) {
        good = bit(d->req.va, m) == bit(d->req.va, 63);
        d->req.va = extended(d->req.va, m);
    }
    d->w = d->u = true;
    d->nx = false;
    d->cacheable = bit(d->cr4, 17) ? 0 : d->cr3 & 0x18;
    if (good && canonical(d, d->req.va))
        look(d, d->cr3, la57(d) ? 5 : 4);
    else
        answer(d, KIND_GP, 0, 0);
}

static bool reserved(const struct dut *d, uint64_t e)
{
    const unsigned l = d->level;
    return (e & UINT64_C(0xfffffffffffff)) >> host->paddr_bits || ((e & BIT_XD) && !bit(d->efer, 11)) ||
           ((e & BIT_PS) && (l >= 4 || (l == 3 && (!host->page_1g || e & 0x3fffe000)) || (l == 2 && e & 0x1fe000)));
}

/* SDM 3A 5.6.2. */
static bool key_forbids(const struct dut *d, uint64_t e)
{
    const unsigned key = e >> 59 & 15, user = d->u && e & BIT_U;
    const bool on = bit(d->cr4, user ? 22 : 24), wp = bit(d->cr0, 16);
    const uint64_t rights = (user ? d->pkru : d->pkrs) >> 2 * key;
    return on && d->req.acc != ACC_EXECUTE &&
           ((rights & 1) || ((rights & 2) && d->req.acc == ACC_WRITE && ((user && d->req.user) || wp)));
}

static bool shadow_access(const struct dut *d)
{
    return d->req.ss && bit(d->cr4, 23) && d->req.acc != ACC_EXECUTE;
}

/* SDM 3A 5.6.1. */
static bool rights_pass(const struct dut *d, uint64_t e)
{
    const struct pins_req *r = &d->req;
    const bool w = d->w && e & BIT_W, u = d->u && e & BIT_U, nx = d->nx || e & BIT_XD;
    if (shadow_access(d))
        return d->w && !(e & BIT_W) && e & BIT_D && u == r->user;
    if (r->acc == ACC_EXECUTE)
        return (r->user ? u : !(u && bit(d->cr4, 20))) && !(nx && bit(d->efer, 11));
    return (r->user ? u : !(u && bit(d->cr4, 21) && (r->imp || !r->ac))) &&
           (w || r->acc != ACC_WRITE || (!r->user && !bit(d->cr0, 16)));
}

/* SDM 3A 5.7. */
static void page_fault(struct dut *d, unsigned why)
{
    const struct pins_req *r = &d->req;
    const bool i = r->acc == ACC_EXECUTE && (bit(d->efer, 11) || bit(d->cr4, 20));
    answer(d, KIND_PF,
           why | (r->acc == ACC_WRITE ? PF_W : 0u) | (r->user ? PF_U : 0u) | (i ? PF_I : 0u) |
               (shadow_access(d) ? PF_SS : 0u),
           r->va);
}

static void translate(struct dut *d, uint64_t e)
{
    const uint64_t offset = (UINT64_C(1) << (12 + 9 * (d->level - 1))) - 1;
    d->resp.size = (uint8_t)(d->level - 1);
    d->resp.pat = (uint8_t)(bit(e, d->level == 1 ? 7 : 12) << 2 | (e >> 3 & 3));
    d->resp.mt = (uint8_t)memory_type(d, d->resp.pat);
    answer(d, KIND_OK, 0, (e & UINT64_C(0xffffffffff000) & ~offset) | (d->req.va & offset));
}

/* What a reply brings, and what the walk makes of it. */
static void entry(struct dut *d, const struct pins_in *in)
{
    if (in->mem_rsp_err) {
        answer(d, KIND_MEMERR, 0, 0);
        return;
    }
    uint64_t e = in->mem_rsp_line[d->addr >> 3 & 7];
    const bool set = d->state == CAS_WAIT && e == d->expected;
    const bool leaf = d->level == 1 || (d->level <= 3 && e & BIT_PS);
    const uint64_t wanted = BIT_A | (leaf && d->req.acc == ACC_WRITE ? BIT_D : 0);
    if (set)
        e |= wanted;
    if (!(e & BIT_P)) {
        page_fault(d, 0);
    } else if (reserved(d, e)) {
        page_fault(d, PF_P | PF_RSVD);
    } else if (leaf && (key_forbids(d, e) || !rights_pass(d, e))) {
        page_fault(d, key_forbids(d, e) ? PF_P | PF_PK : PF_P);
    } else if ((e & wanted) != wanted) {
        d->expected = e;
        d->state = CAS;
    } else if (leaf) {
        translate(d, e);
    } else {
        d->w = d->w && e & BIT_W;
        d->u = d->u && e & BIT_U;
        d->nx = d->nx || e & BIT_XD;
        d->cacheable = e & 0x18;
        look(d, e, d->level - 1);
    }
}

static bool bad_memory_types(uint64_t pat)
{
    for (unsigned i = 0; i < 64; i += 8)
        if ((pat >> i & 0xff) > 7 || (pat >> i & 0xfe) == 2)
            return true;
    return false;
}

/* docs/microarchitecture.md section 13: whether the operation raises #GP(0). */
static bool refused(const struct dut *d, const struct pins_in *in)
{
    const uint64_t v = in->ctl_data, desc = in->ctl_desc;
    const bool pcide = bit(d->cr4, 17), foreign = desc >> 12 || (!pcide && desc);
    switch (in->ctl_op) {
    case CTL_MOV_CR0:
        return (!bit(v, 16) && bit(d->cr4, 23)) || (!bit(v, 31) && pcide);
    case CTL_MOV_CR3:
        return (v & ((UINT64_C(1) << 61) - 1)) >> host->paddr_bits || (v >> 61 & 3 && !host->lam) ||
               (bit(v, 63) && !pcide);
    case CTL_MOV_CR4:
        return !bit(v, 5) || bit(v, 27) || (bit(v, 23) && (!host->cet || !bit(d->cr0, 16))) ||
               (bit(v, 17) && (!host->pcid || (!pcide && d->cr3 & 0xfff))) || (bit(v, 12) && !host->la57) ||
               (bit(v, 22) && !host->pku) || (bit(v, 24) && !host->pks) || (bit(v, 28) && !host->lam);
    case CTL_WRMSR_EFER:
        return bit(v, 15) || bit(v, 20);
    case CTL_INVPCID_ADDRESS:
        return foreign || !canonical(d, v);
    case CTL_INVPCID_CONTEXT:
        return foreign;
    case CTL_INVPCID_ALL:
    case CTL_INVPCID_ALL_NONGLOBAL:
        return desc >> 12;
    case CTL_WRPKRU:
        return v >> 32;
    case CTL_WRMSR_PKRS:
        return v >> 32 || !host->pks;
    case CTL_WRMSR_PAT:
        return bad_memory_types(v);
    default:
        return false;
    }
}

static void control(struct dut *d, const struct pins_in *in)
{
    uint64_t *const registers[CTL_OPS] = {
        [CTL_MOV_CR0] = &d->cr0, [CTL_MOV_CR3] = &d->cr3,     [CTL_MOV_CR4] = &d->cr4,   [CTL_WRMSR_EFER] = &d->efer,
        [CTL_WRPKRU] = &d->pkru, [CTL_WRMSR_PKRS] = &d->pkrs, [CTL_WRMSR_PAT] = &d->pat,
    };
    d->done = true;
    d->gp = refused(d, in);
    if (!d->gp && in->ctl_op < CTL_OPS && registers[in->ctl_op])
        *registers[in->ctl_op] = in->ctl_data;
}

/* ---- The device ---- */

static struct dut *create(const char **error)
{
    struct dut *d = calloc(1, sizeof *d);
    if (!d)
        *error = "no memory";
    return d;
}

static void destroy(struct dut *d)
{
    free(d);
}

static void show(const struct dut *d, struct pins_out *out)
{
    memset(out, 0, sizeof *out);
    out->req_ready = d->state == IDLE && d->turn < ports() ? (uint8_t)(1u << d->turn) : 0;
    out->ctl_ready = d->state == IDLE && d->turn == ports();
    out->ctl_done = d->done;
    out->ctl_gp = d->gp;
    if (d->state == ANSWER) {
        out->resp_valid = (uint8_t)(1u << d->port);
        out->resp[d->port] = d->resp;
    }
    if (d->state == READ || d->state == CAS) {
        const bool leaf = d->level == 1 || (d->level <= 3 && d->expected & BIT_PS);
        out->mem_req_valid = true;
        out->mem_req_cas = d->state == CAS;
        out->mem_req_addr = d->addr;
        out->mem_req_mt = (uint8_t)memory_type(d, (unsigned)(d->cacheable >> 3));
        out->mem_req_expected = d->expected;
        out->mem_req_desired = d->expected | BIT_A | (leaf && d->req.acc == ACC_WRITE ? BIT_D : 0);
    }
}

static void reset(struct dut *d, struct pins_out *out)
{
    *d = (struct dut){.pat = UINT64_C(0x0007040600070406)};
    show(d, out);
}

static void step(struct dut *d, const struct pins_in *in, struct pins_out *out)
{
    d->done = false;
    switch (d->state) {
    case IDLE:
        if (d->turn == ports() && in->ctl_valid) {
            control(d, in);
        } else if (d->turn < ports() && in->req_valid >> d->turn & 1) {
            d->port = d->turn;
            d->req = in->req[d->turn];
            d->req.user = d->req.user && !d->req.imp;
            begin(d);
        }
        d->turn = d->turn == ports() ? 0 : d->turn + 1;
        break;
    case READ:
    case CAS:
        if (in->mem_req_ready)
            d->state = d->state == READ ? READ_WAIT : CAS_WAIT;
        break;
    case READ_WAIT:
    case CAS_WAIT:
        if (in->mem_rsp_valid)
            entry(d, in);
        break;
    case ANSWER:
        d->state = IDLE;
        break;
    }
    show(d, out);
}

static const struct dut_ops ops = {
    .name = "c_walker", .create = create, .destroy = destroy, .reset = reset, .step = step};

static const struct dut_ops *open_device(const struct dut_host *bench, const char **error)
{
    if (bench->amd) {
        *error = "it does not know AMD's rules (arch.amd)";
        return NULL;
    }
    host = bench;
    return &ops;
}

const struct twinwalk_dut twinwalk_dut_abi = {TWINWALK_DUT_ABI, sizeof(struct dut_ops), "arch", open_device};
