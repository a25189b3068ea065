/* mmap, munmap, mprotect, brk, madvise: the mappings, the page tables as the oracle sees them, and the control
 * operations owed. */
#include "os_machine.h"

static const uint64_t BASE = 0x7f0000000000;
static struct machine machine;

static struct machine *fresh(void)
{
    machine_init(&machine, &machine_4k);
    return &machine;
}

static void munmap_frees_pages_and_tables(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x8000, RW_);
    write_pages(m, BASE, 8);
    assert_int_equal(os_counts(m->os)->table_frames, 4);
    call(m, SYS_MUNMAP, BASE, 0x8000, 0, 0, 0);
    check_invlpg(m, BASE, 8);
    check_empty(m);
    assert_true(is_refused(m, BASE, ACC_READ));
    machine_end(m);
}

static void munmap_in_the_middle_splits(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x8000, RW_);
    write_pages(m, BASE, 8);
    uint64_t left = look(m, BASE + 0x2000, ACC_READ).addr, right = look(m, BASE + 0x5000, ACC_READ).addr;
    call(m, SYS_MUNMAP, BASE + 0x3000, 0x1800, 0, 0, 0); /* the length is rounded up */
    check_invlpg(m, BASE + 0x3000, 2);
    assert_int_equal(pa_of(m, BASE + 0x2000, ACC_WRITE), left);
    assert_int_equal(pa_of(m, BASE + 0x5000, ACC_WRITE), right);
    assert_true(is_refused(m, BASE + 0x3000, ACC_READ));
    assert_true(is_refused(m, BASE + 0x4ff8, ACC_READ));
    assert_int_equal(os_counts(m->os)->data_frames, 6);
    call(m, SYS_MUNMAP, BASE, 0x8000, 0, 0, 0); /* holes are allowed */
    check_empty(m);
    machine_end(m);
}

static void munmap_of_untouched_pages_owes_nothing(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x8000, RW_);
    map_anon(m, BASE + 0x8000, 0x8000, R_);
    write_pages(m, BASE, 1);
    call(m, SYS_MUNMAP, BASE + 0x8000, 0x8000, 0, 0, 0);
    assert_int_equal(m->done_count, 0);
    machine_end(m);
}

/* The pages are gone already, but paging-structure caches may still point to the tables (SDM 3A 5.10.4.2). */
static void freed_tables_are_invalidated_too(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x1000, RW_);
    write_pages(m, BASE, 1);
    call(m, SYS_MADVISE, BASE, 0x1000, 4, 0, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 4);
    machine_forget(m);
    call(m, SYS_MUNMAP, BASE, 0x1000, 0, 0, 0);
    check_invlpg(m, BASE, 1);
    check_empty(m);
    machine_end(m);
}

/* Linux: up to 33 pages INVLPG each, 34 and more one MOV CR3 with the process's PCID and bit 63 clear. */
static void thirty_three_pages_one_by_one_more_at_once(void **state)
{
    (void)state;
    for (unsigned pages = 33; pages <= 34; pages++) {
        struct machine *m = fresh();
        map_anon(m, BASE, pages * MACHINE_PAGE, RW_);
        write_pages(m, BASE, pages);
        call(m, SYS_MUNMAP, BASE, pages * MACHINE_PAGE, 0, 0, 0);
        if (pages == 33) {
            check_invlpg(m, BASE, 33);
        } else {
            assert_int_equal(m->done_count, 1);
            assert_int_equal(m->done[0].op, CTL_MOV_CR3);
            assert_int_equal(m->done[0].data, m->regs.cr3);
        }
        check_empty(m);
        machine_end(m);
    }
}

static void mmap_fixed_replaces(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x8000, RW_);
    write_pages(m, BASE, 8);
    refused_call(m, "without being told to replace", SYS_MMAP, 0, 0x1000, R_, PRIVATE_ANON, BASE + 0x7000);
    call(m, SYS_MMAP, BASE + 0x2000, 0x2000, R_, PRIVATE_ANON | FIXED, BASE + 0x2000);
    check_invlpg(m, BASE + 0x2000, 2);
    assert_int_equal(look(m, BASE + 0x2000, ACC_READ).kind, KIND_PF);
    pa_of(m, BASE + 0x2000, ACC_READ);
    assert_true(is_refused(m, BASE + 0x3000, ACC_WRITE));
    assert_int_equal(os_counts(m->os)->data_frames, 6);
    machine_end(m);
}

