/* A Verilated board, clock by clock, as the end of a cable sees it: bytes go in, bytes come out. */
#ifndef TWINWALK_SIM_BOARD_H
#define TWINWALK_SIM_BOARD_H

#include <cstdint>
#include <memory>

class sim_board
{
public:
    virtual ~sim_board() = default;

    /* As when it is switched on: nothing is kept but the memories' contents, which nobody relies on. */
    virtual void power_on() = 0;

    /* Something is under way: without it clocks change nothing. */
    virtual bool busy() const = 0;

    /* A byte can go in with the next clock. */
    virtual bool takes() const = 0;

    /* One clock, with this byte going in, if any. True: one came out. */
    virtual bool step(const uint8_t *in, uint8_t *out) = 0;

    uint64_t clocks() const
    {
        return clocks_;
    }

protected:
    uint64_t clocks_ = 0;
};

/* The board that this program has. */
std::unique_ptr<sim_board> make_board();

#endif
