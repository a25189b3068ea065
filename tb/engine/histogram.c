/* Histograms: see histogram.h. */
#include "histogram.h"

#include <math.h>

uint64_t histogram_percentile(const struct histogram *h, double share)
{
    uint64_t needed = (uint64_t)ceil(share * (double)h->count), seen = 0;
    if (h->count == 0)
        return 0;
    for (uint64_t value = 0; value < HISTOGRAM_BINS - 1; value++) {
        seen += h->bin[value];
        if (seen >= needed && seen > 0)
            return value;
    }
    return h->max;
}
