/* Random programs against a page-by-page model of what Linux promises: rights, contents, no leak, no stale translation.
 *
 * Contents are simulated by one number a frame: a write puts a new number into the frame the oracle names, and a later
 * read of that page, wherever mremap has moved it, must find the number there. So lost, shared and mixed-up frames all
 * show. */
#include "mem/prng.h"
#include "os_machine.h"

enum { PAGES = 4096, RAM_FRAMES = 32768 };
static const uint64_t BASE = 0x7f0040000000;

struct page {
    bool mapped;
    unsigned prot;
    unsigned id;     /* pages of one mmap call; moved along by mremap */
    unsigned origin; /* which of them: neighbours are one mapping only when these are neighbours too */
    unsigned number; /* last number written; 0: none since the page was mapped */
};

static struct machine machine;
static struct page model[PAGES];
static unsigned frame_number[RAM_FRAMES];
static uint64_t random_state;
static unsigned last_id, last_number;

static unsigned below(unsigned bound)
{
    return (unsigned)prng_below(&random_state, bound);
}

static uint64_t va_of(unsigned page)
{
    return BASE + (uint64_t)page * MACHINE_PAGE;
}

/* A random range; now and then one that has room for large pages. */
static void pick_range(unsigned *first, unsigned *count)
{
    *count = 1 + below(below(4) ? 48 : 1500);
    *first = below(PAGES - *count + 1);
    if (*count > 512 && below(2))
        *first &= ~511u;
}

static void clear_range(unsigned first, unsigned count)
{
    memset(&model[first], 0, count * sizeof *model);
}

static unsigned pick_prot(void)
{
    static const unsigned prot[] = {R_, RW_, RW_, RW_, RX_, RWX_, 0};
    return prot[below(7)];
}

static void do_mmap(struct machine *m)
{
    unsigned first, count, prot = pick_prot();
    pick_range(&first, &count);
    if (below(3))
        call(m, SYS_MMAP, va_of(first), (uint64_t)count * MACHINE_PAGE, prot, PRIVATE_ANON | FIXED, va_of(first));
    else
        map_file(m, va_of(first), (uint64_t)count * MACHINE_PAGE, prot, 2 | FIXED, 3 + (int)below(2),
                 (uint64_t)below(64) << 12);
    last_id++;
    for (unsigned i = 0; i < count; i++)
        model[first + i] = (struct page){.mapped = true, .prot = prot, .id = last_id, .origin = i};
}

static void do_munmap(struct machine *m)
{
    unsigned first, count;
    pick_range(&first, &count);
    call(m, SYS_MUNMAP, va_of(first), (uint64_t)count * MACHINE_PAGE, 0, 0, 0);
    clear_range(first, count);
}

static void do_mprotect(struct machine *m)
{
    unsigned first, count, prot = pick_prot();
    pick_range(&first, &count);
    for (unsigned i = first; i < first + count; i++)
        if (!model[i].mapped) {
            refused_call(m, "not mapped throughout", SYS_MPROTECT, va_of(first), (uint64_t)count * MACHINE_PAGE, prot,
                         0, 0);
            return;
        }
    call(m, SYS_MPROTECT, va_of(first), (uint64_t)count * MACHINE_PAGE, prot, 0, 0);
    for (unsigned i = first; i < first + count; i++)
        model[i].prot = prot;
}

static void do_dontneed(struct machine *m)
{
    unsigned first, count;
    pick_range(&first, &count);
    call(m, SYS_MADVISE, va_of(first), (uint64_t)count * MACHINE_PAGE, 4, 0, 0);
    for (unsigned i = first; i < first + count; i++)
        model[i].number = 0;
}

/* Moves a stretch of one mapping with one set of rights; the new place may be shorter or longer, and replaces what is
 * there. */
