/* Coding: see coder.h. */
#include "coder.h"

#include <string.h>

#include "mmu_cfg.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "distances are written lowest byte first");

enum { PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA, FETCH = (1u << CFG_PORTS_FETCH) - 1 };

void coder_begin(struct coder *c, uint8_t *byte, size_t room)
{
    memset(c, 0, sizeof *c);
    c->id_mask = 0xff;
    c->ready_mode = true;
    c->byte = byte;
    c->room = room;
    for (unsigned slot = 0; slot < LINK_SLOTS; slot++)
        c->slot_address[slot] = UINT64_MAX;
}

static void put(struct coder *c, uint8_t byte)
{
    c->byte[c->bytes++] = byte;
}

static void put_number(struct coder *c, uint64_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        put(c, (uint8_t)value);
}

static void put_idle(struct coder *c)
{
    while (c->idle) {
        const uint64_t now = c->idle < LINK_IDLE_MOST ? c->idle : LINK_IDLE_MOST;
        put(c, (uint8_t)(LINK_OP_IDLE | (now <= 15 ? now - 1 : 15)));
        if (now > 15)
            put_number(c, now, 2);
        c->idle -= now;
    }
}

/* An operation begins. */
static void op(struct coder *c, uint8_t byte)
{
    if (c->idle)
        put_idle(c);
    c->last_can = false;
    put(c, byte);
}

static void op_with(struct coder *c, uint8_t byte, uint8_t argument)
{
    op(c, byte);
    put(c, argument);
}

void coder_flush(struct coder *c)
{
    put_idle(c);
    c->last_can = false;
}

void coder_put(struct coder *c, const uint8_t *byte, size_t bytes)
{
    coder_flush(c);
    memcpy(c->byte + c->bytes, byte, bytes);
    c->bytes += bytes;
}

/* Bytes of each size of a distance. */
static const uint8_t size_bytes[] = {1, 2, 3, 8};

/* The size in which a distance goes, by its bits, the sign one of them. Which it is changes from access to access, so
 * no branch is taken on it. */
static unsigned size_of(uint64_t distance)
{
    const uint64_t folded = distance ^ (uint64_t)((int64_t)distance >> 63);
    const unsigned bits = 65 - (unsigned)__builtin_clzll(folded | 1); /* 2 and more: |1 costs nothing below 8 */
    return (bits > 8) + (bits > 16) + (bits > 24);
}

static uint64_t magnitude(uint64_t distance)
{
    return (int64_t)distance < 0 ? -distance : distance;
}

/* The one from which it is nearest; from far away, the one that was not used for longest. */
static unsigned choose_context(const struct coder *c, uint64_t va)
{
    unsigned best = 0, oldest = 0;
    uint64_t nearest = magnitude(va - c->data_base[0]);
    for (unsigned i = 1; i < LINK_CONTEXTS; i++) {
        const uint64_t near = magnitude(va - c->data_base[i]);
        best = near < nearest ? i : best;
        nearest = near < nearest ? near : nearest;
    }
    const unsigned size = size_of(va - c->data_base[best]);
    if (size < 2)
        return best;
    for (unsigned i = 1; i < LINK_CONTEXTS; i++)
        if (c->used[i] < c->used[oldest])
            oldest = i;
    return size_of(va - c->data_base[oldest]) == size ? oldest : best;
}

/* A request in its short form; gives where the next operation goes. Of a distance all eight bytes are written, for
 * which CODER_MOST leaves room. The bytes are none of the coder's own fields. */
static uint8_t *short_form(struct coder *c, bool data, const struct pins_req *r, uint8_t *restrict p)
{
    const uint64_t va = r->va;
    uint64_t *base = &c->fetch_base;
    uint8_t byte = LINK_OP_LONG_FETCH;
    if (data) {
        const unsigned context = choose_context(c, va);
        base = &c->data_base[context];
        byte = (uint8_t)(LINK_OP_DATA | (r->acc == ACC_WRITE) << 4 | context << 2);
        c->used[context] = ++c->clock;
    }
    const uint64_t distance = va - *base;
    *base = va;
    if (!data && distance + LINK_FETCH_BIAS < LINK_FETCH_SPAN) {
        *p = (uint8_t)(LINK_OP_FETCH | (distance + LINK_FETCH_BIAS));
        return p + 1;
    }
    const unsigned size = size_of(distance);
    *p = (uint8_t)(byte | size);
    memcpy(p + 1, &distance, 8);
    return p + 1 + size_bytes[size];
}

/* The bit by which such an operation ends its cycle. */
static uint8_t ending(uint8_t byte)
{
    return byte & LINK_OP_FETCH ? 0x40 : byte & LINK_OP_DATA ? 0x20 : 0x08;
}

static uint8_t mode_of(const struct pins_req *r)
{
    return (uint8_t)(r->user | r->imp << 1 | r->ac << 2 | r->ss << 3);
}

