/* The ground of a cell: its tables, the entry that is brought in, what software changes behind it. See matrix.h.
 *
 * The tables are one a level; the entry's page, the page in flight and the page asked for in the end are neighbours in
 * the last of them. A second set of the same tables leads to other pages: what software changes things to. */
#ifndef TWINWALK_MATRIX_GROUND_H
#define TWINWALK_MATRIX_GROUND_H

#include "matrix/matrix.h"

enum { IN_ENTRY = 2, IN_FLIGHT = 5, IN_ASKED = 6, FLIGHT_ID = 0x42, FOLLOWER_ID = 0x43, PATIENCE = 5000 };

#define TABLE(n) (UINT64_C(0x100000) + UINT64_C(0x1000) * (n))

/* A cell under way. */
struct run {
    struct rig *r;
    const struct cell *cell;
    unsigned root, leaf; /* levels */
    struct oracle_regs before;
    struct cached entry;
    uint64_t data, desc;
    bool must;        /* the manual demands that the entry goes */
    bool answered[2]; /* FLIGHT_ID, FOLLOWER_ID */
    struct pins_resp answer[2];
};

/* Registers, operands and tables. False: the rig has stopped. */
bool ground_lay(struct run *run, struct rig *r, const struct cell *cell);

/* The entry in its structure by an access of this kind, the processor in the address space in which the operation is to
 * be begun. */
bool ground_fill(struct run *run, uint8_t acc);

/* The linear address of page `index`; the address that the operation names. */
uint64_t ground_va(const struct cell *cell, unsigned index);
uint64_t ground_operand(const struct run *run);

/* The entry that software changes on the way to page `index`: its address, and what it holds before and after. */
uint64_t ground_pa(const struct run *run, unsigned index);
uint64_t ground_value(const struct run *run, unsigned index, bool after);

/* Is the page in flight changed too? */
bool ground_flight_changes(const struct run *run);

/* Behind the back of the caches: the page of the entry (TLB), or the table that the entry leads to (PSC); and the page
 * in flight. */
bool ground_change(struct run *run);

/* The request in flight. */
struct oracle_access ground_flight(const struct run *run);

/* Its page into its L1, by an access that has the right to it. */
bool ground_known(struct run *run);

#endif
