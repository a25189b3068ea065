/* The RTL, put into its own state time and again: takes the place of tb/dut/verilator.cpp in twinwalk-leftout.
 *
 * Every REBORN-th cycle in which control is IDLE, and it has IDLE before it, a new device is made, put into the state
 * that the words of section 17 tell of the old one, and goes on in its place. If the words and the rules of
 * tb/dut/registers.h tell all, nobody sees it: under whatever stimulus, that which traces do not have (memory that
 * takes no request) too. */
#include <unistd.h>

#include "Vmmu_clock.h"
#include "Vmmu_registers.h"

#include "adapter.h"

extern "C" const struct dut_ops dut_model; /* which words there are */

static constexpr struct dut_ops rtl = adapter<Vmmu>::ops("rtl", true);

/* A process that was forked (it looks again at a finding) has none of the threads of a device, which cannot end there.
 */
static void end(struct dut *device, pid_t maker)
{
    if (getpid() == maker)
        rtl.destroy(device);
}

struct reborn final : dut {
    struct dut *now = nullptr;
    pid_t maker = getpid(); /* of `now` */
    struct dut *model = nullptr;
    uint64_t cycle = 0, every = 0;
    ~reborn() override
    {
        if (now)
            end(now, maker);
        if (model)
            dut_model.destroy(model);
    }
};

static reborn &self(struct dut *d)
{
    return *static_cast<reborn *>(d);
}

static struct dut *create(const char **error)
{
    reborn *d = new reborn;
    const char *every = std::getenv("REBORN");
    d->every = every ? std::strtoull(every, nullptr, 10) : 0;
    d->now = rtl.create(error);
    d->model = dut_model.create(error);
    if (d->now && d->model)
        return d;
    delete d;
    return nullptr;
}

static void destroy(struct dut *d)
{
    delete &self(d);
}

static void reset(struct dut *d, struct pins_out *out)
{
    self(d).cycle = 0;
    rtl.reset(self(d).now, out);
}

static bool state(struct dut *d, unsigned sel, unsigned idx, uint64_t word[2])
{
    return rtl.state(self(d).now, sel, idx, word);
}

static bool word(const void *context, unsigned sel, unsigned idx, uint64_t word[2])
{
    const reborn *d = static_cast<const reborn *>(context);
    uint64_t any[2];
    return dut_model.state(d->model, sel, idx, any) && rtl.state(d->now, sel, idx, word);
}

static void bear_again(reborn &d, struct pins_out *out)
{
    const char *error = "";
    const struct pins_out before = *out;
    const struct dut_state state = {word, &d, &before, d.cycle};
    struct dut *fresh = rtl.create(&error);
    if (!fresh || !rtl.restore(fresh, &state, out)) {
        std::fprintf(stderr, "leftout: no device in that state %s\n", error);
        std::_Exit(2);
    }
    end(d.now, d.maker);
    d.now = fresh;
    d.maker = getpid();
}

static void step(struct dut *d, const struct pins_in *in, struct pins_out *out)
{
    reborn &r = self(d);
    rtl.step(r.now, in, out);
    if (++r.cycle && r.every && r.cycle % r.every == 0 && out->ctl_ready)
        bear_again(r, out);
}

static const struct dut_event *says(struct dut *d)
{
    return rtl.says(self(d).now);
}

static void about(struct dut *d, struct dut_about *about)
{
    rtl.about(self(d).now, about);
}

static bool restore(struct dut *d, const struct dut_state *state, struct pins_out *out)
{
    self(d).cycle = state->cycle;
    return rtl.restore(self(d).now, state, out);
}

static constexpr struct dut_ops operations()
{
    struct dut_ops ops = {"reborn", true, create, destroy, reset, step};
    ops.state = state;
    ops.says = says;
    ops.about = about;
    ops.restore = restore;
    ops.squashes = rtl.squashes;
    return ops;
}

extern "C" const struct dut_ops dut_rtl;
const struct dut_ops dut_rtl = operations();

extern "C" void dut_rtl_expect(struct dut *, const struct pins_out *) {}
