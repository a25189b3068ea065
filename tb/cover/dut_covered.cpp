/* The RTL that counts what it is driven through, under Verilator: takes the place of tb/dut/verilator.cpp in
 * twinwalk-cover.
 *
 * A program may create and destroy the device many times. Each new one goes on counting where the last one stopped, and
 * the counts are written once, when the program ends, to the file that the environment variable TWINWALK_COVERAGE names
 * (nothing is written without it). scripts/coverage.py reads such files. */
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include "Vcover.h"
#include "Vcover__Syms.h"
#include "Vcover___024root.h"
#include "Vcover_clock.h"
#include "Vcover_registers.h"

#include "adapter.h"

static constexpr std::size_t points = std::extent_v<decltype(Vcover__Syms::__Vcoverage)>;
static uint32_t counts[points];
static bool counted;

struct covered : Vcover {
    covered(VerilatedContext *context, const char *name) : Vcover(context, name)
    {
        for (std::size_t i = 0; i < points; i++)
            rootp->vlSymsp->__Vcoverage[i] = counts[i];
    }
    ~covered()
    {
        for (std::size_t i = 0; i < points; i++)
            counts[i] = rootp->vlSymsp->__Vcoverage[i];
        counted = true;
    }
};

/* The names of the points are known to a model only, so a last one is made to write them. */
static void write_counts()
{
    const char *path = std::getenv("TWINWALK_COVERAGE");
    if (!path || !counted)
        return;
    VerilatedContext context;
    covered last(&context, "");
    context.coveragep()->forcePerInstance(true); /* the ways of an array are points of their own */
    context.coveragep()->write(path);
    std::FILE *written = std::fopen(path, "r");
    if (!written) {
        std::fprintf(stderr, "twinwalk-cover: cannot write %s (TWINWALK_COVERAGE)\n", path);
        std::_Exit(1);
    }
    std::fclose(written);
}

static const struct at_end {
    ~at_end()
    {
        write_counts();
    }
} at_end;

extern "C" const struct dut_ops dut_rtl;
const struct dut_ops dut_rtl = adapter<covered>::ops("rtl", true);
