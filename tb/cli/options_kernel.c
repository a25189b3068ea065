/* The options of the OS model: see options_kernel.h. */
#include "options_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/exits.h"
#include "mmu_cfg.h"

enum {
    KEY_PAGES = 512,
    KEY_RAM,
    KEY_SWAP,
    KEY_PRESSURE,
    KEY_OOM,
    KEY_DEVICE,
    KEY_PCIDS,
    KEY_INVPCID,
    KEY_THP_MADVISE,
    KEY_WARM_FILES,
    KEY_FAULT_AROUND,
    KEY_FLUSH_ON_AGE,
    KEY_COSTS,
    KEY_FORGET_FLUSH,
    KEY_LOSE_MOVE,
    KEY_SIGNATURES,
    KEY_SMAPS,
    KEY_ROLLUP,
    KEY_TOP,
    KEY_FAULTS,
};

static const struct argp_option options[] = {
    {"pages", KEY_PAGES, "POLICY", 0, "Page sizes that the OS model uses: 4k, 2m, 1g or thp (4k)", 0},
    {"ram", KEY_RAM, "SIZE", 0, "Memory that the OS model has, with K, M, G or T (4G)", 0},
    {"swap", KEY_SWAP, "SIZE", 0, "Swap space, with K, M, G or T (0: none); implies --pressure", 0},
    {"pressure", KEY_PRESSURE, NULL, 0,
     "Keep file pages in memory after their last mapping, and reclaim memory when it runs short", 0},
    {"oom", KEY_OOM, "WHAT", 0,
     "When nothing can be reclaimed: kill the process of the highest badness, or stop the run (kill)", 0},
    {"device", KEY_DEVICE, "WHICH", 0, "Where swap and files are: nvme or disk (nvme)", 0},
    {"pcids", KEY_PCIDS, "N", 0, "Address spaces that keep their translations, 1 to 4095 (6, as Linux)", 0},
    {"invpcid", KEY_INVPCID, NULL, 0, "Invalidate other address spaces at once by INVPCID, not when they next run", 0},
    {"thp-madvise", KEY_THP_MADVISE, NULL, 0, "With --pages=thp: large pages only where madvise asked for them", 0},
    {"warm-files", KEY_WARM_FILES, NULL, 0, "Every file page has been read before: files cause no major faults", 0},
    {"fault-around", KEY_FAULT_AROUND, "N", 0,
     "Pages of a file that one read fault maps, a power of 2 up to 512 (1; Linux: 16)", 0},
    {"flush-on-age", KEY_FLUSH_ON_AGE, NULL, 0,
     "Invalidate when an Accessed bit is cleared (Linux on x86 does not); A bits are then compared at the end too", 0},
    {"costs", KEY_COSTS, "KEY=CYCLES,…", 0,
     "What the kernel's work costs: fault, zero, copy, io, reclaim, change, copy-entry", 0},
    {"forget-flush", KEY_FORGET_FLUSH, "N", 0, "A defect to be found: every Nth invalidation is left out", 0},
    {"signatures", KEY_SIGNATURES, NULL, 0,
     "Give every page contents, and check that every access reaches those that its process wrote; implies --pressure",
     0},
    {"lose-move", KEY_LOSE_MOVE, "N", 0,
     "A defect for --signatures to find: the contents of every Nth page that is moved stay behind", 0},
    {"smaps", KEY_SMAPS, "FILE", 0, "Print /proc/PID/smaps of every process at its end (-: standard output)", 0},
    {"rollup", KEY_ROLLUP, "FILE", 0, "Print smaps_rollup of every process at its end", 0},
    {"top", KEY_TOP, "FILE", 0, "Print the list of all processes, as top does, whenever one ends", 0},
    {"faults", KEY_FAULTS, "FILE", 0, "Print a line for every page fault: record, task, address", 0},
    {0},
};

