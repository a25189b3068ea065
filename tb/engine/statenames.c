/* Names of state words and their fields: see statenames.h. One table row is one field of section 17. */
#include "statenames.h"

#include <inttypes.h>

#include "mmu_cfg.h"
#include "pins.h"
#include "state_index.h"
#include "statecmp.h"

static const char *const ctl_states[] = {"IDLE", "DRAIN", "EXEC", "SWEEP", "DONE", NULL};
static const char *const mq_states[] = {"FREE", "PEND",  "SLK",  "NWALK",  "WALK", "FOLLOW",
                                        "FINV", "FINVW", "DONE", "DENIED", NULL};
static const char *const walker_states[] = {"IDLE", "REQ", "WAIT", "CAS", "CASW", "FIN", NULL};
static const char *const tokens[] = {"none", "LOOKUP", "FINV", "FILL", NULL};
static const char *const sizes[] = {"4K", "2M", "1G", NULL};
static const char *const levels[] = {"PDE", "PDPTE", "PML4E", "PML5E", NULL};
static const char *const kinds[] = {"OK", "GP", "PF", "MEMERR", NULL};
static const char *const sources[] = {"L1", "STLB", "walk", "merged", NULL};
static const char *const accesses[] = {"read", "write", "execute", NULL};
static const char *const memory_types[] = {"UC", "WC", "2", "3", "WT", "WP", "WB", "UC-", NULL};
static const char *const outcomes[] = {"translation", "fault", "memory error", NULL};
static const char *const ctl_ops[] = {"MOV CR0",
                                      "MOV CR3",
                                      "MOV CR4",
                                      "WRMSR EFER",
                                      "INVLPG",
                                      "INVPCID type 0",
                                      "INVPCID type 1",
                                      "INVPCID type 2",
                                      "INVPCID type 3",
                                      "WRPKRU",
                                      "WRMSR IA32_PKRS",
                                      "WRMSR IA32_PAT",
                                      NULL};

const char *control_name(unsigned op)
{
    return op < CTL_OPS ? ctl_ops[op] : "a reserved operation";
}

const char *memory_type_name(unsigned mt)
{
    return memory_types[mt & 7];
}

enum { ANY = -1 };

