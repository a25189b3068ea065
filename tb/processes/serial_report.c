/* What `twinwalk model --serial` prints: see serial.h. */
#include <inttypes.h>
#include <stdio.h>

#include "base/about.h"
#include "base/outfile.h"
#include "mmu_cfg.h"
#include "quick.h"
#include "report/rows.h"
#include "serial.h"
#include "shapes.h"

enum { SHAPE_TEXT = 120 };

/* "4k 64 x 4w lru, 2m 32 x 4w lru" */
static void shape_text(char text[SHAPE_TEXT], const struct tlb_shape *g, unsigned most)
{
    static const char *const sizes[] = {"", "4k ", "2m ", "4k+2m ", "1g ", "4k+1g ", "2m+1g ", ""};
    size_t n = 0;
    text[0] = 0;
    for (unsigned i = 0; i < most; i++)
        if (g[i].ways)
            n += (size_t)snprintf(text + n, SHAPE_TEXT - n, "%s%s%u x %uw %s", n ? ", " : "", sizes[g[i].holds & 7],
                                  g[i].sets * g[i].ways, g[i].ways, g[i].lru ? "lru" : "plru");
}

static void row(FILE *out, const char *name, uint64_t hit, uint64_t miss, const struct tlb_shape *g, unsigned most)
{
    char shape[SHAPE_TEXT];
    shape_text(shape, g, most);
    report_row(out, name, "%15s hits  %12s misses  %6.2f %%  %s", report_number(hit), report_number(miss),
               hit + miss ? 100.0 * (double)hit / (double)(hit + miss) : 0.0, shape);
}

void serial_report(const struct memory *m, double seconds, bool good)
{
    FILE *out = outfile_table(m->setup->json);
    const struct tlb_shapes *shapes = &m->setup->serial.shapes;
    fprintf(out, "twinwalk %s: preset %s, one access at a time%s\n  %s\n", m->quick ? "tlb" : "model", CFG_NAME,
            m->setup->serial.map_first ? ", pages mapped before" : "", m->setup->trace);
    report_row(out, "accesses", "%15s  (%s fetches, %s loads, %s stores)", report_number(m->accesses),
               report_number(m->by_kind[TRACE_FETCH]), report_number(m->by_kind[TRACE_LOAD]),
               report_number(m->by_kind[TRACE_STORE]));
    if (m->tlbs) {
        const struct serial_counts *c = serial_tlbs_counts(m->tlbs);
        row(out, "ITLB", c->l1_hit[SERIAL_FETCH], c->l1_miss[SERIAL_FETCH], shapes->itlb, SHAPES_L1);
        row(out, "DTLB", c->l1_hit[SERIAL_DATA], c->l1_miss[SERIAL_DATA], shapes->dtlb, SHAPES_L1);
        row(out, "STLB", c->stlb_hit, c->stlb_miss, shapes->stlb, SHAPES_STLB);
    }
    if (m->kernel.os)
        report_row(out, "page faults", "%15s", report_number(m->faults));
    else
        report_row(out, "faults", "%15s #PF, %s #GP", report_number(m->own_pf), report_number(m->own_gp));
    report_row(out, "control operations", "%15s", report_number(m->control_ops));
    if (m->quick && m->quick->stacks)
        shapes_report(out, m->tlbs);
    report_row(out, "speed", "%12.2f s CPU, %.2f M accesses/s", seconds,
               seconds > 0 ? (double)m->accesses / seconds / 1e6 : 0.0);
    memory_ending(out, m, good);
}

static json_t *shape_json(const struct tlb_shape *g, unsigned most)
{
    char shape[SHAPE_TEXT];
    shape_text(shape, g, most);
    return json_string(shape);
}

bool serial_write_json(const struct memory *m, double seconds)
{
    const struct serial_counts none = {0}, *c = m->tlbs ? serial_tlbs_counts(m->tlbs) : &none;
    const struct tlb_shapes *shapes = &m->setup->serial.shapes;
    json_t *root = about_json(CFG_NAME), *tlbs = json_object();
    struct outfile out;
    const struct {
        const char *key;
        uint64_t value;
    } all[] = {{"records", m->records},
               {"accesses", m->accesses},
               {"fetches", m->by_kind[TRACE_FETCH]},
               {"loads", m->by_kind[TRACE_LOAD]},
               {"stores", m->by_kind[TRACE_STORE]},
               {"faults_taken", m->faults},
               {"pf_results", m->own_pf},
               {"gp_results", m->own_gp},
               {"control_ops", m->control_ops},
               {"itlb_hit", c->l1_hit[SERIAL_FETCH]},
               {"itlb_miss", c->l1_miss[SERIAL_FETCH]},
               {"dtlb_hit", c->l1_hit[SERIAL_DATA]},
               {"dtlb_miss", c->l1_miss[SERIAL_DATA]},
               {"stlb_hit", c->stlb_hit},
               {"stlb_miss", c->stlb_miss}};
    json_object_set_new(root, "command", json_string(m->quick ? "tlb" : "model --serial"));
    json_object_set_new(root, "trace", about_text(m->setup->trace));
    json_object_set_new(root, "map_first", json_boolean(m->setup->serial.map_first));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        json_object_set_new(root, all[i].key, json_integer((json_int_t)all[i].value));
    json_object_set_new(tlbs, "itlb", shape_json(shapes->itlb, SHAPES_L1));
    json_object_set_new(tlbs, "dtlb", shape_json(shapes->dtlb, SHAPES_L1));
    json_object_set_new(tlbs, "stlb", shape_json(shapes->stlb, SHAPES_STLB));
    json_object_set_new(root, "shapes", tlbs);
    if (m->quick && m->quick->stacks)
        json_object_set_new(root, "lru", shapes_json(m->tlbs));
    json_object_set_new(root, "cpu_seconds", json_real(seconds));
    if (m->error[0])
        json_object_set_new(root, "error", about_text(m->error));
    return outfile_open(&out, "json", m->setup->json) && about_write(root, JSON_INDENT(2), &out);
}
