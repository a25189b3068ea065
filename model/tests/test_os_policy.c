/* Page policies: where 2-MByte and 1-GByte pages are used, how they are split, moved and given back. */
#include "os_machine.h"

static const uint64_t BASE = 0x7f0000000000; /* aligned to 1 GiB */
static const uint64_t M2 = 0x200000, G1 = 0x40000000;
static struct machine machine;

static struct machine *fresh(enum os_page_policy pages, uint64_t ram)
{
    struct os_config config = machine_4k;
    config.pages = pages;
    config.ram_bytes = ram;
    machine_init(&machine, &config);
    return &machine;
}

static unsigned size_at(struct machine *m, uint64_t va, uint8_t acc)
{
    struct oracle_result r;
    if (touch(m, va, acc, &r) != OS_RETRY)
        fail_msg("%s", os_error(m->os));
    return r.size;
}

static void four_k_stays_small(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_4K, G1);
    map_anon(m, BASE, 4 * M2, RW_);
    assert_int_equal(size_at(m, BASE, ACC_WRITE), SIZE_4K);
    machine_end(m);
}

static void two_m_where_the_mapping_covers_it(void **state)
{
    (void)state;
    static const enum os_page_policy policy[] = {OS_PAGES_2M, OS_PAGES_THP};
    for (unsigned i = 0; i < 2; i++) {
        struct machine *m = fresh(policy[i], G1);
        map_anon(m, BASE + M2 - 0x1000, 2 * M2, RW_); /* a small page, one aligned 2 MiB, and the rest */
        assert_int_equal(size_at(m, BASE + M2 - 8, ACC_WRITE), SIZE_4K);
        assert_int_equal(size_at(m, BASE + M2 + 0x12345, ACC_WRITE), SIZE_2M);
        assert_int_equal(size_at(m, BASE + 2 * M2, ACC_WRITE), SIZE_4K);
        assert_int_equal(os_counts(m->os)->minor_faults, 3);
        assert_int_equal(os_counts(m->os)->data_frames, 514);
        assert_int_equal(size_at(m, BASE + 2 * M2 - 8, ACC_WRITE), SIZE_2M);
        assert_int_equal(os_counts(m->os)->minor_faults, 3);
        call(m, SYS_MUNMAP, BASE, 4 * M2, 0, 0, 0);
        assert_int_equal(os_counts(m->os)->data_frames, 0);
        assert_int_equal(os_counts(m->os)->table_frames, 1);
        machine_end(m);
    }
}

static void one_g_then_two_m_then_four_k(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_1G, 8 * G1);
    map_anon(m, BASE - M2 - 0x1000, G1 + 2 * M2, RW_);
    assert_int_equal(size_at(m, BASE - M2 - 8, ACC_WRITE), SIZE_4K);
    assert_int_equal(size_at(m, BASE - 8, ACC_WRITE), SIZE_2M);
    assert_int_equal(size_at(m, BASE + G1 / 2, ACC_READ), SIZE_1G);
    struct oracle_result r = look(m, BASE, ACC_WRITE);
    assert_int_equal(r.addr % G1, 0);
    assert_int_equal(r.steps, 2);
    assert_int_equal(os_counts(m->os)->data_frames, 1 + 512 + 262144);
    call(m, SYS_MUNMAP, BASE - M2 - 0x1000, G1 + 2 * M2, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 1);
    machine_end(m);

    struct os_config config = machine_4k; /* a CPU without 1-GByte pages */
    config.pages = OS_PAGES_1G;
    config.page_1g = false;
    machine_init(m, &config);
    map_anon(m, BASE, G1, RW_);
    assert_int_equal(size_at(m, BASE, ACC_WRITE), SIZE_2M);
    machine_end(m);
}

static void without_large_frames_smaller_ones_do(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_1G, 16 * M2); /* 32 MiB: no 1-GiB frame, and soon no 2-MiB frame */
    map_anon(m, BASE, G1, RW_);
    assert_int_equal(size_at(m, BASE, ACC_WRITE), SIZE_2M);
    unsigned i = 1;
    while (size_at(m, BASE + i * M2, ACC_WRITE) == SIZE_2M)
        i++;
    assert_in_range(i, 8, 15);
    machine_end(m);
}

static void files_are_mapped_small(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_2M, G1);
    map_file(m, BASE, 4 * M2, RW_, 2, 3, 0);
    assert_int_equal(size_at(m, BASE, ACC_READ), SIZE_4K);
    assert_int_equal(size_at(m, BASE, ACC_WRITE), SIZE_4K);
    machine_end(m);
}

