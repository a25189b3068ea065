/* The other end of a UART, wire by wire: what the host's adapter does. Times are clocks of the board. */
#ifndef TWINWALK_UART_LINE_H
#define TWINWALK_UART_LINE_H

#include <cstdint>

class uart_line
{
public:
    /* How long a bit is on either wire, in clocks, at least 4; need not be whole. */
    explicit uart_line(double bit) : bit_(bit) {}

    /* A byte can be sent now. */
    bool ready() const
    {
        return left_ == 0;
    }
    void send(uint8_t byte)
    {
        send(byte, bit_);
    }
    void send(uint8_t byte, double bit); /* by a clock that is not quite right */

    /* One of its eight bits is on the wire. */
    bool in_data() const
    {
        return left_ > 1 && left_ < 10;
    }

    /* What the board sees on its wire in the next clock. */
    bool out() const
    {
        return left_ == 0 || (frame_ & 1);
    }

    /* One clock, in which the board's wire has this level. True: a byte has come, now. */
    bool clock(bool level, uint8_t *byte);

    uint64_t broken = 0; /* bytes that came without a stop bit */

private:
    void clock_out();

    double bit_, bit_out_ = 0;
    unsigned frame_ = 0, left_ = 0; /* bits that go, the lowest first */
    double rest_ = 0;               /* clocks of the one that is on the wire */
    unsigned came_ = 0, bits_ = 0;  /* of the byte that comes; 0 bits: none does */
    double until_ = 0;              /* clocks to the middle of its next bit */
    bool before_ = true;
};

#endif
