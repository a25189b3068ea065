/* A histogram of cycle counts: exact up to a few thousand, one bin for everything beyond. */
#ifndef TWINWALK_HISTOGRAM_H
#define TWINWALK_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BINS = 8192 };

struct histogram {
    uint64_t count, sum, max;
    uint64_t bin[HISTOGRAM_BINS]; /* the last one holds everything from HISTOGRAM_BINS-1 up */
};

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    h->count++;
    h->sum += value;
    if (value > h->max)
        h->max = value;
    h->bin[value < HISTOGRAM_BINS ? value : HISTOGRAM_BINS - 1]++;
}

/* The smallest value that at least share (0 … 1) of all values do not exceed; 0 when the histogram is empty. */
uint64_t histogram_percentile(const struct histogram *h, double share);

#endif
