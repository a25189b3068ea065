/* --serial and the shapes of the TLBs: see options_serial.h. A shape is a list of arrays:
 *
 *     64x4                all page sizes, 64 entries, 4 ways
 *     4k:64x4,2m+1g:32x32 two arrays */
#include "options_serial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "processes/serial_tlbs.h"

enum { KEY_SERIAL = 768, KEY_MAP_FIRST, KEY_ITLB, KEY_DTLB, KEY_STLB, KEY_REPLACEMENT, KEY_SHAPES };
enum { ALL_SIZES = 7, ENTRIES_MOST = 1 << 20 };

#define SHAPE_OPTIONS                                                                                             \
    {"map-first",                                                                                                 \
     KEY_MAP_FIRST,                                                                                               \
     NULL,                                                                                                        \
     0,                                                                                                           \
     "As if every page had been mapped, with A and D set, before the first access",                               \
     0},                                                                                                          \
        {"itlb",                                                                                                  \
         KEY_ITLB,                                                                                                \
         "SHAPE",                                                                                                 \
         0,                                                                                                       \
         "With this ITLB: [SIZES:]ENTRIESxWAYS,… such as 64x4 or 4k:64x4,2m+1g:8x8 (preset's)",                   \
         0},                                                                                                      \
        {"dtlb", KEY_DTLB, "SHAPE", 0, "With this DTLB", 0}, {"stlb", KEY_STLB, "SHAPE", 0, "With this STLB", 0}, \
        {"replacement", KEY_REPLACEMENT, "POLICY", 0, "With this replacement everywhere: lru or plru (preset's)", 0}

static const struct argp_option options[] = {
    {"serial", KEY_SERIAL, NULL, 0,
     "Count hits and misses of the TLBs, one access at a time, each once, without a clock (docs/counts.md); the "
     "options "
     "below are for it",
     0},
    SHAPE_OPTIONS,
    {0},
};
static const struct argp_option tlb_options[] = {
    {"shapes", KEY_SHAPES, NULL, 0, "Misses of LRU TLBs of many shapes beside them, in the same pass", 0},
    SHAPE_OPTIONS,
    {0},
};

static void wrong(struct argp_state *state, const char *option, const char *text, const char *why)
{
    argp_error(state, "--%s=%s: %s", option, text, why);
    exit(argp_err_exit_status); /* argp_error does not come back */
}

/* "4k+2m" up to a colon; all sizes where there is none. */
static unsigned sizes_of(struct argp_state *state, const char *option, const char *text, char **array)
{
    static const char *const names[] = {"4k", "2m", "1g", NULL};
    char *colon = strchr(*array, ':'), *list = *array, *word;
    unsigned holds = 0;
    if (!colon)
        return ALL_SIZES;
    *colon = 0;
    *array = colon + 1;
    while ((word = strsep(&list, "+"))) {
        unsigned size = 0;
        while (names[size] && strcmp(names[size], word) != 0)
            size++;
        if (!names[size] || holds >> size & 1)
            wrong(state, option, text, "the page sizes of an array are 4k, 2m, 1g, each once, with + between them");
        holds |= 1u << size;
    }
    return holds;
}

static struct tlb_shape array_of(struct argp_state *state, const char *option, const char *text, char *array, bool lru)
{
    struct tlb_shape g = {.holds = sizes_of(state, option, text, &array), .lru = lru};
    unsigned entries = 0;
    int end = 0;
    if (sscanf(array, "%ux%u%n", &entries, &g.ways, &end) != 2 || array[end] || array[0] == '-')
        wrong(state, option, text, "an array is ENTRIESxWAYS, such as 1536x12");
    if (!entries || !g.ways || entries > ENTRIES_MOST || entries % g.ways)
        wrong(state, option, text, "the entries, 1 to 1048576, are a multiple of the ways");
    g.sets = entries / g.ways;
    if (g.sets & (g.sets - 1))
        wrong(state, option, text, "entries / ways, the number of sets, is a power of two");
    return g;
}

static void parse_shape(struct argp_state *state, const char *option, const char *text, struct tlb_shape *g,
                        unsigned most)
{
    char *copy = strdup(text), *list = copy, *array;
    const bool lru = g[0].lru, stlb = most == SHAPES_STLB;
    unsigned n = 0, held = 0;
    memset(g, 0, most * sizeof *g);
    while (copy && (array = strsep(&list, ","))) {
        if (n == most)
            wrong(state, option, text, stlb ? "the STLB has at most two arrays" : "there are at most three arrays");
        g[n] = array_of(state, option, text, array, lru);
        if (held & g[n].holds & (stlb ? ~1u : ~0u))
            wrong(state, option, text, "a page size is held by one array");
        held |= g[n++].holds;
    }
    if (stlb && g[0].holds & g[1].holds & 1 && g[0].sets != g[1].sets)
        wrong(state, option, text, "two arrays that both hold 4k pages have the same number of sets");
    free(copy);
}

static void each_array(struct serial_setup *s, void (*act)(struct argp_state *state, struct tlb_shape *g),
                       struct argp_state *state)
{
    for (unsigned n = 0; n < SHAPES_L1; n++) {
        act(state, &s->shapes.itlb[n]);
        act(state, &s->shapes.dtlb[n]);
    }
    for (unsigned n = 0; n < SHAPES_STLB; n++)
        act(state, &s->shapes.stlb[n]);
}

static void with_lru(struct argp_state *state, struct tlb_shape *g)
{
    (void)state;
    g->lru = true;
}

static void with_plru(struct argp_state *state, struct tlb_shape *g)
{
    (void)state;
    g->lru = false;
}

static void check(struct argp_state *state, struct tlb_shape *g)
{
    if (!g->lru && g->ways > SERIAL_PLRU_WAYS_MOST)
        argp_error(state, "tree-PLRU is kept for at most %d ways; use --replacement=lru", SERIAL_PLRU_WAYS_MOST);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    static const char *const policies[] = {"plru", "lru", NULL};
    struct serial_setup *s = state->input;
    struct tlb_shapes *shapes = &s->shapes;
    for (const struct argp_option *o = options; o->name; o++)
        if (o->key == key && key != KEY_SERIAL)
            s->needs_it = o->name;
    switch (key) {
    case KEY_SERIAL:
        s->on = true;
        return 0;
    case KEY_SHAPES:
        s->stacks = true;
        return 0;
    case KEY_MAP_FIRST:
        s->map_first = true;
        return 0;
    case KEY_ITLB:
        parse_shape(state, "itlb", arg, shapes->itlb, SHAPES_L1);
        return 0;
    case KEY_DTLB:
        parse_shape(state, "dtlb", arg, shapes->dtlb, SHAPES_L1);
        return 0;
    case KEY_STLB:
        parse_shape(state, "stlb", arg, shapes->stlb, SHAPES_STLB);
        return 0;
    case KEY_REPLACEMENT:
        s->replacement = arguments_choice(state, "replacement", arg, policies) ? SERIAL_LRU : SERIAL_PLRU;
        return 0;
    case ARGP_KEY_END:
        if (s->needs_it && !s->on)
            argp_error(state, "--%s is for --serial, which is missing", s->needs_it);
        if (s->replacement != SERIAL_OF_PRESET)
            each_array(s, s->replacement == SERIAL_LRU ? with_lru : with_plru, state);
        each_array(s, check, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp options_serial_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};
const struct argp options_tlb_argp = {tlb_options, parse, NULL, NULL, NULL, NULL, NULL};
