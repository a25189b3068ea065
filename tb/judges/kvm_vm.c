/* The virtual machine: see kvm_vm.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/x86.h"
#include "base/interrupt.h"
#include "kvm_vm_parts.h"

/* Where the stub's things are in the control memory, and at which linear address that is seen: the last GByte, so that
 * both kinds of root table reach it by their last entry. */
enum {
    AT_ROOT4 = 0x1000,
    AT_ROOT5 = 0x2000,
    AT_L3 = 0x3000,
    AT_L2 = 0x4000,
    AT_L1 = 0x5000,
    AT_GDT = 0x6000,
    AT_IDT = 0x7000,
    AT_TSS = 0x8000,
    AT_STACK_TOP = 0xa000,
    AT_CODE = 0x10000
};
static const uint64_t LINEAR = UINT64_C(0xffffffffc0000000);
enum { LAST = 511, FREE_KEY = 15, PATIENCE_SECONDS = 60 };

static const uint64_t TABLE_RIGHTS = ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_A;
static const uint64_t OWN_PAGE = ENTRY_P | ENTRY_RW | ENTRY_A | ENTRY_D | (uint64_t)FREE_KEY << ENTRY_KEY_SHIFT;

static volatile sig_atomic_t out_of_patience;

static void on_alarm(int signal)
{
    (void)signal;
    out_of_patience = 1;
}

static void put64(const struct vm *vm, uint64_t at, uint64_t value)
{
    memcpy(vm->control + at, &value, sizeof value);
}

/* ---- the stub -------------------------------------------------------------------------------------------------------
 */

struct stub_order *vm_list(const struct vm *vm)
{
    return (struct stub_order *)(vm->control + VM_LIST);
}

uint64_t vm_stub(const uint8_t *routine)
{
    return LINEAR + AT_CODE + (uint64_t)(routine - stub_code);
}

static void set_up_stub(struct vm *vm)
{
    memcpy(vm->control + AT_CODE, stub_code, (size_t)(stub_end - stub_code));
    put64(vm, vm_stub(stub_user_stack) - LINEAR, vm_stub(stub_user_fetched));
    put64(vm, AT_ROOT5 + 8 * LAST, AT_ROOT4 | TABLE_RIGHTS);
    put64(vm, AT_ROOT4 + 8 * LAST, AT_L3 | TABLE_RIGHTS);
    put64(vm, AT_L3 + 8 * LAST, AT_L2 | TABLE_RIGHTS);
    put64(vm, AT_L2, AT_L1 | TABLE_RIGHTS);
    for (uint64_t page = 1; page < VM_CONTROL_BYTES >> 21; page++)
        put64(vm, AT_L2 + 8 * page, page << 21 | OWN_PAGE | ENTRY_PS);
    const uint64_t user_page = vm_stub(stub_user) - LINEAR;
    for (uint64_t page = 0; page < TABLE_WORDS; page++)
        put64(vm, AT_L1 + 8 * page, page << PAGE_SHIFT | OWN_PAGE | (page == user_page >> PAGE_SHIFT ? ENTRY_US : 0));

    const uint64_t tss = LINEAR + AT_TSS;
    put64(vm, AT_GDT + 0x08, 0x00af9b000000ffff); /* supervisor code, 64-bit */
    put64(vm, AT_GDT + 0x10, VM_DESCRIPTOR);      /* supervisor data */
    put64(vm, AT_GDT + 0x18, 0x00cff3000000ffff); /* user data */
    put64(vm, AT_GDT + 0x20, 0x00affb000000ffff); /* user code, 64-bit */
    put64(vm, AT_GDT + 0x28, 0x00008b0000000067 | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56);
    put64(vm, AT_GDT + 0x30, tss >> 32);
    put64(vm, AT_TSS + 4, LINEAR + AT_STACK_TOP); /* RSP0 */
    put64(vm, AT_TSS + 102, 0x68);                /* no I/O bitmap */
    for (uint64_t vector = 0; vector < 32; vector++) {
        const uint64_t handler = vm_stub(stub_handlers + 16 * vector);
        const uint64_t gate = vector == 3 ? 0xee : 0x8e; /* INT3 may be used by the user */
        put64(vm, AT_IDT + 16 * vector, (handler & 0xffff) | 0x08 << 16 | gate << 40 | (handler >> 16 & 0xffff) << 48);
        put64(vm, AT_IDT + 16 * vector + 8, handler >> 32);
    }
}

