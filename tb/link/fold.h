/* The outputs that are expected, folded as the board folds its own (docs/board.md, "What is folded"). */
#ifndef TWINWALK_FOLD_H
#define TWINWALK_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "pins.h"

enum { FOLD_WORDS = 4096 };

struct fold {
    uint64_t crc; /* of what was folded before `word` */
    uint32_t run_head, run_length;
    size_t words;
    uint64_t word[FOLD_WORDS + 2 * PINS_MAX_PORTS + 8]; /* not folded yet */
};

/* The handshakes of a cycle in one word; what else there is follows from it. */
uint32_t fold_head(const struct pins_out *out);

/* The fields of a response beside its address. */
uint64_t fold_rest(const struct pins_resp *resp);

void fold_begin(struct fold *fold);

/* So many cycles with these outputs, one after the other. */
void fold_cycles(struct fold *fold, const struct pins_out *out, uint64_t cycles);

/* Ends the run, as a check does, and gives the CRC-64 of all so far. */
uint64_t fold_check(struct fold *fold);

#endif
