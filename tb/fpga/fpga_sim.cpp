/* fpga-sim: a Verilated board (sim_board.h says which) at the end of a pty or a TCP socket, with whatever can go wrong
 * on the way. What `--dut=fpga:…` talks to when there is no board (docs/board.md). */
#include <argp.h>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/exits.h"
#include "faults.h"
#include "mmu_cfg.h"
#include "plug.h"
#include "sim_board.h"

const char *argp_program_version = "fpga-sim for preset " CFG_NAME;

struct options {
    std::string pty;
    bool tcp = false;
    unsigned port = 0;
    fault_rates rates;
    uint64_t seed = 1;
};

static volatile sig_atomic_t ended;

static void on_signal(int)
{
    ended = 1;
}

/* Board, lines and plug. */
class bench
{
public:
    explicit bench(const options &o) : board_(make_board()), in_(o.rates, o.seed), out_(o.rates, o.seed + 0x9e3779b9u)
    {
        open_ = o.tcp ? plug_.open_tcp(o.port) : plug_.open_pty(o.pty);
    }

    bool open() const
    {
        return open_;
    }

    std::string name() const
    {
        return plug_.name();
    }

    void run()
    {
        while (!ended) {
            take_bytes();
            work();
            give_bytes();
            if (arrived_.empty() && !board_->busy())
                plug_.wait(leaving_.empty() ? 200 : 1);
            suffer(in_.take_trouble());
            suffer(out_.take_trouble());
        }
    }

    void tell() const
    {
        for (const auto *line : {&in_, &out_})
            std::fprintf(stderr,
                         "fpga-sim: %s %" PRIu64 " bytes; %" PRIu64 " flips, %" PRIu64 " drops, %" PRIu64
                         " twice, %" PRIu64 " stalls, %" PRIu64 " cuts, %" PRIu64 " without power\n",
                         line == &in_ ? "to the board" : "from it", line->counts.bytes, line->counts.flips,
                         line->counts.drops, line->counts.twice, line->counts.stalls, line->counts.cuts,
                         line->counts.power);
        std::fprintf(stderr, "fpga-sim: %" PRIu64 " clocks\n", board_->clocks());
    }

private:
    enum { CLOCKS = 20000, PIECE = 4096 };

    void take_bytes()
    {
        if (arrived_.size() - at_ > PIECE)
            return;
        arrived_.erase(arrived_.begin(), arrived_.begin() + long(at_));
        at_ = 0;
        uint8_t byte[PIECE];
        const size_t n = plug_.read(byte, sizeof byte);
        for (size_t i = 0; i < n; i++)
            in_.pass(byte[i], arrived_);
    }

    void work()
    {
        for (int i = 0; i < CLOCKS && (at_ < arrived_.size() || board_->busy()); i++) {
            uint8_t byte;
            const uint8_t *in = at_ < arrived_.size() && board_->takes() ? &arrived_[at_++] : nullptr;
            if (board_->step(in, &byte))
                out_.pass(byte, leaving_);
        }
    }

    void give_bytes()
    {
        const size_t n = plug_.write(leaving_.data(), leaving_.size());
        leaving_.erase(leaving_.begin(), leaving_.begin() + long(n));
    }

    void suffer(const faulty_line::trouble &t)
    {
        if (t.cut) {
            plug_.pull();
            arrived_.clear();
            leaving_.clear();
            at_ = 0;
        }
        if (t.off)
            board_->power_on();
        if (t.ms) {
            const struct timespec time = {0, long(t.ms) * 1000000};
            nanosleep(&time, nullptr);
        }
        if (t.cut)
            plug_.put_in();
    }

    std::unique_ptr<sim_board> board_;
    faulty_line in_, out_;
    plug plug_;
    bool open_;
    std::vector<uint8_t> arrived_, leaving_;
    size_t at_ = 0;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    options *o = static_cast<options *>(state->input);
    std::string error;
    char *end;
    switch (key) {
    case 'p':
        o->pty = arg;
        return 0;
    case 't':
        o->tcp = true;
        o->port = unsigned(std::strtoul(arg ? arg : "0", &end, 10));
        if (arg && (*end || !*arg || o->port > 65535))
            argp_error(state, "--tcp=%s: must be a port, 0 to 65535", arg);
        return 0;
    case 'f':
        if (!o->rates.parse(arg, error))
            argp_error(state, "--faults: %s", error.c_str());
        return 0;
    case 's':
        o->seed = std::strtoull(arg, &end, 0);
        if (*end || !*arg)
            argp_error(state, "--seed=%s: must be a number", arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: no argument is expected", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option table[] = {
        {"pty", 'p', "NAME", 0, "serve a pty, and make NAME a link to it (without either option: a pty)", 0},
        {"tcp", 't', "PORT", OPTION_ARG_OPTIONAL, "serve a TCP port of this machine; 0 or none: any", 0},
        {"faults", 'f', "NAME=RATE,…", 0,
         "what goes wrong, by chance, per byte: flips, drops, twice, stalls, cuts, power", 0},
        {"seed", 's', "N", 0, "of the chance (1)", 0},
        {nullptr, 0, nullptr, 0, nullptr, 0}};
    static const struct argp argp = {table,   parse,   nullptr, "The Verilated board behind a pty or a TCP socket.",
                                     nullptr, nullptr, nullptr};
    options o;
    exits_begin("fpga-sim");
    argp_parse(&argp, argc, argv, 0, nullptr, &o);
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    bench b(o);
    if (!b.open()) {
        std::perror("fpga-sim: cannot be plugged in");
        return STATUS_HOST;
    }
    std::printf("--dut=fpga:%s\n", b.name().c_str());
    std::fflush(stdout);
    b.run();
    b.tell();
    return STATUS_EQUAL;
}