void vm_map_stub(const struct vm *vm, const struct judge_case *c, bool erase)
{
    uint64_t *entry = (uint64_t *)vm_memory(vm, c->table[c->root]) + LAST;
    *entry = erase ? 0 : (c->root == 5 ? AT_ROOT4 : AT_L3) | TABLE_RIGHTS;
}

/* ---- a run ----------------------------------------------------------------------------------------------------------
 */

static struct kvm_segment segment(uint16_t selector, uint8_t type, bool code)
{
    return (struct kvm_segment){.selector = selector,
                                .type = type,
                                .limit = ~0u,
                                .present = 1,
                                .s = 1,
                                .g = 1,
                                .l = code,
                                .db = !code};
}

static bool set_registers(const struct vm *vm, const struct oracle_regs *regs)
{
    const bool la57 = regs->cr4 & CR4_LA57;
    struct kvm_sregs s;
    if (ioctl(vm->cpu, KVM_GET_SREGS, &s) < 0)
        return false;
    s.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_PG;
    s.cr3 = la57 ? AT_ROOT5 : AT_ROOT4;
    s.cr4 = CR4_PAE | (la57 ? CR4_LA57 : 0);
    s.efer = regs->efer;
    s.cs = segment(0x08, 11, true);
    s.ds = s.es = s.fs = s.gs = s.ss = segment(0x10, 3, false);
    s.tr = (struct kvm_segment){.selector = 0x28, .type = 11, .base = LINEAR + AT_TSS, .limit = 0x67, .present = 1};
    s.gdt = (struct kvm_dtable){.base = LINEAR + AT_GDT, .limit = 0x47};
    s.idt = (struct kvm_dtable){.base = LINEAR + AT_IDT, .limit = 32 * 16 - 1};
    struct kvm_regs r = {.rip = LINEAR + AT_CODE,
                         .rflags = 2,
                         .rsp = LINEAR + AT_STACK_TOP,
                         .r12 = LINEAR + AT_STACK_TOP,
                         .r13 = s.cr3,
                         .r14 = LINEAR + AT_GDT + 0x38,
                         .rbp = LINEAR + VM_LIST};
    return ioctl(vm->cpu, KVM_SET_SREGS, &s) == 0 && ioctl(vm->cpu, KVM_SET_REGS, &r) == 0;
}

bool vm_play(struct vm *vm, const struct oracle_regs *regs, unsigned *stopped_at, char *why, size_t size)
{
    *stopped_at = 0;
    if (!set_registers(vm, regs))
        return snprintf(why, size, "KVM_SET_SREGS, KVM_SET_REGS: %s", strerror(errno)), false;
    int got;
    vm->run->exit_reason = KVM_EXIT_UNKNOWN;
    out_of_patience = 0;
    alarm(PATIENCE_SECONDS);
    do
        got = ioctl(vm->cpu, KVM_RUN, 0);
    while (got < 0 && errno == EINTR && !out_of_patience && interrupt_count < 2);
    const int error = errno;
    alarm(0);
    if (got == 0 && vm->run->exit_reason == KVM_EXIT_IO && vm->run->io.port == STUB_PORT)
        return true;

    struct kvm_regs r = {0};
    ioctl(vm->cpu, KVM_GET_REGS, &r);
    *stopped_at = (unsigned)((r.rbp - LINEAR - VM_LIST) / sizeof(struct stub_order));
    if (got < 0)
        snprintf(why, size, "KVM_RUN at RIP %llx: %s", r.rip,
                 out_of_patience ? "the stub does not come to an end" : strerror(error));
    else if (vm->run->exit_reason == KVM_EXIT_MMIO)
        snprintf(why, size, "at RIP %llx the guest used physical address %llx, where nothing is", r.rip,
                 vm->run->mmio.phys_addr);
    else
        snprintf(why, size, "KVM_RUN at RIP %llx ended with exit reason %u", r.rip, vm->run->exit_reason);
    return false;
}

/* Plays a list that does nothing. A host that has KVM and all its calls may yet be unable to run a processor: then the
 * call itself fails, or KVM says so. Where the guest runs and comes to grief the fault is ours. */
