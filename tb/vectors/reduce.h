/* A directed case that a device fails, cut down to one that it fails in the same way and the oracle passes. */
#ifndef TWINWALK_VECTORS_REDUCE_H
#define TWINWALK_VECTORS_REDUCE_H

#include "reduce/found.h"
#include "vectors.h"

/* What an engine was asked before: the steps of whole cases, one behind the other. */
struct vector_past {
    struct vector_step *step;
    size_t count, room;
};

/* Remembers a case that was run; of very many the older half is forgotten. False: memory is short, and nothing is
 * remembered any more. */
bool vector_past_add(struct vector_past *past, const struct vector *v);
void vector_past_free(struct vector_past *past);

/* Cuts the case down, with those before it where it fails only behind them, within budget seconds; writes
 * folder/reduced.txt with `head` (comment lines) in it. word: what a command line calls the device (NULL: its name).
 * The device's engine is asked itself where a process can have only one of the device. */
void vector_reduce(struct vector_engine *engine, const struct dut_ops *ops, const char *word,
                   const struct vector_past *past, const struct vector *v, const struct vector_verdict *verdict,
                   const char *folder, const char *head, double budget, struct reduced *reduced);

#endif
