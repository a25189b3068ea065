/* A machine with many processes for the tests of model/os: the kernel, a processor made of the oracle, a TLB and
 * paging-structure caches that forget nothing by themselves (model/arch/invalidation.h says what an operation must
 * drop), and contents for frames, swap slots and files: one number a page, kept by the kernel's watcher.
 *
 * The processor uses cached translations, without setting A or D again, so an invalidation that is missing shows twice:
 * the entry differs from what the page tables say, and contents go astray. */
#ifndef TWINWALK_OS_STORM_H
#define TWINWALK_OS_STORM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/invalidation.h"
#include "arch/x86.h"
#include "mem/prng.h"
#include "os/os_process.h"

enum { CACHE_ROOM = 1024, PAGE = 4096, MOST_FILES = 4096, FILE_PAGES = 4096 };

struct kept {
    struct cached is;               /* what invalidation.h judges */
    struct oracle_access access;    /* TLB: what was allowed */
    uint64_t addr, entry_pa, frame; /* TLB: where it goes, page aligned; structure: where the entry stands and points */
    bool dirty;                     /* TLB: filled by a write */
};

struct storm {
    struct physmem *pm;
    struct os *os;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct kept kept[CACHE_ROOM];
    unsigned kept_count;
    uint64_t random;
    uint64_t frames, slots;
    uint64_t *frame, *slot; /* contents, by frame number and slot */
    struct {
        uint64_t file, page, value;
    } written[65536]; /* file pages that were written back; open hash */
    bool tolerant;    /* stale entries are counted instead of failing */
    uint64_t stale, hits, walks, drops, faults;
};

/* What a file page holds before anybody writes. */
static inline uint64_t file_origin(uint64_t file, uint64_t page)
{
    return prng_mix(file * 1000003 + page) | 1;
}

static inline unsigned written_place(const struct storm *s, uint64_t file, uint64_t page)
{
    unsigned i = (unsigned)prng_mix(file << 32 ^ page) & 65535;
    while (s->written[i].file && (s->written[i].file != file || s->written[i].page != page))
        i = (i + 1) & 65535;
    return i;
}

static inline uint64_t file_contents(const struct storm *s, uint64_t file, uint64_t page)
{
    unsigned i = written_place(s, file, page);
    return s->written[i].file ? s->written[i].value : file_origin(file, page);
}

static inline void storm_watch(void *context, const struct os_move *move)
{
    struct storm *s = context;
    for (uint64_t i = 0; i < move->bytes / PAGE; i++) {
        uint64_t from = move->from / PAGE + i, to = move->to / PAGE + i;
        unsigned place;
        switch (move->kind) {
        case OS_MOVE_ZERO:
            s->frame[to] = 0;
            break;
        case OS_MOVE_COPY:
            s->frame[to] = s->frame[from];
            break;
        case OS_MOVE_SWAP_OUT:
            assert_in_range(move->to, 1, s->slots);
            s->slot[move->to] = s->frame[from];
            break;
        case OS_MOVE_SWAP_IN:
            assert_in_range(move->from, 1, s->slots);
            s->frame[to] = s->slot[move->from];
            break;
        case OS_MOVE_FILE_IN:
            s->frame[to] = file_contents(s, move->file, move->page + i);
            break;
        case OS_MOVE_FILE_OUT:
            place = written_place(s, move->file, move->page + i);
            s->written[place].file = move->file;
            s->written[place].page = move->page + i;
            s->written[place].value = s->frame[from];
            break;
        }
    }
}

static inline uint16_t storm_pcid(const struct storm *s)
{
    return s->regs.cr4 & CR4_PCIDE ? s->regs.cr3 & CR3_PCID : 0;
}

/* The test's own walk: the entry for va at this level, read from the HW image; false when the walk does not get there.
 */
static inline bool storm_entry(const struct storm *s, uint64_t va, unsigned level, uint64_t *pa, uint64_t *entry)
{
    uint64_t table = s->regs.cr3 & ENTRY_FRAME;
    for (unsigned at = s->cpu.la57 ? 5 : 4;; at--) {
        *pa = table + (va >> (12 + 9 * (at - 1)) & 511) * 8;
        *entry = physmem_read(s->pm, IMAGE_HW, *pa);
        if (at == level)
            return *entry & ENTRY_P;
        if (!(*entry & ENTRY_P) || (at < 4 && *entry & ENTRY_PS))
            return false;
        table = *entry & ENTRY_FRAME;
    }
}

