/* Processes one step at a time: fork and copy on write, vfork, threads, exec, exit, PCIDs and who is invalidated when,
 * sharing through the page cache, layout, accounts. */
#include "os_storm.h"

static const uint64_t BASE = 0x7f0000000000;
static struct storm storm;
static struct os_control done[512];
static unsigned done_count;

static struct os_config plain(void)
{
    return (struct os_config){.paddr_bits = 46,
                              .pcid = true,
                              .page_1g = true,
                              .ram_bytes = (uint64_t)64 << 20,
                              .seed = 3,
                              .processes = true,
                              .reclaim = true};
}

static struct storm *fresh(const struct os_config *config)
{
    storm_init(&storm, config, 1);
    return &storm;
}

/* Carries out what is owed, and keeps a list of it. */
static void controls(struct storm *s)
{
    struct os_control op;
    done_count = 0;
    while (os_control(s->os, &op)) {
        assert_true(oracle_control(&s->regs, &s->cpu, op.op, op.data, op.desc));
        done[done_count++] = op;
    }
    s->kept_count = 0; /* these tests look at the operations themselves */
}

static void call(struct storm *s, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                 uint64_t result)
{
    const uint64_t arg[6] = {a0, a1, a2, a3, a4, 0};
    if (!os_syscall(s->os, number, arg, (int64_t)result))
        fail_msg("call %u: %s", (unsigned)number, os_error(s->os));
    controls(s);
}

static uint64_t touch(struct storm *s, uint64_t va, uint8_t acc)
{
    uint64_t addr;
    s->kept_count = 0;
    if (storm_access(s, va, acc, &addr) != OS_RETRY)
        fail_msg("0x%llx: %s", (unsigned long long)va, os_error(s->os));
    return addr;
}

static void to(struct storm *s, unsigned task)
{
    if (!os_switch(s->os, task))
        fail_msg("%s", os_error(s->os));
    controls(s);
}

static uint64_t entry_of(struct storm *s, uint64_t va)
{
    uint64_t pa, entry;
    storm_entry(s, va, 1, &pa, &entry);
    return entry;
}

/* One fault, its operations on the list. */
static void fault(struct storm *s, uint64_t va, uint16_t error_code)
{
    assert_int_equal(os_fault(s->os, va, error_code), OS_RETRY);
    controls(s);
}

static void fork_copies_on_write(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x4000, 3, 0x22, UINT64_MAX, BASE);
    uint64_t frame = touch(s, BASE, ACC_WRITE);
    s->frame[frame / PAGE] = 77;
    assert_true(os_fork(s->os, 1, 2));
    controls(s);
    assert_int_equal(done_count, 1); /* everything of the parent that was writable */
    assert_int_equal(done[0].op, CTL_MOV_CR3);
    assert_int_equal(done[0].data, s->regs.cr3);
    assert_int_equal(entry_of(s, BASE) & (ENTRY_P | ENTRY_RW | ENTRY_D), ENTRY_P);
    assert_int_equal(touch(s, BASE, ACC_READ), frame);
    to(s, 2);
    assert_int_equal(touch(s, BASE, ACC_READ), frame);
    fault(s, BASE, PF_P | PF_W | PF_U);
    assert_int_equal(done_count, 1); /* another frame: one INVLPG */
    assert_int_equal(done[0].op, CTL_INVLPG);
    assert_int_equal(done[0].data, BASE);
    uint64_t copy = touch(s, BASE, ACC_WRITE);
    assert_int_not_equal(copy, frame);
    assert_int_equal(s->frame[copy / PAGE], 77);
    to(s, 1);
    fault(s, BASE, PF_P | PF_W | PF_U);
    assert_int_equal(done_count, 0); /* alone again: the same frame, and a right more needs no invalidation */
    assert_int_equal(touch(s, BASE, ACC_WRITE), frame);
    assert_int_equal(os_events(s->os)->cow_copies, 1);
    assert_int_equal(os_events(s->os)->reuse_faults, 1);
    storm_audit(s);
    storm_end(s);
}

