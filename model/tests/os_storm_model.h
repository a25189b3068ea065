/* What Linux promises, page by page, for a few processes: every page has a number, and what a process reads through its
 * own page tables must be the number last written there by whoever shares the page, across copy on write, swap,
 * write-back, large pages and moves. Here: the model, memory system calls and accesses. */
#ifndef TWINWALK_OS_STORM_MODEL_H
#define TWINWALK_OS_STORM_MODEL_H

#include "os_storm.h"

enum { PROCESSES = 14, PAGES = 1600, OBJECTS = 6, OBJECT_PAGES = 400, TASKS = 100000 };
static const uint64_t BASE = 0x7f0000000000;
enum what { NOTHING, PRIVATE, FILE_PRIVATE, FILE_SHARED, ANON_SHARED };

struct page {
    uint8_t what, prot;
    bool own;  /* FILE_PRIVATE: written since it was mapped */
    bool free; /* MADV_FREE: value, or zeros */
    bool wipe, no_fork;
    bool account;           /* private, and has been writable: does not join what has not */
    uint8_t huge;           /* MADV_HUGEPAGE 1, NOHUGEPAGE 2 */
    uint16_t object, index; /* of a shared or file mapping */
    uint32_t call;          /* mmap call that made it */
    uint64_t value;         /* PRIVATE, or own */
};

struct process {
    unsigned task, thread; /* 0: none */
    struct page page[PAGES];
};

static struct storm storm;
static struct process process[PROCESSES];
static uint64_t shared[OBJECTS + 1000000 / OBJECT_PAGES][OBJECT_PAGES]; /* contents: objects below OBJECTS are files */
static uint64_t object_file[OBJECTS]; /* their numbers in the kernel, as far as seen */
static unsigned objects, last_task, last_call;
static uint64_t last_value, ops, kills;
static bool large; /* the policy has large pages: more mappings that have room for them */

static inline unsigned below(unsigned bound)
{
    return (unsigned)prng_below(&storm.random, bound);
}

static inline uint64_t va_of(unsigned page)
{
    return BASE + (uint64_t)page * PAGE;
}

/* Who is dead is dead in the model too; the kernel may have killed anyone. */
static inline void sync_dead(void)
{
    struct os_status status;
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (process[i].task && !os_status(storm.os, process[i].task, &status)) {
            process[i].task = process[i].thread = 0;
            kills++;
        }
    }
}

static inline void run(unsigned i)
{
    if (!os_switch(storm.os, process[i].thread && below(2) ? process[i].thread : process[i].task))
        fail_msg("%s", os_error(storm.os));
    storm_controls(&storm);
}

/* A living process becomes current; there is always one, or a new one is made from task 1, which is never killed. */
static inline struct process *pick(void)
{
    sync_dead();
    unsigned now = os_current(storm.os);
    for (unsigned i = 0; now && below(12) && i < PROCESSES; i++)
        if (process[i].task && (now == process[i].task || now == process[i].thread))
            return &process[i]; /* goes on for a while */
    for (unsigned tries = 0; tries < 20; tries++) {
        unsigned i = below(PROCESSES);
        if (process[i].task) {
            if (!now || (now != process[i].task && now != process[i].thread) || !below(8))
                run(i);
            return &process[i];
        }
    }
    run(0);
    return &process[0];
}

/* True: done. False: the caller's process was killed for memory. */
static inline bool call(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
                        uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, a4, a5};
    bool done = os_syscall(storm.os, number, arg, (int64_t)result);
    storm_controls(&storm);
    if (!done && os_current(storm.os) && !strstr(os_error(storm.os), "out of memory"))
        fail_msg("call %u: %s", (unsigned)number, os_error(storm.os));
    return done;
}

static inline void pick_range(unsigned *first, unsigned *count)
{
    *count = 1 + below(below(6) ? 24 : 600);
    if (large && !below(4))
        *count = 512 + below(600);
    *first = below(PAGES - *count + 1);
    if (*count > 512 && below(2))
        *first &= ~511u;
}

static inline const uint64_t *shared_value(const struct page *p)
{
    return &shared[p->object][p->index];
}