static void do_mremap(struct machine *m)
{
    unsigned first = below(PAGES), count = 0, most = 1 + below(below(2) ? 40 : 1200), to, new_count;
    if (below(2))
        first &= ~511u;
    while (count < most && first + count < PAGES && model[first + count].mapped &&
           model[first + count].id == model[first].id && model[first + count].prot == model[first].prot &&
           model[first + count].origin == model[first].origin + count)
        count++;
    if (!count)
        return;
    new_count = 1 + below(count + 8);
    if (new_count > PAGES)
        new_count = PAGES;
    to = below(PAGES - new_count + 1);
    if (below(2))
        to = (to & ~511u) | (first & 511); /* congruent: large pages may move whole */
    if (to + new_count > PAGES || (to < first + count && first < to + new_count))
        return;
    struct page moved[PAGES];
    memcpy(moved, &model[first], count * sizeof *moved);
    for (unsigned i = count; i < new_count; i++)
        moved[i] =
            (struct page){.mapped = true, .prot = moved[0].prot, .id = moved[0].id, .origin = moved[0].origin + i};
    call(m, SYS_MREMAP, va_of(first), (uint64_t)count * MACHINE_PAGE, (uint64_t)new_count * MACHINE_PAGE, 3, va_of(to));
    clear_range(first, count);
    memcpy(&model[to], moved, new_count * sizeof *moved);
}

static void check_number(unsigned page, uint64_t pa)
{
    unsigned found = frame_number[pa >> 12];
    if (model[page].number && found != model[page].number)
        fail_msg("page %u at frame 0x%llx reads %u, expected %u", page, (unsigned long long)pa >> 12, found,
                 model[page].number);
}

static void do_touch(struct machine *m)
{
    unsigned page = below(PAGES), acc = below(3);
    const struct page *p = &model[page];
    bool allowed = p->mapped && (acc == ACC_READ ? p->prot != 0 : acc == ACC_WRITE ? p->prot & 2 : p->prot & 4);
    struct oracle_result r;
    enum os_outcome outcome = touch(m, va_of(page), (uint8_t)acc, &r);
    if (outcome != (allowed ? OS_RETRY : OS_SEGV))
        fail_msg("page %u access %u: outcome %d, %s", page, acc, outcome, os_error(m->os));
    if (!allowed)
        return;
    if (acc == ACC_WRITE)
        frame_number[r.addr >> 12] = model[page].number = ++last_number;
    else
        check_number(page, r.addr);
}

/* Every page with a number that can be read without a fault. */
static void check_all(struct machine *m)
{
    for (unsigned page = 0; page < PAGES; page++) {
        struct oracle_result r = look(m, va_of(page), ACC_READ);
        if (!model[page].mapped || !model[page].prot)
            assert_int_equal(r.kind, KIND_PF);
        else if (model[page].number)
            assert_int_equal(r.kind, KIND_OK);
        if (r.kind == KIND_OK)
            check_number(page, r.addr);
        if (r.kind == KIND_OK && !(model[page].prot & 4))
            assert_int_equal(look(m, va_of(page), ACC_EXECUTE).kind, KIND_PF);
        if (r.kind == KIND_OK && !(model[page].prot & 2))
            assert_int_equal(look(m, va_of(page), ACC_WRITE).kind, KIND_PF);
    }
    uint64_t pa, hw, oracle;
    assert_false(physmem_compare(m->pm, UINT64_MAX, &pa, &hw, &oracle));
}

static void run(enum os_page_policy pages, bool la57, uint64_t seed)
{
    struct os_config config = machine_4k;
    config.pages = pages;
    config.la57 = la57;
    config.ram_bytes = (uint64_t)RAM_FRAMES << 12;
    config.seed = seed;
    struct machine *m = &machine;
    machine_init(m, &config);
    memset(model, 0, sizeof model);
    memset(frame_number, 0, sizeof frame_number);
    random_state = seed;
    for (unsigned step = 0; step < 6000; step++) {
        unsigned dice = below(100);
        machine_forget(m);
        if (dice < 8)
            do_mmap(m);
        else if (dice < 11)
            do_munmap(m);
        else if (dice < 15)
            do_mprotect(m);
        else if (dice < 17)
            do_dontneed(m);
        else if (dice < 20)
            do_mremap(m);
        else
            do_touch(m);
        if (m->tlb_count > 500)
            tlb_drop(m, tlb_any, 0);
        if (step % 500 == 499)
            check_all(m);
    }
    call(m, SYS_MUNMAP, BASE, (uint64_t)PAGES * MACHINE_PAGE, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 1);
    assert_int_equal(physmem_bytes(m->pm), 8192);
    machine_end(m);
}

static void small_pages(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        run(OS_PAGES_4K, seed & 1, seed);
}

static void large_pages(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        run(OS_PAGES_2M, seed & 1, seed);
}

static void transparent_large_pages(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        run(OS_PAGES_THP, seed & 1, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_pages),
        cmocka_unit_test(large_pages),
        cmocka_unit_test(transparent_large_pages),
    };
    return cmocka_run_group_tests_name("os random", tests, NULL, NULL);
}
