/* Accounts in the form that Linux prints them: /proc/PID/smaps, smaps_rollup, and a table as top and ps show it. */
#include <inttypes.h>

#include "usage.h"

static void line(FILE *out, const char *name, uint64_t bytes)
{
    fprintf(out, "%-16s%8" PRIu64 " kB\n", name, bytes >> 10);
}

/* The lines that smaps and smaps_rollup have in common, in Linux's order. */
static void print_usage(FILE *out, const struct os_usage *usage, bool rollup)
{
    line(out, "Rss:", usage->rss);
    line(out, "Pss:", usage->pss >> PSS_SHIFT);
    line(out, "Pss_Dirty:", usage->pss_dirty >> PSS_SHIFT);
    if (rollup) {
        line(out, "Pss_Anon:", usage->pss_anon >> PSS_SHIFT);
        line(out, "Pss_File:", usage->pss_file >> PSS_SHIFT);
        line(out, "Pss_Shmem:", usage->pss_shmem >> PSS_SHIFT);
    }
    line(out, "Shared_Clean:", usage->shared_clean);
    line(out, "Shared_Dirty:", usage->shared_dirty);
    line(out, "Private_Clean:", usage->private_clean);
    line(out, "Private_Dirty:", usage->private_dirty);
    line(out, "Referenced:", usage->referenced);
    line(out, "Anonymous:", usage->anonymous);
    line(out, "LazyFree:", usage->lazy_free);
    line(out, "AnonHugePages:", usage->anon_huge);
    line(out, "Shared_Hugetlb:", usage->shared_hugetlb);
    line(out, "Private_Hugetlb:", usage->private_hugetlb);
    line(out, "Swap:", usage->swap);
    line(out, "SwapPss:", usage->swap_pss >> PSS_SHIFT);
}

/* A name as /proc prints it; what a terminal would obey is \ooo, as Linux writes a line end. */
static void print_name(FILE *out, const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        const bool alone = c == (const unsigned char *)name || c[-1] < 0x80; /* belongs to no character of UTF-8 */
        if (*c < ' ' || *c == 0x7f || (*c >= 0x80 && *c < 0xa0 && alone))
            fprintf(out, "\\%03o", *c);
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) { /* the same once more, U+0080 … U+009F */
            fprintf(out, "\\%03o\\%03o", c[0], c[1]);
            c++;
        } else
            fputc(*c, out);
    }
    fputc('\n', out);
}

static void print_head(FILE *out, uint64_t start, uint64_t end, const struct vma *vma, const char *name)
{
    int n = fprintf(out, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " 00:00 %" PRIu64 " ", start, end,
                    vma && vma->prot & OS_READ ? 'r' : '-', vma && vma->prot & OS_WRITE ? 'w' : '-',
                    vma && vma->prot & OS_EXEC ? 'x' : '-',
                    vma && vma->flags & OS_SHARED ? 's'
                    : vma                         ? 'p'
                                                  : '-',
                    vma && vma->file ? vma->page_offset << PAGE_SHIFT : 0, vma ? vma->file : 0);
    fprintf(out, "%*s", n < 73 ? 73 - n : 1, "");
    print_name(out, name);
}

static void print_flags(FILE *out, const struct vma *vma)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {{OS_SHARED, " sh"},  {OS_GROWSDOWN, " gd"},    {OS_DONT_FORK, " dc"}, {OS_ACCOUNT, " ac"},
                 {OS_HUGETLB, " ht"}, {OS_WIPE_ON_FORK, " wf"}, {OS_HUGE, " hg"},      {OS_NO_HUGE, " nh"}};
    fprintf(out, "VmFlags:%s%s%s", vma->prot & OS_READ ? " rd" : "", vma->prot & OS_WRITE ? " wr" : "",
            vma->prot & OS_EXEC ? " ex" : "");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (vma->flags & names[i].flag)
            fputs(names[i].name, out);
    fputc('\n', out);
}