static enum vm_status try_to_run(struct vm *vm, const char *device, char *why, size_t size)
{
    const struct oracle_regs plain = {.efer = EFER_LME | EFER_LMA};
    unsigned stopped_at;
    char how[160];
    vm_list(vm)->code = vm_stub(stub_finish);
    if (vm_play(vm, &plain, &stopped_at, how, sizeof how))
        return VM_READY;
    switch (vm->run->exit_reason) {
    case KVM_EXIT_UNKNOWN:
    case KVM_EXIT_FAIL_ENTRY:
    case KVM_EXIT_INTERNAL_ERROR:
        return snprintf(why, size, "%s: it can run no virtual CPU: %s", device, how), VM_NOT_HERE;
    default:
        return snprintf(why, size, "%s", how), VM_BROKEN;
    }
}

/* ---- opening
 * --------------------------------------------------------------------------------------------------------- */

static enum vm_status create(struct vm *vm, const struct vm_wish *wish, char *why, size_t size)
{
    vm->kvm = open(wish->device, O_RDWR | O_CLOEXEC);
    if (vm->kvm < 0)
        return snprintf(why, size, "%s: %s", wish->device, strerror(errno)), VM_NOT_HERE;
    if (ioctl(vm->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return snprintf(why, size, "%s: not KVM of API version %d", wish->device, KVM_API_VERSION), VM_NOT_HERE;
    vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
    if (vm->fd < 0)
        return snprintf(why, size, "%s: KVM_CREATE_VM: %s", wish->device, strerror(errno)), VM_NOT_HERE;
    ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000); /* Intel without unrestricted guests wants it; others do not mind */
    vm->cpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
    if (vm->cpu < 0)
        return snprintf(why, size, "%s: KVM_CREATE_VCPU: %s", wish->device, strerror(errno)), VM_NOT_HERE;
    vm->run_bytes = (size_t)ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    vm->run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->cpu, 0);
    if (vm->run == MAP_FAILED)
        return vm->run = NULL, snprintf(why, size, "mmap of the virtual CPU: %s", strerror(errno)), VM_BROKEN;
    vm_look_at_host(vm);
    if (!vm_set_up_cpuid(vm, wish, why, size)) /* what KVM itself offers it ought to take */
        return wish->vendor || wish->paddr_bits ? VM_BROKEN : VM_NOT_HERE;
    if (!vm_try_features(vm) && !vm_set_up_cpuid(vm, wish, why, size)) /* again, without what is refused */
        return VM_BROKEN;
    vm->limits.tables = VM_TABLES;
    vm->limits.batch = VM_BATCH;
    vm->limits.modes = VM_MODE;
    vm->limits.group = 16;
    vm->limits.data = VM_DATA;
    vm->limits.data_bytes = VM_DATA_BYTES;
    const unsigned decoded = vm->limits.cpu.paddr_bits < 48 || vm->shadows ? vm->limits.cpu.paddr_bits
                                                                           : 48; /* what 4-level nested tables reach */
    vm->limits.high = UINT64_C(1) << (decoded - 1);
    vm->limits.free_key = FREE_KEY;
    vm->limits.taken[vm->limits.taken_count++] = LAST;
    if (!vm_set_up_memory(vm, why, size))
        return VM_BROKEN;
    set_up_stub(vm);
    return try_to_run(vm, wish->device, why, size);
}

enum vm_status vm_open(struct vm *vm, const struct vm_wish *wish, char *why, size_t size)
{
    *vm = (struct vm){.kvm = -1, .fd = -1, .cpu = -1};
    const struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART: it must end KVM_RUN */
    sigaction(SIGALRM, &action, NULL);
    const enum vm_status status = create(vm, wish, why, size);
    if (status != VM_READY)
        vm_close(vm);
    return status;
}

void vm_close(struct vm *vm)
{
    for (unsigned high = 0; high < 2; high++) {
        if (vm->tables[high])
            munmap(vm->tables[high], VM_TABLE_BYTES);
        if (vm->data[high])
            munmap(vm->data[high], VM_DATA_BYTES);
    }
    if (vm->control)
        munmap(vm->control, VM_CONTROL_BYTES);
    if (vm->run)
        munmap(vm->run, vm->run_bytes);
    const int fds[] = {vm->cpu, vm->fd, vm->kvm};
    for (unsigned i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}