static const struct field {
    int8_t sel_first, sel_last; /* state_sel */
    int8_t idx;                 /* exactly this index; ANY; for walkers 0 or 1: the parity */
    uint8_t word, high, low;
    const char *name;
    const char *const *values; /* NULL: a number */
} fields[] = {
    {0, 0, 0, 0, 51, 12, "CR3 base", NULL},
    {0, 0, 0, 0, 11, 0, "CR3 PCID", NULL},
    {0, 0, 0, 1, 0, 0, "WP", NULL},
    {0, 0, 0, 1, 1, 1, "PGE", NULL},
    {0, 0, 0, 1, 2, 2, "LA57", NULL},
    {0, 0, 0, 1, 3, 3, "PCIDE", NULL},
    {0, 0, 0, 1, 4, 4, "NXE", NULL},
    {0, 0, 0, 1, 5, 5, "SMEP", NULL},
    {0, 0, 0, 1, 6, 6, "SMAP", NULL},
    {0, 0, 0, 1, 7, 7, "PKE", NULL},
    {0, 0, 0, 1, 8, 8, "PKS", NULL},
    {0, 0, 0, 1, 9, 9, "CET", NULL},
    {0, 0, 0, 1, 10, 10, "LAM_SUP", NULL},
    {0, 0, 0, 1, 11, 11, "CD", NULL},
    {0, 0, 0, 1, 12, 12, "PSE", NULL},
    {0, 0, 0, 1, 13, 13, "TCE", NULL},
    {0, 0, 0, 0, 61, 61, "LAM_U57", NULL},
    {0, 0, 0, 0, 62, 62, "LAM_U48", NULL},
    {0, 0, 3, 0, 31, 0, "PKRU", NULL},
    {0, 0, 3, 0, 63, 32, "PKRS", NULL},
    {0, 0, 3, 1, 63, 0, "PAT", NULL},
    {0, 0, 4, 0, 63, 0, "control desc", NULL},
    {0, 0, 1, 0, 2, 0, "control state", ctl_states},
    {0, 0, 1, 0, 7, 4, "control op", ctl_ops},
    {0, 0, 1, 0, 23, 8, "sweep counter", NULL},
    {0, 0, 1, 0, 24, 24, "#GP", NULL},
    {0, 0, 1, 1, 63, 0, "control data", NULL},
    {0, 0, 2, 0, 7, 0, "rr_issue", NULL},
    {0, 0, 2, 0, 15, 8, "rr_walk", NULL},
    {0, 0, 2, 0, 23, 16, "rr_mem", NULL},
    {0, 0, 2, 0, 24, 24, "hold", NULL},
    {0, 0, 2, 0, 31, 28, "hold_w", NULL},
    {1, 4, ANY, 0, 0, 0, "valid", NULL},
    {1, 3, ANY, 0, 2, 1, "size", sizes},
    {4, 4, ANY, 0, 2, 1, "level", levels},
    {1, 4, ANY, 0, 3, 3, "global", NULL},
    {1, 4, ANY, 0, 15, 4, "PCID", NULL},
    {1, 4, ANY, 0, 60, 16, "VPN", NULL},
    {1, 4, ANY, 1, 39, 0, "frame", NULL},
    {1, 4, ANY, 1, 40, 40, "W", NULL},
    {1, 4, ANY, 1, 41, 41, "U", NULL},
    {1, 4, ANY, 1, 42, 42, "NX", NULL},
    {1, 4, ANY, 1, 43, 43, "D", NULL},
    {1, 4, ANY, 1, 46, 44, "PAT", NULL},
    {1, 4, ANY, 1, 50, 47, "key", NULL},
    {1, 3, ANY, 1, 51, 51, "S", NULL},
    {5, 5, ANY, 0, 63, 0, "bits", NULL},
    {5, 5, ANY, 1, 63, 0, "bits above 63", NULL},
    {6, 6, ANY, 0, 3, 0, "state", mq_states},
    {6, 6, ANY, 0, 7, 4, "port", NULL},
    {6, 6, ANY, 0, 15, 8, "id", NULL},
    {6, 6, ANY, 0, 17, 16, "access", accesses},
    {6, 6, ANY, 0, 18, 18, "user", NULL},
    {6, 6, ANY, 0, 19, 19, "imp", NULL},
    {6, 6, ANY, 0, 20, 20, "ac", NULL},
    {6, 6, ANY, 0, 21, 21, "ss", NULL},
    {6, 6, ANY, 0, 22, 22, "confirm", NULL},
    {6, 6, ANY, 0, 28, 23, "leader", NULL},
    {6, 6, ANY, 0, 30, 29, "src", sources},
    {6, 6, ANY, 0, 32, 31, "kind", kinds},
    {6, 6, ANY, 0, 39, 33, "err", NULL},
    {6, 6, ANY, 0, 41, 40, "size", sizes},
    {6, 6, ANY, 0, 44, 42, "pat", NULL},
    {6, 6, ANY, 0, 47, 45, "memory type", memory_types},
    {6, 6, ANY, 0, 49, 48, "step", NULL},
    {6, 6, ANY, 1, 63, 0, "address", NULL},
    {7, 7, 0, 0, 2, 0, "state", walker_states},
    {7, 7, 0, 0, 3, 3, "kill", NULL},
    {7, 7, 0, 0, 6, 4, "level", NULL},
    {7, 7, 0, 0, 7, 7, "from_psc", NULL},
    {7, 7, 0, 0, 8, 8, "W", NULL},
    {7, 7, 0, 0, 9, 9, "U", NULL},
    {7, 7, 0, 0, 10, 10, "NX", NULL},
    {7, 7, 0, 0, 16, 11, "entry", NULL},
    {7, 7, 0, 0, 20, 17, "tag", NULL},
    {7, 7, 0, 0, 22, 21, "outcome", outcomes},
    {7, 7, 0, 0, 29, 23, "error code", NULL},
    {7, 7, 0, 0, 30, 30, "S", NULL},
    {7, 7, 0, 0, 31, 31, "PWT", NULL},
    {7, 7, 0, 0, 32, 32, "PCD", NULL},
    {7, 7, 0, 0, 48, 33, "old reads", NULL},
    {7, 7, 0, 1, 63, 0, "addr", NULL},
    {7, 7, 1, 0, 63, 0, "value", NULL},
    {8, 8, ANY, 0, 1, 0, "token", tokens},
    {8, 8, ANY, 0, 7, 2, "entry", NULL},
    {8, 8, ANY, 0, 9, 8, "step", NULL},
    {9, 9, ANY, 0, 0, 0, "valid", NULL},
    {9, 9, ANY, 0, 2, 1, "size", sizes},
    {9, 9, ANY, 0, 3, 3, "global", NULL},
    {9, 9, ANY, 0, 15, 4, "PCID", NULL},
    {9, 9, ANY, 0, 60, 16, "VPN", NULL},
    {9, 9, ANY, 1, 51, 0, "data word", NULL},
};

