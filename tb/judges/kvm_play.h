/* Plays judge cases in the virtual machine and counts what came of them. */
#ifndef TWINWALK_KVM_PLAY_H
#define TWINWALK_KVM_PLAY_H

#include "kvm_vm.h"
#include "verdict.h"

struct kvm_play;

/* NULL: memory is short. vm stays the caller's. The first `show` disagreements are printed to stdout. */
struct kvm_play *kvm_play_new(struct vm *vm, uint64_t seed, const struct case_sabotage *sabotage, uint64_t show);
void kvm_play_free(struct kvm_play *play);

/* Plays cases from `number` on: at least one, at most up to `end`. Returns the number of the next
 * case; 0 when the machine broke down (why[]). */
uint64_t kvm_play_some(struct kvm_play *play, uint64_t number, uint64_t end, char *why, size_t size);

const struct verdict_counts *kvm_play_counts(const struct kvm_play *play);

#endif
