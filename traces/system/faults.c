/* Page faults: a block that starts where the guest's table of handlers (IDT) says that vector 14 goes. The processor
 * has then put the error code on the stack, and CR2 is the address. */
#include "machine.h"
#include "pins.h"
#include "recorder.h"

enum { VECTOR_PF = 14, GATE = 16, EFLAGS_AC = 18, CPL_MASK = 3 };

static struct {
    bool known;
    uint64_t handler, page; /* of vector 14; the physical page of the table */
} idt;

void faults_forget(void)
{
    idt.known = false;
}

void faults_store(uint64_t pa)
{
    if (pa >> 12 == idt.page)
        idt.known = false;
}

static void find_handler(void)
{
    const uint64_t va = recorder.idt + VECTOR_PF * GATE, pa = access_look(va);
    idt.known = true;
    idt.page = idt.handler = UINT64_MAX;
    if (pa == UINT64_MAX)
        return;
    const uint64_t low = machine_word(pa), high = machine_word(pa + 8);
    idt.page = pa >> 12;
    idt.handler = (low & 0xffff) | (low >> 48 << 16) | high << 32;
}

/* Word n of the stack. */
static uint64_t stack(uint64_t rsp, unsigned n)
{
    const uint64_t pa = access_look(rsp + 8 * n);
    return pa == UINT64_MAX ? 0 : machine_word(pa);
}

void faults_block(uint64_t rip)
{
    if (!idt.known)
        find_handler();
    if (rip != idt.handler)
        return;
    const uint64_t rsp = machine_register(REG_RSP), cs = stack(rsp, 2), eflags = stack(rsp, 3);
    const uint16_t err = (uint16_t)stack(rsp, 0);
    const enum trace_kind kind = err & PF_I ? TRACE_FETCH : err & PF_W ? TRACE_STORE : TRACE_LOAD;
    uint8_t flags = eflags >> EFLAGS_AC & 1 ? TRACE_AC : 0;
    if ((cs & CPL_MASK) != 3)
        flags |= TRACE_SUPERVISOR;
    else if (!(err & PF_U))
        flags |= TRACE_IMPLICIT;
    access_fault(kind, machine_register(REG_CR2), err, flags);
}
