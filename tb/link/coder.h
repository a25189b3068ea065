/* The inputs of each cycle, as operations of the link (docs/board.md, "Operations").
 *
 * It keeps what the board keeps: what is offered and not accepted yet, the addresses from which distances are counted,
 * the next id, lines of memory that were sent before. What follows from that costs nothing. */
#ifndef TWINWALK_CODER_H
#define TWINWALK_CODER_H

#include <stddef.h>
#include <stdint.h>

#include "mmu_cfg.h"
#include "pins.h"
#include "protocol.h"

enum {
    CODER_MOST = 512,                         /* bytes that a cycle takes at most */
    CODER_WORDS = CFG_WALKERS_REPLY_BYTES / 8 /* of 8 bytes, in a memory reply */
};

struct coder {
    /* What the board keeps. */
    uint64_t fetch_base, data_base[LINK_CONTEXTS];
    uint8_t next_id, id_mask, mode[2]; /* of fetches, of data */
    bool ready_mode;
    uint8_t offered; /* bit p: port p offers req[p] */
    struct pins_req req[PINS_MAX_PORTS];
    bool control;
    uint8_t ctl_op;
    uint64_t ctl_data, ctl_desc;
    uint64_t line[LINK_SLOTS][CODER_WORDS];

    /* How it chooses. */
    uint64_t clock, used[LINK_CONTEXTS], slot_used[LINK_SLOTS], slot_address[LINK_SLOTS];
    uint8_t highest_id; /* so far */
    uint64_t asked[16]; /* address of the last memory request of each tag */

    /* The operations so far; the caller takes them. */
    uint8_t *byte;
    size_t bytes, room;
    uint64_t idle; /* cycles at the end of which nothing new has come, not written yet */
    size_t last;   /* place of the last operation, if it can end a cycle … */
    bool last_can; /* … and it can */
};

/* As after the operation that resets the board, which is not written. The room must stay as long as the coder. */
void coder_begin(struct coder *c, uint8_t *byte, size_t room);

/* A cycle: the outputs that the MMU is expected to have in it, and its inputs. CODER_MOST bytes of room must be there.
 */
void coder_cycle(struct coder *c, const struct pins_in *in, const struct pins_out *out);

/* So many cycles in which the MMU waits, with these outputs; nothing new comes, and memory takes nothing. */
void coder_skip(struct coder *c, const struct pins_out *out, uint64_t cycles);

/* All cycles so far are in the bytes: before another operation is written behind them. */
void coder_flush(struct coder *c);

/* An operation that is none of a cycle, with its bytes. */
void coder_put(struct coder *c, const uint8_t *byte, size_t bytes);

#endif
