/* The lists that reclaim works on: active and inactive, for pages with and without a file behind them (Linux: lruvec).
 *
 * A page enters as the newest of its inactive list and is looked at when it is the oldest. */
#ifndef TWINWALK_LRU_H
#define TWINWALK_LRU_H

#include "record.h"

struct lru {
    struct frame *newest[LISTS], *oldest[LISTS];
    uint64_t pages[LISTS]; /* in units of 4 KiB */
};

void lru_add(struct lru *lru, struct frame *frame, enum frame_list list);
/* As the oldest: what is next to go. */
void lru_add_old(struct lru *lru, struct frame *frame, enum frame_list list);
void lru_remove(struct lru *lru, struct frame *frame);
static inline uint64_t frame_pages(const struct frame *frame)
{
    return (uint64_t)1 << 9 * (frame->level - 1);
}

#endif
