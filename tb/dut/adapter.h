/* Puts a Verilated module with the ports of docs/microarchitecture.md section 2 behind the bench's C ABI.
 *
 * adapter<Model>::ops("name") is the whole of it; Model is the class that `verilator --cc` made, for any number of
 * ports. The bench calls this once a simulated clock, so it writes only inputs that count and converts only outputs
 * that are valid.
 *
 * All logic is settled once a clock. The model has a load_i (tb/dut/mmu_waves.sv): one eval when it turns over, for
 * what lies behind the inputs, and one at the rising edge, for the rest; the state readout waits for its look_i, which
 * turns over when somebody asks. Verilator's eval asks several times what has changed, which costs a tenth of a clock:
 * where the header has the calls that follow (clock_load, clock_rise, clock_look), a step or a reading makes them. Or
 * the model has none (an MMU of other making): one eval, at the edge; an eval with clk = 0 would only make Verilator
 * forget that the clock was high, so its memory of the clock is set low by hand. Either is made possible by
 * scripts/verilate.py, from the C++ that Verilator wrote, and a header of its making says so (Vmmu_clock.h; to be
 * included before this one). Where it is not possible, because this Verilator does it otherwise, the design waits for
 * the falling edge too, or there is no such header, there are two evals and what lies behind the inputs is settled
 * twice; `about` tells. Where the registers are says another such header (Vmmu_registers.h): with it, a device can be
 * put into a state. With waves on each cycle is dumped in two phases:
 *
 *     cycle      t           t+1
 *     clk        /''''\____/''''\____
 *     dump       |     |    |     |          time = cycle number in ns
 *                state(t) and the inputs of t stand for the whole cycle */
#ifndef TWINWALK_ADAPTER_H
#define TWINWALK_ADAPTER_H

#include <cstdio>
#include <memory>
#include <new>
#include <type_traits>

#include "abort_guard.h"
#include "board.h"
#include "dut.h"
#include "events.h"
#include "fst_writer.h"
#include "listen.h"
#include "mmu_cfg.h"
#include "pack.h"
#include "pins_same.h"
#include "registers.h"
#include "verilated_config.h"
#include "verilated_fst_c.h"
#include "waves.h"

/* What the bench holds. Only waves need more than the operations know. */
struct dut {
    virtual ~dut() = default;
    virtual void expect(const struct pins_out *) {}
};

/* Whether Model's clock header is included. */
template <class Model, class = void> struct has_clock : std::false_type {
};
template <class Model>
struct has_clock<Model, std::void_t<decltype(clock_memory(std::declval<Model &>()))>> : std::true_type {
};

/* Whether Model takes its inputs when it is told. */
template <class Model, class = void> struct has_load : std::false_type {
};
template <class Model> struct has_load<Model, std::void_t<decltype(std::declval<Model &>().load_i)>> : std::true_type {
};
/* Whether its state readout does. */
template <class Model, class = void> struct has_look : std::false_type {
};
template <class Model> struct has_look<Model, std::void_t<decltype(std::declval<Model &>().look_i)>> : std::true_type {
};

/* Whether its clock header has the two evaluations of a clock as calls. */
template <class Model, class = void> struct has_calls : std::false_type {
};
template <class Model>
struct has_calls<Model, std::void_t<decltype(clock_load(std::declval<Model &>()))>> : std::true_type {
};

/* Whether it has the reading of a state word as a call. */
template <class Model, class = void> struct has_look_call : std::false_type {
};
template <class Model>
struct has_look_call<Model, std::void_t<decltype(clock_look(std::declval<Model &>(), 0))>> : std::true_type {
};

/* Whether requests in flight can be dropped: not of an MMU of before there was a port for it. */
template <class Model, class = void> struct has_squash : std::false_type {
};
template <class Model>
struct has_squash<Model, std::void_t<decltype(std::declval<Model &>().squash_valid_i)>> : std::true_type {
};

/* Whether Model's registers header is included. */
template <class Model, class = void> struct has_registers : std::false_type {
};
template <class Model>
struct has_registers<Model, std::void_t<decltype(registers_of(std::declval<Model &>()))>> : std::true_type {
};

/* What writes the waves. Nothing does in a model that was verilated without --trace-fst: `make bench` measures against
 * one. */
