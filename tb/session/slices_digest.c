/* See slices_digest.h. */
#include "slices_digest.h"

#include "engine/statecmp.h"

static uint64_t mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ digest >> 29;
}

static uint64_t of_model(uint64_t digest, const struct mmu *ref)
{
    const struct mmu_counts *c = mmu_counts(ref);
    const uint64_t counts[] = {c->l1_hit[0], c->l1_hit[1], c->l1_miss[0], c->l1_miss[1], c->merged,     c->stlb_hit,
                               c->walks,     c->reads,     c->cas,        c->faults,     c->control_ops};
    for (unsigned n = 0; n < state_elements(); n++) {
        unsigned sel, idx;
        uint64_t word[2] = {0, 0};
        state_element(n, &sel, &idx);
        mmu_state(ref, sel, idx, word);
        digest = mix(mix(digest, word[0]), word[1]);
    }
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
        digest = mix(digest, counts[i]);
    return digest;
}

static uint64_t of_outputs(uint64_t digest, const struct pins_out *out)
{
    digest = mix(digest, out->resp_valid);
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1) {
        const struct pins_resp *r = &out->resp[__builtin_ctz(valid)];
        digest = mix(digest, r->addr);
        digest = mix(digest, r->id | (uint64_t)r->kind << 8 | (uint64_t)r->err << 16 | (uint64_t)r->size << 32 |
                                 (uint64_t)r->pat << 36 | (uint64_t)r->mt << 40 | (uint64_t)r->src << 44);
    }
    return digest;
}

uint64_t slices_digest(const struct lockstep *l, const struct world *w)
{
    const uint64_t counts[] = {w->d.cycle,
                               w->d.done,
                               w->loaded,
                               w->accepts,
                               w->mem_next,
                               w->counts.accesses,
                               w->counts.oracle_checks,
                               w->counts.faults_taken,
                               w->counts.syscalls,
                               w->counts.control_ops,
                               l->skipped,
                               l->state_compared,
                               l->walks.bin[4]};
    uint64_t digest = 0;
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
        digest = mix(digest, counts[i]);
    return of_outputs(of_model(digest, l->ref), &l->expected);
}
