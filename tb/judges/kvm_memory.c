/* The guest's memory: see kvm_vm.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kvm_vm_parts.h"

enum { SLOT_CONTROL, SLOT_TABLES, SLOT_TABLES_HIGH, SLOT_DATA, SLOT_DATA_HIGH };

/* ---- data words -----------------------------------------------------------------------------------------------------
 */

/* Three bits of the address a byte, and every byte is an instruction that 64-bit mode does not have: a fetch that goes
 * astray ends in #UD. */
static const uint8_t invalid[8] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x60};

uint64_t vm_data_word(const struct vm *vm, uint64_t pa)
{
    const uint64_t number = ((pa & ~vm->limits.high) - VM_DATA) / 8 << 1 | ((pa & vm->limits.high) != 0);
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)invalid[number >> 3 * i & 7] << 8 * i;
    return word;
}

bool vm_data_address(const struct vm *vm, uint64_t word, uint64_t *pa)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t *at = memchr(invalid, (int)(word >> 8 * i & 0xff), sizeof invalid);
        if (!at)
            return false;
        number |= (uint64_t)(at - invalid) << 3 * i;
    }
    *pa = (VM_DATA + (number >> 1) * 8) | (number & 1 ? vm->limits.high : 0);
    return true;
}

_Static_assert(VM_DATA_BYTES / 8 * 2 <= 1 << 24, "a data word has 24 bits");

/* ---- memory slots ---------------------------------------------------------------------------------------------------
 */

static uint8_t *new_memory(size_t bytes)
{
    uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static bool set_slot(const struct vm *vm, uint32_t slot, uint64_t pa, size_t bytes, uint8_t *memory, char *why,
                     size_t size)
{
    struct kvm_userspace_memory_region region = {.slot = slot,
                                                 .guest_phys_addr = pa,
                                                 .memory_size = bytes,
                                                 .userspace_addr = (uintptr_t)memory};
    if (memory && ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) == 0)
        return true;
    snprintf(why, size, "KVM_SET_USER_MEMORY_REGION, %zu bytes at %" PRIx64 ": %s", bytes, pa, strerror(errno));
    return false;
}

static bool set_tables(const struct vm *vm, bool present, char *why, size_t size)
{
    for (unsigned high = 0; high < 2; high++)
        if (!set_slot(vm, SLOT_TABLES + high, VM_TABLES | (high ? vm->limits.high : 0), present ? VM_TABLE_BYTES : 0,
                      vm->tables[high], why, size))
            return false;
    return true;
}

bool vm_forget_tables(struct vm *vm, char *why, size_t size)
{
    return set_tables(vm, false, why, size) && set_tables(vm, true, why, size);
}

bool vm_set_up_memory(struct vm *vm, char *why, size_t size)
{
    vm->control = new_memory(VM_CONTROL_BYTES);
    for (unsigned high = 0; high < 2; high++) {
        vm->tables[high] = new_memory(VM_TABLE_BYTES);
        vm->data[high] = new_memory(VM_DATA_BYTES);
        if (!vm->control || !vm->tables[high] || !vm->data[high])
            return snprintf(why, size, "no memory"), false;
        const uint64_t top = high ? vm->limits.high : 0;
        for (uint64_t at = 0; at < VM_DATA_BYTES; at += 8)
            *(uint64_t *)(vm->data[high] + at) = vm_data_word(vm, (VM_DATA + at) | top);
        if (!set_slot(vm, SLOT_DATA + high, VM_DATA | top, VM_DATA_BYTES, vm->data[high], why, size))
            return false;
    }
    return set_slot(vm, SLOT_CONTROL, 0, VM_CONTROL_BYTES, vm->control, why, size) && set_tables(vm, true, why, size);
}

void *vm_memory(const struct vm *vm, uint64_t pa)
{
    const bool high = pa & vm->limits.high;
    pa &= ~vm->limits.high;
    if (pa >= VM_DATA && pa < VM_DATA + VM_DATA_BYTES)
        return vm->data[high] + (pa - VM_DATA);
    if (pa >= VM_TABLES && pa < VM_TABLES + VM_TABLE_BYTES)
        return vm->tables[high] + (pa - VM_TABLES);
    return NULL;
}
