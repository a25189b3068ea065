/* A host whose KVM lists what it refuses, for tests: preloaded (LD_PRELOAD), it adds LA57, PCID and PKU to what
 * KVM_GET_SUPPORTED_CPUID lists, and lets KVM_SET_SREGS refuse each of them with EINVAL, as KVM itself does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stddef.h>

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

int ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, ...);
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (!next)
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    if (request == KVM_SET_SREGS && ((const struct kvm_sregs *)argument)->cr4 & (CR4_LA57 | CR4_PCIDE | CR4_PKE)) {
        errno = EINVAL;
        return -1;
    }
    const int result = next(fd, request, argument);
    if (request == KVM_GET_SUPPORTED_CPUID && result == 0)
        list_more(argument);
    return result;
}
