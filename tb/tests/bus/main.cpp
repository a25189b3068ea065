/* Clocks the cases of tb/tests/test_bus.sh: a reset, and 20,010 cycles. */
#include "Vcases.h"

int main()
{
    Vcases cases;
    for (int cycle = 0; cycle < 20020; cycle++) {
        cases.rst_i = cycle < 4;
        cases.clk_i = 0;
        cases.eval();
        cases.clk_i = 1;
        cases.eval();
    }
    return 0;
}
