/* The kernel's life: boot, the initial layout, the queue of control operations, messages. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

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
    return os_fail(os,
                   "out of memory: of %" PRIu64 " MiB installed, %" PRIu64 " frames hold data and %" PRIu64
                   " page tables (or the host is short of memory); give the simulated machine more memory",
                   os->config.ram_bytes >> 20, os->counts.data_frames, os->counts.table_frames);
}

void os_describe(const struct vma *vma, char *text, size_t room)
{
    snprintf(text, room, "0x%" PRIx64 "-0x%" PRIx64 " %c%c%c%c %s", vma->start, vma->end,
             vma->prot & OS_READ ? 'r' : '-', vma->prot & OS_WRITE ? 'w' : '-', vma->prot & OS_EXEC ? 'x' : '-',
             vma->flags & OS_SHARED ? 's' : 'p', vma->name[0] ? vma->name : "(anonymous)");
}

void os_tell(struct os *os, struct os_move move)
{
    if (os->watcher)
        os->watcher(os->watch_context, &move);
}

/* Switches the MMU on, as a kernel does at boot. PCIDE goes to 1 while CR3[11:0] is still 0 (SDM 3A 5.10.1). */
static void boot(struct os *os)
{
    tlb_push(os, CTL_MOV_CR4, CR4_PAE | CR4_PGE | (os->config.pcid ? CR4_PCIDE : 0) | (os->config.la57 ? CR4_LA57 : 0),
             0);
    tlb_push(os, CTL_WRMSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE, 0);
    tlb_push(os, CTL_MOV_CR0, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG, 0);
    tlb_push(os, CTL_MOV_CR3, tlb_cr3(os), 0);
}

static void or_default(uint64_t *cost, uint64_t value)
{
    if (!*cost)
        *cost = value;
}

static void fill_in(struct os_config *config)
{
    struct os_costs *costs = &config->costs;
    or_default(&costs->fault, 1000);
    or_default(&costs->zero, 150);
    or_default(&costs->copy, 400);
    or_default(&costs->io, config->device == OS_DISK ? 12000000 : 150000);
    or_default(&costs->reclaim, 300);
    or_default(&costs->change, 2000);
    or_default(&costs->copy_entry, 30);
    if (config->ram_bytes > (uint64_t)1 << config->paddr_bits)
        config->ram_bytes = (uint64_t)1 << config->paddr_bits;
    if (!config->pcids)
        config->pcids = LINUX_PCIDS;
    if (config->pcids > MOST_PCIDS)
        config->pcids = MOST_PCIDS;
    if (!config->pcid)
        config->pcids = 0;
}

/* Linux: int_sqrt(16 * KiB of memory) KiB, at least 128 KiB, at most 256 MiB. */
static uint64_t min_free(uint64_t ram_bytes)
{
    uint64_t kib = 128;
    while (kib < 262144 && (kib + 1) * (kib + 1) <= (ram_bytes >> 10) * 16)
        kib++;
    return kib >> 2;
}

/* The first task and its address space; PCID 1 is its own from the start. */
static bool start(struct os *os)
{
    os->mm = os->loaded = mm_new(os);
    os->task = os->tasks = calloc(1, sizeof *os->tasks);
    if (!os->mm || !os->task)
        return false;
    *os->task = (struct os_task){.number = 1, .group = 1, .mm = os->mm, .files = files_new()};
    os->zero_page = frames_take(os->frames, 1);
    os->tlb.pcids = os->config.pcids;
    if (os->tlb.pcids) {
        os->tlb.pcid = os->tlb.last = 1;
        os->tlb.owner[1].context = os->mm->context;
    }
    if (os->config.processes)
        os->idle = mm_new(os);
    return os->task->files && (os->idle || !os->config.processes);
}

struct os *os_new(struct physmem *pm, const struct os_config *config)
{
    struct os *os = calloc(1, sizeof *os);
    if (!os)
        return NULL;
    os->pm = pm;
    os->config = *config;
    fill_in(&os->config);
    os->user_end = ((uint64_t)1 << (config->la57 ? 56 : 47)) - PAGE_BYTES;
    os->frames = frames_new(os->config.ram_bytes, config->seed);
    os->records = records_new(os->config.ram_bytes);
    os->cache = pagecache_new();
    os->min_free = min_free(os->config.ram_bytes);
    if (!os->frames || !os->records || !os->cache || !swap_init(&os->swap, config->swap_bytes) || !start(os)) {
        os_free(os);
        return NULL;
    }
    boot(os);
    return os;
}

