/* What the kernel knows of every data frame: whose it is, and which entries of which address spaces point to it
 * (reverse map).
 *
 * A large frame has one record, that of its first 4 KiB; a frame is mapped at one level everywhere, and splitting it
 * splits all of its mappings. Tables and the pages of zeros have no record. */
#ifndef TWINWALK_RECORD_H
#define TWINWALK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_mm;

enum frame_kind { FRAME_NONE, FRAME_ANON, FRAME_FILE, FRAME_SHMEM, FRAME_HUGETLB, FRAME_KINDS };
enum frame_list { LIST_NONE, LIST_INACTIVE_ANON, LIST_ACTIVE_ANON, LIST_INACTIVE_FILE, LIST_ACTIVE_FILE, LISTS };

struct mapping {
    struct os_mm *mm; /* NULL: none */
    uint64_t va;
    struct mapping *next;
};

struct frame {
    uint64_t pa;
    uint8_t kind, level, list; /* enum frame_kind; 1 … 3; enum frame_list */
    bool dirty;                /* by what was harvested from entries that are gone or were cleaned */
    bool referenced;           /* seen in use once (Linux: PG_referenced) */
    bool lazy;                 /* MADV_FREE: may be dropped while clean */
    bool cached;               /* in the page cache as (file, index) */
    uint32_t maps;             /* entries that point here */
    uint32_t slot;             /* ANON: the swap slot that holds the same contents for others, 0: none */
    uint64_t file, index;
    struct mapping map;          /* the first mapping */
    struct frame *newer, *older; /* neighbours on the list */
};

struct records;

struct records *records_new(uint64_t ram_bytes);
void records_free(struct records *records);

/* The record of a frame, whatever it says; NULL: memory is short or pa does not exist. records_find: no record is made.
 */
struct frame *records_make(struct records *records, uint64_t pa);
struct frame *records_find(const struct records *records, uint64_t pa);

/* Calls visit for every record that stands for a frame in use, ascending. */
bool records_visit(const struct records *records, bool (*visit)(void *context, struct frame *frame), void *context);

/* The reverse map. False: memory is short. */
bool frame_mapped(struct frame *frame, struct os_mm *mm, uint64_t va);
void frame_unmapped(struct frame *frame, struct os_mm *mm, uint64_t va);
void frame_moved(struct frame *frame, struct os_mm *mm, uint64_t from, uint64_t to);
/* Position of a mapping in the chain; UINT32_MAX when it is not there. */
uint32_t frame_place(const struct frame *frame, const struct os_mm *mm, uint64_t va);

#endif
