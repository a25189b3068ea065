/* Control operations as Bochs does them, against the oracle's: #GP or not, the registers afterwards, and what an access
 * finds that was made before and is made again.
 *
 * An access fills Bochs' TLB; mostly software then changes one entry, and says so in no way, or in the wrong way; one
 * to three operations follow; the access is made again. What it finds must be the fresh walk's result, or else that of
 * an entry from before, and then none of the operations may be one that must have dropped it
 * (model/arch/invalidation.h): Bochs drops more than it must, as a processor may, so what is judged is that the rules
 * do not ask for more than Bochs does. PCIDs are no tags in Bochs' TLB. */
#ifndef TWINWALK_BOCHS_CONTROL_H
#define TWINWALK_BOCHS_CONTROL_H

#include <jansson.h>

#include "expect.h"

struct control_counts {
    uint64_t by_op[CTL_OPS], refused;       /* operations; those of them that raise #GP */
    uint64_t fresh, stale, global, dropped; /* accesses made again: as the fresh walk has it; from an entry that may
                                             * be kept, and of these a global one of another CR3 or PCID; fresh where
                                             * an operation had to drop what would have given another result */
    uint64_t wide_pkrs;                     /* excused: WRMSR IA32_PKRS whose high half Bochs does not look at */
};

/* Plays them with the case whose registers and entries Bochs has. read and write are Bochs' memory, pm is the oracle's,
 * empty and left empty. The oracle's A and D of the case must have been set in the entries. What is wrong is put into
 * `wrong` in one line; what is excused of an access is counted in excused[] (bochs_excuses.h). False: a disagreement,
 * or memory is short (wrong says so). */
bool control_play(const struct case_limits *limits, uint64_t seed, const struct judge_case *c, struct physmem *pm,
                  struct physmem *bochs, const struct case_sabotage *sabotage, struct control_counts *counts,
                  uint64_t excused[], char *wrong, size_t size);

void control_print(FILE *out, const struct control_counts *counts);
json_t *control_json(const struct control_counts *counts);

#endif