/* KEY=CYCLES,… into the costs. */
static void costs(struct argp_state *state, const char *text, struct os_costs *costs)
{
    const struct {
        const char *name;
        uint64_t *cost;
    } keys[] = {{"fault", &costs->fault},
                {"zero", &costs->zero},
                {"copy", &costs->copy},
                {"io", &costs->io},
                {"reclaim", &costs->reclaim},
                {"change", &costs->change},
                {"copy-entry", &costs->copy_entry}};
    char *copy = strdup(text), *save = NULL;
    for (char *part = copy ? strtok_r(copy, ",", &save) : NULL; part; part = strtok_r(NULL, ",", &save)) {
        char *value = strchr(part, '=');
        uint64_t *cost = NULL;
        if (value)
            *value++ = 0;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (strcmp(part, keys[i].name) == 0)
                cost = keys[i].cost;
        if (!value || !cost)
            argp_error(
                state,
                "--costs=%s: \"%s\" is not KEY=CYCLES with one of fault, zero, copy, io, reclaim, change, copy-entry",
                text, part);
        else
            *cost = arguments_number(state, "costs", value, 1, UINT64_C(1) << 40, false);
    }
    free(copy);
}

static error_t parse_memory(int key, char *arg, struct argp_state *state, struct kernel_setup *o)
{
    struct os_config *c = &o->config;
    static const char *const pages[] = {"4k", "2m", "1g", "thp", NULL}, *const ooms[] = {"kill", "stop", NULL};
    static const char *const devices[] = {"nvme", "disk", NULL};
    switch (key) {
    case KEY_PAGES:
        c->pages = (enum os_page_policy)arguments_choice(state, "pages", arg, pages);
        if (c->pages == OS_PAGES_1G && !CFG_ARCH_PAGE_1G)
            argp_error(state, "--pages=1g: preset %s has no 1-GByte pages (arch.page_1g = false)", CFG_NAME);
        return 0;
    case KEY_RAM:
        c->ram_bytes = arguments_number(state, "ram", arg, UINT64_C(1) << 20, UINT64_C(1) << CFG_ARCH_PADDR_BITS, true);
        return 0;
    case KEY_SWAP:
        c->swap_bytes = arguments_number(state, "swap", arg, 0, UINT64_C(1) << 42, true);
        c->reclaim |= c->swap_bytes != 0;
        return 0;
    case KEY_PRESSURE:
        c->reclaim = true;
        return 0;
    case KEY_OOM:
        o->oom_stop = arguments_choice(state, "oom", arg, ooms) == 1;
        return 0;
    case KEY_DEVICE:
        c->device = (enum os_device)arguments_choice(state, "device", arg, devices);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_ways(int key, char *arg, struct argp_state *state, struct os_config *c)
{
    switch (key) {
    case KEY_PCIDS:
        c->pcids = (unsigned)arguments_number(state, "pcids", arg, 1, 4095, false);
        return 0;
    case KEY_INVPCID:
        c->invpcid = true;
        return 0;
    case KEY_THP_MADVISE:
        c->thp_madvise = true;
        return 0;
    case KEY_WARM_FILES:
        c->warm_files = true;
        return 0;
    case KEY_FAULT_AROUND:
        c->fault_around = (unsigned)arguments_number(state, "fault-around", arg, 1, 512, false);
        if (c->fault_around & (c->fault_around - 1))
            argp_error(state, "--fault-around=%s: must be a power of 2", arg);
        return 0;
    case KEY_FLUSH_ON_AGE:
        c->flush_on_age = true;
        return 0;
    case KEY_COSTS:
        costs(state, arg, &c->costs);
        return 0;
    case KEY_FORGET_FLUSH:
        c->forget_flush = (unsigned)arguments_number(state, "forget-flush", arg, 1, UINT32_MAX, false);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct kernel_setup *o = state->input;
    for (const struct argp_option *option = options; option->name && !o->asked; option++)
        if (option->key == key)
            o->asked = option->name;
    switch (key) {
    case ARGP_KEY_END:
        o->config.reclaim |= o->signatures; /* else what is written to a file is lost with its last mapping */
        o->config.oom_kill = o->config.reclaim && !o->oom_stop;
        return 0;
    case KEY_SIGNATURES:
        o->signatures = true;
        return 0;
    case KEY_LOSE_MOVE:
        o->lose_move = arguments_number(state, "lose-move", arg, 1, UINT64_MAX, false);
        return 0;
    case KEY_SMAPS:
        o->smaps = arg;
        return 0;
    case KEY_ROLLUP:
        o->rollup = arg;
        return 0;
    case KEY_TOP:
        o->top = arg;
        return 0;
    case KEY_FAULTS:
        o->faults = arg;
        return 0;
    default:
        break;
    }
    const error_t result = parse_memory(key, arg, state, o);
    return result == ARGP_ERR_UNKNOWN ? parse_ways(key, arg, state, &o->config) : result;
}

const struct argp options_kernel_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};
