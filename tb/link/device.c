/* The device: see device.h.
 *
 * Followed (dut_ops.follow), it is sent the inputs of each cycle and tells every CHECK_EVERY cycles what became of
 * them, as a CRC of all outputs since the reset. Stepped, it is asked for the outputs of each cycle. */
#include "device.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "coder.h"
#include "fold.h"
#include "link.h"
#include "mmu_cfg.h"
#include "traces/format/plain.h"

enum {
    PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA,
    CHECK_EVERY = 4096, /* cycles */
    BATCH = 4096,       /* bytes of operations that are put at a time */
    BLOCK = 60,         /* state words that are asked for at a time */
    WANTED = 64,
    READOUT_WAITING = 1
};

struct dut {
    struct link link;
    struct coder coder;
    struct fold fold;
    uint8_t byte[BATCH + 8 * CODER_MOST];
    uint64_t cycle;
    struct pins_out now; /* the outputs of this cycle, when the board has said them */
    uint8_t tag;         /* of the last question */

    struct checks checks;
    uint64_t next_check; /* cycle of the next one */

    struct {
        bool valid, readable;
        uint64_t cycle;
        unsigned sel, idx, count;
        uint64_t word[BLOCK][2];
    } block; /* state words of this cycle */
    struct {
        unsigned sel, idx, count;
    } wanted[WANTED]; /* blocks that were asked for, and how much of each was of use; 0: no such block */
    unsigned next_wanted;
};

static struct dut only;
static bool in_use;

/* ---- Operations ---- */

static void put(struct dut *d)
{
    link_put(&d->link, d->byte, d->coder.bytes);
    d->coder.bytes = 0;
}

static void put_check(struct dut *d)
{
    const uint8_t op = LINK_OP_CHECK;
    coder_put(&d->coder, &op, 1);
    checks_add(&d->checks, d->cycle, fold_check(&d->fold));
    d->next_check = d->cycle + CHECK_EVERY;
}

static void on_status(void *context, const struct link_status *s)
{
    struct dut *d = context;
    checks_answered(&d->checks, s);
}

static bool settle(struct dut *d)
{
    put_check(d);
    put(d);
    link_push(&d->link);
    while (!d->checks.parted && checks_open(&d->checks))
        if (!link_pump(&d->link, 1000))
            return false;
    return true;
}

/* A question in its place in the stream, until its answer is there. An answer may get lost: then it is put once more,
 * when all that was sent has been taken. False: the link is lost. */
static bool question(struct dut *d, uint8_t *op, size_t bytes, uint8_t type)
{
    enum { PUMPS = 4, PUMP_MS = 25 };
    for (;;) {
        op[bytes - 1] = ++d->tag;
        d->link.answer = 0;
        coder_flush(&d->coder);
        put(d);
        link_ask(&d->link, op, bytes);
        for (unsigned idle = 0; idle < PUMPS; idle += d->link.taken == d->link.streamed) {
            if (d->link.answer == type && (uint8_t)(d->link.answer_word[0] >> 16) == d->tag)
                return true;
            if (!link_pump(&d->link, PUMP_MS))
                return false;
        }
    }
}

static void gone(const struct dut *d)
{
    fprintf(stderr, "twinwalk: --dut=fpga: in cycle %" PRIu64 ": %s\n", d->cycle, plain(d->link.error));
    exit(STATUS_HOST);
}

static bool take_pins(struct dut *d, struct pins_out *out)
{
    const uint64_t *w = d->link.answer_word;
    const uint32_t head = (uint32_t)(w[0] >> 32);
    if (d->link.answer_words != 1 + 2 * PORTS + 3)
        return false;
    *out = (struct pins_out){.req_ready = (uint8_t)head,
                             .resp_valid = (uint8_t)(head >> 8),
                             .ctl_ready = head >> 16 & 1,
                             .ctl_done = head >> 17 & 1,
                             .ctl_gp = head >> 18 & 1,
                             .waiting = head >> 19 & 1,
                             .mem_req_valid = head >> 20 & 1,
                             .mem_req_cas = head >> 21 & 1,
                             .mem_req_tag = head >> 22 & 15,
                             .mem_req_mt = head >> 26 & 7,
                             .mem_req_addr = w[1 + 2 * PORTS],
                             .mem_req_expected = w[2 + 2 * PORTS],
                             .mem_req_desired = w[3 + 2 * PORTS]};
    for (unsigned p = 0; p < PORTS; p++) {
        const uint64_t rest = w[2 + 2 * p];
        out->resp[p] = (struct pins_resp){.addr = w[1 + 2 * p],
                                          .id = (uint8_t)rest,
                                          .kind = rest >> 8 & 3,
                                          .err = (uint16_t)(rest >> 10),
                                          .size = rest >> 26 & 3,
                                          .pat = rest >> 28 & 7,
                                          .mt = rest >> 31 & 7,
                                          .src = rest >> 34 & 3};
    }
    return true;
}

