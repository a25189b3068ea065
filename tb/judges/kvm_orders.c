/* See kvm_orders.h. */
#include "kvm_orders.h"

#include "arch/x86.h"
#include "kvm_vm.h"

static struct stub_order *give(struct kvm_orders *orders, const uint8_t *routine, uint64_t operand)
{
    struct stub_order *order = &orders->list[orders->count++];
    *order = (struct stub_order){.code = vm_stub(routine), .operand = operand, .vector = STUB_DONE};
    return order;
}

void give_registers(struct kvm_orders *orders, const struct oracle_regs *regs)
{
    give(orders, stub_registers, regs->cr4)->second = regs->cr0;
    if (regs->cr4 & CR4_PKE)
        give(orders, stub_pkru, regs->pkru);
    if (regs->cr4 & CR4_PKS)
        give(orders, stub_pkrs, regs->pkrs);
}

void give_cr3(struct kvm_orders *orders, uint64_t cr3)
{
    give(orders, stub_cr3, cr3);
}

void give_access(struct kvm_orders *orders, const struct oracle_access *access, uint64_t stores)
{
    static const uint8_t *const supervisor[] = {stub_read, stub_write, stub_fetch}, *const user[] = {stub_user_read,
                                                                                                     stub_user_write};
    const uint8_t *routine = access->imp ? stub_implicit : access->user ? stub_enter_user : supervisor[access->acc];
    struct stub_order *order = give(orders, routine, access->va);
    order->second = order->flags = 2 | (uint64_t)access->ac << 18;
    order->value = stores;
    order->rip = access->acc == ACC_EXECUTE ? access->va : vm_stub(user[access->acc]);
    order->rsp = vm_stub(stub_user_stack);
    order->cs = VM_USER_CODE;
    order->ss = VM_USER_DATA;
    if (!access->imp)
        return;
    /* A descriptor of an LDT of 8 bytes at the address (SDM 3A figure 8-4), for the GDT. */
    const uint64_t base = access->va;
    order->descriptor[0] = 7 | (base & 0xffffff) << 16 | UINT64_C(0x82) << 40 | (base >> 24 & 0xff) << 56;
    order->descriptor[1] = base >> 32;
}

void give_invlpg(struct kvm_orders *orders, uint64_t va)
{
    give(orders, stub_invlpg, va);
}

void give_finish(struct kvm_orders *orders)
{
    give(orders, stub_finish, 0);
}
