/* What the host offers, and what the guest is told that it has: see kvm_vm.h. */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kvm_vm_parts.h"

static bool parameter_is_on(const char *path)
{
    FILE *f = fopen(path, "r");
    const int c = f ? fgetc(f) : 'N';
    if (f)
        fclose(f);
    return c == 'Y' || c == '1';
}

static struct kvm_cpuid_entry2 *leaf_of(struct kvm_cpuid2 *cpuid, uint32_t function, uint32_t index)
{
    for (uint32_t i = 0; i < cpuid->nent; i++)
        if (cpuid->entries[i].function == function && cpuid->entries[i].index == index)
            return &cpuid->entries[i];
    static struct kvm_cpuid_entry2 none;
    none = (struct kvm_cpuid_entry2){0};
    return &none;
}

static uint32_t *word_of(struct kvm_cpuid_entry2 *leaf, unsigned word)
{
    uint32_t *const words[] = {&leaf->eax, &leaf->ebx, &leaf->ecx, &leaf->edx};
    return words[word];
}

static void set_vendor(struct kvm_cpuid2 *cpuid, const char *vendor)
{
    const char *name = strcmp(vendor, "intel") == 0 ? "GenuineIntel" : "AuthenticAMD";
    struct kvm_cpuid_entry2 *leaf[] = {leaf_of(cpuid, 0, 0), leaf_of(cpuid, 0x80000000, 0)};
    for (unsigned i = 0; i < 2; i++) {
        memcpy(&leaf[i]->ebx, name, 4);
        memcpy(&leaf[i]->edx, name + 4, 4);
        memcpy(&leaf[i]->ecx, name + 8, 4);
    }
}

/* Asks for the wish, tells the limits what there is. KVM's software walker knows SMEP and SMAP even where the host's
 * processor, and so the list of what is supported, does not. */
bool vm_set_up_cpuid(struct vm *vm, const struct vm_wish *wish, char *why, size_t size)
{
    enum { LEAVES = 256 };
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + LEAVES * sizeof *cpuid->entries);
    if (!cpuid)
        return snprintf(why, size, "no memory"), false;
    cpuid->nent = LEAVES;
    if (ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0) {
        snprintf(why, size, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
        free(cpuid);
        return false;
    }
    if (wish->vendor)
        set_vendor(cpuid, wish->vendor);
    struct kvm_cpuid_entry2 *sizes = leaf_of(cpuid, 0x80000008, 0);
    if (vm->shadows)
        leaf_of(cpuid, 7, 0)->ebx |= 1u << vm_features[VM_SMEP].bit | 1u << vm_features[VM_SMAP].bit;
    if (wish->paddr_bits)
        sizes->eax = (sizes->eax & ~0xffu) | wish->paddr_bits;
    const struct kvm_cpuid_entry2 *vendor = leaf_of(cpuid, 0, 0);
    const bool amd = memcmp(&vendor->ebx, "Auth", 4) == 0 || memcmp(&vendor->ebx, "Hygo", 4) == 0;
    for (unsigned i = 0; i < VM_FEATURES; i++) {
        const uint32_t bit = 1u << vm_features[i].bit;
        uint32_t *word = word_of(leaf_of(cpuid, vm_features[i].leaf, vm_features[i].subleaf), vm_features[i].word);
        if (vm->refused[i])
            *word &= ~bit;
        vm->offered[i] = *word & bit;
    }
    const bool *has = vm->offered;
    vm->limits.cpu = (struct oracle_cpu){.paddr_bits = sizes->eax & 0xff,
                                         .amd = amd,
                                         .page_1g = has[VM_1G],
                                         .la57 = has[VM_LA57],
                                         .pcid = has[VM_PCID],
                                         .pku = has[VM_PKU],
                                         .pks = has[VM_PKS],
                                         .lam = has[VM_LAM]};
    vm->limits.nx = has[VM_NX];
    vm->limits.smep = has[VM_SMEP];
    vm->limits.smap = has[VM_SMAP];
    const bool ok = ioctl(vm->cpu, KVM_SET_CPUID2, cpuid) == 0;
    if (!ok)
        snprintf(why, size, "KVM_SET_CPUID2: %s", strerror(errno));
    free(cpuid);
    return ok;
}

void vm_look_at_host(struct vm *vm)
{
    vm->shadows = !parameter_is_on("/sys/module/kvm_intel/parameters/ept") &&
                  !parameter_is_on("/sys/module/kvm_amd/parameters/npt");
    vm->pvm = access("/sys/module/kvm_pvm", F_OK) == 0;
}
