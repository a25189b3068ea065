/* What the oracle expects of a judge case, and where what a judge saw differs from it.
 *
 * Shared by all judges. A judge's own errors, and points that the manuals leave open, are `excuses`: a table of the
 * judge, by name and with the reason; a difference that no excuse covers is a disagreement. */
#ifndef TWINWALK_EXPECT_H
#define TWINWALK_EXPECT_H

#include "arch/invalidation.h"
#include "case.h"

struct case_expected {
    struct oracle_result result[CASE_ACCESSES];
    uint64_t must[6]; /* by level: bits 0 in entry[level].value that must be 1 at the end */
    uint64_t may[6];  /* by level: bits that may be 1 or not (A of entries that only faulting accesses passed) */
};

/* The same, as a judge saw it. */
struct case_seen {
    struct {
        uint8_t kind; /* enum pins_kind; SEEN_OTHER: something else altogether, detail says what */
        uint16_t err;
        uint64_t addr; /* KIND_OK: physical address; KIND_PF: CR2; else 0 */
        const char *detail;
        uint8_t mt;          /* with types: KIND_OK: enum pins_memory_type, UC- as UC */
        uint8_t tables;      /* with types: entries that the walk read; 0: not known */
        uint8_t table_mt[5]; /* … and the memory type by which each was read */
    } access[CASE_ACCESSES];
    bool types;        /* memory types were seen */
    uint64_t entry[6]; /* by level: contents at the end */
};
enum { SEEN_OTHER = 255 };

enum case_what { DIFFERS_KIND, DIFFERS_ERROR_CODE, DIFFERS_ADDRESS, DIFFERS_TYPE, DIFFERS_TABLE_TYPE, DIFFERS_ENTRY };

struct case_difference {
    enum case_what what;
    unsigned index;          /* access; DIFFERS_ENTRY: level */
    uint64_t expected, seen; /* DIFFERS_ENTRY: without the bits that may be either; DIFFERS_TABLE_TYPE: four bits an
                              * entry read, the root's lowest, above them how many */
};
enum { CASE_DIFFERENCES = CASE_ACCESSES + 5 };

/* Context of an excuse. */
struct case_context {
    const struct judge_case *c;
    const struct case_expected *expected;
    const struct case_seen *seen;
};

struct case_excuse {
    const char *name, *reason; /* the reason names who is right by the SDM */
    bool (*covers)(const struct case_context *context, const struct case_difference *difference);
};

/* One rule that the expectation gets wrong on purpose, to show that the judge goes red. */
struct case_sabotage {
    const char *name, *what, *needs; /* needs: what not every judge has, or NULL */
    void (*input)(struct oracle_cpu *cpu, struct oracle_regs *regs, struct oracle_access *access); /* or NULL */
    void (*output)(const struct judge_case *c, const struct oracle_access *access,
                   struct oracle_result *result); /* or NULL */
    void (*control)(uint8_t op, uint64_t data, const struct oracle_regs *before, const struct cached *entry, bool *good,
                    bool *must_drop); /* or NULL; of judges that play control operations */
};
extern const struct case_sabotage case_sabotages[]; /* ends with a NULL name */
const struct case_sabotage *case_sabotage_find(const char *name);

/* Plays the case through the oracle. pm must be empty and is left empty. sabotage may be NULL. False: memory is short.
 */
bool case_expect(struct physmem *pm, const struct judge_case *c, const struct case_sabotage *sabotage,
                 struct case_expected *out);

/* Every difference: at most one per access (its first field that differs) and one per entry. */
unsigned case_compare(const struct case_context *context, struct case_difference differences[CASE_DIFFERENCES]);

/* One difference in a line, for a person. */
void case_print_difference(FILE *out, const struct case_context *context, const struct case_difference *difference);

#endif