struct no_writer {
    void dump(uint64_t) {}
    void flush() {}
    void close() {}
};
template <class Model, class = void> struct writer_of {
    using type = no_writer;
};
template <class Model>
struct writer_of<Model,
                 std::void_t<decltype(std::declval<Model &>().trace(static_cast<VerilatedFstC *>(nullptr), 99))>> {
    using type = VerilatedFstC;
};

template <class Model> class adapter final : public dut
{
public:
    static constexpr struct dut_ops ops(const char *name, bool has_state, bool squashes = true)
    {
        struct dut_ops o = {};
        o.name = name;
        o.has_state = has_state;
        o.create = create;
        o.destroy = destroy;
        o.reset = reset;
        o.step = step;
        o.skip = skip;
        o.state = has_state ? state : nullptr;
        o.waves_start = waves_start;
        o.waves_stop = waves_stop;
        o.says = says;
        o.about = about;
        o.counts = has_state ? counts<glance> : counts<nullptr>;
        o.restore = has_registers<Model>::value ? restore : nullptr;
        o.squashes = squashes && has_squash<Model>::value;
        return o;
    }

    /* Of a model whose parameter Readout is 1: state is read while the MMU waits, in clocks of the reading alone. */
    static constexpr struct dut_ops ops_waiting(const char *name)
    {
        struct dut_ops o = ops(name, false);
        o.has_state = true;
        o.state = state_waiting;
        o.state_waits = true;
        return o;
    }

    ~adapter() override
    {
        Verilated::threadContextp(&context_);
    }

    void expect(const struct pins_out *out) override
    {
        expected_ = *out;
        expected_known_ = true;
    }

private:
    enum : unsigned { NP = CFG_PORTS_FETCH + CFG_PORTS_DATA };
    enum : unsigned {
        STATE_NONE = 15
    }; /* a state_sel_i that names nothing, so that nothing is selected while nobody reads */

    /* A model is made and ended in the context of the thread, whatever it is given: several can live in one process. */
    struct tracing_context : VerilatedContext {
        tracing_context()
        {
            traceEverOn(true); /* Verilator wants to know before the model exists */
            Verilated::threadContextp(this);
        }
    };

    using fst_writer = typename writer_of<Model>::type;

    tracing_context context_;
    Model model_{&context_, "TOP"};            /* the writer of waves wants a name */
    CData *const remembered_ = memory(model_); /* of the clock; null: two evals a clock */
    std::unique_ptr<fst_writer> fst_;          /* open, or null */
    uint64_t cycle_ = 0;
    struct pins_out expected_ = {};  /* the reference's outputs of the present cycle, for waves */
    uint64_t dumped_ = 0;            /* cycles in the waveform */
    bool falls_by_itself_ = false;   /* the clock in it, which its writer knows */
    bool expected_known_ = false;    /* not told in cycles that the bench skips: both wait there */
    struct pins_in held_ = {};       /* what of the last inputs dumped still stands: offers that were not accepted */
    struct dut_event said_ = {};     /* the first thing that the design said of itself since the last reset */
    struct dut_event at_first_ = {}; /* and in the first one of all: initial blocks run once, and count in every one */
    std::unique_ptr<struct events> events_; /* that are counted; null: none, nobody has asked */
    bool gave_up_ = false; /* an evaluation did not come to its end, and no other is begun before a reset */
    bool fresh_ = true;    /* nothing was evaluated yet */

    static adapter &self(struct dut *d)
    {
        return *static_cast<adapter *>(d);
    }

    static CData *memory(Model &model)
    {
        if constexpr (has_clock<Model>::value)
            return clock_memory(model);
        return nullptr;
    }

    static void about(struct dut *d, struct dut_about *about)
    {
        adapter &a = self(d);
        about->simulator = VERILATOR_PRODUCT " " VERILATOR_VERSION;
        about->evaluations = 2;
        about->why = "its clock header is not included";
        if constexpr (has_clock<Model>::value) {
            about->evaluations = clock_evaluations(a.model_);
            about->why = about->evaluations == 1 ? nullptr : clock_reason(a.model_);
        }
        about->fixed = nullptr;
        if constexpr (has_registers<Model>::value)
            about->fixed = *registers_reason(a.model_) ? registers_reason(a.model_)
                           : !REGISTERS_TOLD           ? "state words tell of no more than 4096 sets of an array"
                                                       : nullptr;
    }

    static struct dut *create(const char **error)
    {
        struct dut *d = new (std::nothrow) adapter;
        if (!d)
            *error = "no memory for the Verilated model";
        return d;
    }

    /* What the design says while it is evaluated goes to said_. */
    template <class Evaluation> void evaluate(Evaluation &&evaluation)
    {
        if (gave_up_)
            return;
        verilated_listener = &said_;
        Verilated::threadContextp(&context_); /* another device may have come and gone since */
        try {
            evaluation();
        } catch (const verilated_gave_up &) {
            gave_up_ = true;
        }
    }

    static const struct dut_event *says(struct dut *d)
    {
        return &self(d).said_;
    }

    static void destroy(struct dut *d)
    {
        adapter &a = self(d);
        waves_stop(d);
        a.said_ = {};
        a.evaluate([&] { a.model_.final(); });
        if (a.said_.kind != DUT_QUIET)
            verilated_too_late(a.said_);
        verilated_listener = nullptr;
        delete d;
    }

    static void reset(struct dut *d, struct pins_out *out)
    {
        adapter &a = self(d);
        a.said_ = a.at_first_;
        a.gave_up_ = false;
        a.put_inputs(pins_in{});
        a.model_.state_sel_i = STATE_NONE;
        a.evaluate([&] {
            a.model_.rst_i = 1;
            for (int edge = 0; edge < 2; edge++) {
                a.lower();
                a.rise();
            }
            a.model_.rst_i = 0;
            a.settle();
        });
        if (a.fresh_)
            a.at_first_ = a.said_;
        a.fresh_ = false;
        a.cycle_ = 0;
        a.held_ = {};
        a.expected_known_ = false;
        a.get_outputs(*out);
        a.events_.reset();
    }

    /* Counting begins when somebody asks. */
    template <bool (*words)(struct dut *, unsigned, unsigned, uint64_t[2])>
    static void counts(struct dut *d, struct dut_counts *counts)
    {
        adapter &a = self(d);
        if (!a.events_) {
            a.events_ = std::make_unique<struct events>();
            struct pins_out now = {};
            a.get_outputs(now);
            events_begin(a.events_.get(), words, &now);
        }
        *counts = events_counts(a.events_.get());
    }

    /* Verilator makes all that follows from the registers in the first evaluation, and only then: so they are written
     * before it. The clock is high in it and counts as having been. */
    static bool restore(struct dut *d, const struct dut_state *state, struct pins_out *out)
    {
        adapter &a = self(d);
        if constexpr (has_registers<Model>::value) {
            if (!a.fresh_ || *registers_reason(a.model_) || !REGISTERS_TOLD)
                return false;
            a.fresh_ = false;
            a.put_inputs(pins_in{});
            a.model_.state_sel_i = STATE_NONE;
            a.model_.rst_i = 0;
            a.model_.clk_i = 1;
            auto registers = registers_of(a.model_);
            registers_write(registers, *state);
            a.evaluate([&] { a.model_.eval(); });
            a.cycle_ = state->cycle;
            a.get_outputs(*out);
            return true;
        }
        return false;
    }

    static void step(struct dut *d, const struct pins_in *in, struct pins_out *out)
    {
        adapter &a = self(d);
        a.evaluate([&] {
            if (a.fst_) {
                a.dump_cycle(*in);
            } else {
                a.put_inputs(*in);
                a.lower();
            }
            a.rise();
        });
        a.cycle_++;
        a.get_outputs(*out);
        if (a.events_)
            events_step(a.events_.get(), d, in, out);
    }

    /* The clock stands, and the waveform shows so: its last state, until the cycle that is stepped next. */
    static void skip(struct dut *d, uint64_t cycles)
    {
        adapter &a = self(d);
        if (a.fst_) {
            a.evaluate([&] { a.dump_cycle(a.held_); });
            if (a.remembered_) /* high again, but not by an edge */
                *a.remembered_ = a.model_.clk_i = 1;
        }
        a.cycle_ += cycles;
    }

    static bool state(struct dut *d, unsigned sel, unsigned idx, uint64_t word[2])
    {
        adapter &a = self(d);
        Model &m = a.model_;
        a.evaluate([&] { a.look(sel, idx); }); /* the clock stands */
        word[0] = get<64>(m.state_data_o, 0);
        word[1] = get<64>(m.state_data_o, 1);
        m.state_sel_i = STATE_NONE;
        return true;
    }

    /* What events are told by, out of the registers where they are known: nothing is evaluated then. Else read out. */
    static bool glance(struct dut *d, unsigned sel, unsigned idx, uint64_t word[2])
    {
        if constexpr (has_registers<Model>::value) {
            if (!*registers_reason(self(d).model_)) {
                auto registers = registers_of(self(d).model_);
                return registers_read(registers, sel, idx, word);
            }
        }
        return state(d, sel, idx, word);
    }

    /* Section 17, Readout 1: a word is there that has been asked for since three cycles, in which nothing came in. The
     * MMU waits, so they change nothing else. */
    static bool state_waiting(struct dut *d, unsigned sel, unsigned idx, uint64_t word[2])
    {
        enum { CYCLES = 3 };
        adapter &a = self(d);
        a.put_inputs(pins_in{});
        a.model_.state_sel_i = CData(sel);
        a.model_.state_idx_i = SData(idx);
        a.evaluate([&] {
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                a.lower();
                a.rise();
            }
        });
        word[0] = get<64>(a.model_.state_data_o, 0);
        word[1] = get<64>(a.model_.state_data_o, 1);
        a.model_.state_sel_i = STATE_NONE;
        return true;
    }

    static bool waves_start(struct dut *d, const char *path)
    {
        waves_stop(d);
        if constexpr (!std::is_same_v<fst_writer, no_writer>) {
            adapter &a = self(d);
            std::FILE *probe = std::fopen(path, "wb"); /* VerilatedFstC does not say when it cannot */
            if (!probe)
                return false;
            std::fclose(probe);
            a.fst_ = std::make_unique<fst_writer>();
            a.model_.trace(a.fst_.get(), 99);
            a.fst_->set_time_unit("1ns");
            a.fst_->set_time_resolution("1ps");
            if constexpr (has_calls<Model>::value)
                fst_writer_clock("clk_i", WAVES_TICKS / 2); /* nothing waits for it to fall */
            a.write([&] { a.fst_->open(path); });
            a.falls_by_itself_ = has_calls<Model>::value && fst_writer_has_clock();
        }
        return self(d).fst_ != nullptr;
    }

    static void waves_stop(struct dut *d)
    {
        adapter &a = self(d);
        if (!a.fst_)
            return;
        if (a.expected_known_) /* a last cycle was compared but not stepped */
            a.evaluate([&] { a.dump_cycle(a.held_); });
        if (a.fst_ && a.write([&] { a.fst_->close(); }))
            a.fst_.reset();
    }

    /* The writer, at work. When it gives up it is left alone from then on; what there is of the file is found wanting.
     */
    template <class Call> bool write(Call &&call)
    {
        if (fst_ && abort_guard::survives(call))
            return true;
        (void)fst_.release();
        return false;
    }

    /* What lies behind the inputs follows them. */
    void settle()
    {
        if constexpr (has_calls<Model>::value) {
            if (!fresh_)
                return clock_load(model_);
        }
        if constexpr (has_load<Model>::value)
            model_.load_i = !model_.load_i;
        model_.eval();
    }

    /* The word is read out. */
    void look(unsigned sel, unsigned idx)
    {
        model_.state_sel_i = CData(sel);
        model_.state_idx_i = SData(idx);
        if constexpr (has_look_call<Model>::value) {
            if (!fresh_ && clock_look(model_, sel))
                return;
        }
        if constexpr (has_look<Model>::value) {
            model_.look_i = !model_.look_i;
            model_.eval();
        } else {
            settle();
        }
    }

    /* The clock is low after it, or will count as having been; what lies behind the inputs has followed them. */
    void lower()
    {
        if (remembered_ && !has_load<Model>::value) {
            *remembered_ = 0;
        } else {
            model_.clk_i = 0;
            settle();
        }
    }

    /* A rising edge. */
    void rise()
    {
        if constexpr (has_calls<Model>::value) {
            if (!fresh_)
                return clock_rise(model_);
        }
        model_.clk_i = 1;
        model_.eval();
    }

    /* Both phases of the present cycle. The clock may be low after it. */
    void dump_cycle(const struct pins_in &in)
    {
        struct pins_out actual = {};
        get_outputs(actual);
        if constexpr (has_board<Model>::value) {
            board_requests(model_, in);
            board_outputs(model_, BOARD_ACTUAL, actual);
            board_outputs(model_, BOARD_EXPECTED, expected_known_ ? expected_ : actual);
            model_.view_differs_i = expected_known_ && !pins_same(&expected_, &actual);
        }
        expected_known_ = false;
        held_ = in;
        held_.req_valid = uint8_t(in.req_valid & ~actual.req_ready);
        held_.ctl_valid = in.ctl_valid && !actual.ctl_ready;
        held_.mem_req_ready = held_.mem_rsp_valid = false;
        held_.squash_valid = 0;
        put_inputs(in);
        settle();
        write([&] { fst_->dump(WAVES_TICKS * cycle_); });
        if (!falls_by_itself_) {
            model_.clk_i = 0;
            model_.eval();
            write([&] { fst_->dump(WAVES_TICKS * cycle_ + WAVES_TICKS / 2); });
        }
        if (++dumped_ % WAVES_BLOCK == 0)
            write([&] { fst_->flush(); });
    }

    void put_inputs(const struct pins_in &in)
    {
        Model &m = model_;
        m.req_valid_i = CData(in.req_valid);
        for (unsigned p = 0; p < NP; p++) {
            if (!(in.req_valid >> p & 1))
                continue;
            const struct pins_req &r = in.req[p];
            put<8>(m.req_id_i, p, r.id);
            put<64>(m.req_va_i, p, r.va);
            put<2>(m.req_acc_i, p, r.acc);
            put<1>(m.req_user_i, p, r.user);
            put<1>(m.req_imp_i, p, r.imp);
            put<1>(m.req_ac_i, p, r.ac);
            put<1>(m.req_ss_i, p, r.ss);
        }
        if constexpr (has_squash<Model>::value) {
            m.squash_valid_i = CData(in.squash_valid);
            for (unsigned p = 0; in.squash_valid && p < NP; p++)
                put<8>(m.squash_id_i, p, in.squash_id[p]);
        }
        m.ctl_valid_i = in.ctl_valid;
        if (in.ctl_valid) {
            m.ctl_op_i = in.ctl_op;
            m.ctl_data_i = in.ctl_data;
            m.ctl_desc_i = in.ctl_desc;
        }
        m.mem_req_ready_i = in.mem_req_ready;
        m.mem_rsp_valid_i = in.mem_rsp_valid;
        if (in.mem_rsp_valid) {
            m.mem_rsp_tag_i = in.mem_rsp_tag;
            m.mem_rsp_err_i = in.mem_rsp_err;
            if (!in.mem_rsp_err)
                put_line(m.mem_rsp_data_i, in.mem_rsp_line);
        }
    }

    void get_outputs(struct pins_out &out) const
    {
        const Model &m = model_;
        out.req_ready = m.req_ready_o;
        out.resp_valid = m.resp_valid_o;
        for (unsigned p = 0; p < NP; p++) {
            if (!(out.resp_valid >> p & 1))
                continue;
            struct pins_resp &r = out.resp[p];
            r.id = uint8_t(get<8>(m.resp_id_o, p));
            r.kind = uint8_t(get<2>(m.resp_kind_o, p));
            r.err = uint16_t(get<16>(m.resp_err_o, p));
            r.addr = get<64>(m.resp_addr_o, p);
            r.size = uint8_t(get<2>(m.resp_size_o, p));
            r.pat = uint8_t(get<3>(m.resp_pat_o, p));
            r.mt = uint8_t(get<3>(m.resp_mt_o, p));
            r.src = uint8_t(get<2>(m.resp_src_o, p));
        }
        out.ctl_ready = m.ctl_ready_o;
        out.ctl_done = m.ctl_done_o;
        out.ctl_gp = m.ctl_gp_o;
        out.waiting = m.waiting_o;
        out.mem_req_valid = m.mem_req_valid_o;
        if (out.mem_req_valid) {
            out.mem_req_tag = m.mem_req_tag_o;
            out.mem_req_cas = m.mem_req_cas_o;
            out.mem_req_mt = m.mem_req_mt_o;
            out.mem_req_addr = m.mem_req_addr_o;
            out.mem_req_expected = m.mem_req_expected_o;
            out.mem_req_desired = m.mem_req_desired_o;
        }
    }
};

#endif
