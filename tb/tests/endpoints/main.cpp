/* The endpoints of rtl/link between a byte stream and the other end of their wires, all cases of make_cases.py at once:
 * bytes in both directions with random stalls. A line for each: what was wrong first, or what it carried.
 *
 *   cases [CLOCKS]
 */
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vcases.h"
#include "fpga/ft245_chip.h"
#include "fpga/uart_line.h"

/* Bytes that must come out as they went in, in time. */
class carried
{
public:
    void in(uint8_t byte)
    {
        under_way_.push_back(byte);
    }
    void out(uint8_t byte, std::string &wrong)
    {
        if (wrong.empty() && (under_way_.empty() || under_way_.front() != byte))
            wrong = under_way_.empty() ? "a byte that nobody sent" : "another byte than was sent";
        if (!under_way_.empty())
            under_way_.pop_front();
        count_++;
    }
    bool empty() const
    {
        return under_way_.empty();
    }
    uint64_t count() const
    {
        return count_;
    }

private:
    std::deque<uint8_t> under_way_;
    uint64_t count_ = 0;
};

/* What an endpoint and its other end have in common: the bytes of both directions, and who stalls. */
class bench
{
public:
    bench(const char *name, uint64_t seed) : name_(name), random_(seed) {}
    virtual ~bench() = default;
    virtual void before(uint64_t clock, bool last) = 0;
    virtual void after() = 0;
    virtual std::string rule() const
    {
        return "";
    }

    void tell() const
    {
        const std::string wrong = !rule().empty()                           ? rule()
                                  : !wrong_.empty()                         ? wrong_
                                  : !to_board_.empty() || !to_host_.empty() ? "bytes got lost"
                                  : !to_board_.count() || !to_host_.count() ? "nothing was carried"
                                                                            : "";
        if (wrong.empty())
            std::printf("%s: right: %" PRIu64 " bytes to the board, %" PRIu64 " from it\n", name_, to_board_.count(),
                        to_host_.count());
        else
            std::printf("%s: WRONG: %s\n", name_, wrong.c_str());
    }

protected:
    bool chance(unsigned percent)
    {
        return random_() % 100 < percent;
    }
    uint8_t any()
    {
        return uint8_t(random_());
    }

    const char *name_;
    std::mt19937_64 random_;
    carried to_board_, to_host_;
    std::string wrong_;
};

/* ---- UART ---- */

struct uart_pins {
    CData &rx_i, &tx_o, &cts_i, &valid_i, &data_i, &ready_o, &valid_o, &data_o;
};

/* The host's adapter runs a little fast or slow; between bytes come spikes, breaks and bytes without a stop bit. */
class uart_bench : public bench
{
public:
    uart_bench(const char *name, unsigned divisor, uart_pins pins, uint64_t seed)
        : bench(name, seed), p_(pins), divisor_(divisor), line_(divisor)
    {
        p_.rx_i = 1;
    }

    void before(uint64_t clock, bool last) override
    {
        if (hold_ == 0 && noise_ == 0 && line_.ready() && !last)
            choose();
        if (hold_ > 0)
            hold_--;
        noise_ -= noise_ > 0;
        const bool spike = noise_ == 0 && line_.in_data() && clock % 3 == 0 && chance(spikes());
        p_.rx_i = noise_ > hold_after_ ? 0 : line_.out() ^ spike;
        if (!p_.cts_i && chance(2))
            p_.cts_i = 1;
        else if (p_.cts_i && chance(1) && chance(10))
            p_.cts_i = 0;
        if (last)
            p_.cts_i = 1;
        cts_ = (cts_ << 1 | p_.cts_i) & 0xff;
        if (!p_.valid_i && !last && chance(5)) {
            p_.valid_i = 1;
            p_.data_i = any();
        }
        level_ = p_.tx_o;
        if (p_.valid_i && p_.ready_o) {
            to_host_.in(p_.data_i);
            taken_ = true;
            if (!(cts_ & 0x0e) && wrong_.empty())
                wrong_ = "a byte begins without CTS";
        }
    }

    void after() override
    {
        uint8_t byte;
        if (taken_)
            p_.valid_i = 0;
        taken_ = false;
        if (line_.clock(level_, &byte))
            to_host_.out(byte, wrong_);
        if (line_.broken && wrong_.empty())
            wrong_ = "a byte without a stop bit";
        if (p_.valid_o)
            to_board_.out(p_.data_o, wrong_);
    }

private:
    /* One clock in the middle of a bit: two others decide. Only where a bit has enough of them. */
    unsigned spikes() const
    {
        return divisor_ >= 16 ? 10 : 0;
    }

    double tolerance() const /* rtl/link/link_uart.sv */
    {
        return 1 / 20.0 - 3 / (10.0 * divisor_);
    }

    void choose()
    {
        const unsigned what = unsigned(random_() % 100);
        if (what < 70) {
            const uint8_t byte = any();
            line_.send(byte, divisor_ * (chance(50) ? 1 - tolerance() : 1 + tolerance()));
            to_board_.in(byte);
        } else if (what < 90) {
            hold_ = unsigned(random_() % (20 * divisor_));
        } else if (what < 95) { /* a break, or a byte of 0 without a stop bit: nothing comes */
            hold_after_ = 2 * divisor_;
            noise_ = hold_after_ + 10 * divisor_ + unsigned(random_() % (10 * divisor_));
        } else { /* a start bit that is too short */
            hold_after_ = 12 * divisor_;
            noise_ = hold_after_ + divisor_ / 4;
        }
    }

