/* Frames of the link as bytes: sync, type, sequence, length, payload, CRC-32 (docs/board.md). */
#ifndef TWINWALK_FRAMES_H
#define TWINWALK_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"

/* Why the board sends a status. */
enum frame_why { FRAME_WHY_HELLO = 0, FRAME_WHY_NAK = 1, FRAME_WHY_POLL = 2, FRAME_WHY_CHECK = 3, FRAME_WHY_TAKEN = 4 };

/* Writes a frame; gives its bytes, which are LINK_AROUND more than those of the payload. */
unsigned frame_make(uint8_t *to, uint8_t type, uint8_t sequence, const uint8_t *payload, unsigned bytes);

enum frame_found { FRAME_NONE, FRAME_GOOD, FRAME_DAMAGED };

/* The next frame of byte[*from … bytes-1], and moves *from behind it: FRAME_GOOD. FRAME_DAMAGED: something that began
 * like one. FRAME_NONE: none yet; what stands before *from is of no use any more. */
enum frame_found frame_find(const uint8_t *byte, size_t bytes, size_t *from, uint8_t *type, const uint8_t **payload,
                            unsigned *payload_bytes);

/* A number of so many bytes (at most 8), lowest first. */
uint64_t frame_number(const uint8_t *byte, unsigned bytes);

/* False when it is too short for one. */
bool frame_status(const uint8_t *payload, unsigned bytes, struct link_status *status);

#endif
