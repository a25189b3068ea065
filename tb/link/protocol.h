/* Numbers of the board's link, the C image of rtl/link/link_pkg.sv. Both are written from docs/board.md. */
#ifndef TWINWALK_PROTOCOL_H
#define TWINWALK_PROTOCOL_H

enum {
    LINK_VERSION = 2,
    LINK_SYNC0 = 0xd5,
    LINK_SYNC1 = 0x2b,
    LINK_PAYLOAD = 1024, /* bytes of a frame, at most */
    LINK_AROUND = 10,    /* bytes of a frame beside the payload */
    LINK_CONTEXTS = 4,   /* addresses of data that are kept */
    LINK_SLOTS = 64,     /* lines of memory that are kept */
};

/* Types of frames. */
enum link_frame {
    LINK_HELLO = 1,  /* begins a session: version, 0, session (2) */
    LINK_INPUTS = 2, /* a piece of the stream of operations, in sequence */
    LINK_POLL = 3,   /* asks for a status */
    LINK_STATUS = 16,
    LINK_WORDS = 17, /* state words */
    LINK_PINS = 18,  /* outputs of the present cycle */
};

/* Operations of the stream. */
enum link_op {
    LINK_OP_MODE = 0x01,
    LINK_OP_ID_MASK = 0x02,
    LINK_OP_NEXT_ID = 0x03,
    LINK_OP_REQUEST = 0x04,
    LINK_OP_WITHDRAW = 0x05,
    LINK_OP_CONTROL = 0x06,
    LINK_OP_READY = 0x07,
    LINK_OP_CHECK = 0x08,
    LINK_OP_PINS = 0x09,
    LINK_OP_PEEK = 0x0a,
    LINK_OP_RESET = 0x0b,
    LINK_OP_SQUASH = 0x0c,
    LINK_OP_LONG_FETCH = 0x10, /* | 8: ends the cycle, | size: 1, 2, 3 or 8 bytes */
    LINK_OP_IDLE = 0x20,       /* | cycles - 1; 15: two bytes of cycles follow */
    LINK_OP_REPLY = 0x30,      /* | tag */
    LINK_OP_DATA = 0x40,       /* | 0x20: ends the cycle, | 0x10: a write, | context << 2, | size: 1, 2, 3 or 8 bytes */
    LINK_OP_FETCH = 0x80,      /* | 0x40: ends the cycle, | distance + LINK_FETCH_BIAS */
};

enum { LINK_FETCH_BIAS = 24, LINK_FETCH_SPAN = 64, LINK_IDLE_MOST = 0xffff };

#endif
