/* A host whose KVM refuses what it promises, for tests: preloaded (LD_PRELOAD), by KVM_SHIM=
 *
 *   lists       adds LA57, PCID and PKU to what KVM_GET_SUPPORTED_CPUID lists, and lets KVM_SET_SREGS refuse each of
 * them with EINVAL, as KVM itself does run         every call succeeds but KVM_RUN: EINVAL entry       KVM_RUN
 * succeeds, and says that the processor cannot be entered registers   KVM_SET_SREGS refuses whatever it is given vm,
 * vcpu    KVM_CREATE_VM, KVM_CREATE_VCPU refuse: EPERM */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CR4_LA57 = 1 << 12, CR4_PCIDE = 1 << 17, CR4_PKE = 1 << 22 };

static void list_more(struct kvm_cpuid2 *cpuid)
{
    for (unsigned i = 0; i < cpuid->nent; i++) {
        struct kvm_cpuid_entry2 *leaf = &cpuid->entries[i];
        if (leaf->function == 1)
            leaf->ecx |= 1u << 17;
        if (leaf->function == 7 && leaf->index == 0)
            leaf->ecx |= 1u << 16 | 1u << 3;
    }
}

static bool plays(const char *part)
{
    const char *chosen = getenv("KVM_SHIM");
    return chosen && strcmp(chosen, part) == 0;
}

static bool refuses(unsigned long request, const void *argument)
{
    switch (request) {
    case KVM_SET_SREGS:
        return plays("registers") ||
               (plays("lists") && ((const struct kvm_sregs *)argument)->cr4 & (CR4_LA57 | CR4_PCIDE | CR4_PKE));
    case KVM_RUN:
        return plays("run");
    case KVM_CREATE_VM:
        return plays("vm");
    case KVM_CREATE_VCPU:
        return plays("vcpu");
    default:
        return false;
    }
}

/* The processor's page of news is mapped a second time: it says that hardware refused. */
static int fail_entry(int fd)
{
    struct kvm_run *run = mmap(NULL, sizeof *run, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (run == MAP_FAILED)
        return -1;
    run->exit_reason = KVM_EXIT_FAIL_ENTRY;
    return munmap(run, sizeof *run);
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, ...);
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (!next)
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    if (refuses(request, argument)) {
        errno = request == KVM_CREATE_VM || request == KVM_CREATE_VCPU ? EPERM : EINVAL;
        return -1;
    }
    if (request == KVM_RUN && plays("entry"))
        return fail_entry(fd);
    const int result = next(fd, request, argument);
    if (request == KVM_GET_SUPPORTED_CPUID && result == 0 && plays("lists"))
        list_more(argument);
    return result;
}
