/* Which of the features that KVM lists it also takes: see kvm_vm.h.
 *
 * A host may list a feature in its CPUID and refuse it all the same (KVM without nested paging lists LA57 where the
 * processor below has it, and then refuses CR4.LA57). So each is tried once, by the control registers that switch it
 * on, before the guest runs for the first time. */
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "arch/x86.h"
#include "kvm_vm_parts.h"

const struct vm_feature vm_features[VM_FEATURES] = {
    [VM_NX] = {"NX", 0x80000001, 0, VM_EDX, 20, 0, EFER_NXE}, [VM_SMEP] = {"SMEP", 7, 0, VM_EBX, 7, CR4_SMEP, 0},
    [VM_SMAP] = {"SMAP", 7, 0, VM_EBX, 20, CR4_SMAP, 0},      [VM_1G] = {"1G", 0x80000001, 0, VM_EDX, 26, 0, 0},
    [VM_LA57] = {"LA57", 7, 0, VM_ECX, 16, CR4_LA57, 0},      [VM_PCID] = {"PCID", 1, 0, VM_ECX, 17, CR4_PCIDE, 0},
    [VM_PKU] = {"PKU", 7, 0, VM_ECX, 3, CR4_PKE, 0},          [VM_PKS] = {"PKS", 7, 0, VM_ECX, 31, CR4_PKS, 0},
    [VM_LAM] = {"LAM", 7, 1, VM_EAX, 26, CR4_LAM_SUP, 0},
};

/* Does KVM take these registers? The guest never runs with them; those that it had are put back. */
static bool takes(const struct vm *vm, const struct kvm_sregs *before, uint64_t cr4, uint64_t efer)
{
    struct kvm_sregs tried = *before;
    tried.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_PG;
    tried.cr3 = 0;
    tried.cr4 = CR4_PAE | cr4;
    tried.efer = EFER_LME | EFER_LMA | efer;
    tried.cs.l = 1;
    tried.cs.db = 0;
    const bool taken = ioctl(vm->cpu, KVM_SET_SREGS, &tried) == 0;
    return ioctl(vm->cpu, KVM_SET_SREGS, before) == 0 && taken;
}

bool vm_try_features(struct vm *vm)
{
    bool all = true;
    struct kvm_sregs before;
    /* Where even the plain long mode is refused no feature can be told from it: the first run says what is wrong. */
    if (ioctl(vm->cpu, KVM_GET_SREGS, &before) < 0 || !takes(vm, &before, 0, 0))
        return true;
    for (unsigned i = 0; i < VM_FEATURES; i++) {
        vm->refused[i] = vm->offered[i] && !takes(vm, &before, vm_features[i].cr4, vm_features[i].efer);
        all = all && !vm->refused[i];
    }
    return all;
}
