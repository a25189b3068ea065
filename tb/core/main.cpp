/* Gives the minimal core its clock, until it halts.
 *
 *   core_bench +program=FILE.hex [+memory=FILE.hex] [+cycles=N] [+waves=FILE.fst]
 *
 * Exit status (tb/base/exits.h): 0 the program says that all was right; 1 it says what was not, or has not ended after
 * N cycles (2,000,000). TWINWALK_DEFECT chooses the planted defect where the MMU has them. */
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/exits.h"
#include "core_bench.h"
#include "verilated.h"
#include "verilated_fst_c.h"

/* Of the MMU with planted defects (tb/defects). */
extern "C" unsigned int twinwalk_defect()
{
    const char *number = std::getenv("TWINWALK_DEFECT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}

static uint64_t argument(const char *name, uint64_t otherwise)
{
    const char *text = Verilated::commandArgsPlusMatch(name);
    return *text ? std::strtoull(text + 1 + std::strlen(name), nullptr, 0) : otherwise;
}

int main(int argc, char **argv)
{
    Verilated::commandArgs(argc, argv);
    Verilated::fatalOnError(false);
    const uint64_t cycles = argument("cycles=", 2000000);
    Verilated::traceEverOn(true);
    core_bench top;
    VerilatedFstC waves;
    const char *file = Verilated::commandArgsPlusMatch("waves=");
    if (*file) {
        top.trace(&waves, 99);
        waves.open(file + std::strlen("+waves="));
        if (!waves.isOpen())
            return std::printf("core: %s cannot be written\n", file + std::strlen("+waves=")), STATUS_OUTPUT;
    }
    for (uint64_t cycle = 0; cycle < cycles && !Verilated::gotFinish(); cycle++) {
        top.rst_i = cycle < 2;
        top.clk_i = 0;
        top.eval();
        if (*file)
            waves.dump(2 * cycle);
        if (top.halted_o && cycle > 2) {
            top.clk_i = 1; /* what memory holds is written at this edge */
            top.eval();
            return top.code_o ? STATUS_MISMATCH : STATUS_EQUAL;
        }
        top.clk_i = 1;
        top.eval();
        if (*file)
            waves.dump(2 * cycle + 1);
    }
    if (Verilated::gotError())
        return STATUS_MISMATCH;
    std::printf("core: the program has not ended after %" PRIu64 " cycles\n", cycles);
    return STATUS_MISMATCH;
}
