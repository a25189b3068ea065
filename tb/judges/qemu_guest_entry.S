/* The guest's access stubs and exception entries.
 *
 * perform() does the one access; whatever comes of it (the final `int`, a fault) enters through the IDT, on a stack of its own, stores
 * what the processor said, and lets perform() return to its caller. */
#include "qemu_mailbox.h"

    .text
    /* void perform(uint64_t va, uint64_t value, uint64_t rflags, uint64_t how) */
    .globl perform
perform:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    pushfq
    mov %rsp, perform_rsp(%rip)
    mov %rsi, %rax
    lea ways(%rip), %r8
    mov (%r8,%rcx,8), %r8
    test $QEMU_DO_USER, %cl
    jnz 1f
    push %rdx
    popfq
    jmp *%r8
1:  push $0x1b
    push $0
    push %rdx
    push $0x23
    push %r8
    iretq

way_read:
    mov (%rdi), %rax
    int $QEMU_DONE
way_write:
    mov %rax, (%rdi)
    int $QEMU_DONE
way_fetch:
    jmp *%rdi
way_implicit: /* VERR reads the descriptor, here number 0 of the LDT (TI = 1), whose base guest_main has set to the address */
    mov $4, %ecx
1:  verr %cx
    setz %al
    int $QEMU_DONE

    .section .user, "ax"
user_read:
    mov (%rdi), %rax
    int $QEMU_DONE
user_write:
    mov %rax, (%rdi)
    int $QEMU_DONE
user_fetch:
    jmp *%rdi
user_implicit:
    mov $7, %ecx
2:  verr %cx
    setz %al
    int $QEMU_DONE

    .text
/* Exceptions 0 … 31, each 16 bytes further; those without an error code push 0. */
    .balign 16
    .globl fault_entries
fault_entries:
    .set vector, 0
    .rept 32
    .balign 16
    .if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
    push $0
    .endif
    push $vector
    jmp end
    .set vector, vector + 1
    .endr

    .globl done_entry
done_entry:
    push $0
    push $QEMU_DONE
end:
    mov %rax, ended+32(%rip)
    pop ended(%rip)
    pop ended+8(%rip)
    pop ended+16(%rip)
    mov %cr2, %rax
    mov %rax, ended+24(%rip)
    mov perform_rsp(%rip), %rsp
    popfq
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* The UART has a byte: only wakes the HLT of guest_main. */
    .globl serial_entry
serial_entry:
    push %rax
    mov $0x20, %al
    out %al, $0x20
    pop %rax
    iretq

    .bss
    .balign 8
perform_rsp:
    .quad 0
    .globl ended
ended: /* struct qemu_outcome */
    .fill 6, 8, 0

    .data
    .balign 8
ways:
    .quad way_read, way_write, way_fetch, way_implicit, user_read, user_write, user_fetch, user_implicit
    .globl access_sites
access_sites:
    .quad way_read, way_write, 0, 1b, user_read, user_write, 0, 2b
