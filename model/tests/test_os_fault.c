/* Demand paging: what a first touch maps, copy on write, rights, stack growth, refusals; the oracle judges the page
 * tables. */
#include "os_machine.h"

static const uint64_t BASE = 0x7f0000000000;
static struct machine machine;

static struct machine *fresh(const struct os_config *config)
{
    machine_init(&machine, config);
    return &machine;
}

static void boot_order_and_values(void **state)
{
    (void)state;
    for (unsigned features = 0; features < 4; features++) {
        struct os_config config = machine_4k;
        config.pcid = features & 1;
        config.la57 = features & 2;
        struct physmem *pm = physmem_new(46);
        struct os *os = os_new(pm, &config);
        struct os_control op[5];
        for (unsigned i = 0; i < 4; i++)
            assert_true(os_control(os, &op[i]));
        assert_false(os_control(os, &op[4]));
        assert_int_equal(op[0].op, CTL_MOV_CR4);
        assert_int_equal(op[0].data & (1 << 7 | 1 << 12 | 1 << 17),
                         1 << 7 | (config.la57 ? 1 << 12 : 0) | (config.pcid ? 1 << 17 : 0));
        assert_int_equal(op[1].op, CTL_WRMSR_EFER);
        assert_true(op[1].data >> 11 & 1);
        assert_int_equal(op[2].op, CTL_MOV_CR0);
        assert_true(op[2].data >> 16 & 1);
        assert_int_equal(op[3].op, CTL_MOV_CR3);
        assert_int_equal(op[3].data & 0xfff, config.pcid ? 1 : 0);
        assert_true(op[3].data >> 12 != 0 && op[3].data < config.ram_bytes);
        os_free(os);
        physmem_free(pm);
    }
}

static void reads_share_the_zero_page(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_anon(m, BASE, 0x10000, RW_);
    uint64_t zero = pa_of(m, BASE, ACC_READ);
    assert_int_equal(pa_of(m, BASE + 0x3008, ACC_READ), zero + 8);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    assert_int_equal(os_counts(m->os)->minor_faults, 2);
    struct oracle_result write = look(m, BASE, ACC_WRITE);
    assert_int_equal(write.err, PF_P | PF_W | PF_U);
    machine_end(m);
}

static void writing_the_zero_page_gives_a_new_frame(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_anon(m, BASE, 0x10000, RW_);
    uint64_t zero = pa_of(m, BASE, ACC_READ);
    pa_of(m, BASE + 0x1000, ACC_READ);
    machine_forget(m);
    uint64_t own = pa_of(m, BASE, ACC_WRITE);
    assert_true(own != zero);
    assert_int_equal(pa_of(m, BASE, ACC_READ), own);
    assert_int_equal(pa_of(m, BASE + 0x1000, ACC_READ), zero);
    assert_int_equal(m->done_count, 1); /* the frame changed: exactly one INVLPG */
    assert_int_equal(m->done[0].op, CTL_INVLPG);
    assert_int_equal(m->done[0].data, BASE);
    assert_int_equal(os_counts(m->os)->cow_faults, 1);
    assert_int_equal(os_counts(m->os)->data_frames, 1);
    machine_end(m);
}

static void first_write_maps_a_fresh_frame_without_invalidation(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_anon(m, BASE, 0x10000, RW_);
    machine_forget(m);
    uint64_t a = pa_of(m, BASE, ACC_WRITE), b = pa_of(m, BASE + 0x1000, ACC_WRITE);
    assert_true(a != b);
    assert_int_equal(m->done_count, 0);
    assert_int_equal(os_counts(m->os)->minor_faults, 2);
    assert_int_equal(os_counts(m->os)->cow_faults, 0);
    machine_end(m);
}

/* P, RW, US, XD as the mapping says; A and D are left to the hardware; upper entries P RW US. */
static void entries_have_the_bits_of_the_mapping(void **state)
{
    (void)state;
    static const struct {
        unsigned prot;
        uint64_t bits;
    } want[] = {
        {RW_, (uint64_t)1 << 63 | 7},
        {RWX_, 7},
        {2, (uint64_t)1 << 63 | 7},
    };
    for (unsigned i = 0; i < 3; i++) {
        struct machine *m = fresh(&machine_4k);
        map_anon(m, BASE, 0x1000, want[i].prot);
        assert_int_equal(os_fault(m->os, BASE, PF_W | PF_U), OS_RETRY);
        struct oracle_result r = look(m, BASE, ACC_READ);
        assert_int_equal(r.steps, 4);
        assert_int_equal(r.step[3].value & ~(uint64_t)0xffffffffff000, want[i].bits);
        for (unsigned s = 0; s < 3; s++)
            assert_int_equal(r.step[s].value & 0xfff, 7);
        machine_end(m);
    }
}