static void ask_pins(struct dut *d)
{
    uint8_t op[2] = {LINK_OP_PINS};
    do {
        if (!question(d, op, sizeof op, LINK_PINS))
            gone(d);
    } while (!take_pins(d, &d->now));
}

/* ---- The ABI ---- */

static struct dut *board_create(const char **error)
{
    if (in_use) {
        *error = "a process can have one board only";
        return NULL;
    }
    in_use = true;
    return &only;
}

static void board_destroy(struct dut *d)
{
    (void)d;
    in_use = false;
}

static void board_reset(struct dut *d, struct pins_out *out)
{
    const uint8_t op = LINK_OP_RESET;
    if (!link_begin(&d->link))
        gone(d);
    coder_begin(&d->coder, d->byte, sizeof d->byte);
    fold_begin(&d->fold);
    checks_begin(&d->checks);
    d->cycle = 0;
    d->next_check = CHECK_EVERY;
    d->block.valid = false;
    coder_put(&d->coder, &op, 1);
    ask_pins(d);
    *out = d->now;
}

static void board_follow(struct dut *d, const struct pins_in *in, const struct pins_out *out, uint64_t cycles)
{
    fold_cycles(&d->fold, out, cycles);
    if (cycles == 1)
        coder_cycle(&d->coder, in, out);
    else
        coder_skip(&d->coder, out, cycles);
    d->cycle += cycles;
    if (d->cycle >= d->next_check && checks_open(&d->checks) < CHECKS)
        put_check(d);
    if (d->coder.bytes >= BATCH)
        put(d);
}

static void board_step(struct dut *d, const struct pins_in *in, struct pins_out *out)
{
    board_follow(d, in, &d->now, 1);
    ask_pins(d);
    *out = d->now;
}

static void board_skip(struct dut *d, uint64_t cycles)
{
    const struct pins_in none = {0};
    board_follow(d, &none, &d->now, cycles);
}

static enum dut_fares board_fares(struct dut *d, bool all, uint64_t *good, const char **why)
{
    const bool there = all ? settle(d) : link_pump(&d->link, 0);
    *good = d->checks.good;
    *why = d->link.error;
    return d->checks.parted ? DUT_PARTED : there ? DUT_EQUAL : DUT_LOST;
}

static void board_outputs(struct dut *d, struct pins_out *out)
{
    ask_pins(d);
    *out = d->now;
}

/* The block that begins there; its count is 0 when it is new. */
static unsigned find_wanted(struct dut *d, unsigned sel, unsigned idx)
{
    for (unsigned i = 0; i < WANTED; i++)
        if (d->wanted[i].count && d->wanted[i].sel == sel && d->wanted[i].idx == idx)
            return i;
    const unsigned i = d->next_wanted++ % WANTED;
    d->wanted[i].sel = sel;
    d->wanted[i].idx = idx;
    d->wanted[i].count = 0;
    return i;
}

/* Words from this one on: as many as were of use when they were asked for before, else as many as an answer holds.
 * State is read whole again and again, and a UART is slow. */
