/* What pages hold, in a simulation that keeps no data: one number, the page's *signature*, for every frame, swap slot
 * and file page. The OS model says what it moves where (os_watch); whoever stores into a page changes its signature. */
#ifndef TWINWALK_CONTENTS_H
#define TWINWALK_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "os/os_process.h"

/* Signatures: 0 is a page of zeros; with this bit, a file page that nobody has written: the bits below are the number
 * of the page, counted from a number that is the file's own. */
static const uint64_t CONTENTS_ORIGIN = (uint64_t)1 << 63;
static const uint64_t CONTENTS_NONE = ~(uint64_t)0; /* of a frame that does not exist */

static inline uint64_t contents_origin(uint64_t base, uint64_t page)
{
    return CONTENTS_ORIGIN | (base + page);
}

/* Numbers by page of something, all 64 bits of both: an open hash that grows. */
struct cell {
    uint64_t of, page, value;
    uint8_t state; /* enum cell_state */
    bool offered;  /* the holder's business */
};
enum cell_state { CELL_EMPTY, CELL_GONE, CELL_HERE };
struct cells {
    struct cell *cell;
    size_t room, used; /* used: those that are not empty */
};
struct cell *cells_find(const struct cells *cells, uint64_t of, uint64_t page); /* NULL: none */
/* The cell of the page, made with value 0 when there is none; NULL when memory is short. */
struct cell *cells_make(struct cells *cells, uint64_t of, uint64_t page);
bool cells_copy(struct cells *to, const struct cells *from);
void cells_free(struct cells *cells);

struct contents {
    uint64_t frames, slots;
    uint64_t *frame, *slot; /* signatures */
    struct cells written;   /* of file pages that were written back, by file and page */
    uint64_t moves, lose;   /* pages moved; every `lose`th one stays behind (0: none): a defect to be found */
    bool short_of_memory;   /* what follows means nothing */
};

/* False when memory is short. lose: see above. */
bool contents_init(struct contents *c, struct os *os, const struct os_config *config, uint64_t lose);
void contents_free(struct contents *c);

/* The signature behind a physical address; NULL when there is no such frame. */
uint64_t *contents_at(const struct contents *c, uint64_t pa);

#endif
