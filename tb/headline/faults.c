/* What page faults cost: the OS model under the MMU, an access at a time, from its first request to the answer that
 * carries it. Counted are the MMU's own cycles (the walks before and after, the control operations that the kernel
 * owes) and the kernel's, by os_config.costs. */
#include "headline/part.h"

#include "base/exits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "os/os_process.h"

enum { PAGES = 2000, SWEPT = 2, FAULTS_IN_A_ROW = 4, RAM_MIB = 16, CHILD = 2 };

#define MIB (UINT64_C(1) << 20)
#define REGION UINT64_C(0x7f0000000000)
#define PAGE UINT64_C(4096)

/* Cycles, gathered; medians need no histogram of millions of bins. */
struct costs {
    uint64_t *total, mmu_sum, kernel_sum;
    size_t count, room;
};

struct machine {
    struct headline *h;
    struct rig *r;
    struct os *os;
    uint64_t checked;
};

static void die(const char *what)
{
    fprintf(stderr, "twinwalk headline: %s\n", what);
    exit(STATUS_HOST);
}

/* Does the control operations that the kernel owes. */
static bool settle(struct machine *m)
{
    struct os_control op;
    while (os_control(m->os, &op))
        if (!rig_control(m->r, op.op, op.data, op.desc))
            return false;
    return true;
}

static struct machine boot(struct headline *h, const struct os_config *config)
{
    struct memport_config memory;
    struct machine m = {.h = h, .r = rig_new(h->dut, 1, 0)};
    struct os_config full = *config;
    memport_preset(&memory);
    memory.model = MEMPORT_CACHE;
    m.r->skip = true;
    full.paddr_bits = CFG_ARCH_PADDR_BITS;
    full.pcid = CFG_ARCH_PCID;
    full.page_1g = CFG_ARCH_PAGE_1G;
    full.seed = 1;
    full.processes = true;
    if (!rig_memory(m.r, &memory) || !(m.os = os_new(m.r->pm, &full)))
        die("not enough memory");
    settle(&m);
    return m;
}

static void end(struct machine *m)
{
    struct headline *h = m->h;
    h->checked += m->checked;
    h->cycles += m->r->cycle;
    if (h->finding.kind == FINDING_NONE)
        h->finding = m->r->finding;
    os_free(m->os);
    rig_free(m->r);
}

static void add(struct costs *c, uint64_t mmu, uint64_t kernel)
{
    if (c->count == c->room) {
        c->room = c->room ? 2 * c->room : 1024;
        if (!(c->total = realloc(c->total, c->room * sizeof *c->total)))
            die("not enough memory");
    }
    c->total[c->count++] = mmu + kernel;
    c->mmu_sum += mmu;
    c->kernel_sum += kernel;
}

