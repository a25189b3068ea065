/* One QEMU (TCG) with the guest in it: started, given batches of orders, stopped.
 *
 * Guest memory is shared with this process. Waiting costs nothing on either side: the guest sleeps in HLT, this process
 * in poll(). */
#ifndef TWINWALK_QEMU_MACHINE_H
#define TWINWALK_QEMU_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "qemu_mailbox.h"

struct qemu_machine {
    pid_t pid;
    int to, from;  /* the guest's serial port */
    int said;      /* what QEMU wrote to its standard error, a memory file */
    uint64_t high; /* the high address bit: 2^(MAXPHYADDR-1) */
    uint8_t *low_bytes, *high_bytes;
    struct qemu_mailbox *mailbox;
    char why[1024]; /* after a false: what went wrong */
};

/* The program that runs; NULL: it is not installed. */
const char *qemu_machine_program(void);

/* Starts QEMU with this MAXPHYADDR and waits until the guest has booted, with five levels or four. To be stopped also
 * after a false. */
bool qemu_machine_start(struct qemu_machine *m, unsigned paddr_bits, bool la57);

/* Lets the guest carry out the first count orders of the mailbox. */
bool qemu_machine_run(struct qemu_machine *m, uint32_t count);

/* Leaves nothing but why. */
void qemu_machine_stop(struct qemu_machine *m);

/* The word of guest memory at pa (8-aligned, below QEMU_RAM_BYTES but for the high bit). */
static inline uint64_t *qemu_machine_word(const struct qemu_machine *m, uint64_t pa)
{
    return (uint64_t *)(pa & m->high ? m->high_bytes + (pa ^ m->high) : m->low_bytes + pa);
}

#endif
