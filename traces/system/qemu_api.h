/* What the system recorder needs of QEMU 7.2's TCG plugin interface beyond traces/capture/qemu_plugin_api.h (same
 * version, same manual). */
#ifndef TWINWALK_SYSTEM_QEMU_API_H
#define TWINWALK_SYSTEM_QEMU_API_H

#include "../capture/qemu_plugin_api.h"

struct qemu_plugin_hwaddr; /* where the access of the present callback went */

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_exec_cb_t cb,
                                          enum qemu_plugin_cb_flags flags, void *user);

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void *qemu_plugin_insn_haddr(
    const struct qemu_plugin_insn *insn); /* where its first byte lies in QEMU's memory; NULL: unknown */

struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t va);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *hwaddr);

#endif
