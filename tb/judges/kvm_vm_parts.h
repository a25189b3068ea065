/* What the files of the virtual machine offer each other. */
#ifndef TWINWALK_KVM_VM_PARTS_H
#define TWINWALK_KVM_VM_PARTS_H

#include "kvm_vm.h"

/* Sets vm->shadows and vm->pvm. */
void vm_look_at_host(struct vm *vm);

/* Tells the guest what it has, and vm->offered and vm->limits what there is: what vm->refused has is left out of all
 * three. */
bool vm_set_up_cpuid(struct vm *vm, const struct vm_wish *wish, char *why, size_t size);

/* Tries every feature that vm->offered has, before the first run, and notes in vm->refused those that KVM does not
 * take. False: there are some. */
bool vm_try_features(struct vm *vm);

bool vm_set_up_memory(struct vm *vm, char *why, size_t size);

#endif