/* One access to its end, faults and all. False when the rig stopped. */
static bool touch(struct machine *m, uint64_t va, bool write, uint64_t *mmu, uint64_t *kernel)
{
    const struct oracle_access access = {.va = va, .acc = write ? ACC_WRITE : ACC_READ, .user = true};
    const uint64_t cycle = m->r->cycle, kernel_before = os_events(m->os)->cycles;
    struct pins_resp answer;
    for (unsigned faults = 0;; faults++) {
        if (!rig_access(m->r, &access, &answer) || !rig_check(m->r, &access, &answer, NULL))
            return false;
        m->checked++;
        if (answer.kind == KIND_OK)
            break;
        if (faults == FAULTS_IN_A_ROW || os_fault(m->os, va, answer.err) != OS_RETRY || !settle(m)) {
            if (!rig_stopped(m->r))
                finding_set(&m->r->finding, FINDING_ORACLE, m->r->cycle, "page fault", "mended by the kernel",
                            os_error(m->os));
            return false;
        }
    }
    memport_touch(m->r->mp, answer.addr);
    *mmu = m->r->cycle - cycle;
    *kernel = os_events(m->os)->cycles - kernel_before;
    return true;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t rank(const struct costs *c, double share)
{
    const size_t at = (size_t)(share * (double)c->count);
    return c->total[at < c->count ? at : c->count - 1];
}

/* The row; the costs are freed. */
static json_t *row(struct costs *c, const char *what, const char *device)
{
    json_t *o = json_pack("{s:s,s:s?,s:I}", "what", what, "device", device, "count", (json_int_t)c->count);
    if (c->count) {
        qsort(c->total, c->count, sizeof *c->total, ascending);
        json_object_set_new(o, "p50", json_integer((json_int_t)rank(c, 0.5)));
        json_object_set_new(o, "p90", json_integer((json_int_t)rank(c, 0.9)));
        json_object_set_new(o, "p99", json_integer((json_int_t)rank(c, 0.99)));
        json_object_set_new(o, "mmu_mean", json_real((double)c->mmu_sum / (double)c->count));
        json_object_set_new(o, "kernel_mean", json_real((double)c->kernel_sum / (double)c->count));
    }
    free(c->total);
    *c = (struct costs){0};
    return o;
}

/* Every page of a region once; those accesses count of which `of` says so: a counter of the kernel that moved. */
static bool sweep(struct machine *m, uint64_t from, uint64_t pages, uint64_t step, bool write, const uint64_t *of,
                  struct costs *c)
{
    for (uint64_t n = 0; n < pages; n++) {
        const uint64_t before = of ? *of : 0;
        uint64_t mmu, kernel;
        if (!touch(m, from + n * step, write, &mmu, &kernel))
            return false;
        if (c && (!of || *of != before))
            add(c, mmu, kernel);
    }
    return true;
}

static void map(struct machine *m, uint64_t start, uint64_t bytes)
{
    if (!os_map(m->os, start, start + bytes, OS_READ | OS_WRITE, 0, NULL))
        die(os_error(m->os));
}

/* Faults that need no device: an anonymous page is filled at a first write, or at a first read (the page of zeros),
 * then copied when it is written; a page shared with a child by fork is copied at the write. */
static void in_memory(struct headline *h, json_t *rows)
{
    const uint64_t pages = headline_count(h, PAGES), bytes = pages * PAGE;
    const struct os_config config = {.ram_bytes = 256 * MIB};
    struct machine m = boot(h, &config);
    struct costs c = {0};
    map(&m, REGION, bytes);
    map(&m, REGION + 64 * MIB, bytes);
    const struct os_counts *counts = os_counts(m.os);
    sweep(&m, REGION, pages, PAGE, true, &counts->minor_faults, &c);
    json_array_append_new(rows, row(&c, "minor fault, first write", NULL));
    sweep(&m, REGION + 64 * MIB, pages, PAGE, false, &counts->minor_faults, &c);
    json_array_append_new(rows, row(&c, "minor fault, first read", NULL));
    sweep(&m, REGION + 64 * MIB, pages, PAGE, true, &counts->cow_faults, &c);
    json_array_append_new(rows, row(&c, "copy-on-write fault, page of zeros", NULL));
    if (!os_fork(m.os, 1, CHILD))
        die(os_error(m.os));
    settle(&m);
    sweep(&m, REGION, pages, PAGE, true, &counts->cow_faults, &c);
    json_array_append_new(rows, row(&c, "copy-on-write fault after fork", NULL));
    end(&m);
}

/* The same first write under transparent huge pages: 2 MiB are cleared. */
static void huge(struct headline *h, json_t *rows)
{
    const uint64_t pages = headline_count(h, PAGES) / 20;
    const struct os_config config = {.ram_bytes = 1024 * MIB, .pages = OS_PAGES_THP};
    struct machine m = boot(h, &config);
    struct costs c = {0};
    map(&m, REGION, pages * 2 * MIB);
    sweep(&m, REGION, pages, 2 * MIB, true, &os_events(m.os)->huge_faults, &c);
    json_array_append_new(rows, row(&c, "minor fault, 2 MiB at once", NULL));
    end(&m);
}

/* Twice as much anonymous memory as there is, written round and round; and a file that is read for the first time. */
static void from_device(struct headline *h, json_t *rows, enum os_device device)
{
    const char *const name = device == OS_DISK ? "disk" : "NVMe";
    const uint64_t bytes = 2 * RAM_MIB * MIB, file = headline_count(h, PAGES) * PAGE;
    const struct os_config config = {.ram_bytes = RAM_MIB * MIB,
                                     .reclaim = true,
                                     .swap_bytes = 64 * MIB,
                                     .device = device};
    struct machine m = boot(h, &config);
    struct costs c = {0};
    if (!os_map_file(m.os, REGION + 1024 * MIB, REGION + 1024 * MIB + file, OS_READ, OS_FILE, "/data", 0))
        die(os_error(m.os));
    sweep(&m, REGION + 1024 * MIB, file / PAGE, PAGE, false, &os_events(m.os)->file_reads, &c);
    json_array_append_new(rows, row(&c, "major fault, page of a file", name));
    map(&m, REGION, bytes);
    for (unsigned turn = 0; turn < SWEPT && !rig_stopped(m.r); turn++)
        sweep(&m, REGION, bytes / PAGE, PAGE, true, &os_events(m.os)->swap_ins, &c);
    json_array_append_new(rows, row(&c, "swap-in", name));
    end(&m);
}

json_t *headline_faults(struct headline *h)
{
    json_t *rows = json_array();
    in_memory(h, rows);
    if (!headline_stopped(h))
        huge(h, rows);
    if (!headline_stopped(h))
        from_device(h, rows, OS_NVME);
    if (!headline_stopped(h))
        from_device(h, rows, OS_DISK);
    return rows;
}
