/* What runs inside the virtual machine: a stub that carries out a list of orders and notes what came of every access.
 *
 * Where KVM has no hardware to run supervisor code on, it emulates it, some microseconds an instruction: so an order
 * names the code that carries it out, and everything that can be prepared is prepared by the host. */
#ifndef TWINWALK_KVM_STUB_H
#define TWINWALK_KVM_STUB_H

#include <stdint.h>

/* One order (the stub knows these offsets by number). */
struct stub_order {
    uint64_t code;    /* linear address of one of the routines below */
    uint64_t operand; /* linear address; new CR4, CR3, PKRU, IA32_PKRS */
    uint64_t second;  /* of an access: RFLAGS; of stub_registers: new CR0 */
    uint64_t value;   /* in: what a write stores; out: what a read got */
    uint64_t vector;  /* in: STUB_DONE, which stays if a supervisor's access completes; out: exception (user: INT3 if it
                         completes) */
    uint64_t err, cr2; /* out, with an exception (cr2 with #PF only) */
    uint64_t unused;
    uint64_t rip, cs, flags, rsp, ss; /* of a user's access: where IRET goes */
    uint64_t descriptor[2];           /* of stub_implicit: for the GDT, an LDT at the operand */
    uint64_t unused_either;
};
enum { STUB_DONE = 256, STUB_PORT = 0x80 };

/* The code. It starts at stub_code with RBP = the first order, R14 = the GDT's entry for the LDT, R13 = a CR3 under
 * which only the stub is mapped, R12 = RSP = the top of its stack. stub_user … stub_end is a page of the user's.
 * Position independent, but for the word at stub_user_stack, in which the linear address of stub_user_fetched must be
 * put: what a RET finds that a user's fetch meets. */
extern const uint8_t stub_code[], stub_end[];
extern const uint8_t stub_registers[], stub_pkru[], stub_pkrs[], stub_cr3[], stub_invlpg[], stub_finish[];
extern const uint8_t stub_read[], stub_write[], stub_fetch[]; /* in supervisor mode */
extern const uint8_t stub_implicit[];   /* loads DS with the first descriptor of the LDT: reads its 8 bytes */
extern const uint8_t stub_enter_user[]; /* IRET; RDX and RDI are value and operand */
extern const uint8_t stub_handlers[];   /* of the vectors 0 … 31, 16 bytes each */
extern const uint8_t stub_user[], stub_user_read[], stub_user_write[]; /* in user mode; end in INT3 */
extern const uint8_t stub_user_stack[], stub_user_fetched[];

#endif