static void a_region_with_small_pages_stays_small(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_2M, G1);
    map_anon(m, BASE, 0x10000, RW_);
    assert_int_equal(size_at(m, BASE, ACC_WRITE), SIZE_4K);
    map_anon(m, BASE + 0x10000, 2 * M2 - 0x10000, RW_); /* joins: now all of the 2 MiB is covered */
    assert_int_equal(size_at(m, BASE + 0x20000, ACC_WRITE), SIZE_4K);
    assert_int_equal(size_at(m, BASE + M2, ACC_WRITE), SIZE_2M);
    machine_end(m);
}

static void thp_reads_share_one_large_zero_page(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_THP, G1);
    map_anon(m, BASE, 4 * M2, RW_);
    uint64_t zero = pa_of(m, BASE, ACC_READ);
    assert_int_equal(look(m, BASE, ACC_READ).size, SIZE_2M);
    assert_int_equal(pa_of(m, BASE + M2, ACC_READ), zero);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    machine_forget(m);
    assert_int_equal(size_at(m, BASE + 0x5000, ACC_WRITE), SIZE_2M);
    assert_int_equal(m->done_count, 1);
    assert_int_equal(m->done[0].op, CTL_INVLPG);
    assert_true(pa_of(m, BASE, ACC_READ) != zero);
    assert_int_equal(os_counts(m->os)->data_frames, 512);
    call(m, SYS_MUNMAP, BASE + M2 + 0x1000, 0x1000, 0, 0, 0); /* splitting the zero page makes small zero pages of it */
    assert_int_equal(look(m, BASE + M2, ACC_READ).size, SIZE_4K);
    pa_of(m, BASE + M2, ACC_WRITE);
    assert_int_equal(os_counts(m->os)->data_frames, 513);
    call(m, SYS_MUNMAP, BASE, 4 * M2, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    machine_end(m);
}

static void thp_splits_the_zero_page_when_large_frames_are_gone(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_THP, 16 * M2);
    map_anon(m, BASE, 64 * M2, RW_);
    uint64_t read = BASE + 32 * M2;
    pa_of(m, read, ACC_READ);
    for (unsigned i = 0; size_at(m, BASE + i * M2, ACC_WRITE) == SIZE_2M; i++)
        ;
    assert_int_equal(size_at(m, read + 0x3000, ACC_WRITE), SIZE_4K);
    assert_int_equal(look(m, read, ACC_WRITE).kind, KIND_PF);
    assert_int_equal(look(m, read, ACC_READ).size, SIZE_4K);
    machine_end(m);
}

static void partial_unmap_splits(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_1G, 2 * G1); /* one 1-GiB frame */
    map_anon(m, BASE, G1, RW_);
    uint64_t pa = pa_of(m, BASE, ACC_WRITE);
    call(m, SYS_MUNMAP, BASE + 5 * M2 + 0x3000, 0x2000, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 262144 - 2);
    assert_int_equal(pa_of(m, BASE + 4 * M2, ACC_WRITE), pa + 4 * M2);
    assert_int_equal(look(m, BASE + 4 * M2, ACC_READ).size, SIZE_2M);
    assert_int_equal(pa_of(m, BASE + 5 * M2 + 0x2008, ACC_WRITE), pa + 5 * M2 + 0x2008);
    assert_int_equal(look(m, BASE + 5 * M2, ACC_READ).size, SIZE_4K);
    assert_true(is_refused(m, BASE + 5 * M2 + 0x3000, ACC_READ));
    call(m, SYS_MUNMAP, BASE, G1, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    map_anon(m, BASE, G1, RW_); /* and the frame is whole again */
    assert_int_equal(size_at(m, BASE, ACC_WRITE), SIZE_1G);
    machine_end(m);
}

/* A and D of the large page are those of each small one; each image keeps its own. */
static void splitting_keeps_accessed_and_dirty(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_2M, G1);
    map_anon(m, BASE, M2, RW_);
    map_anon(m, BASE + M2, M2, RW_);
    pa_of(m, BASE, ACC_WRITE);
    pa_of(m, BASE + M2, ACC_READ);
    uint64_t pde = look(m, BASE + M2, ACC_READ).step[2].pa, pa, hw, oracle;
    physmem_write_image(m->pm, IMAGE_ORACLE, pde,
                        physmem_read(m->pm, IMAGE_HW, pde) & ~(uint64_t)0x20); /* a defect: A set too early */
    call(m, SYS_MPROTECT, BASE + 0x5000, 0x1000, R_, 0, 0);
    call(m, SYS_MPROTECT, BASE + M2 + 0x5000, 0x1000, R_, 0, 0);
    struct oracle_result written = look(m, BASE + 0x5000, ACC_READ), read = look(m, BASE + M2 + 0x6000, ACC_READ);
    assert_int_equal(written.step[3].value & 0xfff, 0x65); /* P US A D */
    assert_int_equal(read.step[3].value & 0xfff, 0x07);    /* P RW US, and A in the other image */
    assert_int_equal(physmem_read(m->pm, IMAGE_HW, read.step[3].pa) & 0xfff, 0x27);
    assert_true(physmem_compare(m->pm, UINT64_MAX, &pa, &hw, &oracle));
    call(m, SYS_MUNMAP, BASE + M2, M2, 0, 0, 0);
    assert_true(is_refused(m, BASE + 0x5000, ACC_WRITE));
    machine_end(m);
}