static void a_pcid_keeps_its_translations_until_something_changed(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x4000, 3, 0x22, UINT64_MAX, BASE);
    touch(s, BASE, ACC_WRITE);
    assert_true(os_fork(s->os, 1, 2));
    controls(s);
    uint64_t root = s->regs.cr3;
    assert_int_equal(root & 0xfff, 1);
    to(s, 2); /* a PCID of its own, flushed because it is new */
    assert_int_equal(done_count, 1);
    assert_int_equal(done[0].op, CTL_MOV_CR3);
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), 2);
    to(s, 1); /* nothing has changed: kept */
    assert_int_equal(done[0].data, root | CR3_NO_FLUSH);
    to(s, 2);
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), CR3_NO_FLUSH | 2);
    assert_int_equal(os_reclaim(s->os, UINT64_MAX), 0); /* no swap: nothing can go, nothing changes */
    controls(s);
    to(s, 1);
    assert_int_equal(done[0].data, root | CR3_NO_FLUSH);
    storm_end(s);
}

/* Reclaim takes a page of a process that does not run: later, by its next MOV CR3; or at once by INVPCID. */
static void others_are_invalidated_later_or_by_invpcid(void **state)
{
    (void)state;
    for (unsigned invpcid = 0; invpcid < 2; invpcid++) {
        struct os_config config = plain();
        config.swap_bytes = 1 << 20;
        config.invpcid = invpcid;
        struct storm *s = fresh(&config);
        assert_true(os_fork(s->os, 1, 2));
        call(s, 9, 0, 0x4000, 3, 0x22, UINT64_MAX, BASE);
        touch(s, BASE, ACC_WRITE);
        to(s, 2);
        os_reclaim(s->os, UINT64_MAX);
        os_reclaim(s->os, UINT64_MAX);
        assert_int_equal(os_events(s->os)->swap_outs, 1);
        controls(s);
        assert_int_equal(done_count, invpcid);
        if (invpcid) {
            assert_int_equal(done[0].op, CTL_INVPCID_ADDRESS);
            assert_int_equal(done[0].data, BASE);
            assert_int_equal(done[0].desc, 1);
        }
        to(s, 1);
        assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), invpcid ? CR3_NO_FLUSH | 1 : 1);
        storm_end(s);
    }
}

static void pcids_are_reused_with_a_flush(void **state)
{
    (void)state;
    struct os_config config = plain();
    config.pcids = 2;
    struct storm *s = fresh(&config);
    assert_true(os_fork(s->os, 1, 2) && os_fork(s->os, 1, 3));
    controls(s);
    to(s, 2);
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), 2);
    to(s, 3); /* takes over PCID 1 */
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), 1);
    to(s, 2);
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), CR3_NO_FLUSH | 2);
    to(s, 1);
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), 2);
    assert_true(os_exit(s->os, 1)); /* the kernel's own page table is loaded */
    assert_int_equal(os_current(s->os), 0);
    assert_true(os_fork(s->os, 2, 4));
    storm_end(s);

    config.pcid = false;
    s = fresh(&config);
    assert_true(os_fork(s->os, 1, 2));
    controls(s);
    to(s, 2);
    assert_int_equal(done[0].data & (CR3_NO_FLUSH | 0xfff), 0);
    storm_end(s);
}

static void vfork_lends_memory(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x4000, 3, 0x22, UINT64_MAX, BASE);
    call(s, 58, 0, 0, 0, 0, 0, 7);
    assert_false(os_switch(s->os, 1));
    assert_non_null(strstr(os_error(s->os), "lent its memory to task 7"));
    to(s, 7);
    assert_int_equal(done_count, 0); /* the same address space */
    uint64_t frame = touch(s, BASE, ACC_WRITE);
    assert_true(os_exec(s->os, 7, "ls"));
    controls(s);
    assert_int_equal(done[0].op, CTL_MOV_CR3);
    assert_int_equal(os_fault(s->os, BASE, PF_U), OS_SEGV);
    to(s, 1);
    assert_int_equal(touch(s, BASE, ACC_READ), frame);
    storm_audit(s);
    storm_end(s);
}

