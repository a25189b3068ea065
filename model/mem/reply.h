/* The data of memory's reply as the pins carry it (docs/microarchitecture.md section 2), by walkers.reply_bytes: 64,
 * the line; 8, the 8 bytes asked for, which then stand in all eight words. So who takes a word by its place in the line
 * is right, and so is a port of 64 bits, which has one word. Nothing else of the line is there to be looked at. */
#ifndef TWINWALK_REPLY_H
#define TWINWALK_REPLY_H

#include <stdint.h>

enum { REPLY_WORDS = 8 };

/* data: 8 words to fill. line: the 8 words around addr. reply_bytes: 64 or 8. */
static inline void reply_fill(uint64_t *data, const uint64_t *line, uint64_t addr, unsigned reply_bytes)
{
    for (unsigned i = 0; i < REPLY_WORDS; i++)
        data[i] = line[reply_bytes == 8 ? addr >> 3 & 7 : i];
}

#endif
