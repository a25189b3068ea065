/* Cases in, comparisons out: see kvm_play.h.
 *
 * Each data word of the guest names its own physical address, so a read shows where it went. What a write stores is
 * looked for where the oracle says; a fetch meets a RET there, and everywhere else instructions that do not exist. No
 * two cases of a run may meet in a word: the run ends before a case that would. */
#include "kvm_play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86.h"
#include "kvm_excuses.h"
#include "kvm_orders.h"
#include "mem/prng.h"

enum {
    RET = 0xc3,
    BREAKPOINT = 3,
    INVALID_OPCODE = 6,
    GENERAL_PROTECTION = 13,
    PAGE_FAULT = 14,
    WORDS = VM_DATA_BYTES / 8
};

struct one {
    struct judge_case c;
    struct case_expected expected;
    unsigned first, access[CASE_ACCESSES]; /* its orders */
};

struct kvm_play {
    struct vm *vm;
    uint64_t seed, show;
    const struct case_sabotage *sabotage;
    struct physmem *pm;
    struct one *one; /* VM_MODE */
    struct kvm_orders orders;
    uint8_t used[2][WORDS / 8]; /* bitmap of data words that a case of this run uses */
    struct verdict_counts counts;
};

struct kvm_play *kvm_play_new(struct vm *vm, uint64_t seed, const struct case_sabotage *sabotage, uint64_t show)
{
    struct kvm_play *play = calloc(1, sizeof *play);
    if (!play)
        return NULL;
    play->vm = vm;
    play->seed = seed;
    play->sabotage = sabotage;
    play->show = show;
    play->pm = physmem_new(vm->limits.cpu.paddr_bits);
    play->one = calloc(VM_MODE, sizeof *play->one);
    if (play->pm && play->one)
        return play;
    kvm_play_free(play);
    return NULL;
}

void kvm_play_free(struct kvm_play *play)
{
    if (!play)
        return;
    if (play->pm)
        physmem_free(play->pm);
    free(play->one);
    free(play);
}

const struct verdict_counts *kvm_play_counts(const struct kvm_play *play)
{
    return &play->counts;
}

/* ---- data words -----------------------------------------------------------------------------------------------------
 */

/* The word's byte and bit in the map; false: not a data word. */
static bool locate(const struct kvm_play *play, uint64_t pa, unsigned *high, uint64_t *word)
{
    *high = (pa & play->vm->limits.high) != 0;
    *word = ((pa & ~play->vm->limits.high) - VM_DATA) / 8;
    return *word < WORDS;
}

static uint64_t *data_word(const struct kvm_play *play, uint64_t pa)
{
    unsigned high;
    uint64_t word;
    return locate(play, pa, &high, &word) ? vm_memory(play->vm, pa & ~UINT64_C(7)) : NULL;
}

/* Takes the case's words; false, taking none, when another case of the run has one of them. */
static bool take_words(struct kvm_play *play, const struct one *one)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned n = 0; n < one->c.accesses; n++) {
            unsigned high;
            uint64_t word;
            if (one->expected.result[n].kind != KIND_OK || !locate(play, one->expected.result[n].addr, &high, &word))
                continue;
            uint8_t *byte = &play->used[high][word / 8], bit = (uint8_t)(1u << word % 8);
            if (pass == 0 && *byte & bit)
                return false;
            *byte |= pass ? bit : 0;
        }
    return true;
}

static void release_words(struct kvm_play *play, const struct one *one)
{
    for (unsigned n = 0; n < one->c.accesses; n++) {
        const uint64_t pa = one->expected.result[n].addr;
        unsigned high;
        uint64_t word;
        if (one->expected.result[n].kind != KIND_OK || !locate(play, pa, &high, &word))
            continue;
        play->used[high][word / 8] &= (uint8_t)~(1u << word % 8);
        *data_word(play, pa) = vm_data_word(play->vm, pa);
    }
}

static uint64_t stored_by(const struct judge_case *c, unsigned n)
{
    return prng_mix(c->number * CASE_ACCESSES + n) | 0xff; /* no data word has this byte */
}

/* What a fetch and a descriptor read must find. */
static void prepare_word(const struct kvm_play *play, const struct oracle_access *access, uint64_t pa)
{
    uint64_t *word = data_word(play, pa);
    if (word && access->imp)
        *word = VM_DESCRIPTOR;
    else if (word && access->acc == ACC_EXECUTE)
        ((uint8_t *)word)[pa % 8] = RET;
}

/* ---- before ---------------------------------------------------------------------------------------------------------
 */

/* Reads in supervisor mode become the processor's own now and then: of a descriptor. */
static void make_implicit(uint64_t seed, struct judge_case *c)
{
    uint64_t rng = prng_mix(seed ^ prng_mix(c->number + 0x696d706c));
    for (unsigned n = 0; n < c->accesses; n++) {
        struct oracle_access *access = &c->access[n];
        /* (LLDT would refuse an address that is not canonical before it is used.) */
        access->imp = prng_below(&rng, 6) == 0 && access->acc == ACC_READ && !access->user &&
                      x86_is_canonical(access->va, c->root == 5 ? 57 : 48);
    }
}

