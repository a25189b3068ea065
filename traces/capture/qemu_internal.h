/* Functions of Debian 12's qemu-x86_64 (7.2) that its plugin interface does not offer. The program exports them,
 * because it exports everything; the plugin looks that they are there before it uses any. */
#ifndef TWINWALK_QEMU_INTERNAL_H
#define TWINWALK_QEMU_INTERNAL_H

#include <stdint.h>

#define QEMU_INTERNAL __attribute__((weak))

/* Stops all other threads outside translated code, and lets them go on. */
extern void start_exclusive(void) QEMU_INTERNAL;
extern void end_exclusive(void) QEMU_INTERNAL;

/* The guest's mappings: ranges of pages with the same flags. */
typedef int (*walk_memory_regions_fn)(void *user, uint64_t start, uint64_t end, unsigned long flags);
extern int walk_memory_regions(void *user, walk_memory_regions_fn fn) QEMU_INTERNAL;
enum { QEMU_PAGE_READ = 1, QEMU_PAGE_WRITE = 2, QEMU_PAGE_EXEC = 4, QEMU_PAGE_VALID = 8, QEMU_PAGE_WRITE_ORG = 16 };

/* Appends register n, as the gdb protocol numbers them, to a GByteArray of GLib. */
typedef struct _GByteArray {
    uint8_t *data;
    unsigned len;
} GByteArray;
struct CPUState;
extern int x86_cpu_gdb_read_register(struct CPUState *cpu, GByteArray *to, int n) QEMU_INTERNAL;
extern GByteArray *g_byte_array_new(void) QEMU_INTERNAL;
extern uint8_t *g_byte_array_free(GByteArray *array, int free_segment) QEMU_INTERNAL;
enum { GDB_RSP = 7 };

extern char *exec_path QEMU_INTERNAL; /* the program, as QEMU's command line names it */

#endif
