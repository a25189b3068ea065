/* The command `twinwalk`: picks the subcommand. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "base/exits.h"
#include "base/shell.h"
#include "dut/dut_list.h"
#include "forms/forms.h"
#include "headline/command.h"
#include "matrix/command.h"
#include "mmu_cfg.h"
#include "pins/command.h"
#include "processes/memory.h"
#include "processes/serial.h"
#include "processes/storm.h"
#include "profile/compare.h"
#include "profile/profile.h"
#include "run.h"
#include "sweep/command.h"
#include "traces/command.h"
#include "vectors/vectors.h"

int twinwalk_main(int argc, char **argv);

static const char usage[] =
    "Usage: twinwalk COMMAND [OPTION...]\n"
    "\n"
    "  cosim TRACE    replay a trace through the cycle model and a device under test, and compare\n"
    "  model TRACE    replay a trace through the cycle model alone, at full speed\n"
    "  memory TRACE   replay a trace through the OS model alone, with the oracle as its MMU: faults, and the memory of "
    "every process\n"
    "  tlb TRACE      count hits and misses of TLBs of any shape, without a clock, quickly\n"
    "  storm OUT      make a trace of many processes at random, to be replayed with little memory\n"
    "  profile TRACE  replay a trace through one device, judged by the oracle, and book every cycle\n"
    "  compare A B    lay two profiles of one trace side by side: translations, cycles, the accesses that lost most\n"
    "  random         drive both with constrained-random stimulus, and compare\n"
    "  pins FILE      play stimulus at the pins, as a reduction leaves it, through both, and compare\n"
    "  vectors FILE…  run directed cases on the oracle, the cycle model and the RTL\n"
    "  sweep          enumerate the rules of paging: rights, entries, flags, addresses, memory types\n"
    "  matrix         every invalidation x structure x page x state of a walk in flight\n"
    "  forms          measure closed forms on the cycle model, and on a device in lockstep\n"
    "  headline       measure what docs/headline.md shows: accesses and cycles of walks, reach of the TLBs, costs of "
    "faults\n"
    "  trace …        make, read and convert traces\n"
    "  version        what this binary was built for\n"
    "\n"
    "Each has --help. Exit status: 0 everything asked for was compared, and was equal; 1 a mismatch; 2 wrong usage; "
    "3 bad input; 4 the preset or\n"
    "the host lacks what the input needs; 5 less was compared than asked for; 6 an output cannot be written; 7 the "
    "host failed; 130 interrupted.\n";

static int version(void)
{
    const struct dut_ops *ops;
    printf("twinwalk %s%s%s%s\n", about_version, *about_commit ? " (" : "", about_commit, *about_commit ? ")" : "");
    printf("preset %s: %d fetch and %d data ports, %d outstanding misses, %d walkers, %d-bit physical "
           "addresses%s\n",
           CFG_NAME, CFG_PORTS_FETCH, CFG_PORTS_DATA, CFG_MISS_QUEUE_ENTRIES, CFG_WALKERS_COUNT, CFG_ARCH_PADDR_BITS,
           CFG_ARCH_LA57 ? ", 57-bit linear addresses" : "");
    printf("devices under test:");
    for (unsigned n = 0; (ops = dut_number(n)); n++)
        printf(" %s", ops->name);
    printf("\n");
    return 0;
}

/* Whether it is option `name`, cut short as argp allows, with or without its argument. */
static bool is_option(const char *argument, const char *name, size_t least)
{
    const size_t length = strcspn(argument, "=");
    return length >= least && strncmp(argument, name, length) == 0;
}

/* What repeats the run, for the folders of mismatches: in one process, whatever --jobs and --slice say. */
static char *line_in_one_process(int argc, char *const *argv)
{
    char **kept = calloc((size_t)argc + 1, sizeof *kept);
    int n = 0;
    for (int i = 0; kept && i < argc; i++) {
        if (is_option(argv[i], "--jobs", sizeof "--jo" - 1) || is_option(argv[i], "--slices", sizeof "--sl" - 1))
            i += strchr(argv[i], '=') == NULL;
        else
            kept[n++] = argv[i];
    }
    char *line = kept ? shell_line(n, kept) : NULL;
    free(kept);
    return line;
}

static int with_options(void (*parse)(struct setup *, int, char **), int (*run)(const struct setup *), int argc,
                        char **argv)
{
    struct setup options;
    char *line = line_in_one_process(argc, argv);
    char name[64];
    setup_defaults(&options);
    options.rerun = line ? line : "";
    options.program = shell_program();
    snprintf(name, sizeof name, "twinwalk %s", argv[1]);
    argv[1] = name; /* what argp calls the program in its messages */
    parse(&options, argc - 1, argv + 1);
    const int status = run(&options);
    free(line);
    return status;
}

int twinwalk_main(int argc, char **argv)
{
    exits_begin("twinwalk");
    shell_begin(argc, argv);
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "cosim") == 0)
        return with_options(options_parse_cosim, run_cosim, argc, argv);
    if (strcmp(command, "model") == 0)
        return with_options(options_parse_model, run_model, argc, argv);
    if (strcmp(command, "profile") == 0)
        return with_options(options_parse_profile, profile_run, argc, argv);
    if (strcmp(command, "pins") == 0) {
        argv[1] = "twinwalk pins";
        return pins_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "compare") == 0) {
        argv[1] = "twinwalk compare";
        return compare_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "memory") == 0)
        return with_options(options_parse_memory, memory_run, argc, argv);
    if (strcmp(command, "tlb") == 0)
        return with_options(options_parse_tlb, serial_run, argc, argv);
    if (strcmp(command, "random") == 0)
        return with_options(options_parse_random, run_random, argc, argv);
    if (strcmp(command, "headline") == 0) {
        argv[1] = "twinwalk headline";
        return headline_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "storm") == 0) {
        argv[1] = "twinwalk storm";
        return storm_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "forms") == 0) {
        argv[1] = "twinwalk forms";
        return forms_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "sweep") == 0) {
        argv[1] = "twinwalk sweep";
        return sweep_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "matrix") == 0) {
        argv[1] = "twinwalk matrix";
        return matrix_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "vectors") == 0) {
        argv[1] = "twinwalk vectors";
        return vectors_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "trace") == 0)
        return trace_command(argc - 1, argv + 1);
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0)
        return version();
    const int asked = strcmp(command, "--help") == 0 || strcmp(command, "help") == 0;
    if (*command && !asked)
        fprintf(stderr, "twinwalk: %s: no such command\n", command);
    fputs(usage, asked ? stdout : stderr);
    return asked ? STATUS_EQUAL : STATUS_USAGE;
}
