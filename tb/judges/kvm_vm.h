/* One virtual machine with one processor, its memory, and the stub in it. */
#ifndef TWINWALK_KVM_VM_H
#define TWINWALK_KVM_VM_H

#include "case.h"
#include "kvm_stub.h"

/* Guest-physical layout. Tables and data exist a second time, with memory of their own, at the address bit
 * vm.limits.high. */
#define VM_LIST UINT64_C(0x00200000) /* the list of cases; below it the stub and what it needs */
#define VM_TABLES UINT64_C(0x10000000)
#define VM_DATA UINT64_C(0x40000000)
enum {
    VM_BATCH = 4096, /* cases until page-table memory is used anew */
    VM_MODE = 256,   /* cases until EFER and CR4.LA57 may change: at most so many are played in one go */
    VM_ORDERS = VM_MODE * (CASE_ACCESSES + 5) + 1,
    VM_CONTROL_BYTES = 4 << 20,
    VM_TABLE_BYTES = VM_BATCH * CASE_TABLES * 4096,
    VM_DATA_BYTES = 16 << 20,
};

enum { VM_USER_DATA = 0x1b, VM_USER_CODE = 0x23 }; /* selectors */
#define VM_DESCRIPTOR UINT64_C(0x00cf93000000ffff) /* of a data segment, accessed: loading it writes nothing */

_Static_assert(VM_LIST + VM_ORDERS * sizeof(struct stub_order) <= VM_CONTROL_BYTES, "the list fits");

struct vm_wish {
    unsigned paddr_bits; /* 0: the host's */
    const char *vendor;  /* "intel", "amd"; NULL: the host's */
    const char *device;  /* "/dev/kvm" */
};

/* What a host may have or not: its bit in CPUID, and what switches it on (CR4, EFER; 0, 0: nothing does). */
enum { VM_NX, VM_SMEP, VM_SMAP, VM_1G, VM_LA57, VM_PCID, VM_PKU, VM_PKS, VM_LAM, VM_FEATURES };
extern const struct vm_feature {
    const char *name;
    uint32_t leaf, subleaf;
    enum { VM_EAX, VM_EBX, VM_ECX, VM_EDX } word;
    unsigned bit;
    uint64_t cr4, efer;
} vm_features[VM_FEATURES];

struct vm {
    struct case_limits limits;
    bool offered[VM_FEATURES]; /* listed in CPUID, and taken: judged */
    bool refused[VM_FEATURES]; /* listed in CPUID, but refused when switched on */
    bool shadows;              /* KVM translates in software: no nested paging */
    bool pvm;                  /* by kvm_pvm, which runs the guest's user mode in the host's */
    int kvm, fd, cpu;
    struct kvm_run *run;
    size_t run_bytes;
    uint8_t *control, *tables[2], *data[2];
};

enum vm_status { VM_READY, VM_NOT_HERE, VM_BROKEN };

/* VM_NOT_HERE: this host cannot (why[] says what is missing); VM_BROKEN: it should have worked. */
enum vm_status vm_open(struct vm *vm, const struct vm_wish *wish, char *why, size_t size);
void vm_close(struct vm *vm);

/* The host's address of guest memory at pa; NULL: there is none. */
void *vm_memory(const struct vm *vm, uint64_t pa);

/* What a data word at pa holds: a name for its address; and the address that the word names (false: none). */
uint64_t vm_data_word(const struct vm *vm, uint64_t pa);
bool vm_data_address(const struct vm *vm, uint64_t word, uint64_t *pa);

/* The list of orders: VM_ORDERS of them. */
struct stub_order *vm_list(const struct vm *vm);

/* Linear address of a routine of the stub, and of the word that a user's fetch needs as its stack. */
uint64_t vm_stub(const uint8_t *routine);

/* Makes the case's root table show the stub. To be called after its entries were written. */
void vm_map_stub(const struct vm *vm, const struct judge_case *c, bool erase);

/* Plays the list, up to its stub_finish, in the mode (EFER, LA57) of regs. False: the machine stopped elsewhere
 * (why[]), at the order *stopped_at. */
bool vm_play(struct vm *vm, const struct oracle_regs *regs, unsigned *stopped_at, char *why, size_t size);

/* KVM forgets what it knows of the page tables, so that the host may write them anew. */
bool vm_forget_tables(struct vm *vm, char *why, size_t size);

#endif
