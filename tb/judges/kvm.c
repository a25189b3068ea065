/* The judge /dev/kvm: random page tables, registers and accesses in a virtual machine, compared with the oracle. See
 * docs/oracles.md. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "base/arguments.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "kvm_excuses.h"
#include "kvm_play.h"
#include "options.h"
#include "progress.h"

struct wishes {
    struct judge_options common;
    struct vm_wish vm;
};

/* ---- command line ---------------------------------------------------------------------------------------------------
 */

static const struct argp_option options[] = {
    {"vendor", 'v', "NAME", 0,
     "Give the guest the rules of intel or amd (the host's; the other, like another --bits, only where KVM shadows "
     "page "
     "tables)",
     0},
    {"device", 'd', "FILE", 0, "Use FILE instead of /dev/kvm", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    static const char *const vendors[] = {"intel", "amd", NULL};
    struct wishes *w = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &w->common;
        return 0;
    case 'v':
        w->vm.vendor = vendors[arguments_choice(state, "vendor", text, vendors)];
        return 0;
    case 'd':
        w->vm.device = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{&judge_options_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {options,
                                 parse,
                                 "",
                                 "Judges the oracle by a virtual machine of /dev/kvm.\v"
                                 "Exit status: 0 every case agrees; 1 disagreements; 4 there is no usable /dev/kvm (a "
                                 "line SKIP says what is missing); 2 wrong usage; 5 fewer cases were played than asked "
                                 "for; 6 the JSON could not be written; 7 the machine "
                                 "broke down; 130 interrupted.",
                                 common,
                                 NULL,
                                 NULL};

/* ---- output ---------------------------------------------------------------------------------------------------------
 */

static void print_machine(const struct vm *vm)
{
    printf(
        "judge: /dev/kvm, %s rules, M = %u; %s\n", vm->limits.cpu.amd ? "AMD's" : "Intel's", vm->limits.cpu.paddr_bits,
        vm->shadows
            ? "no nested paging: KVM shadows the guest's page tables in software, so it is KVM's walker that is asked"
            : "nested paging: the processor itself walks the guest's page tables");
    static const char *const heads[] = {
        "offered:", "not offered here, not judged:", "listed in CPUID, but refused when switched on, not judged:"};
    for (unsigned group = 0; group < 3; group++) {
        bool any = false;
        for (unsigned i = 0; i < VM_FEATURES; i++) {
            if ((vm->offered[i] ? 0 : vm->refused[i] ? 2 : 1) != group)
                continue;
            printf("%s %s", any ? "" : heads[group], vm_features[i].name);
            any = true;
        }
        printf(any ? "\n" : "");
    }
    fflush(stdout);
}

static void print_counts(const struct vm *vm, const struct verdict_counts *c, double wall, double cpu)
{
    printf("cases compared     %" PRIu64 " in %.1f s (%.1f k cases/s; %.1f s of CPU time)\n", c->cases, wall,
           (double)c->cases / wall / 1e3, cpu);
    printf("accesses           %" PRIu64 " (%" PRIu64 " implicit): %" PRIu64 " complete, %" PRIu64 " #GP, %" PRIu64
           " #PF\n",
           c->accesses, c->implicit, c->by_kind[0], c->by_kind[1], c->by_kind[2]);
    verdict_print_faults(c, ERROR_BITS);
    printf("entries compared   %" PRIu64 ": A had to be set in %" PRIu64 ", D in %" PRIu64 "\n", c->entries, c->a_set,
           c->d_set);
    printf("left open          A in %" PRIu64 " entries that a faulting walk passed (SDM 3A 5.8): set in %" PRIu64 "\n",
           c->a_open, c->a_open_set);
    verdict_print_excused(kvm_excuses(vm), c);
    printf("disagreements      %" PRIu64 "\n", c->disagreements);
}

static bool write_json(const char *path, const struct wishes *w, const struct vm *vm, const struct verdict_counts *c,
                       double wall, double cpu)
{
    json_t *features = json_object(), *refused = json_array();
    for (unsigned i = 0; i < VM_FEATURES; i++) {
        json_object_set_new(features, vm_features[i].name, json_boolean(vm->offered[i]));
        if (vm->refused[i])
            json_array_append_new(refused, json_string(vm_features[i].name));
    }
    json_t *root = json_pack(
        "{s:s, s:I, s:I, s:b, s:i, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:f, s:f}",
        "judge", "kvm", "seed", (json_int_t)w->common.seed, "from", (json_int_t)w->common.from, "shadows_page_tables",
        vm->shadows, "paddr_bits", (int)vm->limits.cpu.paddr_bits, "vendor", vm->limits.cpu.amd ? "amd" : "intel",
        "offered", features, "refused", refused, "cases", (json_int_t)c->cases, "accesses", (json_int_t)c->accesses,
        "implicit", (json_int_t)c->implicit, "completed", (json_int_t)c->by_kind[0], "general_protection",
        (json_int_t)c->by_kind[1], "page_faults", (json_int_t)c->by_kind[2], "entries", (json_int_t)c->entries,
        "a_open", (json_int_t)c->a_open, "a_open_set", (json_int_t)c->a_open_set, "excused",
        verdict_excused_json(kvm_excuses(vm), c), "disagreements", (json_int_t)c->disagreements, "seconds", wall,
        "cpu_seconds", cpu);
    json_t *all = about_json(NULL);
    json_object_update(all, root);
    json_decref(root);
    struct outfile out;
    if (outfile_open(&out, "json", path))
        return about_write(all, JSON_INDENT(2), &out);
    json_decref(all);
    return false;
}

/* ---- the run --------------------------------------------------------------------------------------------------------
 */

static int run(struct vm *vm, const struct wishes *w)
{
    char why[256];
    struct kvm_play *play = kvm_play_new(vm, w->common.seed, w->common.sabotage, w->common.show);
    if (!play)
        return fprintf(stderr, "judge: no memory\n"), STATUS_HOST;
    print_machine(vm);
    const double wall = wall_seconds(), cpu = cpu_seconds();
    const uint64_t end = w->common.from + w->common.cases;
    uint64_t at = w->common.from;
    bool broke = false;
    while (at < end && !interrupt_count && !broke) {
        at = kvm_play_some(play, at, end, why, sizeof why);
        broke = at == 0;
        if (!broke)
            progress_show(at - w->common.from, w->common.cases, wall);
    }
    const struct verdict_counts *counts = kvm_play_counts(play);
    const double wall_spent = wall_seconds() - wall, cpu_spent = cpu_seconds() - cpu;
    print_counts(vm, counts, wall_spent, cpu_spent);
    int status = STATUS_HOST;
    if (broke)
        fprintf(stderr, "judge: the virtual machine broke down: %s\n", why);
    else if (interrupt_count)
        printf("interrupted\n");
    if (!broke || counts->disagreements)
        status = judge_status(&w->common, counts->cases, counts->disagreements, interrupt_count);
    if (w->common.json && !write_json(w->common.json, w, vm, counts, wall_spent, cpu_spent))
        status = exits_both(status, STATUS_OUTPUT);
    kvm_play_free(play);
    return status;
}

int main(int argc, char **argv)
{
    struct wishes w = {.common = judge_options_default, .vm.device = "/dev/kvm"};
    exits_begin("judge");
    arguments_parse(&argp, argc, argv, &w);
    w.vm.paddr_bits = w.common.paddr_bits;
    struct vm vm;
    char why[256];
    switch (vm_open(&vm, &w.vm, why, sizeof why)) {
    case VM_NOT_HERE:
        printf("SKIP: %s\n", why);
        return STATUS_UNFIT;
    case VM_BROKEN:
        fprintf(stderr, "judge: %s\n", why);
        return STATUS_HOST;
    case VM_READY:
        break;
    }
    interrupt_install();
    const int status = run(&vm, &w);
    vm_close(&vm);
    return status;
}