    uart_pins p_;
    unsigned divisor_;
    uart_line line_;
    unsigned hold_ = 0, noise_ = 0, hold_after_ = 0, cts_ = 0xff;
    bool level_ = true, taken_ = false;
};

/* ---- FT245 ---- */

struct ft245_pins {
    CData &rxf_n_i, &txe_n_i, &bus_i, &oe_n_o, &rd_n_o, &wr_n_o, &siwu_n_o, &drive_o, &bus_o;
    CData &valid_i, &data_i, &ready_o, &valid_o, &data_o;
};

/* Phases: all goes, the chip stalls now and then, the host has little; so that bursts, turns and waiting all come. */
class ft245_bench : public bench
{
public:
    ft245_bench(const char *name, unsigned burst, ft245_pins pins, uint64_t seed)
        : bench(name, seed), p_(pins), patience_(8 * burst + 1000)
    {
        p_.rxf_n_i = p_.txe_n_i = 1;
    }

    void before(uint64_t clock, bool last) override
    {
        if (clock % PHASE == 0) {
            stalls_ = random_() % 2 ? unsigned(random_() % 60) : 0;
            host_ = any_rate();
            board_ = any_rate();
        }
        if (!last && chance(host_) && chip_.to_board.size() < 16) {
            chip_.to_board.push_back(any());
            to_board_.in(chip_.to_board.back());
        }
        if (!last && !p_.valid_i && chance(board_)) {
            p_.valid_i = 1;
            p_.data_i = any();
        }
        board_pins_ = {p_.oe_n_o != 0, p_.rd_n_o != 0, p_.wr_n_o != 0, p_.siwu_n_o != 0, p_.drive_o != 0, p_.bus_o};
        const ft245_chip::chip_pins c = chip_.before(!last && chance(stalls_), !last && chance(stalls_), any(),
                                                     board_pins_);
        p_.rxf_n_i = c.rxf_n;
        p_.txe_n_i = c.txe_n;
        p_.bus_i = c.bus;
        if (p_.valid_i && p_.ready_o) {
            to_host_.in(p_.data_i);
            taken_ = true;
        }
    }

    void after() override
    {
        chip_.edge(board_pins_);
        if (taken_)
            p_.valid_i = 0;
        taken_ = false;
        in_time(chip_.to_board.empty() || p_.valid_o, reads_, patience_, "the host's bytes are not read");
        in_time(!p_.valid_i || p_.ready_o, writes_, patience_, "the board's bytes are not written");
        in_time(to_host_.empty() || !chip_.to_host.empty(), keeps_, KEPT, "what the board sends is kept by the chip");
        for (; !chip_.to_host.empty(); chip_.to_host.pop_front())
            to_host_.out(chip_.to_host.front(), wrong_);
        if (p_.valid_o)
            to_board_.out(p_.data_o, wrong_);
    }

    std::string rule() const override
    {
        return chip_.wrong();
    }

private:
    enum { PHASE = 3000, KEPT = 10000 };

    unsigned any_rate()
    {
        const unsigned what = unsigned(random_() % 4);
        return what == 0 ? 0 : what == 1 ? unsigned(random_() % 60) : 100;
    }

    void in_time(bool good, unsigned &since, unsigned most, const char *what)
    {
        since = good ? 0 : since + 1;
        if (since > most && wrong_.empty())
            wrong_ = what;
    }

    ft245_pins p_;
    ft245_chip chip_;
    ft245_chip::board_pins board_pins_ = {};
    unsigned patience_, stalls_ = 0, host_ = 0, board_ = 0, reads_ = 0, writes_ = 0, keeps_ = 0;
    bool taken_ = false;
};

int main(int argc, char **argv)
{
    const uint64_t clocks = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 200000, rest = 20000;
    VerilatedContext context;
    Vcases top{&context};
    std::vector<std::unique_ptr<bench>> benches;
    uint64_t seed = 1;
#define UART(name, divisor)                                                                                        \
    benches.emplace_back(                                                                                          \
        new uart_bench(#name, divisor,                                                                             \
                       {top.name##_rx_i, top.name##_tx_o, top.name##_cts_i, top.name##_valid_i, top.name##_data_i, \
                        top.name##_ready_o, top.name##_valid_o, top.name##_data_o},                                \
                       seed));                                                                                     \
    seed++;
#define FT245(name, burst)                                                                                             \
    benches.emplace_back(new ft245_bench(#name, burst,                                                                 \
                                         {top.name##_rxf_n_i, top.name##_txe_n_i, top.name##_bus_i, top.name##_oe_n_o, \
                                          top.name##_rd_n_o, top.name##_wr_n_o, top.name##_siwu_n_o,                   \
                                          top.name##_drive_o, top.name##_bus_o, top.name##_valid_i, top.name##_data_i, \
                                          top.name##_ready_o, top.name##_valid_o, top.name##_data_o},                  \
                                         seed));                                                                       \
    seed++;
#include "cases.inc"
    for (uint64_t clock = 0; clock < clocks; clock++) {
        top.rst_i = clock < 4;
        top.clk_i = 0;
        top.eval();
        if (clock >= 8)
            for (auto &b : benches)
                b->before(clock, clock + rest > clocks);
        top.clk_i = 1;
        top.eval();
        if (clock >= 8)
            for (auto &b : benches)
                b->after();
    }
    for (const auto &b : benches)
        b->tell();
    return 0;
}