static inline uint64_t expected(const struct page *p)
{
    return p->what == PRIVATE || (p->what == FILE_PRIVATE && p->own) ? p->value : *shared_value(p);
}

static inline void do_mmap(struct process *p)
{
    static const unsigned prots[] = {1, 3, 3, 3, 3, 5, 7, 0};
    unsigned first, count, prot = prots[below(8)], what = 1 + below(8), object = 0, index = 0;
    pick_range(&first, &count);
    what = what > ANON_SHARED ? PRIVATE : what;
    uint64_t bytes = (uint64_t)count * PAGE;
    if (what != PRIVATE && count > OBJECT_PAGES)
        count = OBJECT_PAGES, bytes = (uint64_t)count * PAGE;
    bool done;
    if (what == PRIVATE) {
        done = call(9, va_of(first), bytes, prot, 0x32 | (below(8) ? 0 : 0x8000), UINT64_MAX, 0, va_of(first));
    } else if (what == ANON_SHARED) {
        if (objects == sizeof shared / sizeof *shared)
            return;
        object = objects++;
        done = call(9, va_of(first), bytes, prot, 0x31, UINT64_MAX, 0, va_of(first));
    } else {
        object = below(OBJECTS);
        index = below(OBJECT_PAGES - count + 1);
        done = call(9, va_of(first), bytes, prot, what == FILE_SHARED ? 0x11 : 0x12, 10 + object,
                    (uint64_t)index * PAGE, va_of(first));
    }
    last_call++;
    if (!done)
        return;
    for (unsigned i = 0; i < count; i++)
        p->page[first + i] = (struct page){.what = (uint8_t)what,
                                           .prot = (uint8_t)prot,
                                           .object = (uint16_t)object,
                                           .index = (uint16_t)(index + i),
                                           .account = what <= FILE_PRIVATE && prot & 2,
                                           .call = last_call};
}

static inline void do_munmap(struct process *p)
{
    unsigned first, count;
    pick_range(&first, &count);
    if (call(11, va_of(first), (uint64_t)count * PAGE, 0, 0, 0, 0, 0))
        memset(&p->page[first], 0, count * sizeof *p->page);
}

/* A stretch of what is mapped, from a random page on. */
static inline unsigned mapped_from(const struct process *p, unsigned *first)
{
    unsigned count = 0, most = 1 + below(below(4) ? 24 : 600);
    *first = below(PAGES);
    while (count < most && *first + count < PAGES && p->page[*first + count].what != NOTHING)
        count++;
    return count;
}

static inline void do_mprotect(struct process *p)
{
    static const unsigned prots[] = {1, 3, 3, 5, 7, 0};
    unsigned first, count = mapped_from(p, &first), prot = prots[below(6)];
    if (count && call(10, va_of(first), (uint64_t)count * PAGE, prot, 0, 0, 0, 0))
        for (unsigned i = first; i < first + count; i++) {
            p->page[i].prot = (uint8_t)prot;
            p->page[i].account |= p->page[i].what <= FILE_PRIVATE && prot & 2;
        }
}

static inline void advised(struct page *p, unsigned advice)
{
    if (advice == 4 && (p->what == PRIVATE || p->what == FILE_PRIVATE)) {
        p->value = 0;
        p->own = p->free = false;
    }
    if (advice == 8 && p->what == PRIVATE)
        p->free = true;
    if (advice == 10 || advice == 11)
        p->no_fork = advice == 10;
    if (advice == 14 || advice == 15)
        p->huge = advice == 14 ? 1 : 2;
    if (advice == 18 || advice == 19)
        p->wipe = advice == 18;
}

static inline void do_madvise(struct process *p)
{
    static const unsigned advices[] = {4, 4, 8, 8, 8, 10, 11, 11, 14, 15, 18, 19, 19, 20, 21, 21, 22, 23, 25};
    unsigned first, count = mapped_from(p, &first), advice = advices[below(19)];
    if (large && below(2))
        advice = 25;
    if (advice == 18 || advice == 8 ||
        advice == 23) /* anonymous private memory only; populating by writes makes copies that nobody wrote */
        for (unsigned i = first; i < first + count; i++)
            if (p->page[i].what != PRIVATE)
                return;
    if (count && call(28, va_of(first), (uint64_t)count * PAGE, advice, 0, 0, 0, 0))
        for (unsigned i = first; i < first + count; i++)
            advised(&p->page[i], advice);
}

