/* A UART's other end: see uart_line.h. */
#include "uart_line.h"

enum { FRAME = 10 }; /* bits: start, eight, stop */

void uart_line::send(uint8_t byte, double bit)
{
    bit_out_ = bit;
    frame_ = 1u << (FRAME - 1) | unsigned(byte) << 1;
    left_ = FRAME;
    rest_ += bit; /* what the last byte left over, so that nothing drifts */
}

void uart_line::clock_out()
{
    if (left_ == 0) {
        rest_ = 0;
        return;
    }
    if ((rest_ -= 1) > 0.5)
        return;
    frame_ >>= 1;
    if (--left_)
        rest_ += bit_out_;
}

bool uart_line::clock(bool level, uint8_t *byte)
{
    const bool falls = before_ && !level;
    before_ = level;
    clock_out();
    if (bits_ == 0) {
        if (falls) {
            bits_ = FRAME;
            came_ = 0;
            until_ = bit_ / 2;
        }
        return false;
    }
    if ((until_ -= 1) > 0.5)
        return false;
    until_ += bit_;
    came_ = came_ >> 1 | unsigned(level) << (FRAME - 1);
    if (--bits_)
        return false;
    *byte = uint8_t(came_ >> 1);
    const bool whole = (came_ >> (FRAME - 1)) && !(came_ & 1);
    broken += !whole;
    return whole;
}
