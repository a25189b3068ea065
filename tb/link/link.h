/* The host's end of the link: frames, their sequence, and whatever can go wrong with them (docs/board.md).
 *
 *     operations ─► frames ─► window ─► bytes ─► board
 *     status, answers ◄─ frames ◄─ bytes ◄─┘
 *
 * Go-back-N: a frame stays in the window until the board says that it has it; what it has not is sent again from there.
 * What was sent since the board's reset is kept, so that a board that has lost its memory with the cable is brought
 * back to where it was. */
#ifndef TWINWALK_LINK_H
#define TWINWALK_LINK_H

#include "protocol.h"
#include "stream.h"

enum { LINK_WINDOW = 64 }; /* frames under way at most */

struct link_status {
    uint16_t session, taken, checks;
    uint8_t expected, why;
    uint64_t cycles, crc; /* of the last check */
    uint8_t version, ports, readout;
    bool wrong;     /* it met an operation that it does not know */
    unsigned bytes; /* of its memory for the stream */
    uint32_t preset;
};

struct link_counts {
    uint64_t frames, again; /* of the stream that were sent, and sent anew */
    uint64_t polls, damaged, reopened, restarted;
};

struct link_sent {
    uint8_t byte[LINK_PAYLOAD + LINK_AROUND];
    unsigned bytes;
    uint64_t end; /* bytes of the stream up to its end */
};

struct link {
    struct stream stream;
    struct link_counts counts;
    struct link_status status; /* the last one of this session */
    void (*on_status)(void *context, const struct link_status *status);
    void *context;

    /* The last answer of this session; `answer` is its type, 0: none. */
    uint8_t answer;
    unsigned answer_words;
    uint64_t answer_word[LINK_PAYLOAD / 8];

    bool lost; /* given up: error says why */
    char error[256];

    /* Inside: what is sent. */
    uint16_t session;
    bool begun;                          /* the board is in this session */
    uint64_t base, next, first;          /* frames that the board has; to be sent next; that there are, from 0 on */
    uint64_t polled;                     /* frames that went before the oldest poll without an answer */
    struct link_sent frame[LINK_WINDOW]; /* number modulo LINK_WINDOW */
    uint8_t payload[LINK_PAYLOAD];
    unsigned payload_bytes;
    uint64_t streamed, taken; /* bytes of the stream: framed, and that the board has taken */
    uint8_t out[4 * (LINK_PAYLOAD + LINK_AROUND)];
    size_t out_from, out_to;

    /* What was sent since the session began. */
    uint8_t *history;
    size_t history_bytes, history_room;
    bool history_lost; /* it became too long */
    bool restart;      /* it must be sent again */

    /* What is received. */
    uint8_t in[8192];
    size_t in_bytes;

    /* Clocks, in ms. */
    uint64_t heard, asked, tried; /* the last good frame; poll; attempt to open */
    unsigned timeout, unanswered;
    unsigned usual; /* twice the silence that there was lately; it fades with each frame */
};

/* The device that text names (stream.h). False with one line in error. */
bool link_open(struct link *l, const char *text, char *error, size_t size);
void link_close(struct link *l);

/* A new session: forgets what is under way, and waits until the board is in it. False: lost. */
bool link_begin(struct link *l);

/* Puts operations into the stream. May wait for the board. Does nothing when the link is lost. */
void link_put(struct link *l, const uint8_t *byte, size_t bytes);

/* The same for a question, and sends it: it changes nothing, so it is not sent again with all the rest. */
void link_ask(struct link *l, const uint8_t *byte, size_t bytes);

/* What was put is to go, now. */
void link_push(struct link *l);

/* Sends and receives what can be, waiting for at most so many ms if nothing can. False: lost. */
bool link_pump(struct link *l, unsigned ms);

#endif