static inline void storm_stale(struct storm *s, const struct kept *k, const char *what)
{
    s->stale++;
    if (!s->tolerant)
        fail_msg("%s: level %u entry for 0x%llx with PCID %u (frame 0x%llx)", what, k->is.level,
                 (unsigned long long)k->is.va, k->is.pcid,
                 (unsigned long long)(k->is.paging_structure ? k->frame : k->addr));
}

/* An entry that the processor may use now must be what a walk would find. */
static inline void storm_judge(struct storm *s, const struct kept *k)
{
    uint64_t pa, entry;
    if (k->is.pcid != storm_pcid(s))
        return;
    if (k->is.paging_structure) {
        if (!storm_entry(s, k->is.va, k->is.level, &pa, &entry) || pa != k->entry_pa ||
            (entry & ENTRY_FRAME) != k->frame)
            storm_stale(s, k, "stale paging-structure-cache entry");
        return;
    }
    struct oracle_result now;
    oracle_translate(s->pm, IMAGE_HW, &s->cpu, &s->regs, &k->access, &now);
    if (now.kind != KIND_OK || (now.addr & ~(uint64_t)4095) != k->addr || now.size + 1 != k->is.level)
        storm_stale(s, k, "stale TLB entry");
    else if (k->dirty && now.step[now.steps - 1].must_d)
        storm_stale(s, k, "the TLB entry is dirty, but D was cleared without invalidation");
}

static inline void storm_keep(struct storm *s, const struct kept *k)
{
    unsigned i = s->kept_count < CACHE_ROOM ? s->kept_count++ : (unsigned)prng_below(&s->random, CACHE_ROOM);
    s->kept[i] = *k;
}

/* Carries out what the kernel owes; then everything that is still cached must be good. */
static inline void storm_controls(struct storm *s)
{
    struct os_control op;
    bool any = false;
    while (os_control(s->os, &op)) {
        struct oracle_regs before = s->regs;
        unsigned left = 0;
        any = true;
        assert_true(oracle_control(&s->regs, &s->cpu, op.op, op.data, op.desc)); /* a kernel never raises #GP */
        for (unsigned i = 0; i < s->kept_count; i++)
            if (!invalidation_must_drop(&s->cpu, &before, op.op, op.data, op.desc, &s->kept[i].is, NULL))
                s->kept[left++] = s->kept[i];
        s->drops += s->kept_count - left;
        s->kept_count = left;
    }
    if (any || !(prng_next(&s->random) & 15))
        for (unsigned i = 0; i < s->kept_count; i++)
            storm_judge(s, &s->kept[i]);
}

static inline void storm_init(struct storm *s, const struct os_config *config, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    s->random = seed;
    s->pm = physmem_new(config->paddr_bits);
    s->os = os_new(s->pm, config);
    assert_non_null(s->os);
    s->cpu = (struct oracle_cpu){.paddr_bits = config->paddr_bits,
                                 .page_1g = config->page_1g,
                                 .la57 = config->la57,
                                 .pcid = config->pcid};
    s->frames = config->ram_bytes / PAGE;
    s->slots = config->swap_bytes / PAGE;
    s->frame = calloc(s->frames, sizeof *s->frame);
    s->slot = calloc(s->slots + 1, sizeof *s->slot);
    os_watch(s->os, storm_watch, s);
    storm_controls(s);
}

static inline void storm_end(struct storm *s)
{
    uint64_t pa, hw, oracle;
    assert_false(physmem_compare(s->pm, UINT64_MAX, &pa, &hw, &oracle));
    os_free(s->os);
    physmem_free(s->pm);
    free(s->frame);
    free(s->slot);
}

