/* One random case for an outside judge of paging: registers, one chain of page-table entries for one linear address,
 * and one to four accesses.
 *
 * A case is a function of (seed, number, limits). The limits say what the judge can do, and where its memory is, so
 * that no case asks for more than it has. What should come out of a case says the oracle (expect.h). */
#ifndef TWINWALK_CASE_H
#define TWINWALK_CASE_H

#include <stdint.h>

#include "arch/oracle.h"

enum {
    CASE_TABLES = 5,   /* table frames of one case, consecutive */
    CASE_ACCESSES = 4, /* at most */
    CASE_TAKEN = 4,
};

struct case_limits {
    struct oracle_cpu cpu; /* what the judge offers; paddr_bits is the M that it checks reserved bits against */
    bool smep, smap, nx;
    bool types;      /* it tells memory types: IA32_PAT and CR0.CD are random */
    uint64_t tables; /* first table frame: case n has those from tables + n % batch * CASE_TABLES * 4096 on */
    uint64_t batch;
    uint64_t group;            /* cases of one n / group have the same registers, but for CR3 */
    uint64_t modes;            /* cases of one n / modes have the same EFER and CR4.LA57 (a multiple of group) */
    uint64_t data, data_bytes; /* where pages lie: aligned to 2 MiB, to 1 GiB with cpu.page_1g; a multiple of 2 MiB */
    uint64_t high; /* one address bit that the judge decodes, with memory of its own for the same frames; or 0 */
    uint16_t taken[CASE_TAKEN]; /* indices in the root table that are the judge's own */
    unsigned taken_count;
    unsigned free_key; /* the key of the judge's own pages: neither PKRU nor PKRS forbids anything with it */
};

struct case_entry {
    uint64_t pa, value; /* where it lies, and what it is before the first access */
};

struct judge_case {
    uint64_t number;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    unsigned root, leaf;        /* levels: 4 or 5, and 1 … 3, as designed (a bad bit may end the walk before) */
    struct case_entry entry[6]; /* by level: entry[root] … entry[leaf]; two levels may share a table, never an entry */
    uint64_t table[6];          /* by level: the table's frame */
    unsigned accesses;
    struct oracle_access
        access[CASE_ACCESSES]; /* on the tables as the ones before left them; no two in the same 8 bytes */
};

void case_generate(const struct case_limits *limits, uint64_t seed, uint64_t number, struct judge_case *out);

/* Everything about the case, for a person: registers, entries, accesses. */
void case_print(FILE *out, const struct judge_case *c);

#endif
