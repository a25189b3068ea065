/* The other side of swap entries: what happens when one of them goes. */
#include "kernel.h"

void swap_let_go(struct os *os, uint32_t slot)
{
    uint64_t pa = os->swap.slot[slot].frame;
    if (swap_release(&os->swap, slot) && pa)
        records_find(os->records, pa)->slot = 0; /* from now on the frame alone has the contents */
}
