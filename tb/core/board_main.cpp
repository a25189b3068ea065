/* The top of a ULX3S with the minimal core inside (rtl/fpga/ulx3s.sv), as somebody at the board sees it: presses the
 * button, lets go, and waits until the lamps say that the program has halted.
 *
 *   core_board [+cycles=N]
 *
 * Exit status (tb/base/exits.h): 0 it halted with code 0; 1 with another, or not in N clocks (2,000,000). */
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "base/exits.h"
#include "core_board.h"
#include "verilated.h"

/* rtl/fpga/ulx3s.sv, rtl/fpga/board_core.sv */
enum { RELEASED = 1 << 1, RUNS = 1 << 2, HALTED = 1 << 3, CODE = 0xf0, PRESSED = 100 };

int main(int argc, char **argv)
{
    Verilated::commandArgs(argc, argv);
    const char *text = Verilated::commandArgsPlusMatch("cycles=");
    const uint64_t cycles = *text ? std::strtoull(text + sizeof "+cycles=" - 1, nullptr, 0) : 2000000;
    core_board top;

    bool ran = false;
    for (uint64_t cycle = 0; cycle < cycles; cycle++) {
        top.fire1 = cycle >= PRESSED / 2 && cycle < PRESSED;
        top.clk_25mhz = 0;
        top.eval();
        top.clk_25mhz = 1;
        top.eval();
        if (cycle < PRESSED)
            continue;
        ran |= (top.led & RELEASED) && (top.led & RUNS);
        if (ran && (top.led & RELEASED) && (top.led & HALTED)) {
            const unsigned code = (top.led & CODE) >> 4;
            std::printf("board: halted after %" PRIu64 " clocks, code lamps %u\n", cycle - PRESSED, code);
            return code ? STATUS_MISMATCH : STATUS_EQUAL;
        }
    }
    std::printf("board: the program has not ended after %" PRIu64 " clocks, lamps %02x\n", cycles, unsigned(top.led));
    return STATUS_MISMATCH;
}
