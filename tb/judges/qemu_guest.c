/* The guest's main loop: waits for a batch of orders, performs each under its own registers and page tables, and writes
 * what came of it.
 *
 * 64-bit code without a library; runs at QEMU_KERNEL_VA under every table it loads (qemu_mailbox.h). */
#include "qemu_mailbox.h"

#define MAILBOX ((volatile struct qemu_mailbox *)(QEMU_KERNEL_VA + QEMU_MAILBOX_PA))

enum { GATES = 256, SERIAL_IRQ = 4, IRQ_BASE = 0x40, TSS_SELECTOR = 0x28, LDT_SELECTOR = 0x38 };
enum { MSR_EFER = 0xc0000080, MSR_PKRS = 0x6e1 };
#define RFLAGS_FIXED 0x2u
#define RFLAGS_AC 0x40000u
#define CR4_PGE 0x80u
#define CR4_PKE 0x400000u
#define CR4_PKS 0x1000000u
#define ENTRY_2M 0xe3u /* P, R/W, A, D, PS */
#define CR2_UNTOUCHED 0x5a5a5a5a5a5au

void perform(uint64_t va, uint64_t value, uint64_t rflags, uint64_t how);
extern uint64_t gdt[9], home4[512], home5[512], access_sites[QEMU_DOS];
extern uint64_t window_pd[512], high_pd[512];
extern struct qemu_outcome ended;
extern char fault_entries[], done_entry[], serial_entry[], fault_stack_top[];

static uint64_t idt[GATES][2];
static struct {
    uint32_t reserved;
    uint32_t word[25];
} __attribute__((packed)) tss;

struct pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* An interrupt gate for CPL 0 … dpl, on the stack IST1: a fault and a completed access find the same empty stack every
 * time. */
static void gate(unsigned vector, const char *entry, unsigned dpl)
{
    uint64_t at = (uint64_t)entry;
    idt[vector][0] = (at & 0xffff) | 0x08ull << 16 | 1ull << 32 | (uint64_t)(0x8e00 | dpl << 13) << 32 |
                     (at >> 16 & 0xffff) << 48;
    idt[vector][1] = at >> 32;
}

/* A system descriptor of 16 bytes in the GDT (SDM 3A 9.2.3). */
static void system_descriptor(unsigned selector, uint64_t base, uint32_t limit, unsigned type)
{
    gdt[selector / 8] = (limit & 0xffff) | (base & 0xffffff) << 16 | (uint64_t)(0x80 | type) << 40 |
                        (base >> 24 & 0xff) << 56;
    gdt[selector / 8 + 1] = base >> 32;
}

static void set_up_exceptions(void)
{
    for (unsigned vector = 0; vector < 32; vector++)
        gate(vector, fault_entries + 16 * vector, vector == 3 ? 3 : 0); /* INT3 is for all */
    gate(IRQ_BASE + SERIAL_IRQ, serial_entry, 0);
    gate(QEMU_DONE, done_entry, 3);
    uint64_t stack = (uint64_t)fault_stack_top;
    tss.word[8] = (uint32_t)stack; /* IST1 */
    tss.word[9] = (uint32_t)(stack >> 32);
    tss.word[24] = sizeof tss << 16; /* no I/O map */
    system_descriptor(TSS_SELECTOR, (uint64_t)&tss, sizeof tss - 1, 9);
    struct pointer pointer = {sizeof idt - 1, (uint64_t)idt};
    __asm__ volatile("lidt %0; ltr %w1" ::"m"(pointer), "r"(TSS_SELECTOR));
}

/* The UART's receive interrupt and no other, so that waiting costs the host nothing. */
static void set_up_serial(void)
{
    const uint8_t pic[] = {0x11, IRQ_BASE, 4, 1}, slave[] = {0x11, IRQ_BASE + 8, 2, 1};
    for (unsigned i = 0; i < 4; i++) {
        out8(i ? 0x21 : 0x20, pic[i]);
        out8(i ? 0xa1 : 0xa0, slave[i]);
    }
    out8(0x21, (uint8_t)~(1u << SERIAL_IRQ));
    out8(0xa1, 0xff);
    out8(QEMU_COM1 + 3, 3);   /* 8n1 */
    out8(QEMU_COM1 + 4, 0xb); /* DTR, RTS, OUT2 (the interrupt line) */
    out8(QEMU_COM1 + 1, 1);
}

