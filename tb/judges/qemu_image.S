/* The guest's file, inside the host program. */
    .section .rodata
    .globl qemu_guest_image, qemu_guest_image_end
qemu_guest_image:
    .incbin "qemu_guest.elf"
qemu_guest_image_end:
    .section .note.GNU-stack, "", @progbits
