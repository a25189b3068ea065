/* The storm's command and its accesses: see storm.h. */
#include "storm.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arguments.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "mem/prng.h"
#include "os/os.h"
#include "traces/format/plain.h"

enum { KEY_SEED = 256, KEY_RECORDS, KEY_LARGE, KEY_WIDE, KEY_HUGE, KEY_NEAR, KEY_TEXT };

static const uint64_t OPEN_BASE = UINT64_C(0x7f0000000000), HEAP_BASE = UINT64_C(0x555555600000),
                      STACK_TOP = UINT64_C(0x7ffffffff000);
static const uint64_t PROGRAM_BASE = UINT64_C(0x400000), WIDE_BASE = UINT64_C(0x80123456000000);

unsigned storm_below(struct storm *s, unsigned bound)
{
    return (unsigned)prng_below(&s->random, bound);
}

uint64_t storm_va(const struct storm *s, unsigned page)
{
    if (page < STORM_HEAP)
        return (s->wide ? WIDE_BASE : OPEN_BASE) + (uint64_t)page * 4096;
    if (page < STORM_STACK)
        return HEAP_BASE + (uint64_t)(page - STORM_HEAP) * 4096;
    if (page < STORM_PROGRAM) /* the higher the number, the lower the address */
        return STACK_TOP - (uint64_t)(page - STORM_STACK + 1) * 4096;
    return PROGRAM_BASE + (uint64_t)(page - STORM_PROGRAM) * 4096;
}

void storm_put(struct storm *s, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (!s->failed && !s->put(s->to, rec, extra))
        s->failed = true;
    s->records++;
}

void storm_call(struct storm *s, uint64_t number, const uint64_t arg[6], uint64_t result)
{
    struct trace_extra extra = {.syscall = {.number = number, .result = (int64_t)result}};
    const struct trace_rec rec = {.kind = TRACE_SYSCALL, .thread = (uint8_t)s->thread};
    for (unsigned i = 0; i < 6; i++)
        extra.syscall.arg[i] = arg[i];
    storm_put(s, &rec, &extra);
}

void storm_memory_do(struct storm *s, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                     uint64_t a5, uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, a4, a5};
    storm_call(s, number, arg, result);
}

void storm_touch(struct storm *s, unsigned page, uint8_t kind)
{
    const struct storm_page *p = &s->process[s->now].page[page];
    const bool allowed = p->what && (kind == TRACE_LOAD    ? p->prot != 0
                                     : kind == TRACE_STORE ? p->prot & OS_WRITE
                                                           : p->prot & OS_EXEC);
    struct trace_rec rec = {.va = storm_va(s, page) + 8 * storm_below(s, 512),
                            .kind = kind,
                            .size = 8,
                            .thread = (uint8_t)s->thread};
    if (!allowed)
        return;
    if (kind != TRACE_FETCH && !storm_below(s, 40))
        rec.flags = TRACE_SUPERVISOR | TRACE_AC; /* the kernel, for the buffer of a call */
    storm_put(s, &rec, NULL);
}

/* A few accesses near where the process likes to be. */
static void touch_some(struct storm *s)
{
    struct storm_process *p = &s->process[s->now];
    static const uint8_t kinds[] = {TRACE_FETCH, TRACE_LOAD, TRACE_LOAD, TRACE_STORE, TRACE_STORE};
    const unsigned home = (unsigned)p->task % 7 * 100;
    unsigned page = storm_below(s, STORM_PAGES);
    for (unsigned n = storm_below(s, 4) ? 2 + storm_below(s, 16) : 0; n; n--) {
        page = p->recent[storm_below(s, STORM_RECENT)];
        storm_touch(s, page, kinds[storm_below(s, 5)]);
    }
    for (unsigned tries = 0; tries < 8 && !p->page[page].what; tries++)
        page = storm_below(s, 3) ? home + storm_below(s, 200) : storm_below(s, STORM_PAGES);
    const uint8_t kind = kinds[storm_below(s, 5)];
    p->recent[storm_below(s, STORM_RECENT)] = (uint16_t)page;
    for (unsigned again = 1 + storm_below(s, 4); again; again--)
        storm_touch(s, page, kind);
}

/* Where something has just been mapped. */
static void touch_recent(struct storm *s)
{
    static const uint8_t kinds[] = {TRACE_FETCH, TRACE_LOAD, TRACE_LOAD, TRACE_STORE, TRACE_STORE};
    for (unsigned n = 1 + storm_below(s, 4); n; n--)
        storm_touch(s, s->process[s->now].recent[storm_below(s, STORM_BUSY_RECENT)], kinds[storm_below(s, 5)]);
}