static void hand_over(struct kvm_play *play, struct one *one, bool set_registers)
{
    const struct judge_case *c = &one->c;
    for (unsigned level = c->root; level >= c->leaf; level--)
        memcpy(vm_memory(play->vm, c->entry[level].pa), &c->entry[level].value, 8);
    vm_map_stub(play->vm, c, false);
    one->first = play->orders.count;
    if (set_registers)
        give_registers(&play->orders, &c->regs);
    give_cr3(&play->orders, c->regs.cr3);
    for (unsigned n = 0; n < c->accesses; n++) {
        const struct oracle_result *expected = &one->expected.result[n];
        one->access[n] = play->orders.count;
        give_access(&play->orders, &c->access[n], stored_by(c, n));
        if (expected->kind == KIND_OK)
            prepare_word(play, &c->access[n], expected->addr);
    }
    if (c->regs.cr4 & CR4_PGE &&
        c->entry[c->leaf].value & ENTRY_G) { /* the page would outlive CR3, and another case may use the address */
        const unsigned above = 64 - (c->root == 5 ? 57 : 48);
        give_invlpg(&play->orders,
                    (uint64_t)((int64_t)(c->access[0].va << above) >> above)); /* all accesses are to one page */
    }
}

/* ---- after ----------------------------------------------------------------------------------------------------------
 */

static void see_access(const struct kvm_play *play, const struct one *one, unsigned n, struct case_seen *seen)
{
    const struct oracle_access *access = &one->c.access[n];
    const struct oracle_result *expected = &one->expected.result[n];
    const struct stub_order *s = &vm_list(play->vm)[one->access[n]];
    uint64_t pa;
    const bool completed = s->vector == (access->user ? BREAKPOINT : STUB_DONE);
    if (completed) {
        const uint64_t *word = expected->kind == KIND_OK ? data_word(play, expected->addr) : NULL;
        seen->access[n].kind = KIND_OK;
        if (access->acc == ACC_READ && !access->imp)
            seen->access[n].addr = vm_data_address(play->vm, s->value, &pa) ? pa : s->value;
        else if (word && (access->imp || access->acc == ACC_EXECUTE || *word == stored_by(&one->c, n)))
            seen->access[n].addr = expected->addr;
    } else if (s->vector == PAGE_FAULT) {
        seen->access[n].kind = KIND_PF;
        seen->access[n].err = (uint16_t)s->err;
        seen->access[n].addr = s->cr2;
    } else if (s->vector == GENERAL_PROTECTION && s->err == 0) {
        seen->access[n].kind = KIND_GP;
    } else {
        seen->access[n].kind = SEEN_OTHER;
        seen->access[n].detail = s->vector == INVALID_OPCODE ? "#UD, the fetch went elsewhere"
                                 : access->imp               ? "an exception by what was read, the read went elsewhere"
                                                             : "another exception";
    }
}

static void judge(struct kvm_play *play, const struct one *one)
{
    struct case_seen seen = {0};
    for (unsigned n = 0; n < one->c.accesses; n++)
        see_access(play, one, n, &seen);
    for (unsigned level = one->c.root; level >= one->c.leaf; level--) {
        uint64_t *entry = vm_memory(play->vm, one->c.entry[level].pa);
        seen.entry[level] = *entry;
    }
    for (unsigned level = one->c.root; level >= one->c.leaf; level--)
        memset(vm_memory(play->vm, one->c.entry[level].pa), 0, 8);
    vm_map_stub(play->vm, &one->c, true);

    const struct case_context context = {.c = &one->c, .expected = &one->expected, .seen = &seen};
    struct case_difference difference[CASE_DIFFERENCES];
    const bool show = play->counts.disagreements < play->show;
    verdict_count(&context, &play->counts);
    const unsigned differences = verdict_judge(kvm_excuses(play->vm), &context, &play->counts, difference);
    if (differences && show) {
        char again[96];
        snprintf(again, sizeof again, "--seed=%" PRIu64 " --vendor=%s --bits=%u --from=%" PRIu64, play->seed,
                 one->c.cpu.amd ? "amd" : "intel", one->c.cpu.paddr_bits, one->c.number);
        verdict_show(again, &context, difference, differences);
    }
}

/* ---- a run ----------------------------------------------------------------------------------------------------------
 */

uint64_t kvm_play_some(struct kvm_play *play, uint64_t number, uint64_t end, char *why, size_t size)
{
    const struct case_limits *limits = &play->vm->limits;
    const uint64_t mode_end = (number / limits->modes + 1) * limits->modes;
    end = end < mode_end ? end : mode_end;
    unsigned n = 0;
    play->orders = (struct kvm_orders){.list = vm_list(play->vm)};
    for (; number + n < end; n++) {
        struct one *one = &play->one[n];
        case_generate(limits, play->seed, number + n, &one->c);
        make_implicit(play->seed, &one->c);
        if (!case_expect(play->pm, &one->c, play->sabotage, &one->expected))
            return snprintf(why, size, "no memory for the page tables"), 0;
        if (!take_words(play, one))
            break;
        hand_over(play, one, n == 0 || (number + n) % limits->group == 0);
    }
    give_finish(&play->orders);
    unsigned stopped_at;
    if (!vm_play(play->vm, &play->one[0].c.regs, &stopped_at, why, size)) {
        unsigned at = n - 1;
        while (at > 0 && play->one[at].first > stopped_at)
            at--;
        case_print(stdout, &play->one[at].c);
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        judge(play, &play->one[i]);
        release_words(play, &play->one[i]);
    }
    if ((number + n) % limits->batch == 0 && !vm_forget_tables(play->vm, why, size))
        return 0;
    return number + n;
}
