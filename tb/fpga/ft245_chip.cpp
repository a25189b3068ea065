/* The USB FIFO: see ft245_chip.h. */
#include "ft245_chip.h"

void ft245_chip::must(bool right, const char *rule)
{
    if (!right && wrong_.empty())
        wrong_ = rule;
}

ft245_chip::chip_pins ft245_chip::before(bool pause_read, bool pause_write, uint8_t noise, const board_pins &board)
{
    pins_.rxf_n = pause_read || to_board.empty();
    pins_.txe_n = pause_write;
    pins_.bus = !board.oe_n && !pins_.rxf_n ? to_board.front() : noise;
    return pins_;
}

void ft245_chip::edge(const board_pins &board)
{
    must(board.oe_n || !board.drive, "both drive the bus");
    must(board.oe_n || !drive_before_, "the chip is to drive the bus in the clock behind the board");
    must(!board.drive || !oe_before_, "the board drives the bus in the clock behind the chip");
    must(board.rd_n || (!board.oe_n && oe_before_), "RD# without OE# in the clock before");
    must(board.wr_n || board.drive, "WR# without a byte on the bus");
    if (!board.rd_n && !pins_.rxf_n)
        to_board.pop_front();
    if (!board.wr_n && !pins_.txe_n)
        packet_.push_back(board.bus);
    if (!board.siwu_n || packet_.size() >= PACKET) {
        to_host.insert(to_host.end(), packet_.begin(), packet_.end());
        packet_.clear();
    }
    oe_before_ = !board.oe_n;
    drive_before_ = board.drive;
}
