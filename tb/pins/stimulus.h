/* Stimulus at the pins, as text: what was offered to an MMU in which cycle, what memory did, what software wrote into
 * its page tables meanwhile. A run of any driver, written down so (recorder.h), can be played again to the cycle
 * (player.h).
 *
 *     twinwalk-pins 1
 *     # comment
 *     9 poke 0x4008 0x9007                         before anything else of cycle 9: software writes a page-table entry
 *     12 req 0 3 load 0x1238 user                  on port 0, with id 3, held until it is accepted
 *     15 ctl MOV_CR3 0x3000                        likewise; INVPCID has its descriptor behind the address
 *     21 memory 17 error                           a request accepted in cycle 21 fails 17 cycles later
 *     25 stall                                     memory takes no request in this cycle
 *     27 squash 0 3                                in this cycle the request of port 0 with id 3 is dropped
 *
 * A request has `fetch`, `load` or `store`, and of `user`, `implicit`, `ac`, `ss` those that are so. A request of
 * memory that no line speaks of is answered after STIMULUS_LATENCY cycles. Lines stand in the order of their cycles; 0
 * is the first cycle after reset. */
#ifndef TWINWALK_STIMULUS_H
#define TWINWALK_STIMULUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pins.h"

enum { STIMULUS_LATENCY = 4 };
enum stimulus_kind {
    STIMULUS_POKE,
    STIMULUS_REQUEST,
    STIMULUS_CONTROL,
    STIMULUS_MEMORY,
    STIMULUS_STALL,
    STIMULUS_SQUASH,
};

struct stimulus_event {
    uint64_t cycle;
    uint8_t kind; /* enum stimulus_kind */
    uint8_t port; /* of a request; of a squash, whose id is req.id */
    uint8_t op;   /* of a control operation */
    bool error;   /* of memory */
    bool swapped; /* of memory, as recorded: it was a compare-and-swap that took place, and left `value` */
    uint32_t latency;
    struct pins_req req;
    uint64_t pa, value; /* of a poke; data and descriptor of a control operation; address of memory, as recorded */
    size_t place;       /* for stimulus_sort() */
};

struct stimulus {
    struct stimulus_event *event;
    size_t count, room;
};

/* False: not enough memory. */
bool stimulus_add(struct stimulus *s, const struct stimulus_event *event);
void stimulus_free(struct stimulus *s);

/* Orders by cycle, within a cycle by kind; equal ones stay as they are. */
void stimulus_sort(struct stimulus *s);

/* False with one line in error[]: file, line and what is wrong. What the preset's pins cannot do (a port that is not
 * there, a fetch at a data port, an address beyond physical memory) is wrong. */
bool stimulus_read(struct stimulus *s, const char *path, char *error, size_t size);

/* The events that `keep` has (NULL: all), behind the comment lines of head (NULL: none). False with errno. */
bool stimulus_write(const struct stimulus *s, const bool *keep, const char *path, const char *head);

#endif
