/* The end of a run at the pins: see tail.h. */
#include "tail.h"

#include <stdlib.h>

#include "arch/preset_cpu.h"
#include "script.h"

enum {
    SWEEP = CFG_STLB_A0_SETS > CFG_STLB_A1_SETS ? CFG_STLB_A0_SETS : CFG_STLB_A1_SETS,
    SLACK = 32, /* cycles in which a control operation begins and ends */
};

struct word {
    uint64_t pa, value, cycle;
};

/* Words of memory, or lines of it (pa alone). */
struct words {
    struct word *at;
    size_t count;
};

static int by_place(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    if (x->pa != y->pa)
        return x->pa < y->pa ? -1 : 1;
    return x->cycle < y->cycle ? -1 : x->cycle > y->cycle;
}

static int by_line(const void *a, const void *b)
{
    const uint64_t x = ((const struct word *)a)->pa >> 6, y = ((const struct word *)b)->pa >> 6;
    return x < y ? -1 : x > y;
}

void taped_free(struct taped *taped)
{
    stimulus_free(&taped->stimulus);
}

/* Where the nth request or control operation from the end is offered; false: there are no more than n, and it is where
 * the first of them is. */
static bool find_start(const struct stimulus *all, size_t n, uint64_t *cycle)
{
    for (size_t i = all->count; i-- > 0;)
        if (all->event[i].kind == STIMULUS_REQUEST || all->event[i].kind == STIMULUS_CONTROL) {
            if (n == 0)
                return true;
            n--;
            *cycle = all->event[i].cycle;
        }
    return false;
}

/* Everything that was written before, and every line that is read from then on, each in order. */
static void gather(const struct stimulus *all, uint64_t start, struct words *written, struct words *read)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct stimulus_event *e = &all->event[i];
        if (e->kind == STIMULUS_POKE && e->cycle < start)
            written->at[written->count++] = (struct word){e->pa, e->value, e->cycle};
        if (e->kind == STIMULUS_MEMORY && e->swapped && e->cycle + e->latency < start)
            written->at[written->count++] = (struct word){e->pa, e->value, e->cycle + e->latency};
        if (e->kind == STIMULUS_MEMORY && e->cycle >= start)
            read->at[read->count++] = (struct word){.pa = e->pa};
    }
    qsort(written->at, written->count, sizeof *written->at, by_place);
    qsort(read->at, read->count, sizeof *read->at, by_line);
}

static bool add_memory(struct stimulus *tail, const struct words *written, const struct words *read)
{
    for (size_t i = 0; i < written->count; i++) {
        const struct word *w = &written->at[i];
        const struct stimulus_event poke = {.kind = STIMULUS_POKE, .pa = w->pa, .value = w->value};
        const bool last = i + 1 == written->count || w[1].pa != w->pa;
        if (last && read->count && bsearch(w, read->at, read->count, sizeof *w, by_line) && !stimulus_add(tail, &poke))
            return false;
    }
    return true;
}

/* The registers as they were, one after another from reset on. Gives in *cycle where there is time for more. */
static bool add_registers(struct stimulus *tail, const struct taped *taped, uint64_t start, uint64_t *cycle)
{
    const struct stimulus *all = &taped->stimulus;
    const struct oracle_cpu cpu = preset_cpu();
    struct oracle_regs regs = taped->regs;
    struct trace_control op[REGISTERS];
    for (size_t i = 0; i < all->count && all->event[i].cycle < start; i++)
        if (all->event[i].kind == STIMULUS_CONTROL)
            oracle_control(&regs, &cpu, all->event[i].op, all->event[i].pa, all->event[i].value);
    const unsigned n = registers_set(&regs, op);
    for (unsigned i = 0; i < n; i++) {
        *cycle += SWEEP + SLACK;
        if (!stimulus_add(
                tail,
                &(struct stimulus_event){.cycle = *cycle, .kind = STIMULUS_CONTROL, .op = op[i].op, .pa = op[i].data}))
            return false;
    }
    *cycle += SWEEP + SLACK;
    return true;
}

bool tail_of(const struct taped *taped, size_t n, struct stimulus *tail)
{
    const struct stimulus *all = &taped->stimulus;
    uint64_t start = 0, cycle = 0;
    struct words written = {malloc((all->count + 1) * sizeof *written.at), 0},
                 read = {malloc((all->count + 1) * sizeof *read.at), 0};
    *tail = (struct stimulus){0};
    bool good = written.at && read.at && (find_start(all, n, &start) || !taped->whole);
    if (good) {
        gather(all, start, &written, &read);
        good = add_memory(tail, &written, &read) && add_registers(tail, taped, start, &cycle);
    }
    for (size_t i = 0; good && i < all->count; i++) {
        struct stimulus_event e = all->event[i];
        if (e.cycle < start)
            continue;
        e.cycle = e.cycle - start + cycle;
        good = stimulus_add(tail, &e);
    }
    free(written.at);
    free(read.at);
    if (!good)
        stimulus_free(tail);
    return good;
}