static void mprotect_tightens_with_invalidation(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x8000, RW_);
    write_pages(m, BASE, 8);
    uint64_t pa = look(m, BASE + 0x3000, ACC_READ).addr;
    call(m, SYS_MPROTECT, BASE + 0x2000, 0x3000, R_, 0, 0);
    check_invlpg(m, BASE + 0x2000, 3);
    assert_int_equal(look(m, BASE + 0x3000, ACC_WRITE).err, PF_P | PF_W | PF_U);
    assert_true(is_refused(m, BASE + 0x3000, ACC_WRITE));
    assert_int_equal(pa_of(m, BASE + 0x3000, ACC_READ), pa);
    pa_of(m, BASE + 0x1000, ACC_WRITE);
    pa_of(m, BASE + 0x5000, ACC_WRITE);
    machine_end(m);
}

static void mprotect_relaxes_without_invalidation(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x4000, RW_);
    write_pages(m, BASE, 2);
    pa_of(m, BASE + 0x2000, ACC_READ); /* the zero page */
    uint64_t pa = look(m, BASE, ACC_READ).addr;
    call(m, SYS_MPROTECT, BASE, 0x4000, R_, 0, 0);
    machine_forget(m);
    call(m, SYS_MPROTECT, BASE, 0x4000, RWX_, 0, 0);
    assert_int_equal(m->done_count, 0);
    assert_int_equal(look(m, BASE, ACC_WRITE).addr, pa); /* at once writable and executable */
    assert_int_equal(look(m, BASE, ACC_EXECUTE).addr, pa);
    assert_int_equal(look(m, BASE + 0x2000, ACC_WRITE).kind, KIND_PF); /* the zero page never is */
    pa_of(m, BASE + 0x2000, ACC_WRITE);
    machine_forget(m);
    call(m, SYS_MPROTECT, BASE, 0x4000, RW_, 0, 0); /* taking execution away tightens */
    check_invlpg(m, BASE, 3);
    machine_end(m);
}

static void mprotect_none_keeps_the_pages(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x2000, RW_);
    write_pages(m, BASE, 2);
    uint64_t pa = look(m, BASE, ACC_READ).addr;
    call(m, SYS_MPROTECT, BASE, 0x2000, 0, 0, 0);
    check_invlpg(m, BASE, 2);
    struct oracle_result r = look(m, BASE, ACC_READ);
    assert_int_equal(r.err, PF_U);
    assert_true(r.step[3].value != 0);
    assert_true(is_refused(m, BASE, ACC_READ));
    call(m, SYS_MPROTECT, BASE, 0x1000, RW_, 0, 0);
    assert_int_equal(pa_of(m, BASE, ACC_WRITE), pa);
    call(m, SYS_MUNMAP, BASE, 0x2000, 0, 0, 0); /* also the page without rights is freed */
    check_empty(m);
    machine_end(m);
}

static void mprotect_carries_accessed_and_dirty_of_each_image(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x1000, RW_);
    pa_of(m, BASE, ACC_WRITE);
    uint64_t pte = look(m, BASE, ACC_READ).step[3].pa;
    physmem_write_image(m->pm, IMAGE_HW, pte,
                        physmem_read(m->pm, IMAGE_HW, pte) & ~(uint64_t)0x40); /* a hardware defect: D lost */
    call(m, SYS_MPROTECT, BASE, 0x1000, R_, 0, 0);
    assert_int_equal(physmem_read(m->pm, IMAGE_HW, pte) & 0x62, 0x20);
    assert_int_equal(physmem_read(m->pm, IMAGE_ORACLE, pte) & 0x62, 0x60); /* still to be seen */
    physmem_write(m->pm, pte, 0);
    m->tlb_count = 0;
    machine_end(m);
}

