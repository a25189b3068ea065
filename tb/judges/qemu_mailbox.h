/* What the host program and the guest under QEMU share: where things lie in guest-physical memory, and the mailbox.
 *
 * Included by C of both sides and by the guest's assembly. */
#ifndef TWINWALK_QEMU_MAILBOX_H
#define TWINWALK_QEMU_MAILBOX_H

/* Guest-physical memory: the guest at 1 MiB, the mailbox, the tables of a batch of cases; pages that cases map from 1
 * GiB on (a 1-GByte page must lie aligned, and the firmware needs the last MiBs of RAM). Tables and pages exist a
 * second time, with one high address bit set. */
#define QEMU_USER_PA 0x400000
#define QEMU_MAILBOX_PA 0x1000000
#define QEMU_TABLES_PA 0x2000000
#define QEMU_DATA_PA 0x40000000
#define QEMU_DATA_BYTES 0x800000
#define QEMU_RAM_BYTES 0x44000000

/* The guest's own mapping, behind the last entry of every root table: the first GiB of physical memory at
 * QEMU_KERNEL_VA, and two windows on the pages. All of it is for the supervisor with protection key 0, but for the 2
 * MiB at QEMU_USER_PA, the code that runs at CPL 3. */
#define QEMU_KERNEL_SLOT 511
#define QEMU_KERNEL_VA 0xffffffff80000000
#define QEMU_WINDOW_VA 0xffffffff40000000 /* on the GiB at QEMU_DATA_PA */
#define QEMU_HIGH_VA 0xffffffff00000000   /* on the same with the high bit */

/* Ways to do an access. */
#define QEMU_DO_READ 0
#define QEMU_DO_WRITE 1
#define QEMU_DO_FETCH 2
#define QEMU_DO_IMPLICIT 3 /* the processor itself reads a descriptor of the LDT */
#define QEMU_DO_USER 4     /* added to the others: at CPL 3 */
#define QEMU_DOS 8

/* A completed access ends in `int $QEMU_DONE`, so the vector tells it from a fault. */
#define QEMU_DONE 0x80

/* Port of the handshake: the host sends a byte to start a batch, the guest sends one back when it is ready or done. */
#define QEMU_COM1 0x3f8

#ifndef __ASSEMBLER__
#include <stdint.h>

enum { QEMU_BATCH = 16384, QEMU_MAGIC = 0x54574d55 };

/* One access. Registers are written whole, in this order: EFER, CR0, CR4, CR3, PKRU, PKRS. */
struct qemu_order {
    uint64_t va, value; /* value: what a write stores */
    uint64_t cr0, cr3, cr4, efer;
    uint64_t word, plant,
        tag; /* a word at this address of the windows becomes plant before the access and tag after it; or 0 */
    uint32_t pkru, pkrs;
    uint8_t how;   /* QEMU_DO_… */
    uint8_t ac;    /* EFLAGS.AC */
    uint8_t fresh; /* write the registers: 0 when the order before had the same */
    uint8_t pad[5];
};

struct qemu_outcome {
    uint64_t vector, error, rip, cr2; /* of the exception that ended the access; QEMU_DONE: it completed */
    uint64_t value;                   /* RAX afterwards: what a read read; of QEMU_DO_IMPLICIT ZF as by VERR */
    uint64_t word;                    /* the word after the access, before it became tag */
};

struct qemu_mailbox {
    uint32_t la57, count;    /* from the host: boot with five levels; orders in this batch */
    uint64_t high;           /* from the host: the high address bit */
    uint32_t magic, done;    /* from the guest: it has booted; outcomes written */
    uint64_t site[QEMU_DOS]; /* from the guest: RIP of the access of each kind (0: the address itself is fetched) */
    uint64_t root_entry;     /* from the guest: for slot QEMU_KERNEL_SLOT of every root table */
    uint64_t features;       /* from the guest: CPUID.7.0 EBX << 32 | ECX */
    struct qemu_order order[QEMU_BATCH];
    struct qemu_outcome outcome[QEMU_BATCH];
};
#endif

#endif
