/* The MMU under SystemC behind the bench's C ABI: `dut_systemc`.
 *
 *     engine ──pins_in──► platform ──clock, bundles──► mmu_sc (verilator --sc)
 *                            │                     │ memory pins
 *                            └── memory_target ◄── TLM-2.0 ── memory_bridge
 *
 * One step is one period of the clock, run by the SystemC kernel. It begins with the clock's falling edge, at which the
 * inputs of the cycle are driven; the rising edge in the middle ends the cycle; then the outputs of the next are read.
 * SystemC elaborates once a process, so there is one platform: create hands it out, reset makes it new. */
#include <memory>
#include <string>

#include "Vmmu_sc_clock.h"
#include "dut/dut.h"
#include "dut/listen.h"
#include "memory_link.h"
#include "verilated_config.h"

using namespace sc_core;

namespace
{

class platform : public sc_module
{
public:
    platform();

    void reset(struct pins_out &out);
    void step(const struct pins_in &in, struct pins_out &out);
    void state(unsigned sel, unsigned idx, uint64_t word[2]);
    void about(struct dut_about &about) const;

    struct dut_event said = {}; /* the first thing that the design said of itself since the last reset */

private:
    const sc_time period_{1, SC_NS};
    sc_signal<bool> clk_{"clk"}; /* high from the middle of a cycle on */
    sc_signal<bool> rst_{"rst"};
    sc_signal<bool> load_{"load"}; /* turns over when the MMU is to see its inputs */
    sc_signal<bool> look_{"look"}; /* … and when its state is asked for */
    sc_signal<bundle::requests> req_{"req"};
    sc_signal<bundle::responses> resp_{"resp"};
    sc_signal<bundle::control> ctl_{"ctl"};
    sc_signal<uint32_t> status_{"status"};
    sc_signal<bundle::mem_request> mem_req_{"mem_req"};
    sc_signal<bool> mem_req_ready_{"mem_req_ready"};
    sc_signal<bundle::mem_reply> mem_rsp_{"mem_rsp"};
    sc_signal<uint32_t> state_{"state"};
    sc_signal<sc_dt::sc_bv<128>> state_data_{"state_data"};
    Vmmu_sc mmu_{"mmu"};
    memory_bridge bridge_{"bridge"};
    memory_target memory_{"memory"};

    sc_event cycle_;
    const struct pins_in *in_ = nullptr; /* of the cycle being run */
    bool begun_ = false;                 /* its inputs are driven, and the rising edge is still to come */
    bool controls_ = false;              /* the control pins show an operation */
    bool gave_up_ = false;               /* the kernel has stopped, for ever: the design did not settle */
    bundle::requests requests_;
    bundle::control control_;