static void mprotect_can_reach_down_a_growing_mapping(void **state)
{
    (void)state;
    struct machine *m = fresh();
    assert_true(os_map(m->os, BASE, BASE + 0x4000, OS_READ | OS_WRITE, OS_STACK | OS_GROWSDOWN, "[stack]"));
    call(m, SYS_MPROTECT, BASE + 0x3000, 0x1000, 0x01000000 | RWX_, 0, 0);
    pa_of(m, BASE, ACC_EXECUTE);
    machine_end(m);
}

static void brk_grows_and_shrinks(void **state)
{
    (void)state;
    struct machine *m = fresh();
    uint64_t start = 0x555555800000;
    call(m, SYS_BRK, 0, 0, 0, 0, start);
    assert_true(is_refused(m, start, ACC_WRITE));
    call(m, SYS_BRK, start + 0x21000, 0, 0, 0, start + 0x21000);
    write_pages(m, start, 0x21);
    assert_true(is_refused(m, start + 0x21000, ACC_READ));
    call(m, SYS_BRK, start + 0x900000000000, 0, 0, 0, start + 0x21000); /* refused by Linux: the break stays */
    call(m, SYS_BRK, start + 0x10800, 0, 0, 0, start + 0x10800);        /* the page of the break itself stays */
    check_invlpg(m, start + 0x11000, 16);
    pa_of(m, start + 0x10ff8, ACC_WRITE);
    assert_true(is_refused(m, start + 0x11000, ACC_READ));
    assert_int_equal(os_counts(m->os)->data_frames, 17);
    refused_call(m, "below the start of the heap", SYS_BRK, start - 0x1000, 0, 0, 0, start - 0x1000);
    call(m, SYS_BRK, start, 0, 0, 0, start);
    check_empty(m);
    machine_end(m);
}

static void brk_starts_from_the_heap_of_the_layout(void **state)
{
    (void)state;
    struct machine *m = fresh();
    assert_true(os_map(m->os, 0x600000, 0x621000, OS_READ | OS_WRITE, OS_HEAP, "[heap]"));
    call(m, SYS_BRK, 0, 0, 0, 0, 0x621000);
    call(m, SYS_BRK, 0x700000, 0, 0, 0, 0x700000);
    write_pages(m, 0x620000, 2);
    refused_call(m, "below the start of the heap", SYS_BRK, 0, 0, 0, 0, 0x5ff000);
    machine_end(m);
}

static void madvise_dontneed_gives_pages_back(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x8000, RW_);
    write_pages(m, BASE, 8);
    call(m, SYS_MADVISE, BASE + 0x2000, 0x2000, 4, 0, 0);
    check_invlpg(m, BASE + 0x2000, 2);
    assert_int_equal(os_counts(m->os)->data_frames, 6);
    assert_int_equal(look(m, BASE + 0x2000, ACC_READ).kind, KIND_PF);
    pa_of(m, BASE + 0x2000, ACC_WRITE); /* still mapped */
    machine_forget(m);
    call(m, SYS_MADVISE, BASE, 0x8000, 14, 0, 0); /* other advice changes nothing */
    assert_int_equal(m->done_count, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 7);
    machine_end(m);
}

