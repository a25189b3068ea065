/* The kernel's life: boot, the initial layout, the queue of control operations, messages. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

uint64_t process_cr3(const struct os_process *process)
{
    return process->pt.root | process->pcid;
}

bool os_fail(struct os *os, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(os->error, sizeof os->error, format, arguments);
    va_end(arguments);
    return false;
}

bool os_out_of_memory(struct os *os)
{
    return os_fail(os, "out of memory: of %" PRIu64 " MiB installed, %" PRIu64 " frames hold data and %" PRIu64
                   " page tables (or the host is short of memory); give the simulated machine more memory",
                   os->config.ram_bytes >> 20, os->counts.data_frames, os->counts.table_frames);
}

uint64_t os_new_file(struct os *os)
{
    return ++os->last_file;
}

void os_describe(const struct vma *vma, char *text, size_t room)
{
    snprintf(text, room, "0x%" PRIx64 "-0x%" PRIx64 " %c%c%c%c %s", vma->start, vma->end, vma->prot & OS_READ ? 'r' : '-',
             vma->prot & OS_WRITE ? 'w' : '-', vma->prot & OS_EXEC ? 'x' : '-', vma->flags & OS_SHARED ? 's' : 'p',
             vma->name[0] ? vma->name : "(anonymous)");
}

/* Switches the MMU on, as a kernel does at boot. PCIDE goes to 1 while CR3[11:0] is still 0 (SDM 3A 5.10.1). */
static void boot(struct os *os)
{
    uint64_t cr3 = process_cr3(&os->process);
    uint64_t cr4 = CR4_PAE | CR4_PGE | (os->config.pcid ? CR4_PCIDE : 0) | (os->config.la57 ? CR4_LA57 : 0);
    control_push(&os->queue, CTL_MOV_CR4, cr4, cr3);
    control_push(&os->queue, CTL_WRMSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE, cr3);
    control_push(&os->queue, CTL_MOV_CR0, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG, cr3);
    control_push(&os->queue, CTL_MOV_CR3, cr3, cr3);
}

struct os *os_new(struct physmem *pm, const struct os_config *config)
{
    struct os *os = calloc(1, sizeof *os);
    if (!os)
        return NULL;
    os->pm = pm;
    os->config = *config;
    if (os->config.ram_bytes > (uint64_t)1 << config->paddr_bits)
        os->config.ram_bytes = (uint64_t)1 << config->paddr_bits;
    os->user_end = ((uint64_t)1 << (config->la57 ? 56 : 47)) - PAGE_BYTES;
    os->frames = frames_new(os->config.ram_bytes, config->seed);
    os->cache = pagecache_new();
    if (!os->frames || !os->cache || !pt_init(&os->process.pt, pm, os->frames, config->la57 ? 5 : 4, &os->counts.table_frames)) {
        os_free(os);
        return NULL;
    }
    os->zero_page = frames_take(os->frames, 1);
    os->process.pcid = config->pcid ? 1 : 0;
    boot(os);
    return os;
}

void os_free(struct os *os)
{
    if (!os)
        return;
    vma_drop(&os->process.vmas);
    files_drop(&os->process.files);
    pagecache_free(os->cache);
    frames_free(os->frames);
    free(os);
}

/* Both ends canonical, in the same half; the very last page of the address space is left out, so that an end is never 0. */
static bool is_canonical_range(const struct os *os, uint64_t start, uint64_t end)
{
    unsigned width = os->config.la57 ? 57 : 48;
    return x86_is_canonical(start, width) && x86_is_canonical(end - 1, width) && start >> 63 == (end - 1) >> 63;
}

bool os_map(struct os *os, uint64_t start, uint64_t end, unsigned prot, unsigned flags, const char *name)
{
    struct vma vma = {.start = start, .end = end, .prot = prot, .flags = flags};
    snprintf(vma.name, sizeof vma.name, "%s", name ? name : "");
    if (flags & (OS_FILE | OS_SHARED))
        vma.file = os_new_file(os);
    char text[DESCRIBE_ROOM];
    os_describe(&vma, text, sizeof text);
    if (start >= end || (start | end) % PAGE_BYTES)
        return os_fail(os, "mapping %s: start and end must be page aligned, and start below end", text);
    if (!is_canonical_range(os, start, end))
        return os_fail(os, "mapping %s: not canonical for %d-bit linear addresses%s", text, os->config.la57 ? 57 : 48,
                       os->config.la57 ? "" : "; a 57-bit trace needs 5-level paging");
    if (vma_overlaps(&os->process.vmas, start, end)) {
        char other[DESCRIBE_ROOM];
        os_describe(&os->process.vmas.at[vma_first(&os->process.vmas, start)], other, sizeof other);
        return os_fail(os, "mapping %s: overlaps %s", text, other);
    }
    if (flags & OS_HEAP) {
        os->process.brk_start = start;
        os->process.brk = end;
    }
    return space_map(os, &vma);
}

bool os_control(struct os *os, struct os_control *op)
{
    return control_pop(&os->queue, op);
}

const struct os_counts *os_counts(const struct os *os)
{
    return &os->counts;
}

const char *os_error(const struct os *os)
{
    return os->error;
}
