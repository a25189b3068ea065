/* Who has which page frame of installed memory: hands out 4-KiB, 2-MiB and 1-GiB frames, aligned to their size. */
#ifndef TWINWALK_FRAMES_H
#define TWINWALK_FRAMES_H

#include <stdint.h>

struct frames;

/* Memory is [0, ram_bytes), ram_bytes >= 4 MiB; frame 0 is never handed out. NULL when memory is short or ram_bytes too
 * small. */
struct frames *frames_new(uint64_t ram_bytes, uint64_t seed);
void frames_free(struct frames *f);

/* level: 1 4 KiB, 2 2 MiB, 3 1 GiB. The address of a free frame, in an order that depends on the seed; 0 when there is
 * none of this size. */
uint64_t frames_take(struct frames *f, unsigned level);

/* Takes back a frame that was handed out at this level (or became one by frames_split). */
void frames_give(struct frames *f, uint64_t pa, unsigned level);

/* A frame handed out at this level (2 or 3) is from now on 512 frames of the level below, each given back on its own.
 */
void frames_split(struct frames *f, uint64_t pa, unsigned level);

/* Free memory in frames of 4 KiB. */
uint64_t frames_left(const struct frames *f);

#endif
