/* Plays judge cases in one QEMU machine and counts what came of them. */
#ifndef TWINWALK_QEMU_PLAY_H
#define TWINWALK_QEMU_PLAY_H

#include "expect.h"

enum { QEMU_EXCUSES = 16 };

/* What this QEMU has not, and so was not judged. */
enum { QEMU_LACKS_SMEP = 1, QEMU_LACKS_SMAP = 2, QEMU_LACKS_PKU = 4, QEMU_LACKS_PKS = 8 };

struct qemu_wish {
    uint64_t seed, from; /* first case of every machine */
    uint64_t show;       /* print so many disagreements whole */
    const struct case_sabotage *sabotage;
};

struct qemu_counts {
    uint64_t cases, accesses, entries; /* compared */
    uint64_t implicit;                 /* accesses that were descriptor reads */
    uint64_t by_kind[3];               /* accesses by what the oracle expects: OK, #GP, #PF */
    uint64_t by_size[3], by_levels[2]; /* those that complete by page size; cases with four, five levels */
    uint64_t by_error_bit[7];          /* #PF by bit of the error code */
    uint64_t a_set, d_set;             /* entries in which A (D) had to be set */
    uint64_t excused[QEMU_EXCUSES];    /* differences by qemu_excuses[] */
    unsigned lacks;                    /* QEMU_LACKS_… */
    uint64_t disagreements;            /* cases with a difference that nothing excuses */
};

/* Starts a machine and plays `cases` cases there, adding to counts; tell() is called after every batch, and stops the
 * play by a false. False: the machine broke down (why[]). */
bool qemu_play(const struct qemu_wish *wish, unsigned paddr_bits, unsigned levels, uint64_t cases,
               struct qemu_counts *counts, bool (*tell)(const struct qemu_counts *counts), char *why, size_t size);

#endif