static void whole_large_pages_move_whole_others_are_split(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_1G, 8 * G1);
    map_anon(m, BASE, G1, RW_);
    uint64_t pa = pa_of(m, BASE, ACC_WRITE), to = BASE + 2 * G1;
    call(m, SYS_MREMAP, BASE, G1, G1, 1, to);
    assert_int_equal(look(m, to, ACC_READ).size, SIZE_1G);
    assert_int_equal(look(m, to, ACC_READ).addr, pa);
    call(m, SYS_MREMAP, to, G1, G1, 1, BASE + M2); /* off by 2 MiB */
    assert_int_equal(look(m, BASE + M2, ACC_READ).size, SIZE_2M);
    assert_int_equal(look(m, BASE + 7 * M2 + 8, ACC_READ).addr, pa + 6 * M2 + 8);
    call(m, SYS_MREMAP, BASE + M2, 8 * M2, 8 * M2, 1, to + 0x1000); /* off by a small page */
    assert_int_equal(look(m, to + 0x1000, ACC_READ).size, SIZE_4K);
    assert_int_equal(look(m, to + 0x1000 + 7 * M2 + 0x3008, ACC_READ).addr, pa + 7 * M2 + 0x3008);
    assert_int_equal(look(m, BASE + 9 * M2, ACC_READ).size, SIZE_2M);
    assert_int_equal(os_counts(m->os)->data_frames, 262144);
    call(m, SYS_MUNMAP, BASE, 4 * G1, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 1);
    machine_end(m);
}

static void a_one_g_page_moved_by_a_small_page_is_split_throughout(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_1G, 8 * G1);
    map_anon(m, BASE, G1, RW_);
    uint64_t pa = pa_of(m, BASE, ACC_WRITE), to = BASE + 4 * G1 + 0x1000;
    call(m, SYS_MREMAP, BASE, G1, G1, 1, to);
    for (uint64_t offset = 0; offset < G1; offset += M2 + 0x7000)
        assert_int_equal(look(m, to + offset, ACC_READ).addr, pa + offset);
    assert_int_equal(look(m, to + G1 - 0x1000, ACC_READ).addr, pa + G1 - 0x1000);
    call(m, SYS_MUNMAP, to, G1, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 1);
    machine_end(m);
}

static void large_pages_are_invalidated_one_by_one(void **state)
{
    (void)state;
    struct machine *m = fresh(OS_PAGES_2M, G1);
    map_anon(m, BASE, 40 * M2, RW_);
    for (unsigned i = 0; i < 33; i++)
        pa_of(m, BASE + i * M2, ACC_WRITE);
    machine_forget(m);
    call(m, SYS_MPROTECT, BASE, 33 * M2, R_, 0, 0);
    assert_int_equal(m->done_count, 33);
    for (unsigned i = 0; i < 33; i++)
        assert_int_equal(m->done[i].data, BASE + i * M2);
    machine_end(m);
}

static void small_installed_memory_stays_below_the_address_width(void **state)
{
    (void)state;
    struct os_config config = machine_4k;
    config.paddr_bits = 36;
    config.ram_bytes = (uint64_t)1 << 50; /* more than can be addressed */
    struct machine *m = &machine;
    machine_init(m, &config);
    map_anon(m, BASE, 2000 * MACHINE_PAGE, RW_);
    for (unsigned i = 0; i < 2000; i++)
        assert_true(pa_of(m, BASE + i * (uint64_t)MACHINE_PAGE, ACC_WRITE) >> 36 == 0);
    machine_end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_k_stays_small),
        cmocka_unit_test(two_m_where_the_mapping_covers_it),
        cmocka_unit_test(one_g_then_two_m_then_four_k),
        cmocka_unit_test(without_large_frames_smaller_ones_do),
        cmocka_unit_test(files_are_mapped_small),
        cmocka_unit_test(a_region_with_small_pages_stays_small),
        cmocka_unit_test(thp_reads_share_one_large_zero_page),
        cmocka_unit_test(thp_splits_the_zero_page_when_large_frames_are_gone),
        cmocka_unit_test(partial_unmap_splits),
        cmocka_unit_test(splitting_keeps_accessed_and_dirty),
        cmocka_unit_test(whole_large_pages_move_whole_others_are_split),
        cmocka_unit_test(a_one_g_page_moved_by_a_small_page_is_split_throughout),
        cmocka_unit_test(large_pages_are_invalidated_one_by_one),
        cmocka_unit_test(small_installed_memory_stays_below_the_address_width),
    };
    return cmocka_run_group_tests_name("os policy", tests, NULL, NULL);
}
