/* Clocks the one-register module and prints its cycles per second of CPU time. */
#include <cstdio>
#include <ctime>

#include "Vfloor.h"

static double cpu_seconds()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

int main()
{
    const unsigned cycles = 20000000;
    Vfloor top;
    const double start = cpu_seconds();
    for (unsigned i = 0; i < cycles; i++) {
        top.d_i = top.q_o + i;
        top.clk_i = 0;
        top.eval();
        top.clk_i = 1;
        top.eval();
    }
    const double seconds = cpu_seconds() - start;
    std::fprintf(stderr, "register %llx\n", static_cast<unsigned long long>(top.q_o)); /* so that it is computed */
    std::printf("%.0f\n", cycles / seconds);
}
