/* For tb/tests/test_fst.sh: random signals and changes, written by tb/dut/fst_writer.h to FILE; what a reader is to
 * find there goes to stdout, a line a signal ("name width") and a line a change ("time name value").
 *
 *   random_waves FILE SEED [TIMES] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fst_writer.h"

enum { SIGNALS = 64, GROUP = 4, TIMES = 700, HIGH = 3, LOGIC = 23, REAL = 3, WIDEST = 200 };

static uint64_t state;

static uint32_t dice(uint32_t sides)
{
    state = state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(state >> 33) % sides;
}

static uint32_t width_of(unsigned signal)
{
    static const uint32_t edges[] = {1, 2, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, WIDEST};
    return edges[signal % (sizeof edges / sizeof *edges)];
}

static char value[SIGNALS][WIDEST + 8];

/* Of four signals three copy the one before, so that rows are equal; few change often, and some never. */
static void change(struct fst_writer *w, const uint32_t *number, unsigned signal, unsigned time)
{
    const uint32_t bits = width_of(signal / GROUP);
    uint64_t low = 0;
    for (uint32_t i = 0; i < bits; i++) {
        value[signal][i] = signal % GROUP ? value[signal - 1][i] : (char)('0' + dice(2));
        low = low << 1 | (value[signal][i] & 1);
    }
    if (bits <= 64 && (signal & GROUP))
        changes_number(&w->changes, number[signal], low, bits);
    else
        changes_text(&w->changes, number[signal], value[signal]);
    printf("%u s%u %.*s\n", time, signal, (int)bits, value[signal]);
}

int main(int argc, char **argv)
{
    state = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
    const unsigned times = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : TIMES;
    const char *names[] = {"IDLE", "IN USE"}, *values[] = {"0", "1"};
    uint32_t number[SIGNALS];
    fst_writer_clock("clock", HIGH);
    struct fst_writer *w = fst_writer_open(argv[1]);
    if (!w || !fst_writer_has_clock())
        return 1;
    fst_writer_unit(w, "1ps");
    fst_writer_scope(w, 0, "top");
    const uint32_t table = fst_writer_table(w, "states", 2, 2, names, values);
    for (unsigned i = 0; i < SIGNALS; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%u", i);
        if (i == 2)
            fst_writer_has_table(w, table);
        number[i] = fst_writer_signal(w, LOGIC, 0, width_of(i / GROUP), name, 0);
        printf("s%u %u\n", i, width_of(i / GROUP));
    }
    const uint32_t clock = fst_writer_signal(w, LOGIC, 0, 1, "clock", 0);
    const uint32_t real = fst_writer_signal(w, REAL, 0, 64, "real", 0);
    fst_writer_signal(w, LOGIC, 0, width_of(0), "alias", number[0]);
    fst_writer_upscope(w);
    printf("clock 1\nreal 8\nalias %u\n", width_of(0));
    unsigned time = 0;
    for (unsigned n = 0; n < times; n++, time += HIGH + 1 + dice(dice(50) ? 4 : 100000)) {
        fst_writer_time(w, time);
        if (!n)
            changes_number(&w->changes, clock, 1, 1);
        printf("%u clock 1\n%u clock 0\n", time, time + HIGH);
        for (unsigned signal = 0; signal + GROUP < SIGNALS; signal += GROUP) {
            if (n && dice(signal / 2 + 1))
                continue;
            for (unsigned copy = 0; copy < GROUP; copy++)
                if (copy != 2 || dice(100)) /* nearly a copy */
                    change(w, number, signal + copy, time);
        }
        if (!dice(20)) {
            const double number_now = dice(1000) / 8.0;
            changes_text(&w->changes, real, (const char *)&number_now);
            printf("%u real %.16g\n", time, number_now);
        }
        if (!dice(60))
            fst_writer_flush(w);
    }
    fst_writer_close(w);
    return 0;
}