static void threads_share_and_end_alone(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    call(s, 9, 0, 0x4000, 3, 0x22, UINT64_MAX, BASE);
    call(s, 56, 0x10f00, 0, 0, 0, 0, 2); /* CLONE_VM, FS, FILES, SIGHAND, THREAD */
    to(s, 2);
    assert_int_equal(done_count, 0);
    uint64_t frame = touch(s, BASE, ACC_WRITE);
    assert_int_equal(touch(s, BASE, ACC_WRITE), frame);
    struct os_status status;
    assert_true(os_status(s->os, 1, &status));
    assert_int_equal(status.threads, 2);
    assert_int_equal(status.minor_faults, 1);
    call(s, 60, 0, 0, 0, 0, 0, 0);
    assert_int_equal(os_current(s->os), 0);
    to(s, 1);
    assert_int_equal(touch(s, BASE, ACC_READ), frame);
    assert_true(os_thread(s->os, 1, 9));
    assert_true(os_exec(s->os, 9, "new")); /* becomes the leader */
    controls(s);
    assert_true(os_status(s->os, 1, &status));
    assert_string_equal(status.name, "new");
    assert_int_equal(status.threads, 1);
    assert_int_equal(status.rss, 0);
    assert_false(os_status(s->os, 9, &status));
    storm_audit(s);
    storm_end(s);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    assert_false(os_fork(s->os, 5, 6));
    assert_non_null(strstr(os_error(s->os), "there is no task 5"));
    assert_false(os_fork(s->os, 1, 1));
    assert_non_null(strstr(os_error(s->os), "in use"));
    assert_false(os_clone(s->os, 1, 2, OS_CLONE_THREAD));
    assert_false(os_exit(s->os, 2));
    assert_true(os_exit(s->os, 1));
    assert_int_equal(os_fault(s->os, BASE, PF_U), OS_SEGV);
    assert_non_null(strstr(os_error(s->os), "no task is current"));
    assert_false(os_map(s->os, BASE, BASE + PAGE, OS_READ, 0, "x"));
    storm_end(s);
    config.processes = false;
    s = fresh(&config);
    assert_false(os_fork(s->os, 1, 2));
    assert_non_null(strstr(os_error(s->os), "for one process"));
    storm_end(s);
}

/* Three processes on one library page and their own data: PSS adds up although 4096 * 4096 is no multiple of 3. */
static void shares_add_up(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    assert_true(os_map_file(s->os, BASE, BASE + 0x2000, OS_READ | OS_EXEC, 0, "libc.so.6", 0));
    assert_true(os_map(s->os, BASE + 0x10000, BASE + 0x14000, OS_READ | OS_WRITE, 0, "data"));
    uint64_t text = touch(s, BASE, ACC_EXECUTE);
    touch(s, BASE + 0x10000, ACC_WRITE);
    assert_true(os_fork(s->os, 1, 2) && os_exec(s->os, 2, "second"));
    controls(s);
    to(s, 2);
    assert_true(os_map_file(s->os, BASE + 0x5000, BASE + 0x7000, OS_READ | OS_EXEC, 0, "libc.so.6", 0));
    assert_int_equal(touch(s, BASE + 0x5000, ACC_EXECUTE), text); /* the same frame at another address */
    assert_true(os_fork(s->os, 1, 3));
    to(s, 3);
    assert_int_equal(touch(s, BASE, ACC_EXECUTE), text);
    struct os_usage usage[3];
    uint64_t pss = 0;
    for (unsigned task = 1; task <= 3; task++) {
        assert_true(os_usage(s->os, task, &usage[task - 1]));
        pss += usage[task - 1].pss;
        assert_int_equal(usage[task - 1].shared_clean, PAGE);
        assert_in_range(usage[task - 1].pss_file, (PAGE << 12) / 3, (PAGE << 12) / 3 + 1);
    }
    assert_int_equal(usage[0].shared_dirty, PAGE); /* the data page, until one of 1 and 3 writes */
    assert_int_equal(usage[0].pss_anon, PAGE << 11);
    assert_int_equal(pss, (uint64_t)2 * PAGE << 12);
    storm_audit(s);
    storm_end(s);
}

static char *printed(struct storm *s, bool (*print)(const struct os *os, unsigned task, FILE *out))
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (print)
        assert_true(print(s->os, 1, out));
    else
        os_print_top(s->os, out);
    fclose(out);
    return text;
}

static void has(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("\"%s\" is missing in:\n%s", line, text);
}

