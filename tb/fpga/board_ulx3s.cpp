/* The board with its pins: rtl/fpga/ulx3s.sv with the link inside, as `make fpga INSIDE=link` puts it on a ULX3S, at
 * the two wires of its UART. Its PLL gives what goes in (tb/core/board_cells.sv), so a clock here is one of 30 MHz. */
#include "Vulx3s.h"
#include "sim_board.h"
#include "uart_line.h"
#include "verilated.h"

namespace
{
class ulx3s_board : public sim_board
{
public:
    ulx3s_board()
    {
        power_on();
    }

    void power_on() override
    {
        model_.uart_rx = 1;
        line_ = uart_line(DIVISOR);
        model_.fire1 = 1;
        clock();
        model_.fire1 = 0;
        while (!(model_.led & RELEASED))
            clock();
    }

    bool busy() const override
    {
        return (model_.led & BUSY) || clocks_ - active_ < 12 * DIVISOR;
    }

    bool takes() const override
    {
        return line_.ready();
    }

    bool step(const uint8_t *in, uint8_t *out) override
    {
        if (in)
            line_.send(*in);
        if (!line_.ready() || !model_.uart_tx || (model_.led & BUSY))
            active_ = clocks_;
        model_.uart_rx = line_.out();
        const bool level = model_.uart_tx;
        clock();
        return line_.clock(level, out);
    }

private:
    enum { DIVISOR = 10 }; /* clocks of a bit: 30 MHz, 3 Mbaud */
    enum { RELEASED = 1 << 1, BUSY = 1 << 2 };

    void clock()
    {
        model_.clk_25mhz = 0;
        model_.eval();
        model_.clk_25mhz = 1;
        model_.eval();
        clocks_++;
    }

    VerilatedContext context_;
    Vulx3s model_{&context_};
    uart_line line_{DIVISOR};
    uint64_t active_ = 0;
};
} // namespace

std::unique_ptr<sim_board> make_board()
{
    return std::make_unique<ulx3s_board>();
}