static bool can_be_large(const struct os *os, const struct vma *vma)
{
    return os->config.pages == OS_PAGES_THP && !vma->file && !(vma->flags & (OS_NO_HUGE | OS_HUGETLB)) &&
           (!os->config.thp_madvise || vma->flags & OS_HUGE) && vma->end - vma->start >= (uint64_t)2 << 20;
}

bool os_print_smaps(const struct os *os, unsigned number, FILE *out)
{
    const struct os_task *task = task_find(os, number);
    for (size_t i = 0; task && i < task->mm->vmas.count; i++) {
        const struct vma *vma = &task->mm->vmas.at[i];
        struct os_usage usage = {0};
        uint64_t page = vma->flags & OS_HUGETLB_1G ? (uint64_t)1 << 30
                        : vma->flags & OS_HUGETLB  ? (uint64_t)2 << 20
                                                   : PAGE_BYTES;
        usage_of_mapping(os, task->mm, vma, &usage);
        print_head(out, vma->start, vma->end, vma, vma->name);
        line(out, "Size:", usage.size);
        line(out, "KernelPageSize:", page);
        line(out, "MMUPageSize:", page);
        print_usage(out, &usage, false);
        fprintf(out, "THPeligible:    %8d\n", can_be_large(os, vma));
        print_flags(out, vma);
    }
    return task;
}

bool os_print_smaps_rollup(const struct os *os, unsigned number, FILE *out)
{
    const struct os_task *task = task_find(os, number);
    struct os_usage usage;
    if (!os_usage(os, number, &usage))
        return false;
    const struct vma_list *vmas = &task->mm->vmas;
    print_head(out, vmas->count ? vmas->at[0].start : 0, vmas->count ? vmas->at[vmas->count - 1].end : 0, NULL,
               "[rollup]");
    print_usage(out, &usage, true);
    return true;
}

static void print_memory(const struct os *os, FILE *out)
{
    struct os_memory m;
    os_memory(os, &m);
    fprintf(out,
            "KiB Mem: %" PRIu64 " total, %" PRIu64 " free, %" PRIu64 " mapped, %" PRIu64 " cached, %" PRIu64
            " tables, %" PRIu64 " hugetlb, %" PRIu64 " reserved; Swap: %" PRIu64 " total, %" PRIu64 " used\n",
            m.installed << 2, m.free << 2, m.mapped << 2, m.cached << 2, m.tables << 2, m.hugetlb << 2, m.reserved << 2,
            m.swap_slots << 2, m.swap_used << 2);
}

/* One line per process, and the sums; that of PSS is the memory mapped, unless processes share an address space
 * (vfork), when it is counted once. */
void os_print_top(const struct os *os, FILE *out)
{
    uint64_t rss = 0, pss = 0, swap = 0;
    print_memory(os, out);
    fprintf(out, "%7s %7s %4s %10s %10s %10s %10s %10s %10s %8s %8s %5s %s\n", "PID", "PPID", "THR", "VIRT", "RES",
            "PSS", "SHR", "SWAP", "RES peak", "minflt", "majflt", "adj", "COMMAND");
    for (const struct os_task *task = os->tasks; task; task = task->next) {
        struct os_usage usage;
        struct os_status s;
        if (!task_is_first(os, task) || !os_status(os, task->number, &s) || !os_usage(os, task->number, &usage))
            continue;
        fprintf(out,
                "%7u %7u %4u %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
                " %8" PRIu64 " %8" PRIu64 " %5d ",
                s.process, s.parent, s.threads, s.vsz >> 10, s.rss >> 10, usage.pss >> PSS_SHIFT >> 10,
                (s.rss_file + s.rss_shmem) >> 10, s.swap >> 10, s.rss_peak >> 10, s.minor_faults, s.major_faults,
                s.oom_adjust);
        print_name(out, s.name);
        rss += s.rss;
        pss += usage.pss;
        swap += s.swap;
    }
    fprintf(out, "%7s %7s %4s %10s %10" PRIu64 " %10" PRIu64 " %10s %10" PRIu64 "\n", "sum", "", "", "", rss >> 10,
            pss >> PSS_SHIFT >> 10, "", swap >> 10);
}