static void smaps_read_like_linux(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    assert_true(os_exec(s->os, 1, "demo"));
    const struct os_image image = {.program = "/bin/demo",
                                   .text = 0x3000,
                                   .rodata = 0x1000,
                                   .data = 0x2000,
                                   .bss = 0x5000,
                                   .interpreter = "/lib/ld.so",
                                   .interpreter_text = 0x20000,
                                   .interpreter_data = 0x3000};
    assert_true(os_layout(s->os, &image));
    controls(s);
    touch(s, 0x400000, ACC_EXECUTE);
    touch(s, 0x404000, ACC_WRITE);
    touch(s, 0x7ffffffde000 - 0x5000, ACC_WRITE); /* the stack grows */
    char *text = printed(s, os_print_smaps);
    has(text, "00400000-00403000 r-xp 00000000 00:00 1                                  /bin/demo\nSize:               "
              "  12 kB\n");
    has(text, "00404000-00406000 rw-p 00004000 00:00 1 ");
    has(text, "7ffffffd9000-7ffffffff000 rw-p 00000000 00:00 0 ");
    has(text, "[stack]");
    has(text, "VmFlags: rd wr gd ac\n");
    free(text);
    text = printed(s, os_print_smaps_rollup);
    has(text, "[rollup]\nRss:                  12 kB\nPss:                  12 kB\n");
    has(text, "Private_Clean:         4 kB\nPrivate_Dirty:         8 kB\n");
    has(text, "Anonymous:             8 kB\n");
    free(text);
    text = printed(s, NULL);
    has(text, "KiB Mem: 65536 total");
    has(text, " demo\n");
    free(text);
    call(s, 12, 0, 0, 0, 0, 0, 0x40d000); /* the heap begins behind the bss */
    touch(s, 0x40b000, ACC_WRITE);
    uint64_t room = os_find_room(s->os, 0x10000, 12);
    assert_true(room && room < 0x7ffff7fff000);
    call(s, 9, 0, 0x10000, 3, 0x22, UINT64_MAX, room);
    assert_in_range(os_find_room(s->os, 0x10000, 12), 0x10000, room - 0x10000); /* from the top down */
    assert_int_equal(os_find_room(s->os, 0x10000, 21) % 0x200000, 0);
    storm_audit(s);
    storm_end(s);
}

/* The rules that docs/os-model.md found by a real kernel. */
static void the_first_write_to_a_shared_file_page_is_a_fault(void **state)
{
    (void)state;
    struct os_config config = plain();
    config.fault_around = 16;
    config.warm_files = true;
    struct storm *s = fresh(&config);
    struct os_status status;
    assert_true(os_map_file(s->os, BASE, BASE + 0x4000, OS_READ | OS_WRITE, OS_SHARED, "file", 0));
    touch(s, BASE, ACC_READ);
    assert_false(entry_of(s, BASE) & ENTRY_RW);
    assert_false(entry_of(s, BASE + 0x1000) & ENTRY_RW);
    touch(s, BASE, ACC_WRITE);
    assert_true(entry_of(s, BASE) & ENTRY_RW);
    touch(s, BASE + 0x1000, ACC_WRITE);
    os_status(s->os, 1, &status);
    assert_int_equal(status.minor_faults, 3);
    assert_int_equal(os_write_back(s->os, 10), 2);
    controls(s);
    assert_false(entry_of(s, BASE) & (ENTRY_RW | ENTRY_D));
    touch(s, BASE, ACC_WRITE);
    os_status(s->os, 1, &status);
    assert_int_equal(status.minor_faults, 4);
    call(s, 9, 0, 0x4000, 3, 0x21, UINT64_MAX,
         BASE + 0x10000); /* anonymous shared memory has nowhere to be written to */
    touch(s, BASE + 0x10000, ACC_READ);
    assert_true(entry_of(s, BASE + 0x10000) & ENTRY_RW);
    storm_audit(s);
    storm_end(s);
}

static void populating_counts_as_faults(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    struct os_status status;
    call(s, 9, 0, 0x20000, 3, 0x8022, UINT64_MAX, BASE);
    os_status(s->os, 1, &status);
    assert_int_equal(status.minor_faults, 32);
    assert_int_equal(status.rss, 0x20000);
    storm_end(s);
}

static void a_threads_faults_stay_its_processs(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    struct os_status status;
    call(s, 9, 0, 0x20000, 3, 0x22, UINT64_MAX, BASE);
    assert_true(os_thread(s->os, 1, 2));
    to(s, 2);
    for (unsigned i = 0; i < 5; i++)
        touch(s, BASE + i * PAGE, ACC_WRITE);
    assert_true(os_exit(s->os, 2));
    to(s, 1);
    os_status(s->os, 1, &status);
    assert_int_equal(status.minor_faults, 5);
    storm_end(s);
}

