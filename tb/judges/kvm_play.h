/* Plays judge cases in the virtual machine and counts what came of them. */
#ifndef TWINWALK_KVM_PLAY_H
#define TWINWALK_KVM_PLAY_H

#include "expect.h"
#include "kvm_vm.h"

enum { KVM_EXCUSES = 16 };

struct kvm_counts {
    uint64_t cases, accesses, entries; /* compared */
    uint64_t implicit;                 /* accesses among them that the processor does for itself */
    uint64_t by_kind[3];               /* accesses by what the oracle expects: OK, #GP, #PF */
    uint64_t by_error_bit[7];          /* #PF by bit of the error code */
    uint64_t a_set, d_set;             /* entries in which A (D) had to be set */
    uint64_t a_open,
        a_open_set; /* entries in which A might be set or not, for a walk that faulted had passed them; was set */
    uint64_t excused[KVM_EXCUSES]; /* differences by kvm_excuses[] */
    uint64_t disagreements;        /* cases with a difference that nothing excuses */
};

struct kvm_play;

/* NULL: memory is short. vm stays the caller's. The first `show` disagreements are printed to stdout. */
struct kvm_play *kvm_play_new(struct vm *vm, uint64_t seed, const struct case_sabotage *sabotage, uint64_t show);
void kvm_play_free(struct kvm_play *play);

/* Plays cases from `number` on: at least one, at most up to `end`. Returns the number of the next
 * case; 0 when the machine broke down (why[]). */
uint64_t kvm_play_some(struct kvm_play *play, uint64_t number, uint64_t end, char *why, size_t size);

const struct kvm_counts *kvm_play_counts(const struct kvm_play *play);

#endif
