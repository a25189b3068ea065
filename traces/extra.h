/* The extra part of a record as bytes of a block's extra column. */
#ifndef TWINWALK_TRACE_EXTRA_H
#define TWINWALK_TRACE_EXTRA_H

#include "trace.h"

enum { EXTRA_MAX = 160 }; /* no extra part is longer, whatever a damaged block says */
enum { KNOWN_PAGES = 1024 };

/* The pages whose physical address the block has told already, by linear page; all zero at the start of a block. */
struct known_pages {
    struct { uint64_t linear, physical; bool valid; } page[KNOWN_PAGES];
};

bool has_extra(unsigned kind, unsigned flags);

/* Writes it at p, returns the byte after it. */
uint8_t *put_extra(uint8_t *p, struct known_pages *known, const struct trace_rec *rec, const struct trace_extra *x);

/* Reads it at *p, where EXTRA_MAX bytes are readable, and moves *p after it. An access' address is in *rec already. False when it is
 * malformed; whether it is valid trace_invalid() says. */
bool get_extra(const uint8_t **p, struct known_pages *known, const struct trace_rec *rec, struct trace_extra *x);

#endif