/* What has been writable does not join what never was, so fork leaves the latter to faults. */
static void fork_copies_no_pages_of_read_only_files(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    struct os_status status;
    assert_true(os_map_file(s->os, BASE, BASE + 0x4000, OS_READ, 0, "lib", 0));
    assert_true(os_map_file(s->os, BASE + 0x4000, BASE + 0x8000, OS_READ | OS_WRITE, 0, "lib", 4));
    touch(s, BASE, ACC_READ);
    touch(s, BASE + 0x4000, ACC_WRITE);
    touch(s, BASE + 0x5000, ACC_READ);
    call(s, 10, BASE + 0x4000, 0x4000, 1, 0, 0, 0); /* relocations done: read-only as its neighbour is */
    assert_true(os_fork(s->os, 1, 2));
    controls(s);
    os_status(s->os, 2, &status);
    assert_int_equal(status.rss, 2 * PAGE);
    storm_audit(s);
    storm_end(s);
}

static void segments_stay_until_they_are_removed(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    call(s, 30, 5, 0, 0, 0x4000, 0, BASE); /* shmat, its length in the fourth argument */
    uint64_t frame = touch(s, BASE, ACC_WRITE);
    call(s, 57, 0, 0, 0, 0, 0, 2);
    to(s, 2);
    assert_int_equal(touch(s, BASE, ACC_WRITE), frame);
    call(s, 67, BASE, 0, 0, 0, 0, 0);
    assert_int_equal(os_fault(s->os, BASE, PF_U), OS_SEGV);
    to(s, 1);
    assert_int_equal(touch(s, BASE, ACC_READ), frame);
    assert_int_equal(os_counts(s->os)->data_frames, 1);
    call(s, 67, BASE, 0, 0, 0, 0, 0);
    assert_int_equal(os_counts(s->os)->data_frames, 1); /* nobody has it attached, and it stays */
    storm_audit(s);
    call(s, 30, 5, 0, 0, 0x4000, 0, BASE + 0x10000);
    assert_int_equal(touch(s, BASE + 0x10000, ACC_READ), frame);
    call(s, 31, 5, 0, 0, 0, 0, 0); /* IPC_RMID */
    assert_int_equal(touch(s, BASE + 0x10000, ACC_READ), frame);
    call(s, 67, BASE + 0x10000, 0, 0, 0, 0, 0);
    assert_int_equal(os_counts(s->os)->data_frames, 0);
    storm_end(s);
}

/* shmdt takes every piece that is left, wherever the others went. */
static void a_segment_is_detached_in_pieces(void **state)
{
    (void)state;
    struct os_config config = plain();
    struct storm *s = fresh(&config);
    call(s, 30, 5, 0, 0, 0x5000, 0, BASE);
    call(s, 11, BASE, 0x1000, 0, 0, 0, 0);                                         /* its first page */
    call(s, 11, BASE + 0x2000, 0x1000, 0, 0, 0, 0);                                /* one in the middle */
    call(s, 10, BASE + 0x3000, 0x1000, 1, 0, 0, 0);                                /* rights of another */
    call(s, 25, BASE + 0x4000, 0x1000, 0x1000, 3, BASE + 0x40000, BASE + 0x40000); /* the last one moves */
    touch(s, BASE + 0x3000, ACC_READ);
    call(s, 67, BASE, 0, 0, 0, 0, 0);
    assert_int_equal(os_fault(s->os, BASE + 0x1000, PF_U), OS_SEGV);
    assert_int_equal(os_fault(s->os, BASE + 0x3000, PF_U), OS_SEGV);
    touch(s, BASE + 0x40000, ACC_READ);
    call(s, 67, BASE + 0x3c000, 0, 0, 0, 0, 0); /* it would have begun there */
    assert_int_equal(os_fault(s->os, BASE + 0x40000, PF_U), OS_SEGV);
    storm_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fork_copies_on_write),
        cmocka_unit_test(a_pcid_keeps_its_translations_until_something_changed),
        cmocka_unit_test(others_are_invalidated_later_or_by_invpcid),
        cmocka_unit_test(pcids_are_reused_with_a_flush),
        cmocka_unit_test(vfork_lends_memory),
        cmocka_unit_test(threads_share_and_end_alone),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(shares_add_up),
        cmocka_unit_test(smaps_read_like_linux),
        cmocka_unit_test(the_first_write_to_a_shared_file_page_is_a_fault),
        cmocka_unit_test(populating_counts_as_faults),
        cmocka_unit_test(a_threads_faults_stay_its_processs),
        cmocka_unit_test(fork_copies_no_pages_of_read_only_files),
        cmocka_unit_test(segments_stay_until_they_are_removed),
        cmocka_unit_test(a_segment_is_detached_in_pieces),
    };
    return cmocka_run_group_tests_name("os process", tests, NULL, NULL);
}
