/* A finding of random stimulus, for people: what the access was, what was allowed, and the walk as memory says and as
 * the books allow. */
#include <inttypes.h>

#include "parts.h"

static const struct flight *find(const struct random *r, uint64_t number)
{
    for (unsigned port = 0; port < PORTS; port++)
        for (unsigned id = 0; id < IDS; id++)
            if (r->flight[port][id].number == number && r->flight[port][id].since)
                return &r->flight[port][id];
    return NULL;
}

static void explain_flight(const struct random *r, const struct flight *f, FILE *out)
{
    fprintf(out,
            "\naccepted in cycle %" PRIu64 ", linear address 0x%" PRIx64 "%s; now is cycle %" PRIu64
            ", %u control operations taken, "
            "the last in cycle %" PRIu64 "\nallowed results:\n",
            f->since, f->linear, f->refused ? " (not canonical)" : "", r->d.cycle, r->epoch,
            r->taken_at[r->epoch % EPOCHS]);
    for (unsigned i = 0; i < f->allowed; i++) {
        char text[96];
        check_text(&f->result[i], text, sizeof text);
        fprintf(out, "  %s%s, possible until operation %u was taken\n", text,
                f->result[i].stale ? " by a changed entry" : "", f->result[i].epoch + 1);
    }
}

static void explain_walk(const struct random *r, const struct oracle_regs *regs, const struct oracle_access *access,
                         FILE *out)
{
    struct oracle_result result;
    oracle_translate(r->physmem, IMAGE_HW, &r->cpu, regs, access, &result);
    oracle_explain(out, regs, access, &result);
}

void explain(const struct driver *self, const struct finding *finding, FILE *out)
{
    const struct random *r = (const struct random *)self;
    const struct flight *f = find(r, finding->access);
    const struct oracle_access access = {finding->va,  finding->acc, finding->user,
                                         finding->imp, finding->ac,  finding->ss};
    const struct oracle_regs regs = f ? check_registers(r, f) : r->regs;
    explain_walk(r, &regs, f ? &f->access : &access, out);
    if (f && f->restarted)
        fprintf(out, "(LAM was applied when the request was accepted, and is shown switched off.)\n");
    if (f)
        explain_flight(r, f, out);
    for (unsigned i = 0; i < PENDING_MOST; i++) {
        const struct pending *e = &r->pending[i];
        if (!e->place)
            continue;
        fprintf(out,
                "\nThe level %u entry at 0x%" PRIx64 ", for addresses from 0x%" PRIx64 ", held 0x%016" PRIx64
                " until cycle %" PRIu64 "; that may still be cached in %s%s\n",
                e->place->level, e->place->pa, e->place->va, e->old, e->edited,
                books_stale_here(r, e) ? "the present PCID" : "other PCIDs",
                e->global ? ", as a global translation" : "");
        const uint64_t now = physmem_read(r->physmem, IMAGE_HW, e->place->pa);
        if (!f || (f->linear ^ e->place->va) >> x86_level_shift(e->place->level))
            continue;
        physmem_write_image(r->physmem, IMAGE_HW, e->place->pa, e->old);
        fprintf(out, "with it:\n");
        explain_walk(r, &regs, &f->access, out);
        physmem_write_image(r->physmem, IMAGE_HW, e->place->pa, now);
    }
}
