/* From judge cases to the guest's orders, and back from its outcomes to what was seen.
 *
 * Every word of the pages that cases map holds its own address, so that a read tells where it went; a write leaves a
 * value at a word that the guest then looks at; a fetch finds INT3 at the right byte and an undefined instruction at
 * any other. */
#ifndef TWINWALK_QEMU_ORDERS_H
#define TWINWALK_QEMU_ORDERS_H

#include "expect.h"
#include "qemu_machine.h"

/* Writes the address of every word into it, in both memories. */
void qemu_tag_pages(const struct qemu_machine *m);

/* Puts the case's entries into guest memory, and the guest's own entry into its root table. */
void qemu_put_tables(const struct qemu_machine *m, const struct judge_case *c);

/* The orders of the case, one an access. Returns how many. */
unsigned qemu_put_orders(const struct qemu_machine *m, const struct judge_case *c, const struct case_expected *expected,
                         volatile struct qemu_order *order);

/* What happened (the details stand in a buffer that the next call uses again), with the entries as they are now, which
 * become 0. */
void qemu_take_outcomes(const struct qemu_machine *m, const struct judge_case *c,
                        const volatile struct qemu_order *order, const volatile struct qemu_outcome *outcome,
                        struct case_seen *seen);

#endif
