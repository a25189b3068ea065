/* Packing of array ports, for every number of ports: each element is read as written and disturbs no other, whether
 * Verilator made the port an integer or words. */
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include "pack.h"

/* The C++ type that Verilator gives a packed port of so many bits. */
template <unsigned Bits>
using port = std::conditional_t<
    Bits <= 8, CData,
    std::conditional_t<
        Bits <= 16, SData,
        std::conditional_t<Bits <= 32, IData,
                           std::conditional_t<Bits <= 64, QData, VlWide<(Bits > 64 ? (Bits + 31) / 32 : 3)>>>>>;

static unsigned checks;

template <unsigned W, unsigned N> static void check()
{
    port<W * N> field;
    uint64_t want[N];
    const uint64_t ones = ~uint64_t{0} >> (64 - W);
    std::memset(&field, 0, sizeof field);
    for (unsigned i = 0; i < N; i++)
        want[i] = 0;
    for (unsigned step = 0; step < 4 * N; step++) {
        const unsigned at = step * 7 % N;
        want[at] = (0x9E3779B97F4A7C15ull * (step + 1) >> 3) & ones;
        if (step % 5 == 0)
            want[at] = ones;
        put<W>(field, at, want[at]);
        for (unsigned i = 0; i < N; i++, checks++)
            if (get<W>(field, i) != want[i]) {
                std::printf("element %u of %u, %u bits wide: 0x%llx, expected 0x%llx\n", i, N, W,
                            (unsigned long long)get<W>(field, i), (unsigned long long)want[i]);
                std::exit(1);
            }
    }
}

template <unsigned N> static void check_ports()
{
    check<1, N>();
    check<2, N>();
    check<3, N>();
    check<4, N>();
    check<8, N>();
    check<16, N>();
    check<64, N>();
}

int main()
{
    check_ports<1>();
    check_ports<2>();
    check_ports<3>();
    check_ports<4>();
    check_ports<5>();
    check_ports<6>();
    check_ports<7>();
    check_ports<8>();
    check_ports<16>(); /* both sides of the board of eight ports */
    std::printf("%u elements read as written\n", checks);
}