static void file_pages_are_shared_until_written(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_file(m, BASE, 0x4000, RW_, 2, 3, 0);                /* private */
    map_file(m, BASE + 0x10000, 0x4000, RX_, 2, 3, 0x1000); /* the same file, one page on */
    map_file(m, BASE + 0x20000, 0x4000, RW_, 1, 3, 0);      /* shared */
    uint64_t page1 = pa_of(m, BASE + 0x1000, ACC_READ);
    assert_int_equal(pa_of(m, BASE + 0x10000, ACC_EXECUTE), page1);
    assert_int_equal(pa_of(m, BASE + 0x21000, ACC_WRITE), page1); /* a shared mapping writes the page itself */
    assert_int_equal(os_counts(m->os)->data_frames, 1);
    uint64_t copy = pa_of(m, BASE + 0x1000, ACC_WRITE);
    assert_true(copy != page1);
    assert_int_equal(os_counts(m->os)->cow_faults, 1);
    assert_int_equal(pa_of(m, BASE + 0x10000, ACC_READ), page1);
    uint64_t direct = pa_of(m, BASE + 0x2000, ACC_WRITE); /* never read: at once a private copy */
    assert_true(direct != pa_of(m, BASE + 0x22000, ACC_READ));
    assert_int_equal(os_counts(m->os)->data_frames, 4);
    call(m, SYS_MUNMAP, BASE, 0x4000, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 2); /* the cache keeps what others map */
    call(m, SYS_MUNMAP, BASE + 0x10000, 0x4000, 0, 0, 0);
    call(m, SYS_MUNMAP, BASE + 0x20000, 0x4000, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    machine_end(m);
}

static void neighbours_of_one_file_keep_their_offsets(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_file(m, BASE, 0x1000, R_, 2, 3, 0);
    map_file(m, BASE + 0x1000, 0x1000, R_, 2, 3, 0x5000);
    map_file(m, BASE + 0x100000, 0x8000, R_, 2, 3, 0);
    assert_int_equal(pa_of(m, BASE + 0x1000, ACC_READ), pa_of(m, BASE + 0x105000, ACC_READ));
    assert_int_equal(pa_of(m, BASE, ACC_READ), pa_of(m, BASE + 0x100000, ACC_READ));
    machine_end(m);
}

static void descriptors_name_files(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    call(m, 257, 0, 0, 0, 0, 3); /* openat = 3 */
    map_file(m, BASE, 0x1000, R_, 2, 3, 0);
    call(m, 32, 3, 0, 0, 0, 5); /* dup(3) = 5 */
    map_file(m, BASE + 0x10000, 0x1000, R_, 2, 5, 0);
    call(m, 3, 3, 0, 0, 0, 0); /* close(3), and 3 is another file from now on */
    call(m, 257, 0, 0, 0, 0, 3);
    map_file(m, BASE + 0x20000, 0x1000, R_, 2, 3, 0);
    uint64_t pa = pa_of(m, BASE, ACC_READ);
    assert_int_equal(pa_of(m, BASE + 0x10000, ACC_READ), pa);
    assert_true(pa_of(m, BASE + 0x20000, ACC_READ) != pa);
    call(m, 3, 5, 0, 0, 0, 0); /* close(5), and 5 comes back in a way that the trace does not tell */
    map_file(m, BASE + 0x30000, 0x1000, R_, 2, 5, 0);
    assert_true(pa_of(m, BASE + 0x30000, ACC_READ) != pa);
    machine_end(m);
}

static void anonymous_shared_memory_is_never_copied(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    call(m, SYS_MMAP, 0, 0x2000, RW_, SHARED_ANON, BASE);
    uint64_t pa = pa_of(m, BASE, ACC_READ);
    assert_int_equal(pa_of(m, BASE, ACC_WRITE), pa);
    assert_int_equal(os_counts(m->os)->cow_faults, 0);
    machine_end(m);
}

static void accesses_against_the_mapping_are_refused(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_anon(m, BASE, 0x1000, R_);
    map_anon(m, BASE + 0x10000, 0x1000, 0);
    assert_true(os_map(m->os, 0x400000, 0x401000, OS_READ | OS_EXEC, OS_FILE, "/bin/true"));
    assert_true(is_refused(m, BASE, ACC_WRITE));
    assert_non_null(strstr(os_error(m->os), "write by user at 0x7f0000000000"));
    assert_non_null(strstr(os_error(m->os), "0x7f0000000000-0x7f0000001000 r--p"));
    pa_of(m, BASE, ACC_READ);
    assert_true(is_refused(m, BASE, ACC_WRITE)); /* present, and still refused */
    assert_true(is_refused(m, BASE, ACC_EXECUTE));
    assert_true(is_refused(m, BASE + 0x10000, ACC_READ));
    assert_true(is_refused(m, BASE + 0x1000, ACC_READ));
    assert_non_null(strstr(os_error(m->os), "nothing is mapped there"));
    assert_true(is_refused(m, 0x400ff8, ACC_WRITE));
    assert_non_null(strstr(os_error(m->os), "/bin/true"));
    pa_of(m, 0x400ff8, ACC_EXECUTE);
    assert_true(is_refused(m, 0xffff800000000000, ACC_READ)); /* the kernel half is not mapped */
    assert_int_equal(os_fault(m->os, 0x800000000000, PF_U), OS_SEGV);
    assert_non_null(strstr(os_error(m->os), "canonical"));
    assert_int_equal(os_fault(m->os, BASE, PF_P | PF_U | PF_RSVD), OS_SEGV);
    assert_non_null(strstr(os_error(m->os), "reserved"));
    machine_end(m);
}

static void a_fault_without_cause_is_spurious(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_anon(m, BASE, 0x1000, RW_);
    pa_of(m, BASE, ACC_WRITE);
    machine_forget(m);
    uint64_t generation = physmem_generation(m->pm);
    assert_int_equal(os_fault(m->os, BASE, PF_P | PF_W | PF_U), OS_RETRY);
    assert_int_equal(os_counts(m->os)->spurious_faults, 1);
    assert_int_equal(physmem_generation(m->pm), generation);
    machine_end(m);
}

static void a_foreign_change_of_the_tables_is_reported(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    map_anon(m, BASE, 0x1000, RW_);
    pa_of(m, BASE, ACC_WRITE);
    struct oracle_result r = look(m, BASE, ACC_READ);
    physmem_modify(m->pm, r.step[3].pa, 2, 0); /* somebody took RW away from a page of the process's own */
    m->tlb_count = 0;
    assert_int_equal(os_fault(m->os, BASE, PF_P | PF_W | PF_U), OS_SEGV);
    assert_non_null(strstr(os_error(m->os), "not as the kernel left it"));
    machine_end(m);
}

static void the_stack_grows_to_its_limit(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    uint64_t top = 0x7ffffffde000 + 0x21000;
    assert_true(os_map(m->os, 0x7ffffffde000, top, OS_READ | OS_WRITE, OS_STACK | OS_GROWSDOWN, "[stack]"));
    pa_of(m, top - 8, ACC_WRITE);
    pa_of(m, 0x7ffffffdd000, ACC_WRITE);
    pa_of(m, top - (8 << 20), ACC_WRITE);
    assert_true(is_refused(m, top - (8 << 20) - 8, ACC_WRITE));
    assert_non_null(strstr(os_error(m->os), "cannot grow down so far"));
    machine_end(m);
}

static void the_stack_keeps_its_distance(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    assert_true(
        os_map(m->os, BASE + 0x400000, BASE + 0x401000, OS_READ | OS_WRITE, OS_STACK | OS_GROWSDOWN, "[stack]"));
    map_anon(m, BASE + 0x200000, 0x1000, RW_);
    pa_of(m, BASE + 0x201000 + 0x100000, ACC_WRITE);
    assert_true(is_refused(m, BASE + 0x201000 + 0xff000, ACC_WRITE)); /* 256 pages of gap */
    machine_end(m);
}

static void foreign_traces_map_what_they_touch(void **state)
{
    (void)state;
    struct os_config config = machine_4k;
    config.implicit_map = true;
    struct machine *m = fresh(&config);
    uint64_t a = pa_of(m, 0x1000, ACC_WRITE);
    assert_int_equal(pa_of(m, 0x1234, ACC_EXECUTE), a + 0x234);
    pa_of(m, 0xffffffff81000000, ACC_READ);
    map_anon(m, BASE, 0x3000, R_);
    pa_of(m, BASE + 0x1000, ACC_READ);
    pa_of(m, BASE + 0x1000, ACC_WRITE); /* against the mapping: the page gets the right */
    pa_of(m, BASE + 0x1000, ACC_EXECUTE);
    assert_int_equal(look(m, BASE + 0x2000, ACC_READ).kind, KIND_PF);
    map_anon(m, BASE + 0x1000, 0x1000, RW_); /* a mapping may land on what was touched */
    call(m, SYS_MPROTECT, BASE, 0x10000, R_, 0, 0);
    pa_of(m, BASE + 0x1000, ACC_WRITE);
    pa_of(m, BASE - 8, ACC_WRITE);                    /* between two mappings */
    assert_true(is_refused(m, UINT64_MAX, ACC_READ)); /* only the very last page cannot be had */
    pa_of(m, UINT64_MAX - 0x1000, ACC_READ);
    machine_end(m);

    config.pages = OS_PAGES_2M; /* and large pages are used */
    m = fresh(&config);
    pa_of(m, BASE + 0x12345, ACC_WRITE);
    assert_int_equal(look(m, BASE, ACC_READ).size, SIZE_2M);
    machine_end(m);
}

static void out_of_memory_is_said(void **state)
{
    (void)state;
    struct os_config config = machine_4k;
    config.ram_bytes = 4 << 20;
    struct machine *m = fresh(&config);
    map_anon(m, BASE, 16 << 20, RW_);
    struct oracle_result r;
    uint64_t va = BASE;
    while (touch(m, va, ACC_WRITE, &r) == OS_RETRY)
        va += MACHINE_PAGE;
    assert_int_equal(os_fault(m->os, va, PF_W | PF_U), OS_OOM);
    assert_non_null(strstr(os_error(m->os), "out of memory"));
    uint64_t used = os_counts(m->os)->data_frames + os_counts(m->os)->table_frames;
    assert_in_range(used, 1020, 1024); /* nearly every frame was put to use */
    call(m, SYS_MUNMAP, BASE, 16 << 20, 0, 0, 0);
    assert_int_equal(os_counts(m->os)->data_frames, 0);
    assert_int_equal(os_counts(m->os)->table_frames, 1);
    machine_end(m);
}

static void initial_layout_is_checked(void **state)
{
    (void)state;
    struct machine *m = fresh(&machine_4k);
    assert_true(os_map(m->os, 0x400000, 0x500000, OS_READ, 0, NULL));
    assert_false(os_map(m->os, 0x4ff000, 0x600000, OS_READ, 0, "x"));
    assert_non_null(strstr(os_error(m->os), "overlaps 0x400000-0x500000"));
    assert_false(os_map(m->os, 0x600800, 0x700000, OS_READ, 0, "x"));
    assert_non_null(strstr(os_error(m->os), "page aligned"));
    assert_false(os_map(m->os, 0x600000, 0x600000, OS_READ, 0, "x"));
    assert_false(os_map(m->os, (uint64_t)1 << 47, ((uint64_t)1 << 47) + 0x1000, OS_READ, 0, "x"));
    assert_non_null(strstr(os_error(m->os), "canonical for 48-bit"));
    assert_true(os_map(m->os, 0xffffffffff600000, 0xffffffffff601000, OS_EXEC, 0, "[vsyscall]"));
    pa_of(m, 0xffffffffff600000, ACC_EXECUTE);
    machine_end(m);

    struct os_config config = machine_4k;
    config.la57 = true;
    m = fresh(&config);
    assert_true(os_map(m->os, (uint64_t)1 << 55, ((uint64_t)1 << 55) + 0x1000, OS_READ, 0, "x"));
    assert_int_equal(look(m, (uint64_t)1 << 55, ACC_READ).steps, 1);
    pa_of(m, (uint64_t)1 << 55, ACC_READ);
    assert_int_equal(look(m, (uint64_t)1 << 55, ACC_READ).steps, 5);
    machine_end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_order_and_values),
        cmocka_unit_test(reads_share_the_zero_page),
        cmocka_unit_test(writing_the_zero_page_gives_a_new_frame),
        cmocka_unit_test(first_write_maps_a_fresh_frame_without_invalidation),
        cmocka_unit_test(entries_have_the_bits_of_the_mapping),
        cmocka_unit_test(file_pages_are_shared_until_written),
        cmocka_unit_test(neighbours_of_one_file_keep_their_offsets),
        cmocka_unit_test(descriptors_name_files),
        cmocka_unit_test(anonymous_shared_memory_is_never_copied),
        cmocka_unit_test(accesses_against_the_mapping_are_refused),
        cmocka_unit_test(a_fault_without_cause_is_spurious),
        cmocka_unit_test(a_foreign_change_of_the_tables_is_reported),
        cmocka_unit_test(the_stack_grows_to_its_limit),
        cmocka_unit_test(the_stack_keeps_its_distance),
        cmocka_unit_test(foreign_traces_map_what_they_touch),
        cmocka_unit_test(out_of_memory_is_said),
        cmocka_unit_test(initial_layout_is_checked),
    };
    return cmocka_run_group_tests_name("os fault", tests, NULL, NULL);
}
