/* Plays judge cases in one QEMU machine and counts what came of them. */
#ifndef TWINWALK_QEMU_PLAY_H
#define TWINWALK_QEMU_PLAY_H

#include "verdict.h"

/* What this QEMU has not, and so was not judged. */
enum { QEMU_LACKS_SMEP = 1, QEMU_LACKS_SMAP = 2, QEMU_LACKS_PKU = 4, QEMU_LACKS_PKS = 8 };

struct qemu_wish {
    uint64_t seed, from; /* first case of every machine */
    uint64_t show;       /* print so many disagreements whole */
    const struct case_sabotage *sabotage;
};

struct qemu_counts {
    struct verdict_counts verdict;
    unsigned lacks; /* QEMU_LACKS_… */
};

/* Starts a machine and plays `cases` cases there, adding to counts; tell() is called after every batch, and stops the
 * play by a false. False: the machine broke down (why[]). */
bool qemu_play(const struct qemu_wish *wish, unsigned paddr_bits, unsigned levels, uint64_t cases,
               struct qemu_counts *counts, bool (*tell)(const struct qemu_counts *counts), char *why, size_t size);

#endif
