#include "decode.h"

#include <string.h>

enum { MARK_HEAD = 4, MARK_LENGTH = 8 };

static bool is_prefix(uint8_t b)
{
    return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x26 ||
           b == 0x64 || b == 0x65;
}

/* 0F 01 and 0F AE are told apart by the ModR/M byte. */
static enum special group(uint8_t opcode, uint8_t modrm)
{
    const unsigned reg = modrm >> 3 & 7;
    const bool memory = modrm < 0xc0;
    if (opcode == 0x01)
        return modrm == 0xef        ? SPECIAL_WRPKRU
               : memory && reg == 7 ? SPECIAL_INVLPG
               : memory && reg == 3 ? SPECIAL_LIDT
                                    : SPECIAL_NONE;
    if (opcode == 0xae || opcode == 0xc7) /* XRSTOR, XRSTORS */
        return memory && reg == (opcode == 0xae ? 5 : 3) ? SPECIAL_XRSTOR : SPECIAL_NONE;
    return SPECIAL_NONE;
}

struct decoded decode(const uint8_t *code, size_t length)
{
    struct decoded d = {.length = (uint8_t)length};
    size_t at = 0;
    bool repeat = false, narrow = false;
    uint32_t mark;
    memcpy(d.code, code, length < sizeof d.code ? length : sizeof d.code);
    while (at < length && is_prefix(code[at])) {
        repeat |= code[at] == 0xf2 || code[at] == 0xf3;
        narrow |= code[at] == 0x66;
        at++;
    }
    if (at < length && (code[at] & 0xf0) == 0x40)
        d.rex = code[at++];
    if (at >= length)
        return d;
    const uint8_t op = code[at];
    d.repeated = repeat && ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) || (op >= 0x6c && op <= 0x6f));
    d.stores_word = narrow && !(d.rex & 8) && (op == 0x89 || op == 0xc7);
    if (op != 0x0f || at + 1 >= length)
        return d;
    const uint8_t opcode = code[at + 1], modrm = at + 2 < length ? code[at + 2] : 0;
    d.modrm_at = (uint8_t)(at + 2);
    if (opcode == 0x30) {
        d.special = SPECIAL_WRMSR;
    } else if (opcode == 0x22) {
        d.number = (modrm >> 3 & 7) | (d.rex & 4) << 1;
        d.general = (modrm & 7) | (d.rex & 1) << 3;
        d.special = d.number == 0 || d.number == 3 || d.number == 4 ? SPECIAL_MOV_CR : SPECIAL_NONE;
    } else if (opcode == 0x1f && at == 0 && length == MARK_LENGTH && modrm == 0x84 && code[3] == 0) {
        memcpy(&mark, code + MARK_HEAD, sizeof mark);
        d.number = (uint8_t)mark;
        d.special = (mark & ~0xffu) == 0x54570000 ? SPECIAL_MARK : SPECIAL_NONE;
    } else {
        d.special = group(opcode, modrm);
    }
    return d;
}

uint64_t decode_address(const struct decoded *insn, uint64_t next, uint64_t (*general)(unsigned number))
{
    const uint8_t *at = insn->code + insn->modrm_at;
    const unsigned mod = at[0] >> 6, rm = at[0] & 7, b = (insn->rex & 1) << 3, x = (insn->rex & 2) << 2;
    uint64_t address = 0;
    int32_t wide = 0;
    bool no_base = mod == 0 && rm == 5;
    at++;
    if (rm == 4) {
        const uint8_t sib = *at++;
        const unsigned index = (sib >> 3 & 7) | x;
        if (index != 4)
            address += general(index) << (sib >> 6);
        no_base = mod == 0 && (sib & 7) == 5;
        if (!no_base)
            address += general((sib & 7) | b);
    } else if (no_base) {
        address += next; /* relative to RIP */
    } else {
        address += general(rm | b);
    }
    if (mod == 1) {
        address += (uint64_t)(int64_t)(int8_t)*at;
    } else if (mod == 2 || no_base) {
        memcpy(&wide, at, sizeof wide);
        address += (uint64_t)(int64_t)wide;
    }
    return address;
}
