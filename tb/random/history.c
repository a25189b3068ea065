/* What was offered lately, for whoever reads a finding: requests as they were accepted, control operations as they were
 * taken, edits of page-table entries. */
#include <inttypes.h>

#include "engine/statenames.h"
#include "parts.h"

static struct happened *next(struct random *r, unsigned what)
{
    struct happened *h = &r->happened[r->happenings++ % HAPPENED_MOST];
    *h = (struct happened){.what = what, .cycle = r->d.cycle};
    return h;
}

void history_request(struct random *r, unsigned port, const struct pins_req *req, uint64_t number)
{
    struct happened *h = next(r, HAPPENED_REQUEST);
    h->port = port;
    h->number = number;
    h->req = *req;
}

void history_control(struct random *r, const struct op *op)
{
    next(r, HAPPENED_CONTROL)->op = *op;
}

void history_squash(struct random *r, unsigned port, unsigned id, uint64_t number)
{
    struct happened *h = next(r, HAPPENED_SQUASH);
    h->port = port;
    h->req.id = (uint8_t)id;
    h->number = number;
}

void history_edit(struct random *r, const struct place *place, uint64_t old, uint64_t value)
{
    struct happened *h = next(r, HAPPENED_EDIT);
    h->level = place->level;
    h->pa = place->pa;
    h->old = old;
    h->value = value;
}

static void print_request(FILE *out, const struct happened *h)
{
    static const char *const accesses[] = {"load", "store", "fetch", "?"};
    const struct pins_req *q = &h->req;
    fprintf(out, "request %-8" PRIu64 " port %u id %-3u %s%s%s %s 0x%016" PRIx64 "\n", h->number, h->port, q->id,
            q->imp    ? "implicit supervisor"
            : q->user ? "user"
                      : "supervisor",
            q->ss ? " shadow-stack" : "", q->ac ? " AC" : "", accesses[q->acc & 3], q->va);
}

void history_print(const struct driver *self, FILE *out)
{
    const struct random *r = (const struct random *)self;
    const uint64_t first = r->happenings > HAPPENED_MOST ? r->happenings - HAPPENED_MOST : 0;
    fprintf(out, "The last %" PRIu64 " things that software did, by the cycle in which the MMU took them:\n",
            r->happenings - first);
    for (uint64_t i = first; i < r->happenings; i++) {
        const struct happened *h = &r->happened[i % HAPPENED_MOST];
        fprintf(out, "%10" PRIu64 "  ", h->cycle);
        if (h->what == HAPPENED_REQUEST)
            print_request(out, h);
        else if (h->what == HAPPENED_SQUASH)
            fprintf(out, "squash of request %" PRIu64 ", port %u id %u\n", h->number, h->port, h->req.id);
        else if (h->what == HAPPENED_CONTROL)
            fprintf(out, "control %s, data 0x%" PRIx64 ", descriptor 0x%" PRIx64 "\n", control_name(h->op.op),
                    h->op.data, h->op.desc);
        else
            fprintf(out, "store to the level %u entry at 0x%" PRIx64 ": 0x%016" PRIx64 " becomes 0x%016" PRIx64 "\n",
                    h->level, h->pa, h->old, h->value);
    }
}
