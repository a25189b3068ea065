/* Fields of the MMU's packed array ports, whatever C++ type Verilator gave them.
 *
 * A port `logic [NP-1:0][W-1:0]` becomes an integer up to 64 bits wide and a VlWide beyond. Element i of it, W bits, is
 * read with get<W>(field, i) and written with put<W>(field, i, value); value must fit. With constant W and i each is a
 * move or a shift and mask. */
#ifndef TWINWALK_PACK_H
#define TWINWALK_PACK_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "verilated.h"

static_assert(sizeof(EData) == 4, "VlWide is read as little-endian 32-bit words");

template <unsigned W, class T> inline uint64_t get(const T &field, unsigned i)
{
    static_assert(std::is_unsigned_v<T> && W <= 64);
    return (uint64_t(field) >> (W * i)) & (~uint64_t{0} >> (64 - W));
}

template <unsigned W, class T> inline void put(T &field, unsigned i, uint64_t value)
{
    static_assert(std::is_unsigned_v<T> && W <= 64);
    const uint64_t mask = (~uint64_t{0} >> (64 - W)) << (W * i);
    field = T((uint64_t(field) & ~mask) | (value << (W * i)));
}

template <unsigned W, size_t N> inline uint64_t get(const VlWide<N> &field, unsigned i)
{
    static_assert(W == 64 || 32 % W == 0, "elements must not straddle words");
    if constexpr (W == 64)
        return uint64_t(field[2 * i]) | uint64_t(field[2 * i + 1]) << 32;
    else
        return get<W>(field[W * i / 32], i % (32 / W));
}

template <unsigned W, size_t N> inline void put(VlWide<N> &field, unsigned i, uint64_t value)
{
    static_assert(W == 64 || 32 % W == 0, "elements must not straddle words");
    if constexpr (W == 64) {
        field[2 * i] = EData(value);
        field[2 * i + 1] = EData(value >> 32);
    } else {
        put<W>(field[W * i / 32], i % (32 / W), value);
    }
}

/* A reply of memory: a line, 8 words of 64 bits … */
inline void put_line(VlWide<16> &field, const uint64_t line[8])
{
    std::memcpy(field.data(), line, 64);
}

/* … or the 8 bytes that were asked for, which stand in each of them (pins.h). */
inline void put_line(QData &field, const uint64_t line[8])
{
    field = line[0];
}

#endif
