/* The file that `twinwalk profile` leaves for `twinwalk compare`: what became of every access, and marks of what the
 * pins did.
 *
 *     twinwalk-profile 1\n, a line of JSON that says what ran, then a zstd stream of elements of this process's byte
 *     order: 'A' and a struct record_access; 'M' and a struct record_mark; at the end 'E' and a struct record_end,
 * without which a file is torn.
 *
 * A file is of one machine and one moment: it is made, compared and thrown away. */
#ifndef TWINWALK_RECORDS_H
#define TWINWALK_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

struct record_access {
    uint64_t va, record, addr; /* addr: physical address; CR2 of a fault */
    uint32_t latency;          /* cycles, as struct ledger_access has them; both saturate */
    uint8_t acc, src, kind, size;
    uint32_t by[LEDGER_ENTRIES];
};

/* All outputs of all cycles before this one, hashed: equal marks, equal pins. The last one is of the whole run. */
struct record_mark {
    uint64_t cycle, hash;
};

/* The books of the whole run. */
struct record_end {
    uint64_t cycles; /* what `total` adds up to */
    uint64_t total[LEDGER_ENTRIES];
    uint64_t requests[LEDGER_LEVELS], updates;
};

struct records_writer;
struct records_reader;

/* description: one line of JSON. NULL, with a message on stderr, when the file cannot be made or memory is short. */
struct records_writer *records_create(const char *path, const char *description);
/* False when the disk is full; the file is then of no use. */
bool records_access(struct records_writer *w, const struct record_access *access);
bool records_mark(struct records_writer *w, const struct record_mark *mark);
/* Ends the file, or removes it (end: NULL), and frees. False, with a message on stderr, when it could not be
 * written whole. */
bool records_close(struct records_writer *w, const struct record_end *end);

/* NULL with one line in error[]. *description is valid until the reader is closed. */
struct records_reader *records_open(const char *path, const char **description, char *error, size_t size);
enum record_kind { RECORD_ACCESS = 'A', RECORD_MARK = 'M', RECORD_END = 'E', RECORD_TORN = 0 };
/* The next element, in the member of *record that its kind says. RECORD_TORN: the file is damaged or ends early. */
union record {
    struct record_access access;
    struct record_mark mark;
    struct record_end end;
};
enum record_kind records_next(struct records_reader *r, union record *record);
void records_release(struct records_reader *r);

#endif