static void set_mask(struct coder *c, unsigned mask)
{
    c->id_mask = (uint8_t)mask;
    op_with(c, LINK_OP_ID_MASK, c->id_mask);
}

/* The board is to give this id to the next request. Ids that begin again at 0 behind the highest are those of a ring.
 */
static void expect_id(struct coder *c, uint8_t id)
{
    if (id > c->highest_id)
        c->highest_id = id;
    if (id == c->next_id)
        return;
    if (id > c->id_mask)
        set_mask(c, 0xff);
    else if (id == 0 && c->next_id == c->highest_id + 1 && !(c->next_id & c->highest_id))
        set_mask(c, c->highest_id);
    op_with(c, LINK_OP_NEXT_ID, id);
    c->next_id = id;
}

static void put_request(struct coder *c, unsigned port, const struct pins_req *r)
{
    const unsigned data = port >= CFG_PORTS_FETCH, side = data ? (1u << PORTS) - 1 - FETCH : FETCH;
    const unsigned lowest = (unsigned)__builtin_ctz((side & ~(unsigned)c->offered) | 1u << PORTS);
    const uint8_t mode = mode_of(r);
    expect_id(c, r->id);
    if (mode != c->mode[data])
        op_with(c, LINK_OP_MODE, (uint8_t)(data << 7 | mode));
    c->mode[data] = mode;
    if (port != lowest || (data ? r->acc > ACC_WRITE : r->acc != ACC_EXECUTE)) {
        op_with(c, LINK_OP_REQUEST, (uint8_t)(port | r->acc << 3));
        put_number(c, r->va, 8);
    } else {
        if (c->idle)
            put_idle(c);
        c->last = c->bytes;
        c->last_can = true;
        c->bytes = (size_t)(short_form(c, data, r, c->byte + c->bytes) - c->byte);
    }
    c->next_id = (c->next_id + 1) & c->id_mask;
    c->offered |= (uint8_t)(1u << port);
}

static void squash(struct coder *c, const struct pins_in *in)
{
    for (unsigned ports = in->squash_valid; ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        op_with(c, LINK_OP_SQUASH, (uint8_t)port);
        put(c, in->squash_id[port]);
    }
}

static bool same_request(const struct pins_req *a, const struct pins_req *b)
{
    return a->va == b->va && a->id == b->id && a->acc == b->acc && mode_of(a) == mode_of(b);
}

/* Requests in the order of their ids, as they were given. */
static void requests(struct coder *c, const struct pins_in *in)
{
    uint8_t gone = c->offered & (uint8_t)~in->req_valid, fresh = in->req_valid & (uint8_t)~c->offered;
    for (unsigned both = in->req_valid & c->offered; both; both &= both - 1) {
        const unsigned port = (unsigned)__builtin_ctz(both);
        if (!same_request(&c->req[port], &in->req[port])) {
            gone |= (uint8_t)(1u << port);
            fresh |= (uint8_t)(1u << port);
        }
    }
    if (gone)
        op_with(c, LINK_OP_WITHDRAW, gone);
    c->offered &= (uint8_t)~gone;
    while (fresh) {
        unsigned next = (unsigned)__builtin_ctz(fresh);
        for (unsigned ports = fresh; ports; ports &= ports - 1)
            if (in->req[__builtin_ctz(ports)].id == c->next_id) {
                next = (unsigned)__builtin_ctz(ports);
                break;
            }
        put_request(c, next, &in->req[next]);
        fresh &= (uint8_t)~(1u << next);
    }
}

static void control(struct coder *c, const struct pins_in *in)
{
    const bool same = c->control && in->ctl_valid && c->ctl_op == in->ctl_op && c->ctl_data == in->ctl_data &&
                      c->ctl_desc == in->ctl_desc;
    if (c->control && !in->ctl_valid)
        op_with(c, LINK_OP_READY, 4);
    if (in->ctl_valid && !same) {
        const bool desc = in->ctl_desc != 0;
        op_with(c, LINK_OP_CONTROL, (uint8_t)(in->ctl_op | desc << 4));
        put_number(c, in->ctl_data, 8);
        if (desc)
            put_number(c, in->ctl_desc, 8);
    }
    c->control = in->ctl_valid;
    c->ctl_op = in->ctl_op;
    c->ctl_data = in->ctl_data;
    c->ctl_desc = in->ctl_desc;
}

/* The slot that holds the line of that address, else the one that was not used for longest. */
static unsigned choose_slot(struct coder *c, uint64_t address)
{
    unsigned oldest = 0;
    for (unsigned slot = 0; slot < LINK_SLOTS; slot++) {
        if (c->slot_address[slot] == address)
            return slot;
        if (c->slot_used[slot] < c->slot_used[oldest])
            oldest = slot;
    }
    return oldest;
}

