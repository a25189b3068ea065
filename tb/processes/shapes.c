/* Tables of misses: see shapes.h. */
#include "shapes.h"

#include "report/rows.h"

enum { LEAST_ENTRIES = 4, MOST_ENTRIES = 1 << 12, FULLY = 0 };

static const char *const names[SERIAL_STACKS] = {"LRU ITLBs", "LRU DTLBs", "LRU STLBs"};
static const unsigned columns[] = {1, 2, 4, 8, 16, 32, FULLY};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Whether a TLB of so many entries and ways was counted, and its sets. */
static unsigned sets_of(unsigned entries, unsigned ways)
{
    const unsigned all = ways == FULLY ? entries : ways, sets = entries / all;
    return sets && sets <= 1u << (STACKS_SETS - 1) && all <= stacks_ways(sets) ? sets : 0;
}

static void table(FILE *out, const char *name, const struct stacks *s)
{
    report_row(out, name, "%15s lookups, misses by entries and ways:", report_number(stacks_accesses(s)));
    fprintf(out, "    entries");
    for (unsigned c = 0; c < COLUMNS; c++) {
        char head[16];
        snprintf(head, sizeof head, columns[c] ? "%u ways" : "fully", columns[c]);
        fprintf(out, "  %12s", head);
    }
    fprintf(out, "\n");
    for (unsigned entries = LEAST_ENTRIES; entries <= MOST_ENTRIES; entries *= 2) {
        fprintf(out, "    %7u", entries);
        for (unsigned c = 0; c < COLUMNS; c++) {
            const unsigned sets = sets_of(entries, columns[c]);
            fprintf(out, "  %12s", sets ? report_number(stacks_misses(s, sets, entries / sets)) : "-");
        }
        fprintf(out, "\n");
    }
}

void shapes_report(FILE *out, const struct serial_tlbs *tlbs)
{
    for (unsigned which = 0; which < SERIAL_STACKS; which++)
        table(out, names[which], serial_tlbs_stacks(tlbs, which));
}

static json_t *all_of(const struct stacks *s)
{
    json_t *list = json_array(), *all = json_object();
    for (unsigned sets = 1; sets <= 1u << (STACKS_SETS - 1); sets *= 2)
        for (unsigned ways = 1; ways <= stacks_ways(sets); ways++) {
            json_t *shape = json_object();
            json_object_set_new(shape, "entries", json_integer((json_int_t)sets * ways));
            json_object_set_new(shape, "ways", json_integer(ways));
            json_object_set_new(shape, "misses", json_integer((json_int_t)stacks_misses(s, sets, ways)));
            json_array_append_new(list, shape);
        }
    json_object_set_new(all, "accesses", json_integer((json_int_t)stacks_accesses(s)));
    json_object_set_new(all, "shapes", list);
    return all;
}

json_t *shapes_json(const struct serial_tlbs *tlbs)
{
    static const char *const keys[SERIAL_STACKS] = {"itlb", "dtlb", "stlb"};
    json_t *json = json_object();
    for (unsigned which = 0; which < SERIAL_STACKS; which++)
        json_object_set_new(json, keys[which], all_of(serial_tlbs_stacks(tlbs, which)));
    return json;
}
