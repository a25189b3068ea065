/* The emulated machine as the recorder sees it: registers and memory of the one processor.
 *
 * The plugin interface of QEMU 7.2 gives neither, so some of QEMU's own functions are looked up by name. They are no
 * documented interface: machine_open() says so when one is missing. */
#ifndef TWINWALK_SYSTEM_MACHINE_H
#define TWINWALK_SYSTEM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers for machine_register: GDB's of x86-64. */
enum machine_register {
    REG_RAX = 0,
    REG_RCX = 2,
    REG_RDX = 3,
    REG_RSP = 7,
    REG_RIP = 16,
    REG_EFLAGS = 17,
    REG_CS = 18,
    REG_CR0 = 27,
    REG_CR2 = 28,
    REG_CR3 = 29,
    REG_CR4 = 30,
    REG_EFER = 32,
};

/* Finds QEMU's functions. NULL, or what is wrong (static). */
const char *machine_open(void);
/* Finds the memory, when the machine exists; `bytes` is its size from physical address 0 on, without a hole. NULL, or
 * what is wrong. */
const char *machine_map(uint64_t bytes);

/* Only at the start of a block, or for what the present instruction did not change since the last call of a helper of
 * QEMU's. */
uint64_t machine_register(int number);
/* A general register by its number in an instruction (0 RAX, 1 RCX, … 15 R15). */
uint64_t machine_general(unsigned number);
uint32_t machine_pkru(void);

uint64_t machine_bytes(void);               /* of memory */
bool machine_has(uint64_t pa);              /* is it memory, with the seven bytes behind? */
uint64_t machine_word(uint64_t pa);         /* the aligned 8 bytes there; 0 where there is no memory */
uint64_t machine_address(const void *host); /* the physical address of a place in QEMU's memory; UINT64_MAX: none */

/* Forgets all translated code, before the next block begins. */
void machine_retranslate(void);

/* Waits until all block devices have done what they were told. With it a disk needs no time that the host's clock
 * decides. */
void machine_drain(void);

#endif