static void wait_for_host(void)
{
    while (!(in8(QEMU_COM1 + 5) & 1))
        __asm__ volatile("sti; hlt; cli" ::: "memory"); /* STI takes effect after HLT has begun: no wake-up is lost */
    in8(QEMU_COM1);
}

static void load_ldt(uint64_t base)
{
    system_descriptor(LDT_SELECTOR, base, 7, 2);
    __asm__ volatile("lldt %w0" ::"r"(LDT_SELECTOR) : "memory");
}

/* What has not changed is not written: most of these cost QEMU a flush of its TLB. CR4.PGE changes every time, which
 * drops every translation. */
static void load_registers(volatile const struct qemu_order *order)
{
    static uint64_t pge, cr0, pkru = ~0ull, pkrs = ~0ull;
    pge ^= CR4_PGE;
    wrmsr(MSR_EFER, order->efer);
    if (order->cr0 != cr0)
        __asm__ volatile("mov %0, %%cr0" ::"r"(cr0 = order->cr0) : "memory");
    __asm__ volatile("mov %0, %%cr4" ::"r"((order->cr4 & ~(uint64_t)CR4_PGE) | pge) : "memory");
    __asm__ volatile("mov %0, %%cr3" ::"r"(order->cr3) : "memory");
    if (order->cr4 & CR4_PKE && order->pkru != pkru)
        __asm__ volatile("wrpkru" ::"a"((uint32_t)(pkru = order->pkru)), "c"(0), "d"(0) : "memory");
    if (order->cr4 & CR4_PKS && order->pkrs != pkrs)
        wrmsr(MSR_PKRS, pkrs = order->pkrs);
}

/* The windows on the pages that cases map (qemu_mailbox.h), by pages of 2 MiB. */
static void set_up_windows(uint64_t high)
{
    for (uint64_t i = 0; i < QEMU_DATA_BYTES >> 21; i++) {
        window_pd[i] = (QEMU_DATA_PA + (i << 21)) | ENTRY_2M;
        high_pd[i] = window_pd[i] | high;
    }
}

static void obey(volatile const struct qemu_order *order, volatile struct qemu_outcome *outcome)
{
    if ((order->how & ~QEMU_DO_USER) == QEMU_DO_IMPLICIT)
        load_ldt(order->va);
    if (order->fresh)
        load_registers(order);
    __asm__ volatile("mov %0, %%cr2" ::"r"(CR2_UNTOUCHED) : "memory");
    volatile uint64_t *word = (volatile uint64_t *)order->word;
    if (word)
        *word = order->plant;
    perform(order->va, order->value, RFLAGS_FIXED | (order->ac ? RFLAGS_AC : 0), order->how);
    *outcome = ended;
    if (word) {
        outcome->word = *word;
        *word = order->tag;
    }
}

void guest_main(void)
{
    volatile struct qemu_mailbox *mailbox = MAILBOX;
    uint64_t home;
    __asm__ volatile("mov %%cr3, %0" : "=r"(home));
    set_up_exceptions();
    set_up_windows(mailbox->high);
    set_up_serial();
    for (unsigned i = 0; i < QEMU_DOS; i++)
        mailbox->site[i] = access_sites[i];
    mailbox->root_entry = mailbox->la57 ? home5[QEMU_KERNEL_SLOT] : home4[QEMU_KERNEL_SLOT];
    uint32_t a = 7, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    mailbox->features = (uint64_t)b << 32 | c;
    mailbox->magic = QEMU_MAGIC;
    out8(QEMU_COM1, 'r');

    for (;;) {
        wait_for_host();
        uint32_t count = mailbox->count;
        for (uint32_t i = 0; i < count; i++) {
            obey(&mailbox->order[i], &mailbox->outcome[i]);
            mailbox->done = i + 1;
        }
        __asm__ volatile("mov %0, %%cr3" ::"r"(home) : "memory"); /* the host takes the cases' tables away */
        out8(QEMU_COM1, 'd');
    }
}
