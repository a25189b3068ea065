/* What the files of the virtual machine offer each other. */
#ifndef TWINWALK_KVM_VM_PARTS_H
#define TWINWALK_KVM_VM_PARTS_H

#include "kvm_vm.h"

/* Sets vm->shadows and vm->pvm. */
void vm_look_at_host(struct vm *vm);

/* Tells the guest what it has, and vm->limits what there is. */
bool vm_set_up_cpuid(struct vm *vm, const struct vm_wish *wish, char *why, size_t size);

bool vm_set_up_memory(struct vm *vm, char *why, size_t size);

#endif
