/* Writes the list of orders for the stub. */
#ifndef TWINWALK_KVM_ORDERS_H
#define TWINWALK_KVM_ORDERS_H

#include "case.h"
#include "kvm_stub.h"

struct kvm_orders {
    struct stub_order *list;
    unsigned count;
};

/* At most 3 orders. */
void give_registers(struct kvm_orders *orders, const struct oracle_regs *regs);
void give_cr3(struct kvm_orders *orders, uint64_t cr3);
void give_access(struct kvm_orders *orders, const struct oracle_access *access, uint64_t stores);
void give_invlpg(struct kvm_orders *orders, uint64_t va);
void give_finish(struct kvm_orders *orders);

#endif
