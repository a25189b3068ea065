/* Which state words there are: what the RTL shows for an index that section 17 does not name is undefined, so the
 * model, which knows its geometry, is asked. (In a file of its own, where its names are its own.) */
#include "shape.h"

#include <stdlib.h>

#include "cycle/mmu.h"

static struct mmu *shape;

bool state_word_exists(unsigned sel, unsigned idx)
{
    uint64_t w[2];
    if (!shape) {
        struct pins_out out;
        if (!(shape = mmu_new()))
            abort();
        mmu_reset(shape, &out);
    }
    return mmu_state(shape, sel, idx, w);
}