static inline bool continues(const struct page *a, const struct page *b)
{
    return b->what == a->what && b->call == a->call && b->prot == a->prot && b->object == a->object &&
           b->wipe == a->wipe && b->huge == a->huge && b->no_fork == a->no_fork && b->account == a->account;
}

/* One mapping's stretch to a place that is free or replaced. */
static inline void do_mremap(struct process *p)
{
    static struct page moved[PAGES];
    unsigned first = below(PAGES), count = 0, most = 1 + below(below(2) ? 30 : 700);
    if (p->page[first].what != PRIVATE)
        return;
    while (count < most && first + count < PAGES && continues(&p->page[first], &p->page[first + count]))
        count++;
    unsigned to = below(PAGES - count + 1);
    if (below(2))
        to = (to & ~511u) | (first & 511);
    if (to + count > PAGES || (to < first + count && first < to + count))
        return;
    if (!call(25, va_of(first), (uint64_t)count * PAGE, (uint64_t)count * PAGE, 3, va_of(to), 0, va_of(to)))
        return;
    memcpy(moved, &p->page[first], count * sizeof *moved);
    memset(&p->page[first], 0, count * sizeof *moved);
    memcpy(&p->page[to], moved, count * sizeof *moved);
    last_call++;
    for (unsigned i = to; i < to + count; i++)
        p->page[i].call = last_call;
}

static inline void touch(struct process *p, unsigned page, unsigned acc)
{
    struct page *m = &p->page[page];
    bool allowed = m->what && (acc == ACC_READ ? m->prot != 0 : acc == ACC_WRITE ? m->prot & 2 : m->prot & 4);
    uint64_t addr;
    enum os_outcome outcome = storm_access(&storm, va_of(page) + below(512) * 8, (uint8_t)acc, &addr);
    if (outcome == OS_OOM && !os_current(storm.os))
        return;
    if (outcome == OS_OOM)
        return; /* nobody could be killed: nothing was changed */
    if (outcome != (allowed ? OS_RETRY : OS_SEGV))
        fail_msg("op %llu task %u page %u access %u: outcome %d, %s", (unsigned long long)ops, p->task, page, acc,
                 outcome, os_error(storm.os));
    if (!allowed)
        return;
    uint64_t found = storm.frame[addr / PAGE];
    if (m->free && found == 0)
        m->value = 0; /* the kernel took what was offered */
    if (found != expected(m) && !storm.tolerant)
        fail_msg("op %llu task %u page %u (kind %u, access %u) at frame 0x%llx reads %llu, expected %llu",
                 (unsigned long long)ops, p->task, page, m->what, acc, (unsigned long long)addr / PAGE,
                 (unsigned long long)found, (unsigned long long)expected(m));
    if (acc != ACC_WRITE)
        return;
    storm.frame[addr / PAGE] = ++last_value << 8 | 2;
    m->free = false;
    if (m->what == PRIVATE || m->what == FILE_PRIVATE) {
        m->own = true;
        m->value = last_value << 8 | 2;
    } else {
        shared[m->object][m->index] = last_value << 8 | 2;
    }
}

static inline void do_touch(struct process *p)
{
    unsigned page = below(PAGES);
    for (unsigned tries = 0; tries < 8 && !p->page[page].what; tries++)
        page = below(3) ? p->task % 7 * 100 + below(200) : below(PAGES); /* locality */
    unsigned acc = below(3), task = os_current(storm.os);
    for (unsigned again = 1 + below(3); again && os_current(storm.os) == task; again--)
        touch(p, page, acc);
}

/* One page after the other, the same access. */
static inline void do_sweep(struct process *p)
{
    unsigned first, count = mapped_from(p, &first), acc = below(3) ? ACC_WRITE : ACC_READ, task = os_current(storm.os);
    for (unsigned i = first; i < first + count && os_current(storm.os) == task; i++)
        if (p->page[i].prot & (acc == ACC_WRITE ? 2 : 1))
            touch(p, i, acc);
}

#endif
