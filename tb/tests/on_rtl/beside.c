/* See beside.h. */
#include "beside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cycle/mmu.h"
#include "dut/pins_same.h"
#include "engine/pincmp.h"
#include "engine/statecmp.h"

enum { WORDS_A_CYCLE = 8 }; /* so many of the state's elements are compared in a cycle, on average */

extern const struct dut_ops dut_rtl; /* tb/dut/verilator.cpp */

struct beside {
    struct mmu *model;
    uint64_t cycle; /* since the reset */
    unsigned every; /* cycles between two comparisons of all state */
};

static void end(const struct finding *finding, uint64_t cycle)
{
    fprintf(stderr, "cycle %" PRIu64 " after reset: %s: the model says %s, the RTL %s\n", cycle, finding->field,
            finding->expected, finding->actual);
    exit(EXIT_FAILURE);
}

static void compare_state(const struct beside *b, struct dut *dut)
{
    struct state_diff diff;
    struct finding finding = {0};
    if (state_same(b->model, &dut_rtl, dut, b->cycle, &diff))
        return;
    state_finding(&diff, b->cycle, &finding);
    end(&finding, b->cycle);
}

static void compare_pins(const struct beside *b, const struct pins_out *model, const struct pins_out *rtl)
{
    struct finding finding = {0};
    int port;
    unsigned id;
    if (pins_same(model, rtl))
        return;
    pins_explain(model, rtl, b->cycle, &finding, &port, &id);
    end(&finding, b->cycle);
}

struct beside *beside_new(void)
{
    struct beside *b = calloc(1, sizeof *b);
    if (!b || !(b->model = mmu_new()))
        abort();
    b->every = 1 + state_elements() / WORDS_A_CYCLE;
    return b;
}

void beside_reset(struct beside *b, struct dut *dut, const struct pins_out *out)
{
    struct pins_out model;
    mmu_reset(b->model, &model);
    b->cycle = 0;
    compare_pins(b, &model, out);
    compare_state(b, dut);
}

void beside_step(struct beside *b, struct dut *dut, const struct pins_in *in, const struct pins_out *out)
{
    struct pins_out model;
    mmu_step(b->model, in, &model);
    b->cycle++;
    compare_pins(b, &model, out);
    if (b->cycle % b->every == 0)
        compare_state(b, dut);
}

void beside_free(struct beside *b, struct dut *dut)
{
    compare_state(b, dut);
    mmu_free(b->model);
    free(b);
}
