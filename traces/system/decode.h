/* Which instructions matter to the recorder, and their operands. 64-bit code only. */
#ifndef TWINWALK_SYSTEM_DECODE_H
#define TWINWALK_SYSTEM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum special {
    SPECIAL_NONE,
    SPECIAL_MOV_CR,
    SPECIAL_WRMSR,
    SPECIAL_WRPKRU,
    SPECIAL_XRSTOR,
    SPECIAL_INVLPG,
    SPECIAL_LIDT,
    SPECIAL_MARK, /* the guest's mark: 0F 1F 84 00 and 54570000H + its number, a NOP */
};

struct decoded {
    uint8_t special;  /* enum special */
    uint8_t number;   /* MOV_CR: the control register; MARK: its number */
    uint8_t general;  /* MOV_CR: the general register that is its source */
    bool repeated;    /* movs, cmps, stos, lods, scas, ins or outs with a repeat prefix */
    bool stores_word; /* MOV of a register's or an immediate 2 bytes to (perhaps) memory */
    uint8_t length, modrm_at, rex;
    uint8_t code[15];
};

struct decoded decode(const uint8_t *code, size_t length);
/* The linear address of the memory operand, without segment base. next: the address of the following instruction. */
uint64_t decode_address(const struct decoded *insn, uint64_t next, uint64_t (*general)(unsigned number));

#endif
