/* The guest's way from the multiboot loader (32 bit, no paging) to 64-bit mode at its linked address, with its own tables: four levels, or
 * five when the mailbox asks for it. */
#include "qemu_mailbox.h"

#define PHYS(x) ((x) - QEMU_KERNEL_VA)
#define ENTRY_LINK 0x27 /* P, R/W, U/S, A: rights are the leaf's business */
#define ENTRY_2M   0xe3 /* P, R/W, A, D, PS */
#define ENTRY_USER 0xe7 /* and U/S */

    .section .multiboot, "ax"
    .balign 4
    .long 0x1badb002, 0, -0x1badb002

    .text
    .code32
    .globl start
start:
    cli
    lgdt PHYS(boot_gdt_pointer)
    mov $0x20, %eax /* CR4.PAE */
    mov $PHYS(home4), %ebx
    cmpl $0, QEMU_MAILBOX_PA
    je 1f
    or $0x1000, %eax /* CR4.LA57: can only be changed while paging is off */
    mov $PHYS(home5), %ebx
1:  mov %eax, %cr4
    mov %ebx, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x901, %eax /* EFER: NXE, LME, SCE */
    wrmsr
    mov $0x80010031, %eax /* CR0: PG, WP, NE, ET, PE */
    mov %eax, %cr0
    ljmp $0x08, $PHYS(low64)

    .code64
low64:
    movabs $high64, %rax
    jmp *%rax
high64:
    lgdt gdt_pointer(%rip)
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    lea stack_top(%rip), %rsp
    call guest_main
2:  hlt
    jmp 2b

    .data
    .balign 4096
    .globl home4, home5
home5:
    .quad PHYS(home4) + ENTRY_LINK
    .fill 510, 8, 0
    .quad PHYS(home4) + ENTRY_LINK
home4:
    .quad PHYS(kernel_pdpt) + ENTRY_LINK
    .fill 510, 8, 0
    .quad PHYS(kernel_pdpt) + ENTRY_LINK
kernel_pdpt:
    .quad PHYS(kernel_pd) + ENTRY_LINK /* physical addresses, for the way up only */
    .fill 507, 8, 0
    .quad PHYS(high_pd) + ENTRY_LINK   /* QEMU_HIGH_VA */
    .quad PHYS(window_pd) + ENTRY_LINK /* QEMU_WINDOW_VA */
    .quad PHYS(kernel_pd) + ENTRY_LINK /* QEMU_KERNEL_VA */
    .quad 0
kernel_pd:
    .set at, 0
    .rept 512
    .if at == QEMU_USER_PA
    .quad at + ENTRY_USER
    .else
    .quad at + ENTRY_2M
    .endif
    .set at, at + 0x200000
    .endr
    .globl window_pd, high_pd /* by guest_main */
window_pd:
    .fill 512, 8, 0
high_pd:
    .fill 512, 8, 0

    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff /* 08 code, CPL 0 */
    .quad 0x00cf93000000ffff /* 10 data, CPL 0 */
    .quad 0x00cff3000000ffff /* 18 data, CPL 3 */
    .quad 0x00affb000000ffff /* 20 code, CPL 3 */
    .quad 0, 0               /* 28 TSS, by guest_main */
    .quad 0, 0               /* 38 LDT, by guest_main */
gdt_pointer:
    .word 9 * 8 - 1
    .quad gdt
boot_gdt_pointer:
    .word 9 * 8 - 1
    .long PHYS(gdt)

    .bss
    .balign 16
    .skip 16384
stack_top:
    .skip 16384
    .globl fault_stack_top
fault_stack_top:
