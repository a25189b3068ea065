/* Doubly linked lists through the records themselves. */
#include "lru.h"

void lru_remove(struct lru *lru, struct frame *frame)
{
    if (frame->list == LIST_NONE)
        return;
    *(frame->newer ? &frame->newer->older : &lru->newest[frame->list]) = frame->older;
    *(frame->older ? &frame->older->newer : &lru->oldest[frame->list]) = frame->newer;
    lru->pages[frame->list] -= frame_pages(frame);
    frame->newer = frame->older = NULL;
    frame->list = LIST_NONE;
}

void lru_add(struct lru *lru, struct frame *frame, enum frame_list list)
{
    lru_remove(lru, frame);
    frame->older = lru->newest[list];
    *(frame->older ? &frame->older->newer : &lru->oldest[list]) = frame;
    lru->newest[list] = frame;
    lru->pages[list] += frame_pages(frame);
    frame->list = list;
}

void lru_add_old(struct lru *lru, struct frame *frame, enum frame_list list)
{
    lru_remove(lru, frame);
    frame->newer = lru->oldest[list];
    *(frame->newer ? &frame->newer->older : &lru->newest[list]) = frame;
    lru->oldest[list] = frame;
    lru->pages[list] += frame_pages(frame);
    frame->list = list;
}
