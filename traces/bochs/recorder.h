/* What the Bochs instrumentation hands over, made into records of a Twinwalk trace with its own tables
 * (docs/bochs-capture.md). C, for C and C++. */
#ifndef TWINWALK_BOCHS_RECORDER_H
#define TWINWALK_BOCHS_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct recorder_options {
    const char *out;                      /* the file */
    const char *program;                  /* what runs, for the header; at most 255 bytes count */
    uint64_t limit;                       /* accesses to record; at least 1 */
    int level;                            /* zstd's, 1 … 19 */
    uint64_t memory;                      /* bytes of guest memory from physical address 0 */
    const uint64_t *(*page)(uint64_t pa); /* the contents of the page at pa, a multiple of 4096; NULL: no memory */
};
struct recorder_registers {
    uint64_t cr0, cr3, cr4, efer, pat, pkru;
};

/* Creates the trace: the tables that cr3 leads to and the registers come first. On failure it says why on standard
 * error and ends the process, as do all functions below: a trace with a hole is worth nothing. */
void recorder_begin(const struct recorder_options *options, const struct recorder_registers *registers);
bool recorder_active(void); /* between recorder_begin and recorder_end */
bool recorder_full(void);   /* the limit is reached */
void recorder_end(void);    /* finishes the file and says what is in it */

/* As enum trace_kind and enum trace_flag (without TRACE_EXPECT); within one page, 1 … 64 bytes. pages: 0 4 KiB, 1 2
 * MiB, 2 1 GiB; -1: the translation is not known, nothing is expected of the access. */
struct recorder_access {
    uint64_t va, pa;
    uint8_t kind, flags, size;
    int8_t pages;
};
void recorder_access(const struct recorder_access *access);
/* An access that was answered with a page fault, va being CR2. */
void recorder_fault(uint8_t kind, uint8_t flags, uint64_t va, uint16_t error);
/* As enum pins_ctl_op; for INVPCID with the descriptor's first quadword, else 0. */
void recorder_control(uint8_t op, uint64_t value, uint64_t descriptor);

/* Software is about to store to so many bytes at pa: what it left there is read at the next recorder_settle. */
void recorder_stores(uint64_t pa, size_t size);
void recorder_settle(void);

#ifdef __cplusplus
}
#endif

#endif
