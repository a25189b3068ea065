/* From the processor's thread to the one that encodes: the trace's records in the order they are put, in constant
 * memory. */
#ifndef TWINWALK_SYSTEM_QUEUE_H
#define TWINWALK_SYSTEM_QUEUE_H

#include "format/trace.h"

/* One record, packed. Accesses have an expectation: */
struct queue_item {
    uint64_t va;   /* access: linear address; POKE: value; CONTROL: operand */
    uint64_t pa;   /* access: physical address, or CR2; POKE: physical address */
    uint16_t err;  /* access: error code */
    uint8_t kind;  /* enum trace_kind */
    uint8_t flags; /* access: enum trace_flag */
    uint8_t size;  /* access: bytes; CONTROL: pins_ctl_op */
    uint8_t page;  /* access: the page's size, or one of: */
};
enum { QUEUE_NO_PA = 0xfe, QUEUE_FAULT = 0xff };

/* Creates the trace at `path` (level: zstd's, 0 the default) and starts the thread. NULL, or what is wrong. Should
 * writing fail later (a full disk, a closed pipe), the next calls tell `failed`, which does not return. */
const char *queue_open(const char *path, const struct trace_info *info, int level, void (*failed)(const char *why));
/* The next record's place; it is put by the next call of any of these. */
struct queue_item *queue_next(void);
/* Waits until all is written and ends the trace. NULL, or what is wrong. */
const char *queue_close(void);

#endif