/* A and D in both images, as the hardware and the oracle would set them. */
static inline void storm_commit(struct storm *s, const struct oracle_access *access, const struct oracle_result *r)
{
    oracle_commit(s->pm, r, false);
    for (unsigned i = 0; i < r->steps; i++) {
        physmem_write_image(s->pm, IMAGE_HW, r->step[i].pa, physmem_read(s->pm, IMAGE_ORACLE, r->step[i].pa));
        struct kept k = {.is = {.paging_structure = i + 1 < r->steps,
                                .pcid = storm_pcid(s),
                                .level = r->step[i].level,
                                .va = access->va},
                         .access = *access,
                         .addr = r->addr & ~(uint64_t)4095,
                         .entry_pa = r->step[i].pa,
                         .frame = r->step[i].value & ENTRY_FRAME,
                         .dirty = access->acc == ACC_WRITE};
        storm_keep(s, &k);
    }
    s->walks++;
}

static inline const struct kept *storm_hit(const struct storm *s, uint64_t va, uint8_t acc)
{
    for (unsigned i = 0; i < s->kept_count; i++) {
        const struct kept *k = &s->kept[i];
        if (!k->is.paging_structure && k->is.pcid == storm_pcid(s) && (k->access.va ^ va) < PAGE &&
            k->access.acc == acc)
            return k;
    }
    return NULL;
}

/* One user access. OS_RETRY: it went to *addr; OS_SEGV; OS_OOM: the current task may be gone. */
static inline enum os_outcome storm_access(struct storm *s, uint64_t va, uint8_t acc, uint64_t *addr)
{
    struct oracle_access access = {.va = va, .acc = acc, .user = true};
    struct oracle_result r;
    *addr = 0;
    const struct kept *hit = prng_next(&s->random) & 3 ? storm_hit(s, va, acc) : NULL;
    if (hit) {
        s->hits++;
        *addr = hit->addr | (va & 4095);
        return OS_RETRY;
    }
    for (unsigned faults = 0;; faults++) {
        oracle_translate(s->pm, IMAGE_HW, &s->cpu, &s->regs, &access, &r);
        if (r.kind == KIND_OK)
            break;
        assert_int_equal(r.kind, KIND_PF);
        if (faults > 3)
            fail_msg("0x%llx faults again and again (error code 0x%x)", (unsigned long long)va, r.err);
        s->faults++;
        unsigned left = 0;
        for (unsigned i = 0; i < s->kept_count; i++)
            if (!invalidation_fault_must_drop(&s->regs, va, &s->kept[i].is, NULL))
                s->kept[left++] = s->kept[i];
        s->kept_count = left;
        enum os_outcome outcome = os_fault(s->os, va, r.err);
        storm_controls(s);
        if (outcome != OS_RETRY)
            return outcome;
    }
    storm_commit(s, &access, &r);
    *addr = r.addr;
    return OS_RETRY;
}

/* The sum of PSS is the memory mapped, exactly; and everything the kernel believes is so. */
static inline void storm_audit(struct storm *s)
{
    struct os_memory memory;
    uint64_t pss = 0;
    for (unsigned task = os_next_task(s->os, 0); task; task = os_next_task(s->os, task)) {
        struct os_usage usage;
        struct os_status status;
        assert_true(os_status(s->os, task, &status) && os_usage(s->os, task, &usage));
        assert_int_equal(usage.rss, status.rss);
        assert_int_equal(usage.size, status.vsz);
        assert_int_equal(usage.rss,
                         usage.shared_clean + usage.shared_dirty + usage.private_clean + usage.private_dirty);
        if (status.process == status.task)
            pss += usage.pss;
    }
    os_memory(s->os, &memory);
    assert_int_equal(pss, memory.mapped * PAGE << 12);
    assert_int_equal(memory.installed,
                     memory.free + memory.tables + memory.mapped + memory.cached + memory.hugetlb + memory.reserved);
    if (!os_check(s->os))
        fail_msg("%s", os_error(s->os));
}

/* An access that must come through, at the first attempt or after a fault; the physical address. */
static inline uint64_t storm_touch(struct storm *s, uint64_t va, uint8_t acc)
{
    uint64_t addr;
    if (storm_access(s, va, acc, &addr) != OS_RETRY)
        fail_msg("0x%llx: %s", (unsigned long long)va, os_error(s->os));
    return addr;
}

#endif
