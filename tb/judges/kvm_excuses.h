/* The differences between KVM (or the silicon below it) and the oracle that are known and explained. The only place
 * where they are masked. */
#ifndef TWINWALK_KVM_EXCUSES_H
#define TWINWALK_KVM_EXCUSES_H

#include "expect.h"
#include "kvm_vm.h"

/* Those that this host needs; the list ends with a NULL name. */
const struct case_excuse *kvm_excuses(const struct vm *vm);

#endif
