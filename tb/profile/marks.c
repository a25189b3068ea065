/* Hashes of pins: see marks.h. Only what docs/microarchitecture.md section 2 defines counts. */
#include "marks.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t outputs(uint64_t hash, const struct pins_out *o)
{
    hash = mix(hash, (uint64_t)o->req_ready | (uint64_t)o->resp_valid << 8 | (uint64_t)o->ctl_ready << 16 |
                         (uint64_t)o->ctl_done << 17 | (uint64_t)(o->ctl_done && o->ctl_gp) << 18 |
                         (uint64_t)o->mem_req_valid << 20);
    for (unsigned valid = o->resp_valid; valid; valid &= valid - 1) {
        const struct pins_resp *r = &o->resp[__builtin_ctz(valid)];
        hash = mix(hash, r->addr);
        hash = mix(hash, (uint64_t)r->err | (uint64_t)r->id << 16 | (uint64_t)r->kind << 24 | (uint64_t)r->size << 28 |
                             (uint64_t)r->pat << 32 | (uint64_t)r->mt << 36 | (uint64_t)r->src << 40);
    }
    if (o->mem_req_valid) {
        hash = mix(hash, o->mem_req_addr);
        hash = mix(hash, (uint64_t)o->mem_req_tag | (uint64_t)o->mem_req_cas << 8 | (uint64_t)o->mem_req_mt << 12);
    }
    if (o->mem_req_valid && o->mem_req_cas)
        hash = mix(mix(hash, o->mem_req_expected), o->mem_req_desired);
    return hash;
}

bool marks_cycle(struct marks *m, uint64_t cycle, const struct pins_out *out, struct record_mark *mark)
{
    const bool due = cycle >= m->due;
    if (due) {
        *mark = (struct record_mark){cycle, m->hash};
        m->due = cycle - cycle % MARKS_EVERY + MARKS_EVERY;
    }
    /* What says nothing new says nothing: so cycles that one run steps through and another jumps over count alike. */
    if (out->resp_valid || out->mem_req_valid || out->ctl_done)
        m->hash = outputs(mix(m->hash, cycle), out);
    return due;
}
