/* mremap: in place, to another place, with everything that moves along. */
#include "os_machine.h"

static const uint64_t BASE = 0x7f0000000000;
static struct machine machine;

static struct machine *fresh(void)
{
    machine_init(&machine, &machine_4k);
    return &machine;
}

static void mremap_in_place(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_file(m, BASE, 0x4000, R_, 2, 3, 0);
    map_file(m, BASE + 0x100000, 0x10000, R_, 2, 3, 0);
    call(m, SYS_MREMAP, BASE, 0x4000, 0x6000, 0, BASE);
    assert_int_equal(pa_of(m, BASE + 0x5000, ACC_READ), pa_of(m, BASE + 0x105000, ACC_READ)); /* the file goes on */
    pa_of(m, BASE + 0x1000, ACC_READ);
    machine_forget(m);
    call(m, SYS_MREMAP, BASE, 0x6000, 0x2000, 0, BASE);
    check_invlpg(m, BASE + 0x5000, 1);
    assert_true(is_refused(m, BASE + 0x2000, ACC_READ));
    map_anon(m, BASE + 0x3000, 0x1000, R_);
    refused_call(m, "something else", SYS_MREMAP, BASE, 0x2000, 0x4000, 0, BASE);
    machine_end(m);
}

static void mremap_moves_entries_with_accessed_and_dirty(void **state)
{
    (void)state;
    struct machine *m = fresh();
    map_anon(m, BASE, 0x6000, RW_);
    write_pages(m, BASE, 3);
    pa_of(m, BASE + 0x3000, ACC_READ); /* the zero page; pages 4 and 5 stay empty */
    uint64_t pa[4], pte[4], new = BASE + 0x40000000;
    for (unsigned i = 0; i < 4; i++) {
        struct oracle_result r = look(m, BASE + i * 0x1000u, ACC_READ);
        pa[i] = r.addr;
        pte[i] = r.step[3].value;
    }
    machine_forget(m);
    call(m, SYS_MREMAP, BASE, 0x6000, 0x10000, 1, new);
    assert_int_equal(m->done_count, 4);
    assert_int_equal(os_counts(m->os)->data_frames, 3);
    for (unsigned i = 0; i < 4; i++) {
        struct oracle_result r = look(m, new + i * 0x1000u, ACC_READ);
        assert_int_equal(r.addr, pa[i]);
        assert_int_equal(r.step[3].value, pte[i]);
        assert_true(is_refused(m, BASE + i * 0x1000u, ACC_READ));
    }
    assert_int_equal(look(m, new + 0x4000, ACC_READ).kind, KIND_PF);
    pa_of(m, new + 0xf000, ACC_WRITE);
    call(m, SYS_MUNMAP, new, 0x10000, 0, 0, 0);
    check_empty(m);
    machine_end(m);
}

static void mremap_shrinks_replaces_and_keeps(void **state)
{
    (void)state;
    struct machine *m = fresh();
    uint64_t new = BASE + 0x100000;
    map_anon(m, BASE, 0x4000, RW_);
    map_anon(m, new, 0x4000, RW_);
    write_pages(m, BASE, 4);
    write_pages(m, new, 4);
    uint64_t pa = look(m, BASE, ACC_READ).addr;
    refused_call(m, "without MREMAP_MAYMOVE", SYS_MREMAP, BASE, 0x4000, 0x2000, 0, BASE + 0x200000);
    refused_call(m, "without being told to replace", SYS_MREMAP, BASE, 0x4000, 0x2000, 1, new);
    refused_call(m, "overlaps it", SYS_MREMAP, BASE, 0x4000, 0x4000, 1, BASE + 0x2000);
    call(m, SYS_MREMAP, BASE, 0x4000, 0x2000, 3, new); /* MAYMOVE | FIXED */
    assert_int_equal(pa_of(m, new, ACC_READ), pa);
    assert_int_equal(os_counts(m->os)->data_frames, 4); /* two moved, two beyond them left */
    pa_of(m, new + 0x3000, ACC_WRITE);
    assert_true(is_refused(m, BASE + 0x3000, ACC_READ));
    call(m, SYS_MREMAP, new, 0x4000, 0x4000, 5, BASE); /* MAYMOVE | DONTUNMAP */
    assert_int_equal(pa_of(m, BASE, ACC_READ), pa);
    assert_true(pa_of(m, new, ACC_WRITE) != pa); /* still mapped, but empty */
    machine_end(m);
}

static void mremap_of_length_zero_doubles_a_shared_mapping(void **state)
{
    (void)state;
    struct machine *m = fresh();
    call(m, SYS_MMAP, 0, 0x4000, RW_, SHARED_ANON, BASE);
    uint64_t pa = pa_of(m, BASE + 0x1000, ACC_WRITE);
    call(m, SYS_MREMAP, BASE, 0, 0x4000, 1, BASE + 0x100000);
    assert_int_equal(pa_of(m, BASE + 0x101000, ACC_WRITE), pa);
    map_anon(m, BASE + 0x200000, 0x1000, RW_);
    refused_call(m, "not shared", SYS_MREMAP, BASE + 0x200000, 0, 0x1000, 1, BASE + 0x300000);
    refused_call(m, "not inside one mapping", SYS_MREMAP, BASE + 0x200000, 0x2000, 0x3000, 1, BASE + 0x300000);
    machine_end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mremap_in_place),
        cmocka_unit_test(mremap_moves_entries_with_accessed_and_dirty),
        cmocka_unit_test(mremap_shrinks_replaces_and_keeps),
        cmocka_unit_test(mremap_of_length_zero_doubles_a_shared_mapping),
    };
    return cmocka_run_group_tests_name("os mremap", tests, NULL, NULL);
}