void os_free(struct os *os)
{
    if (!os)
        return;
    for (struct os_task *task = os->tasks, *next; task; task = next) {
        next = task->next;
        files_leave(task->files);
        free(task);
    }
    for (struct os_mm *mm = os->mms, *next; mm; mm = next) {
        next = mm->next;
        vma_drop(&mm->vmas);
        free(mm);
    }
    for (uint64_t i = 0; i < os->file_room; i++)
        free(os->file[i].name);
    free(os->file);
    swap_drop(&os->swap);
    pagecache_free(os->cache);
    records_free(os->records);
    frames_free(os->frames);
    free(os);
}

/* Both ends canonical, in the same half; the very last page of the address space is left out, so that an end is never
 * 0. */
static bool is_canonical_range(const struct os *os, uint64_t start, uint64_t end)
{
    unsigned width = os->config.la57 ? 57 : 48;
    return x86_is_canonical(start, width) && x86_is_canonical(end - 1, width) && start >> 63 == (end - 1) >> 63;
}

/* Whether a mapping of the initial layout can be put there. */
static bool acceptable(struct os *os, const struct vma *vma)
{
    char text[DESCRIBE_ROOM];
    os_describe(vma, text, sizeof text);
    if (!os->mm)
        return os_fail(os, "mapping %s: no task is current", text);
    if (vma->start >= vma->end || (vma->start | vma->end) % PAGE_BYTES)
        return os_fail(os, "mapping %s: start and end must be page aligned, and start below end", text);
    if (!is_canonical_range(os, vma->start, vma->end))
        return os_fail(os, "mapping %s: not canonical for %d-bit linear addresses%s", text, os->config.la57 ? 57 : 48,
                       os->config.la57 ? "" : "; a 57-bit trace needs 5-level paging");
    if (vma_overlaps(&os->mm->vmas, vma->start, vma->end)) {
        char other[DESCRIBE_ROOM];
        os_describe(&os->mm->vmas.at[vma_first(&os->mm->vmas, vma->start)], other, sizeof other);
        return os_fail(os, "mapping %s: overlaps %s", text, other);
    }
    return true;
}

static bool map_initial(struct os *os, const struct vma *vma)
{
    if (vma->flags & OS_HEAP) {
        os->mm->brk_start = vma->start;
        os->mm->brk = vma->end;
    }
    return space_map(os, os->mm, vma);
}

bool os_map(struct os *os, uint64_t start, uint64_t end, unsigned prot, unsigned flags, const char *name)
{
    struct vma vma = {.start = start, .end = end, .prot = prot, .flags = flags};
    snprintf(vma.name, sizeof vma.name, "%s", name ? name : "");
    if (flags & (OS_FILE | OS_SHARED) && !(vma.file = file_new(os, !(flags & OS_FILE))))
        return os_out_of_memory(os);
    return acceptable(os, &vma) && map_initial(os, &vma);
}

bool os_map_file(struct os *os, uint64_t start, uint64_t end, unsigned prot, unsigned flags, const char *file,
                 uint64_t page_offset)
{
    struct vma vma = {.start = start, .end = end, .prot = prot, .flags = flags | OS_FILE, .page_offset = page_offset};
    snprintf(vma.name, sizeof vma.name, "%s", file);
    if (!(vma.file = file_named(os, file, false)))
        return os_out_of_memory(os);
    if (os->file[vma.file].level > 1)
        return os_fail(os, "mapping 0x%" PRIx64 "-0x%" PRIx64 " of %s: the file consists of pages of MAP_HUGETLB",
                       start, end, file);
    os->file[vma.file].level = 1;
    return acceptable(os, &vma) && map_initial(os, &vma);
}

void os_watch(struct os *os, void (*watcher)(void *context, const struct os_move *move), void *context)
{
    os->watcher = watcher;
    os->watch_context = context;
}

bool os_aged(const struct os *os)
{
    return os->aged;
}

void os_watch_deaths(struct os *os, void (*dying)(void *context, unsigned process), void *context)
{
    os->dying = dying;
    os->dying_context = context;
}

bool os_allow_processes(struct os *os)
{
    if (!os->idle)
        os->idle = mm_new(os);
    os->config.processes = os->idle;
    return os->idle || os_out_of_memory(os);
}

const struct os_counts *os_counts(const struct os *os)
{
    return &os->counts;
}

const struct os_events *os_events(const struct os *os)
{
    return &os->events;
}

const char *os_error(const struct os *os)
{
    return os->error;
}
