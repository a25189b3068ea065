/* The bench's view of a device under test: a small C ABI.
 *
 * Anything that has the pins of docs/microarchitecture.md section 2 can stand behind it: the Verilated RTL, the same
 * under SystemC, the cycle model, a null device, somebody else's walker. To bring your own, implement struct dut_ops
 * and register it in tb/dut/dut_list.c. */
#ifndef TWINWALK_DUT_H
#define TWINWALK_DUT_H

#include "pins.h"

struct dut;

/* What a design says of itself in the middle of its work. */
enum dut_event_kind {
    DUT_QUIET,    /* nothing */
    DUT_FAILS,    /* one of its assertions does not hold, or $fatal, $error, $stop */
    DUT_FINISHES, /* it ends the simulation: $finish */
};

struct dut_event {
    enum dut_event_kind kind;
    char where[96]; /* file and line of the design */
    char text[160]; /* its message, one line */
};

/* How a device is simulated. */
struct dut_about {
    const char *simulator; /* name and version */
    unsigned evaluations;  /* of all logic in a clock, as long as no wave is written */
    const char *why;       /* why more than one; NULL: one, or it is that simulator's way */
};

struct dut_ops {
    const char *name;

    /* True if section 17's state words can be read (for --check=state). */
    bool has_state;

    /* NULL on failure, with one line in *error. */
    struct dut *(*create)(const char **error);
    void (*destroy)(struct dut *dut);

    /* Reset, and the outputs of the first cycle after it. */
    void (*reset)(struct dut *dut, struct pins_out *out);

    /* One clock: *in belongs to the cycle whose outputs were given last; *out is for the next. */
    void (*step)(struct dut *dut, const struct pins_in *in, struct pins_out *out);

    /* The bench skipped this many cycles in which the DUT said waiting and no input came. NULL if it need not know
     * (waves do, to keep time). */
    void (*skip)(struct dut *dut, uint64_t cycles);

    /* State words of section 17; false when (sel, idx) names nothing. NULL unless has_state. */
    bool (*state)(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2]);

    /* Writes a waveform (FST) from now on; false if the DUT has none or the file cannot be made. waves_stop closes it.
     * NULL if none. */
    bool (*waves_start)(struct dut *dut, const char *path);
    void (*waves_stop)(struct dut *dut);

    /* Where the device keeps the first thing that its design has said of itself since the last reset; the bench looks
     * there after every step, and what it finds ends the run. Valid as long as the device. NULL: it says nothing. */
    const struct dut_event *(*says)(struct dut *dut);

    /* How it is simulated, for the head of a report. NULL if nothing simulates it. */
    void (*about)(struct dut *dut, struct dut_about *about);

    /* True if a process can have only one of them. */
    bool alone;
};

#endif