/* One page after the other. */
static void sweep(struct storm *s)
{
    const unsigned first = storm_below(s, STORM_PAGES), count = 1 + storm_below(s, storm_below(s, 3) ? 32 : 600);
    const uint8_t kind = storm_below(s, 3) ? TRACE_STORE : TRACE_LOAD;
    for (unsigned page = first; page < first + count && page < STORM_PAGES; page++)
        storm_touch(s, page, kind);
}

static void one_step(struct storm *s)
{
    const unsigned k = storm_below(s, 100), calls = s->busy ? s->busy : 8;
    if (!s->now && !s->busy &&
        storm_below(s, 4))   /* the first process only makes others, so that it stays small and is */
        storm_task_event(s); /* not the one to be killed */
    else if (!s->now && !s->busy)
        storm_touch(s, STORM_STACK + 3 + storm_below(s, 4), TRACE_STORE);
    else if (k < calls)
        storm_memory_call(s);
    else if (k < calls + 3)
        storm_task_event(s);
    else if (s->busy)
        touch_recent(s);
    else if (k < calls + 10)
        sweep(s);
    else
        touch_some(s);
}

struct arguments {
    uint64_t seed, records;
    bool large, wide, huge, text;
    unsigned near;
    const char *path;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_SEED:
        a->seed = arguments_number(state, "seed", arg, 0, UINT64_MAX, false);
        return 0;
    case KEY_RECORDS:
        a->records = arguments_number(state, "records", arg, 1, UINT64_C(1) << 40, true);
        return 0;
    case KEY_LARGE:
        a->large = true;
        return 0;
    case KEY_WIDE:
        a->wide = true;
        return 0;
    case KEY_HUGE:
        a->huge = true;
        return 0;
    case KEY_NEAR:
        a->near = (unsigned)arguments_number(state, "near", arg, 0, 256, false);
        return 0;
    case KEY_TEXT:
        a->text = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->path)
            argp_error(state, "%s: one file at a time", arg);
        a->path = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->path)
            argp_error(state, "no file given; - is standard output");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void storm_make_part(struct storm *s)
{
    storm_begin(s);
    while (s->records < s->wanted && !s->failed && !interrupt_count)
        one_step(s);
}

void storm_make(struct storm *s)
{
    storm_make_part(s);
    storm_end(s);
}

static bool write_record(void *to, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (trace_put(to, rec, extra))
        return true;
    fprintf(stderr, "twinwalk storm: %s\n", plain(trace_writer_error(to)));
    return false;
}

int storm_command(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"seed", KEY_SEED, "N", 0, "Another storm (1)", 0},
        {"records", KEY_RECORDS, "N", 0, "About so many records, with K, M or G (100000)", 0},
        {"large", KEY_LARGE, NULL, 0, "More mappings that have room for large pages", 0},
        {"wide", KEY_WIDE, NULL, 0, "Addresses of 57 bits", 0},
        {"huge", KEY_HUGE, NULL, 0, "Mappings of MAP_HUGETLB, too, which want memory: --ram=512M or more", 0},
        {"near", KEY_NEAR, "N", 0, "Of 256 memory calls so many have wrong arguments, and fail (0)", 0},
        {"text", KEY_TEXT, NULL, 0, "Write the text form", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "OUT",
        "Makes a trace of processes that fork, execute programs, share memory and end, at random. Replay it with "
        "little memory: --ram=6M --swap=4M --signatures.",
        NULL,
        NULL,
        NULL};
    struct arguments a = {.seed = 1, .records = 100000};
    struct trace_info info = {.linear_bits = 48};
    const char *error;
    arguments_parse(&argp, argc, argv, &a);
    info.linear_bits = a.wide ? 57 : 48;
    snprintf(info.program, sizeof info.program, "storm --seed=%llu", (unsigned long long)a.seed);
    snprintf(info.recorder, sizeof info.recorder, "twinwalk storm");
    struct storm *s = calloc(1, sizeof *s);
    if (!s) {
        fprintf(stderr, "twinwalk storm: not enough memory\n");
        return STATUS_HOST;
    }
    s->random = a.seed;
    s->wanted = a.records;
    s->large = a.large;
    s->wide = a.wide;
    s->huge = a.huge;
    s->near = a.near;
    struct trace_writer *out = trace_create(a.path, &info, a.text, &error);
    if (!out) {
        fprintf(stderr, "twinwalk storm: %s\n", plain(error));
        free(s);
        return STATUS_OUTPUT;
    }
    interrupt_install();
    s->put = write_record;
    s->to = out;
    storm_make(s);
    int status = s->failed ? STATUS_OUTPUT : interrupt_count ? STATUS_INTERRUPTED : STATUS_EQUAL;
    if (status) {
        trace_abandon(out);
    } else if (!trace_finish(out, &error)) {
        fprintf(stderr, "twinwalk storm: %s\n", plain(error));
        status = STATUS_OUTPUT;
    }
    free(s);
    return status;
}