    template <class Evaluation> void evaluate(Evaluation &&evaluation);
    void settle();
    void cycle();
    void begin_cycle();
    void read(struct pins_out &out) const;
};

platform::platform() : sc_module(sc_module_name("platform"))
{
    SC_HAS_PROCESS(platform);
    mmu_.clk_i(clk_);
    mmu_.rst_i(rst_);
    mmu_.load_i(load_);
    mmu_.look_i(look_);
    mmu_.req_i(req_);
    mmu_.resp_o(resp_);
    mmu_.ctl_i(ctl_);
    mmu_.status_o(status_);
    mmu_.mem_req_o(mem_req_);
    mmu_.mem_req_ready_i(mem_req_ready_);
    mmu_.mem_rsp_i(mem_rsp_);
    mmu_.state_i(state_);
    mmu_.state_data_o(state_data_);
    bridge_.clk(clk_);
    bridge_.mem_req(mem_req_);
    bridge_.mem_req_ready(mem_req_ready_);
    bridge_.mem_rsp(mem_rsp_);
    bridge_.socket.bind(memory_.socket);
    SC_METHOD(cycle);
    sensitive << cycle_;
    dont_initialize();
}

/* One process drives clock and inputs. All inputs of a cycle change together, and with the falling edge: one evaluation
 * of the MMU, another at the rising one. */
void platform::cycle()
{
    clk_.write(begun_);
    if (!begun_) {
        begin_cycle();
        next_trigger(period_ / 2);
    }
    begun_ = !begun_;
}

/* A signal that is written costs, also when nothing changes. */
void platform::begin_cycle()
{
    bundle::put(requests_, *in_);
    req_.write(requests_);
    if (in_->ctl_valid || controls_) {
        bundle::put(control_, *in_);
        ctl_.write(control_);
    }
    controls_ = in_->ctl_valid;
    bridge_.begin_cycle();
    memory_.begin_cycle(*in_);
    load_.write(!load_.read());
}

void platform::read(struct pins_out &out) const
{
    bundle::get(resp_.read(), out);
    bundle::get_status(status_.read(), out);
    memory_.show(out);
}

/* What the design throws, the kernel hands on as an error of its own. */
template <class Evaluation> void platform::evaluate(Evaluation &&evaluation)
{
    if (gave_up_)
        return;
    try {
        evaluation();
    } catch (...) {
        gave_up_ = true;
        if (said.kind == DUT_QUIET)
            said = {DUT_FAILS, "SystemC", "its kernel has stopped"};
    }
}

void platform::step(const struct pins_in &in, struct pins_out &out)
{
    in_ = &in;
    cycle_.notify();
    evaluate([&] { sc_start(period_, SC_RUN_TO_TIME); });
    read(out);
}

void platform::reset(struct pins_out &out)
{
    const struct pins_in quiet = {};
    said = {};
    rst_.write(true);
    for (int edge = 0; edge < 2; edge++)
        step(quiet, out);
    bridge_.reset();
    memory_.reset();
    rst_.write(false);
    load_.write(!load_.read());
    settle();
    read(out);
}

void platform::state(unsigned sel, unsigned idx, uint64_t word[2])
{
    state_.write(sel << 16 | idx);
    look_.write(!look_.read());
    settle();
    for (unsigned i = 0; i < 2; i++)
        word[i] = bundle::word(state_data_.read(), i);
}

/* All that follows at the present time. */
void platform::settle()
{
    evaluate([] {
        do
            sc_start(SC_ZERO_TIME);
        while (sc_pending_activity_at_current_time());
    });
}

void platform::about(struct dut_about &about) const
{
    about.evaluations = clock_evaluations(mmu_);
    about.why = about.evaluations == 1 ? nullptr : clock_reason(mmu_);
}

platform &the_platform(struct dut *dut)
{
    return *reinterpret_cast<platform *>(dut);
}

struct dut *create(const char **)
{
    static platform only;
    verilated_listener = &only.said;
    sc_start(SC_ZERO_TIME); /* elaborates */
    return reinterpret_cast<struct dut *>(&only);
}

void destroy(struct dut *) {}

const struct dut_event *says(struct dut *dut)
{
    return &the_platform(dut).said;
}

void reset(struct dut *dut, struct pins_out *out)
{
    the_platform(dut).reset(*out);
}

void step(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    the_platform(dut).step(*in, *out);
}

bool state(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2])
{
    the_platform(dut).state(sel, idx, word);
    return true;
}

void about(struct dut *dut, struct dut_about *about)
{
    static const std::string simulator = "SystemC " + std::to_string(sc_version_major) + "." +
                                         std::to_string(sc_version_minor) + "." + std::to_string(sc_version_patch) +
                                         ", " VERILATOR_PRODUCT " " VERILATOR_VERSION;
    about->simulator = simulator.c_str();
    the_platform(dut).about(*about);
}

} // namespace

extern "C" const struct dut_ops dut_systemc;
const struct dut_ops dut_systemc = {.name = "systemc",
                                    .has_state = true,
                                    .create = create,
                                    .destroy = destroy,
                                    .reset = reset,
                                    .step = step,
                                    .state = state,
                                    .says = says,
                                    .about = about,
                                    .alone = true,
                                    .squashes = true};
