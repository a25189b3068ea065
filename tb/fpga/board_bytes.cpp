/* The board without pins: rtl/link/mmu_link.sv, a byte a clock in and out. */
#include "Vmmu_link_clock.h"
#include "sim_board.h"
#include "verilated.h"

namespace
{
class byte_board : public sim_board
{
public:
    byte_board()
    {
        power_on();
    }

    void power_on() override
    {
        model_.rx_valid_i = 0;
        model_.tx_ready_i = 0;
        model_.rst_i = 1;
        for (int i = 0; i < 4; i++)
            clock();
        model_.rst_i = 0;
        model_.eval();
    }

    bool busy() const override
    {
        return model_.busy_o;
    }

    bool takes() const override
    {
        return true;
    }

    bool step(const uint8_t *in, uint8_t *out) override
    {
        model_.rx_valid_i = in != nullptr;
        if (in)
            model_.rx_data_i = *in;
        model_.tx_ready_i = 1;
        const bool sent = model_.tx_valid_o;
        *out = model_.tx_data_o;
        clock();
        return sent;
    }

private:
    void clock()
    {
        CData *const remembered = clock_memory(model_); /* tb/dut/adapter.h tells of it */
        if (remembered) {
            *remembered = 0;
        } else {
            model_.clk_i = 0;
            model_.eval();
        }
        model_.clk_i = 1;
        model_.eval();
        clocks_++;
    }

    VerilatedContext context_;
    Vmmu_link model_{&context_};
};
} // namespace

std::unique_ptr<sim_board> make_board()
{
    return std::make_unique<byte_board>();
}
