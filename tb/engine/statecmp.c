/* State comparison: see statecmp.h. The list of elements is built once from the preset's geometry. */
#include "statecmp.h"

#include <inttypes.h>

#include "mmu_cfg.h"
#include "state_index.h"
#include "statenames.h"

enum {
    STLB_SETS = CFG_STLB_A0_SETS > CFG_STLB_A1_SETS ? CFG_STLB_A0_SETS : CFG_STLB_A1_SETS,
    RESET_SWEEP_END = STLB_SETS + 4, /* cycle by which the reset sweep has ended for certain (section 14) */
    CTL_SWEEP = 3,
    SETS_SEEN = 1 << 12, /* of an array, in its replacement state */
    MOST_ELEMENTS = 1 << 17,
};

/* Entries, ways and sets of the arrays of ITLB, DTLB, STLB and PSC. */
static const struct {
    unsigned arrays, entries[4], sets[4], holds[4];
} structure[4] = {
    {CFG_ITLB_ARRAYS,
     {CFG_ITLB_A0_ENTRIES, CFG_ITLB_A1_ENTRIES, CFG_ITLB_A2_ENTRIES},
     {CFG_ITLB_A0_SETS, CFG_ITLB_A1_SETS, CFG_ITLB_A2_SETS},
     {CFG_ITLB_A0_HOLDS, CFG_ITLB_A1_HOLDS, CFG_ITLB_A2_HOLDS}},
    {CFG_DTLB_ARRAYS,
     {CFG_DTLB_A0_ENTRIES, CFG_DTLB_A1_ENTRIES, CFG_DTLB_A2_ENTRIES},
     {CFG_DTLB_A0_SETS, CFG_DTLB_A1_SETS, CFG_DTLB_A2_SETS},
     {CFG_DTLB_A0_HOLDS, CFG_DTLB_A1_HOLDS, CFG_DTLB_A2_HOLDS}},
    {CFG_STLB_ARRAYS,
     {CFG_STLB_A0_ENTRIES, CFG_STLB_A1_ENTRIES},
     {CFG_STLB_A0_SETS, CFG_STLB_A1_SETS},
     {CFG_STLB_A0_HOLDS, CFG_STLB_A1_HOLDS}},
    {CFG_PSC_ARRAYS,
     {CFG_PSC_A0_ENTRIES, CFG_PSC_A1_ENTRIES, CFG_PSC_A2_ENTRIES, CFG_PSC_A3_ENTRIES},
     {1, 1, 1, 1},
     {1, 1, 1, 1}}, /* one set each, whatever the level */
};

static struct {
    uint8_t sel;
    uint16_t idx;
} element[MOST_ELEMENTS];
static unsigned elements;

static void add(unsigned sel, unsigned idx)
{
    element[elements].sel = (uint8_t)sel;
    element[elements++].idx = (uint16_t)idx;
}

static void add_run(unsigned sel, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        add(sel, first + i);
}

static unsigned ways_of(unsigned s, unsigned array)
{
    return structure[s].entries[array] / structure[s].sets[array];
}

/* Small, telling elements first, so that the first difference is the one nearest to the cause. */
static void build(void)
{
    add_run(SEL_REGISTERS, 0, 5);
    add_run(SEL_MISS_QUEUE, 0, CFG_MISS_QUEUE_ENTRIES);
    add_run(SEL_WALKERS, 0, 2 * CFG_WALKERS_COUNT);
    add_run(SEL_PIPELINE, 1, CFG_STLB_LATENCY - 2);
    add_run(SEL_FILL, 0, 2);
    for (unsigned s = 0; s < 4; s++)
        for (unsigned a = 0; a < structure[s].arrays; a++) {
            for (unsigned set = 0, ways = ways_of(s, a); set < structure[s].sets[a]; set++)
                add_run(SEL_ITLB + s, state_entry_index(a, set, 0, ways), ways);
            add_run(SEL_REPLACEMENT, s << 14 | a << 12,
                    structure[s].sets[a] < SETS_SEEN ? structure[s].sets[a] : SETS_SEEN);
        }
}

unsigned state_elements(void)
{
    if (!elements)
        build();
    return elements;
}

void state_element(unsigned n, unsigned *sel, unsigned *idx)
{
    *sel = element[n].sel;
    *idx = element[n].idx;
}

/* What section 17 leaves undefined for the moment. */
static bool undefined(unsigned sel, unsigned idx, bool sweeping, uint64_t cycle)
{
    if (!sweeping)
        return false;
    return sel == SEL_STLB || (sel == SEL_REPLACEMENT && idx >> 14 == SEL_STLB - SEL_ITLB && cycle <= RESET_SWEEP_END);
}

static bool sweeping(const struct mmu *ref)
{
    uint64_t word[2] = {0, 0};
    mmu_state(ref, SEL_REGISTERS, 1, word);
    return (word[0] & 7) == CTL_SWEEP;
}

