/* Where Linux puts things in a process's 47 bits of address space, without randomization (fs/binfmt_elf.c,
 * arch/x86/mm/mmap.c).
 *
 *     0x400000                  program (not PIE); 0x555555554000: program (PIE)
 *     after its bss             heap, by brk
 *     below 0x7ffff7fff000      mmap region, from the top down; the interpreter is the first in it
 *     0x7ffff7fc…               [vvar] and [vdso]
 *     0x7ffffffde000            stack, up to 0x7ffffffff000; it may grow down by 8 MiB */
#include <stdio.h>

#include "kernel.h"

static const uint64_t PROGRAM = 0x400000, PIE_PROGRAM = 0x555555554000, STACK_TOP = 0x7ffffffff000,
                      STACK_BYTES = 0x21000;
static const uint64_t MMAP_TOP = 0x7ffff7fff000, MMAP_LOWEST = 0x10000; /* the latter: vm.mmap_min_addr */

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

/* The gaps are looked at from the top; each mapping's start bounds the next gap. A growing stack keeps its guard gap.
 */
uint64_t os_find_room(const struct os *os, uint64_t bytes, unsigned shift)
{
    uint64_t align = ((uint64_t)1 << (shift > PAGE_SHIFT ? shift : PAGE_SHIFT)) - 1, top = MMAP_TOP;
    if (!os->mm || !bytes)
        return 0;
    const struct vma_list *vmas = &os->mm->vmas;
    for (size_t i = vmas->count;; i--) {
        uint64_t bottom = i ? vmas->at[i - 1].end : MMAP_LOWEST;
        if (bottom < MMAP_LOWEST)
            bottom = MMAP_LOWEST;
        uint64_t start = top >= page_up(bytes) ? (top - page_up(bytes)) & ~align : 0;
        if (start >= bottom && start)
            return start;
        if (!i)
            return 0;
        uint64_t guard = vmas->at[i - 1].flags & OS_GROWSDOWN ? STACK_GAP : 0;
        if (vmas->at[i - 1].start < top)
            top = vmas->at[i - 1].start > guard ? vmas->at[i - 1].start - guard : 0;
    }
}

/* Text, read-only data, data of one ELF file, one behind the other; *at goes on behind them. */
static bool map_segments(struct os *os, const char *name, uint64_t text, uint64_t rodata, uint64_t data, uint64_t *at)
{
    const struct {
        uint64_t bytes;
        unsigned prot;
    } segment[] = {{page_up(text), OS_READ | OS_EXEC}, {page_up(rodata), OS_READ}, {page_up(data), OS_READ | OS_WRITE}};
    uint64_t offset = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (!segment[i].bytes)
            continue;
        if (!os_map_file(os, *at, *at + segment[i].bytes, segment[i].prot, 0, name, offset >> PAGE_SHIFT))
            return false;
        *at += segment[i].bytes;
        offset += segment[i].bytes;
    }
    return true;
}

static bool map_program(struct os *os, const struct os_image *image)
{
    uint64_t at = image->pie ? PIE_PROGRAM : PROGRAM;
    if (!map_segments(os, image->program, image->text, image->rodata, image->data, &at))
        return false;
    if (image->bss && !os_map(os, at, at + page_up(image->bss), OS_READ | OS_WRITE, 0, "[bss]"))
        return false;
    os->mm->brk_start = os->mm->brk = at + page_up(image->bss);
    return true;
}

bool os_layout(struct os *os, const struct os_image *image)
{
    if (!os->mm || os->mm->vmas.count)
        return os_fail(os, "layout of %s: %s", image->program,
                       os->mm ? "the address space is not empty" : "no task is current");
    uint64_t vvar = MMAP_TOP - 0x3c000;
    if (!map_program(os, image) ||
        !os_map(os, STACK_TOP - STACK_BYTES, STACK_TOP, OS_READ | OS_WRITE, OS_STACK | OS_GROWSDOWN, "[stack]") ||
        !os_map_file(os, vvar, vvar + 0x4000, OS_READ, OS_SHARED, "[vvar]", 0) ||
        !os_map_file(os, vvar + 0x4000, vvar + 0x6000, OS_READ | OS_EXEC, OS_SHARED, "[vdso]", 0))
        return false;
    if (!image->interpreter)
        return true;
    uint64_t at = os_find_room(os, page_up(image->interpreter_text) + page_up(image->interpreter_data), PAGE_SHIFT);
    return at && map_segments(os, image->interpreter, image->interpreter_text, 0, image->interpreter_data, &at);
}
