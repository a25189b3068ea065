/* Reclaim by second chance over active and inactive lists (Linux: mm/vmscan.c, shrink_lruvec, without its cgroups and
 * generations).
 *
 *     inactive, oldest first   used since it was last looked at: anonymous to the active list; a file page goes round
 *                              once more, and to the
 *                              active list when it was seen used before, by several entries, or as program text
 *                              not used: reclaimed
 *     active, oldest first     while the inactive list is the shorter one: to the inactive list; program text in use
 *                              stays
 *
 * How much is looked at doubles from round to round (priority 12 … 0); files before anonymous memory, 140 : 60
 * (swappiness 60). */
#include "kernel.h"

enum { FIRST_PRIORITY = 12, SWAPPINESS = 60, WHOLE = 200, BATCH = 32 };

static bool is_anonymous_list(enum frame_list list)
{
    return list == LIST_INACTIVE_ANON || list == LIST_ACTIVE_ANON;
}

/* What second chance says about an inactive frame. False: it is to be reclaimed. */
static bool keeps(struct os *os, struct frame *frame)
{
    struct use use = frame_harvest(os, frame);
    if (frame->kind != FRAME_FILE && !frame->lazy) {
        if (!use.entries)
            return false;
        lru_add(&os->lru, frame, LIST_ACTIVE_ANON);
        os->events.activated++;
        return true;
    }
    if (!use.entries)
        return false;
    bool again = frame->referenced || use.entries > 1 || use.executable;
    frame->referenced = true;
    lru_add(&os->lru, frame, again ? LIST_ACTIVE_FILE : LIST_INACTIVE_FILE);
    os->events.activated += again;
    os->events.rotated += !again;
    return true;
}

/* Looks at up to `scan` frames, until `target` are free; how many frames became free. */
static uint64_t shrink_inactive(struct os *os, enum frame_list list, uint64_t scan, uint64_t target)
{
    uint64_t before = frames_left(os->frames);
    for (; scan && os->lru.oldest[list] && frames_left(os->frames) < target; scan--) {
        struct frame *frame = os->lru.oldest[list];
        os->events.scanned++;
        if (keeps(os, frame))
            continue;
        uint64_t left = frames_left(os->frames);
        if (frame_reclaim(os, frame))
            os->events.reclaimed += frames_left(os->frames) - left;
        else if (frame->list == list)
            lru_add(&os->lru, frame, list == LIST_INACTIVE_ANON ? LIST_ACTIVE_ANON : LIST_ACTIVE_FILE);
    }
    return frames_left(os->frames) > before ? frames_left(os->frames) - before : 0;
}

static void shrink_active(struct os *os, enum frame_list list, uint64_t scan)
{
    for (; scan && os->lru.oldest[list]; scan--) {
        struct frame *frame = os->lru.oldest[list];
        struct use use = frame_harvest(os, frame);
        os->events.scanned++;
        if (use.entries && use.executable && frame->kind == FRAME_FILE) {
            lru_add(&os->lru, frame, list);
            continue;
        }
        lru_add(&os->lru, frame, list == LIST_ACTIVE_ANON ? LIST_INACTIVE_ANON : LIST_INACTIVE_FILE);
        os->events.deactivated++;
    }
}

/* What the active list may have for each page of the inactive one: int_sqrt(10 * GiB of both), at least 1 (Linux:
 * inactive_is_low). */
static uint64_t ratio(uint64_t pages)
{
    uint64_t gib = pages >> (30 - PAGE_SHIFT), root = 1;
    while ((root + 1) * (root + 1) <= gib * 10)
        root++;
    return root;
}

static bool inactive_is_low(const struct lru *lru, enum frame_list inactive, enum frame_list active)
{
    return lru->pages[inactive] * ratio(lru->pages[inactive] + lru->pages[active]) < lru->pages[active];
}

/* One round over the file lists or the anonymous ones. */
static uint64_t shrink_pair(struct os *os, enum frame_list inactive, enum frame_list active, unsigned priority,
                            uint64_t target)
{
    uint64_t share = is_anonymous_list(inactive) ? SWAPPINESS : WHOLE - SWAPPINESS;
    uint64_t part = priority ? share : WHOLE;
    uint64_t age = (os->lru.pages[active] >> priority) * part / WHOLE;
    for (; age && inactive_is_low(&os->lru, inactive, active); age -= age < BATCH ? age : BATCH)
        shrink_active(os, active, age < BATCH ? age : BATCH);
    return shrink_inactive(os, inactive, (os->lru.pages[inactive] >> priority) * part / WHOLE, target);
}

static bool can_swap(const struct os *os)
{
    return os->swap.used < os->swap.slots;
}

uint64_t reclaim_until(struct os *os, uint64_t free_frames)
{
    uint64_t start = frames_left(os->frames), scanned = os->events.scanned;
    for (int priority = FIRST_PRIORITY; priority >= 0 && frames_left(os->frames) < free_frames; priority--) {
        uint64_t won;
        do {
            won = shrink_pair(os, LIST_INACTIVE_FILE, LIST_ACTIVE_FILE, (unsigned)priority, free_frames);
            if (can_swap(os))
                won += shrink_pair(os, LIST_INACTIVE_ANON, LIST_ACTIVE_ANON, (unsigned)priority, free_frames);
        } while (won && frames_left(os->frames) < free_frames);
    }
    tlb_flush_owed(os);
    os->events.cycles += (os->events.scanned - scanned) * os->config.costs.reclaim;
    return frames_left(os->frames) - start;
}

bool memory_balance(struct os *os, uint64_t need, const struct os_mm *spare)
{
    uint64_t low = os->min_free + os->min_free / 4, high = os->min_free + os->min_free / 2;
    if (!os->config.reclaim || frames_left(os->frames) >= low + need)
        return true;
    reclaim_until(os, high + need);
    for (unsigned again = 0; frames_left(os->frames) < os->min_free + need && again < 4; again++)
        reclaim_until(os, os->min_free + need); /* pages in use have had their second chance now */
    while (os->config.oom_kill && os->config.processes && frames_left(os->frames) < os->min_free + need)
        if (!oom_kill(os, spare) || !os->task)
            return false;
    return true;
}

uint64_t os_reclaim(struct os *os, uint64_t free_frames)
{
    return os->config.reclaim ? reclaim_until(os, free_frames) : 0;
}

uint64_t os_write_back(struct os *os, uint64_t pages)
{
    uint64_t before = os->events.write_backs;
    for (enum frame_list list = LIST_INACTIVE_FILE; list <= LIST_ACTIVE_FILE; list++)
        for (struct frame *frame = os->lru.oldest[list]; frame && os->events.write_backs - before < pages;
             frame = frame->newer)
            if (frame->kind == FRAME_FILE)
                frame_clean(os, frame);
    return os->events.write_backs - before;
}
