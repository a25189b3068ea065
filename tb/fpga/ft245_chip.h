/* A USB FIFO of the FT245 kind in synchronous mode, as the board sees it, by its data sheet: what it does at each edge
 * of its clock, and what may not be done to it. */
#ifndef TWINWALK_FT245_CHIP_H
#define TWINWALK_FT245_CHIP_H

#include <cstdint>
#include <deque>
#include <string>

class ft245_chip
{
public:
    /* What the board drives, and gets. */
    struct board_pins {
        bool oe_n, rd_n, wr_n, siwu_n, drive;
        uint8_t bus;
    };
    struct chip_pins {
        bool rxf_n, txe_n;
        uint8_t bus;
    };

    /* The pins before the next edge. pause: the chip is busy with USB, and neither has nor takes a byte. */
    chip_pins before(bool pause_read, bool pause_write, uint8_t noise, const board_pins &board);

    /* The edge. What was wrong is told, once; empty: nothing yet. */
    void edge(const board_pins &board);
    const std::string &wrong() const
    {
        return wrong_;
    }

    /* The host's side. */
    std::deque<uint8_t> to_board, to_host;

private:
    enum { PACKET = 510 }; /* so many bytes go to the host by themselves */
    void must(bool right, const char *rule);

    chip_pins pins_ = {true, true, 0};
    std::deque<uint8_t> packet_; /* from the board, not sent yet */
    bool oe_before_ = false, drive_before_ = false;
    std::string wrong_;
};

#endif
