/* A picture (SVG) of the pins around a finding: each output of the reference above that of the device, inputs below. */
#ifndef TWINWALK_STRIP_H
#define TWINWALK_STRIP_H

#include <stdio.h>

#include "engine/lockstep.h"

enum { STRIP_TEXT_CYCLES = 5, STRIP_TEXT_ROWS = 3, STRIP_TEXT_WIDE = 26 };
enum { STRIP_BEFORE = 14, STRIP_AFTER = 5, STRIP_MOST = STRIP_BEFORE + STRIP_AFTER + 1 };

struct strip {
    const struct lockstep *lockstep;
    uint64_t cycle; /* of the finding */
    unsigned count;
    struct strip_cycle {
        uint64_t cycle;
        struct pins_out expected, actual;
        struct pins_in in;
    } at[STRIP_MOST];
};

/* Collects from a lockstep run that has not begun and goes on behind its finding (go_on). */
void strip_listen(struct strip *s, struct lockstep *lockstep, uint64_t cycle);

/* Draws it. Colours follow the page's style sheet (page.c), and are black and red where there is none. */
void strip_draw(FILE *out, const struct strip *s);

/* The rows that differ (STRIP_TEXT_ROWS of them at most) in a few cycles around it as text, expected above actual: a
 * head and two lines a row. '>' marks the cycle, '!' what is wrong, '-' where there is nothing. */
void strip_write(FILE *out, const struct strip *s);

#endif