static void reply(struct coder *c, const struct pins_in *in)
{
    const uint64_t address = c->asked[in->mem_rsp_tag & 15] / CFG_WALKERS_REPLY_BYTES;
    if (in->mem_rsp_err) {
        op_with(c, (uint8_t)(LINK_OP_REPLY | in->mem_rsp_tag), 0x80);
        return;
    }
    const unsigned slot = choose_slot(c, address);
    const bool known = c->slot_used[slot] != 0;
    unsigned mask = 0;
    for (unsigned w = 0; w < CODER_WORDS; w++)
        mask |= (unsigned)(!known || c->line[slot][w] != in->mem_rsp_line[w]) << w;
    op_with(c, (uint8_t)(LINK_OP_REPLY | in->mem_rsp_tag), (uint8_t)slot);
    put(c, (uint8_t)mask);
    for (unsigned w = 0; w < CODER_WORDS; w++)
        if (mask >> w & 1)
            put_number(c, in->mem_rsp_line[w], 8);
    memcpy(c->line[slot], in->mem_rsp_line, sizeof c->line[slot]);
    c->slot_address[slot] = address;
    c->slot_used[slot] = ++c->clock;
}

/* ---- The cycle of almost every day: new requests and nothing else ---- */

/* What the distances are taken from, and what the next request is expected to be like, without a word. */
static bool is_expected(const struct coder *c, unsigned port, const struct pins_req *r)
{
    const bool data = port >= CFG_PORTS_FETCH;
    return (mode_of(r) == c->mode[data]) & (data ? r->acc <= ACC_WRITE : r->acc == ACC_EXECUTE);
}

/* False, and nothing is done: this cycle is not of that kind. Requests take the lowest free ports of their side, with
 * ids that follow one another; with ports of each side in the order of their ids that is the order here. */
static bool quick_cycle(struct coder *c, const struct pins_in *in)
{
    unsigned port[PORTS], n = 0;
    uint8_t id = c->next_id;
    const unsigned fresh = in->req_valid, data = fresh >> CFG_PORTS_FETCH;
    if ((fresh & FETCH & ((fresh & FETCH) + 1)) | (data & (data + 1)))
        return false; /* not the lowest */
    for (unsigned f = 0, d = CFG_PORTS_FETCH; n < (unsigned)__builtin_popcount(fresh);
         n++, id = (id + 1) & c->id_mask) {
        const bool is_f = f < CFG_PORTS_FETCH && (fresh >> f & 1) && in->req[f].id == id;
        const bool is_d = d < PORTS && (fresh >> d & 1) && in->req[d].id == id;
        if (!(is_f | is_d))
            return false;
        port[n] = is_f ? f++ : d++;
        if (id > c->highest_id || !is_expected(c, port[n], &in->req[port[n]]))
            return false;
    }
    if (c->idle)
        put_idle(c);
    uint8_t *p = c->byte + c->bytes, *last = p;
    for (unsigned i = 0; i < n; i++) {
        last = p;
        p = short_form(c, port[i] >= CFG_PORTS_FETCH, &in->req[port[i]], p);
    }
    *last |= ending(*last);
    c->bytes = (size_t)(p - c->byte);
    c->next_id = id;
    return true;
}

static void end_cycle(struct coder *c, const struct pins_in *in, const struct pins_out *out)
{
    c->last_can = false;
    c->offered &= (uint8_t)~out->req_ready;
    c->control &= !out->ctl_ready;
    for (unsigned stays = c->offered; stays; stays &= stays - 1)
        c->req[__builtin_ctz(stays)] = in->req[__builtin_ctz(stays)];
}

void coder_cycle(struct coder *c, const struct pins_in *in, const struct pins_out *out)
{
    const bool plain = !(c->offered | c->control | in->ctl_valid | in->mem_rsp_valid | out->mem_req_valid |
                         in->squash_valid);
    if (plain && in->req_valid && quick_cycle(c, in)) {
        c->offered = in->req_valid;
        end_cycle(c, in, out);
        return;
    }
    if (in->mem_rsp_valid)
        reply(c, in);
    if (out->mem_req_valid) {
        if (in->mem_req_ready != c->ready_mode)
            op_with(c, LINK_OP_READY, in->mem_req_ready);
        if (in->mem_req_ready)
            c->asked[out->mem_req_tag & 15] = out->mem_req_addr;
    }
    if (in->squash_valid)
        squash(c, in);
    if (in->ctl_valid | c->control)
        control(c, in);
    if (in->req_valid | c->offered)
        requests(c, in);
    if (c->last_can)
        c->byte[c->last] |= ending(c->byte[c->last]);
    else
        c->idle++;
    end_cycle(c, in, out);
}

void coder_skip(struct coder *c, const struct pins_out *out, uint64_t cycles)
{
    const bool mode = c->ready_mode && out->mem_req_valid;
    if (mode)
        op_with(c, LINK_OP_READY, 2);
    c->idle += cycles;
    if (mode)
        op_with(c, LINK_OP_READY, 3);
}
