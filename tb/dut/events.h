/* What a device counts of itself (dut.h, `counts`), from what can be seen of it without a change of its design: its
 * pins, and, where it has them, the state words of docs/microarchitecture.md section 17.
 *
 * Pins tell where an answer came from and what memory was asked; state words tell when a walker is begun, from which
 * paging-structure entry, and what passes the STLB's last stage. Both are looked at once a cycle, the words only while
 * a request waits for more than its look into the L1, or a walker is on its way. So what nothing shows is not counted:
 * of requests that are dropped in flight (section 2) a lookup counts as a miss, and a walk that ends in the cycle in
 * which its walker begins another does not count. */
#ifndef TWINWALK_DUT_EVENTS_H
#define TWINWALK_DUT_EVENTS_H

#include "dut.h"
#include "mmu_cfg.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EVENTS_TAGS = 16 };

struct events {
    struct dut_counts counts;
    bool (*words)(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2]); /* as in dut_ops; NULL: none */
    uint64_t lookups;                                                             /* in the STLB */
    unsigned waiting; /* requests accepted before the present cycle, and not answered yet; squashed ones too */
    bool walks;       /* a walker is not idle */
    uint8_t ready;    /* of the present outputs: ports that take a request … */
    bool asks, cas;   /* … and what memory is asked for */
    uint8_t tag;
    uint64_t addr, expected;
    struct {
        bool busy;
        uint64_t addr, expected;
    } update[EVENTS_TAGS]; /* compare-and-swaps under way */
    struct {
        uint8_t state;
        bool from_psc;
    } walker[CFG_WALKERS_COUNT]; /* in the cycle before */
};

/* Nothing counted yet but the answers among *out, the outputs of the present cycle. words: reads the state words; NULL:
 * the device has none. */
void events_begin(struct events *e, bool (*words)(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2]),
                  const struct pins_out *out);

/* The present cycle was stepped, with inputs *in; the device's state and outputs are those of the next. */
void events_step(struct events *e, struct dut *dut, const struct pins_in *in, const struct pins_out *out);

/* What was counted, with the answers among the outputs of the present cycle, which is not stepped yet. */
struct dut_counts events_counts(const struct events *e);

#ifdef __cplusplus
}
#endif

#endif