static void failed_and_unknown_calls_change_nothing(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x2000, RW_);
    write_pages(m, BASE, 2);
    uint64_t generation = physmem_generation(m->pm);
    call(m, SYS_MUNMAP, BASE, 0x2000, 0, 0, (uint64_t)-22);
    call(m, SYS_MMAP, BASE, 0x2000, RW_, PRIVATE_ANON | FIXED, (uint64_t)-12);
    call(m, SYS_MPROTECT, BASE, 0x2000, 0, 0, (uint64_t)-13);
    call(m, SYS_MREMAP, BASE, 0x2000, 0x4000, 0, (uint64_t)-12);
    call(m, 158, 0x1002, BASE, 0, 0, 0); /* arch_prctl */
    call(m, 100000, BASE, BASE, BASE, BASE, BASE);
    assert_int_equal(physmem_generation(m->pm), generation);
    assert_int_equal(m->done_count, 0);
    pa_of(m, BASE, ACC_WRITE);
    machine_end(m);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x2000, RW_);
    refused_call(m, "not page aligned", SYS_MMAP, 0, 0x1000, R_, PRIVATE_ANON, BASE + 0x10010);
    refused_call(m, "impossible length", SYS_MMAP, 0, 0, R_, PRIVATE_ANON, BASE + 0x10000);
    refused_call(m, "impossible length", SYS_MMAP, 0, UINT64_MAX, R_, PRIVATE_ANON, BASE + 0x10000);
    refused_call(m, "57-bit trace", SYS_MMAP, 0, 0x1000, R_, PRIVATE_ANON, (uint64_t)1 << 50);
    refused_call(m, "beyond user space", SYS_MUNMAP, 0x7ffffffff000, 0x1000, 0, 0, 0);
    refused_call(m, "beyond user space", SYS_MUNMAP, 0xffff800000000000, 0x1000, 0, 0, 0);
    refused_call(m, "not page aligned", SYS_MUNMAP, BASE + 1, 0x1000, 0, 0, 0);
    refused_call(m, "not mapped throughout", SYS_MPROTECT, BASE, 0x3000, R_, 0, 0);
    refused_call(m, "not inside one mapping", SYS_MREMAP, BASE + 0x1000, 0x2000, 0x3000, 0, BASE + 0x1000);
    refused_call(m, "beyond user space", SYS_BRK, 0, 0, 0, 0, 0x800000000000);
    call(m, SYS_MUNMAP, 0x7fffffffe000, 0x1000, 0, 0, 0); /* the last page of user space, and unmapped: fine */
    machine_end(m);
}

/* Without taking any: what is owed stays small, and one MOV CR3 stands for it. */
static void a_full_queue_becomes_one_flush(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x100000, RW_);
    write_pages(m, BASE, 256);
    for (unsigned i = 0; i < 200; i++) {
        const uint64_t arg[6] = {BASE + i * 0x1000u, 0x1000};
        assert_true(os_syscall(m->os, SYS_MUNMAP, arg, 0));
    }
    machine_controls(m); /* and the TLB is right */
    assert_true(m->done_count <= 128);
    assert_int_equal(m->done[0].op, CTL_MOV_CR3);

    struct physmem *pm = physmem_new(46); /* the operations of the boot are never lost */
    struct os *os = os_new(pm, &machine_4k);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t va = BASE + i * 0x1000u;
        const uint64_t map[6] = {0, 0x1000, RW_, PRIVATE_ANON}, unmap[6] = {va, 0x1000};
        assert_true(os_syscall(os, SYS_MMAP, map, (int64_t)va));
        assert_int_equal(os_fault(os, va, PF_W | PF_U), OS_RETRY);
        assert_true(os_syscall(os, SYS_MUNMAP, unmap, 0));
    }
    static const uint8_t first[] = {CTL_MOV_CR4, CTL_WRMSR_EFER, CTL_MOV_CR0, CTL_MOV_CR3};
    struct os_control op;
    for (unsigned i = 0; i < 4; i++) {
        assert_true(os_control(os, &op));
        assert_int_equal(op.op, first[i]);
    }
    os_free(os);
    physmem_free(pm);
    machine_end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(munmap_frees_pages_and_tables),
        cmocka_unit_test(munmap_in_the_middle_splits),
        cmocka_unit_test(munmap_of_untouched_pages_owes_nothing),
        cmocka_unit_test(freed_tables_are_invalidated_too),
        cmocka_unit_test(thirty_three_pages_one_by_one_more_at_once),
        cmocka_unit_test(mmap_fixed_replaces),
        cmocka_unit_test(mprotect_tightens_with_invalidation),
        cmocka_unit_test(mprotect_relaxes_without_invalidation),
        cmocka_unit_test(mprotect_none_keeps_the_pages),
        cmocka_unit_test(mprotect_carries_accessed_and_dirty_of_each_image),
        cmocka_unit_test(mprotect_can_reach_down_a_growing_mapping),
        cmocka_unit_test(brk_grows_and_shrinks),
        cmocka_unit_test(brk_starts_from_the_heap_of_the_layout),
        cmocka_unit_test(madvise_dontneed_gives_pages_back),
        cmocka_unit_test(failed_and_unknown_calls_change_nothing),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(a_full_queue_becomes_one_flush),
    };
    return cmocka_run_group_tests_name("os syscall", tests, NULL, NULL);
}
