/* The extra part of a record as bytes of a block's extra column. */
#ifndef TWINWALK_TRACE_EXTRA_H
#define TWINWALK_TRACE_EXTRA_H

#include "pins.h"
#include "trace.h"

enum { EXTRA_MAX = 160 }; /* no extra part is longer, whatever a damaged block says */
enum { KNOWN_PAGES = 1024 };

/* The pages whose physical address the block has told already, by linear page; all zero at the start of a block. */
struct known_pages {
    struct {
        uint64_t above, physical;
    } page[KNOWN_PAGES]; /* above: the linear page + 1; 0: none */
};

/* The bits of an expectation's first byte, around the kind (1:0) and the page size (4:3). A page fault has no address:
 * there the bit says that its error code has open bits. */
enum {
    EXPECT_PA = 1 << 2,
    EXPECT_OPEN = EXPECT_PA,
    EXPECT_MT = 1 << 5,
    EXPECT_CR2 = 1 << 6,
    EXPECT_KNOWN = 1 << 7,
    EXPECT_SIZE = 3 << 3
};

bool has_extra(unsigned kind, unsigned flags);

/* Writes it at p, returns the byte after it. */
uint8_t *put_extra(uint8_t *p, struct known_pages *known, const struct trace_rec *rec, const struct trace_extra *x);

/* Reads it at *p, where EXTRA_MAX bytes are readable, and moves *p after it. An access' address is in *rec already.
 * False when it is malformed; whether it is valid trace_invalid() says. */
bool get_extra(const uint8_t **p, struct known_pages *known, const struct trace_rec *rec, struct trace_extra *x);

/* Nearly every expectation of a recorded system: success, at the address of a known page, of which nothing but the page
 * size is told, and no error code: PLAIN_EXPECT_BYTES at p. What it gives is valid too. False for any other. */
enum { PLAIN_EXPECT_BYTES = 2 };
static inline bool get_plain_expect(const uint8_t *p, const struct known_pages *known, uint64_t va,
                                    struct trace_expect *e)
{
    static const struct trace_expect plain[] = {{.size = SIZE_4K, .has_pa = true},
                                                {.size = SIZE_2M, .has_pa = true},
                                                {.size = SIZE_1G, .has_pa = true}};
    const unsigned what = p[0] | (unsigned)p[1] << 8,
                   size = what >> 3 & 3; /* the error code is the second byte when it is 0 */
    const uint64_t linear = va >> 12, physical = known->page[linear % KNOWN_PAGES].physical;
    if ((what & ~(unsigned)EXPECT_SIZE) != (KIND_OK | EXPECT_PA | EXPECT_KNOWN) || size > SIZE_1G ||
        known->page[linear % KNOWN_PAGES].above != linear + 1)
        return false;
    *e = plain[size];
    e->pa = physical << 12 | (va & 0xfff);
    return true;
}

#endif
