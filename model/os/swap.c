/* Next-fit over an array: swap fills up in order, as a device likes it. */
#include "swap.h"

#include <stdlib.h>

bool swap_init(struct swap *swap, uint64_t bytes)
{
    *swap = (struct swap){0};
    uint64_t slots = bytes >> PAGE_SHIFT;
    if (!slots)
        return true;
    if (slots > UINT32_MAX - 1)
        slots = UINT32_MAX - 1;
    swap->slot = calloc(slots + 1, sizeof *swap->slot);
    swap->slots = (uint32_t)slots;
    swap->next = 1;
    return swap->slot;
}

void swap_drop(struct swap *swap)
{
    free(swap->slot);
    *swap = (struct swap){0};
}

uint32_t swap_take(struct swap *swap)
{
    if (swap->used == swap->slots)
        return 0;
    while (swap->slot[swap->next].users)
        swap->next = swap->next % swap->slots + 1;
    return swap->next;
}

void swap_hold(struct swap *swap, uint32_t slot)
{
    if (!swap->slot[slot].users++)
        swap->used++;
}

bool swap_release(struct swap *swap, uint32_t slot)
{
    if (--swap->slot[slot].users)
        return false;
    swap->slot[slot].frame = 0;
    swap->used--;
    return true;
}