static bool ask_block(struct dut *d, unsigned sel, unsigned idx)
{
    const unsigned before = d->wanted[find_wanted(d, sel, idx)].count, count = before ? before : BLOCK;
    uint8_t op[6] = {LINK_OP_PEEK, (uint8_t)sel, (uint8_t)idx, (uint8_t)(idx >> 8), (uint8_t)count};
    const uint64_t *w = d->link.answer_word;
    do {
        if (!question(d, op, sizeof op, LINK_WORDS))
            gone(d);
    } while (d->link.answer_words != 1 + 2 * count);
    d->block.count = count;
    d->block.valid = true;
    d->block.readable = d->link.status.readout > READOUT_WAITING || (w[0] >> 48 & 1);
    d->block.cycle = d->cycle;
    d->block.sel = sel;
    d->block.idx = idx;
    memcpy(d->block.word, w + 1, count * sizeof *d->block.word);
    return d->block.readable;
}

static bool board_state(struct dut *d, unsigned sel, unsigned idx, uint64_t word[2])
{
    const bool there = d->block.valid && d->block.cycle == d->cycle && d->block.sel == sel && idx >= d->block.idx &&
                       idx < d->block.idx + d->block.count;
    word[0] = word[1] = 0;
    if (there ? !d->block.readable : !ask_block(d, sel, idx))
        return false;
    const unsigned which = find_wanted(d, sel, d->block.idx);
    if (idx - d->block.idx >= d->wanted[which].count)
        d->wanted[which].count = idx - d->block.idx + 1;
    memcpy(word, d->block.word[idx - d->block.idx], sizeof d->block.word[0]);
    return true;
}

static struct dut_ops ops = {
    .name = "fpga",
    .create = board_create,
    .destroy = board_destroy,
    .reset = board_reset,
    .step = board_step,
    .skip = board_skip,
    .alone = true,
    .squashes = true,
    .follow = board_follow,
    .fares = board_fares,
    .outputs = board_outputs,
};

/* ---- The board that was named ---- */

static struct dut_library board;

static void refuse(enum exit_status status, const char *what)
{
    board.status = status;
    snprintf(board.error, sizeof board.error, "%s", what);
}

static void print_link(void)
{
    const struct link_counts *c = &only.link.counts;
    if (getenv("TWINWALK_LINK"))
        fprintf(stderr,
                "link: %" PRIu64 " bytes sent, %" PRIu64 " received, %" PRIu64 " frames, %" PRIu64 " again, %" PRIu64
                " polls, %" PRIu64 " damaged, opened again %" PRIu64 " times, restarted %" PRIu64 " times\n",
                only.link.stream.sent, only.link.stream.received, c->frames, c->again, c->polls, c->damaged,
                c->reopened, c->restarted);
    link_close(&only.link);
}

/* Is it a board of this version, for this preset? */
static void meet(void)
{
    const struct link_status *s = &only.link.status;
    char text[200];
    if (!link_begin(&only.link)) {
        refuse(STATUS_HOST, only.link.error);
    } else if (s->version != LINK_VERSION) {
        snprintf(text, sizeof text, "the board speaks version %u of the link, this program version %u", s->version,
                 LINK_VERSION);
        refuse(STATUS_UNFIT, text);
    } else if (s->preset != CFG_PRESET_HASH || s->ports != PORTS) {
        snprintf(text, sizeof text, "the board's MMU is not that of preset %s (0x%08x, the board says 0x%08x)",
                 CFG_NAME, (unsigned)CFG_PRESET_HASH, (unsigned)s->preset);
        refuse(STATUS_UNFIT, text);
    } else {
        ops.has_state = s->readout > 0;
        ops.state_waits = s->readout == READOUT_WAITING;
        ops.state = s->readout > 0 ? board_state : NULL;
        board.ops = &ops;
    }
}

const struct dut_library *dut_board(const char *name)
{
    static char named[256];
    if (*named && strcmp(named, name) == 0)
        return &board;
    if (*named) {
        static const struct dut_library another = {.status = STATUS_USAGE,
                                                   .error = "a process can have one board only"};
        return &another;
    }
    snprintf(named, sizeof named, "%s", name);
    atexit(print_link);
    only.link.on_status = on_status;
    only.link.context = &only;
    char error[200];
    if (!link_open(&only.link, name, error, sizeof error))
        refuse(only.link.stream.patience && (*only.link.stream.path || *only.link.stream.host) ? STATUS_HOST
                                                                                               : STATUS_USAGE,
               error);
    else
        meet();
    return &board;
}