/* Reads element n from both; true when it is defined and differs. */
static bool differs(unsigned n, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut, bool in_sweep,
                    uint64_t cycle, struct state_diff *d)
{
    *d = (struct state_diff){.sel = element[n].sel, .idx = element[n].idx};
    if (undefined(d->sel, d->idx, in_sweep, cycle))
        return false;
    mmu_state(ref, d->sel, d->idx, d->expected);
    ops->state(dut, d->sel, d->idx, d->actual);
    return d->expected[0] != d->actual[0] || d->expected[1] != d->actual[1];
}

bool state_same(const struct mmu *ref, const struct dut_ops *ops, struct dut *dut, uint64_t cycle,
                struct state_diff *first)
{
    const unsigned count = state_elements();
    const bool in_sweep = sweeping(ref);
    for (unsigned n = 0; n < count; n++)
        if (differs(n, ref, ops, dut, in_sweep, cycle, first))
            return false;
    return true;
}

void state_finding(const struct state_diff *d, uint64_t cycle, struct finding *finding)
{
    const unsigned word = d->expected[0] != d->actual[0] ? 0 : 1;
    char name[64], text[192];
    struct state_difference field;
    state_name(d->sel, d->idx, name, sizeof name);
    state_field(d->sel, d->idx, word, d->expected[word], d->actual[word], &field);
    snprintf(text, sizeof text, "%s: %s", name, field.name);
    finding_set(finding, FINDING_STATE, cycle, text, field.expected, field.actual);
}

unsigned state_print_differences(FILE *out, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut,
                                 uint64_t cycle)
{
    const unsigned count = state_elements();
    const bool in_sweep = sweeping(ref);
    unsigned found = 0;
    for (unsigned n = 0; n < count; n++) {
        struct state_diff d;
        if (!differs(n, ref, ops, dut, in_sweep, cycle, &d))
            continue;
        found++;
        char name[64];
        state_name(d.sel, d.idx, name, sizeof name);
        fprintf(out, "%s\n", name);
        for (unsigned word = 0; word < 2; word++)
            if (d.expected[word] != d.actual[word])
                state_print_fields(out, d.sel, d.idx, word, d.expected[word], d.actual[word]);
    }
    return found;
}

static void print_element(FILE *out, unsigned sel, unsigned idx, const uint64_t word[2])
{
    char name[64];
    state_name(sel, idx, name, sizeof name);
    fprintf(out, "  %s\n", name);
    for (unsigned w = 0; w < 2; w++)
        if (word[w])
            state_print_fields(out, sel, idx, w, word[w], word[w]);
}

void state_print_active(FILE *out, const struct mmu *ref, const struct dut_ops *ops, struct dut *dut)
{
    const unsigned count = state_elements();
    for (unsigned n = 0; n < count; n++) {
        const unsigned sel = element[n].sel, idx = element[n].idx;
        uint64_t word[2] = {0, 0};
        if (sel != SEL_REGISTERS && sel != SEL_MISS_QUEUE && sel != SEL_WALKERS && sel != SEL_PIPELINE &&
            sel != SEL_FILL)
            continue;
        if (ops)
            ops->state(dut, sel, idx, word);
        else
            mmu_state(ref, sel, idx, word);
        if (sel == SEL_REGISTERS || word[0] || word[1])
            print_element(out, sel, idx, word);
    }
}

/* The valid ways of a set, and its replacement state. */
static void print_set(FILE *out, const struct mmu *ref, unsigned s, unsigned array, unsigned set)
{
    const unsigned ways = ways_of(s, array);
    uint64_t word[2];
    unsigned valid = 0;
    for (unsigned way = 0; way < ways; way++) {
        const unsigned idx = state_entry_index(array, set, way, ways);
        if (!mmu_state(ref, SEL_ITLB + s, idx, word) || !(word[0] & 1))
            continue;
        print_element(out, SEL_ITLB + s, idx, word);
        valid++;
    }
    char name[64];
    state_name(SEL_REPLACEMENT, s << 14 | array << 12 | set, name, sizeof name);
    if (valid && set < SETS_SEEN && mmu_state(ref, SEL_REPLACEMENT, s << 14 | array << 12 | set, word))
        fprintf(out, "  %s: 0x%" PRIx64 "\n", name, word[0]);
    state_name(SEL_ITLB + s, state_entry_index(array, set, 0, ways), name, sizeof name);
    if (!valid)
        fprintf(out, "  %s and the other ways: empty\n", name);
}

void state_print_sets(FILE *out, const struct mmu *ref, uint64_t va, bool fetch)
{
    for (unsigned s = 0; s < 4; s++) {
        if (s == (fetch ? SEL_DTLB : SEL_ITLB) - SEL_ITLB)
            continue;
        for (unsigned a = 0; a < structure[s].arrays; a++) {
            unsigned shown = ~0u; /* an array of one set is shown once, whatever sizes it holds */
            for (unsigned size = 0; size < 3; size++) {
                const unsigned set = (unsigned)(va >> (12 + 9 * size)) & (structure[s].sets[a] - 1);
                if (!(structure[s].holds[a] >> size & 1) || set == shown)
                    continue;
                print_set(out, ref, s, a, set);
                shown = set;
            }
        }
    }
}