static bool applies(const struct field *f, unsigned sel, unsigned idx, unsigned word)
{
    if ((int)sel < f->sel_first || (int)sel > f->sel_last || f->word != word)
        return false;
    return f->idx == ANY || (sel == SEL_WALKERS ? idx % 2 : idx) == (unsigned)f->idx;
}

static uint64_t mask_of(const struct field *f)
{
    return (f->high - f->low == 63 ? ~UINT64_C(0) : (UINT64_C(1) << (f->high - f->low + 1)) - 1) << f->low;
}

static void value_text(const struct field *f, uint64_t word, char *text, size_t size)
{
    const uint64_t value = (word & mask_of(f)) >> f->low;
    if (f->values) {
        for (uint64_t i = 0; f->values[i]; i++)
            if (i == value) {
                snprintf(text, size, "%s", f->values[i]);
                return;
            }
    }
    snprintf(text, size, "0x%" PRIx64, value);
}

void state_field(unsigned sel, unsigned idx, unsigned word, uint64_t expected, uint64_t actual,
                 struct state_difference *d)
{
    const uint64_t bits = expected ^ actual, lowest = bits & (~bits + 1);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (applies(&fields[i], sel, idx, word) && mask_of(&fields[i]) & lowest) {
            snprintf(d->name, sizeof d->name, "%s", fields[i].name);
            value_text(&fields[i], expected, d->expected, sizeof d->expected);
            value_text(&fields[i], actual, d->actual, sizeof d->actual);
            return;
        }
    snprintf(d->name, sizeof d->name, "word %u, undefined bits", word);
    snprintf(d->expected, sizeof d->expected, "0x%" PRIx64, expected);
    snprintf(d->actual, sizeof d->actual, "0x%" PRIx64, actual);
}

void state_print_fields(FILE *out, unsigned sel, unsigned idx, unsigned word, uint64_t expected, uint64_t actual)
{
    uint64_t left = expected == actual ? 0 : expected ^ actual;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct field *f = &fields[i];
        char a[32], b[32];
        if (!applies(f, sel, idx, word) || !(expected == actual ? expected & mask_of(f) : left & mask_of(f)))
            continue;
        left &= ~mask_of(f);
        value_text(f, expected, a, sizeof a);
        value_text(f, actual, b, sizeof b);
        if (expected == actual)
            fprintf(out, "      %-14s %s\n", f->name, a);
        else
            fprintf(out, "      %-14s expected %-12s actual %s\n", f->name, a, b);
    }
    if (left)
        fprintf(out, "      undefined bits expected 0x%" PRIx64 " actual 0x%" PRIx64 "\n", expected & left,
                actual & left);
}

void state_name(unsigned sel, unsigned idx, char *text, size_t size)
{
    static const char *const structures[] = {"ITLB", "DTLB", "STLB", "PSC"};
    static const unsigned ways[4][4] = {
        {CFG_ITLB_A0_WAYS, CFG_ITLB_A1_WAYS, CFG_ITLB_A2_WAYS},
        {CFG_DTLB_A0_WAYS, CFG_DTLB_A1_WAYS, CFG_DTLB_A2_WAYS},
        {CFG_STLB_A0_WAYS, CFG_STLB_A1_WAYS},
        {CFG_PSC_A0_WAYS, CFG_PSC_A1_WAYS, CFG_PSC_A2_WAYS, CFG_PSC_A3_WAYS},
    };
    static const char *const registers[] = {"registers", "control", "pointers", "PKRU, PKRS, PAT",
                                            "control descriptor"};
    if (sel >= SEL_ITLB && sel <= SEL_PSC) {
        const unsigned array = idx >> 14, w = ways[sel - SEL_ITLB][array & 3];
        snprintf(text, size, "%s array %u set %u way %u", structures[sel - SEL_ITLB], array, state_entry_set(idx, w),
                 state_entry_way(idx, w));
    } else if (sel == SEL_REPLACEMENT) {
        snprintf(text, size, "replacement of %s array %u set %u", structures[idx >> 14 & 3], idx >> 12 & 3,
                 idx & 0xfff);
    } else if (sel == SEL_REGISTERS) {
        snprintf(text, size, "%s", idx < 5 ? registers[idx] : "registers, beyond");
    } else if (sel == SEL_MISS_QUEUE) {
        snprintf(text, size, "miss queue entry %u", idx);
    } else if (sel == SEL_WALKERS) {
        snprintf(text, size, "walker %u%s", idx / 2, idx % 2 ? ", value" : "");
    } else if (sel == SEL_PIPELINE) {
        snprintf(text, size, "STLB pipeline stage %u", idx);
    } else {
        snprintf(text, size, "fill in stage %s", idx ? "C" : "R");
    }
}
