/* The system recorder's parts that need no QEMU: which instructions it knows, its page walk, and which pages it takes
 * for tables. The recorder is no part of our programs, so they are compiled here. */
#include "support.h"

#include "system/decode.c"
#include "system/tables.c"
#include "system/walk.c"

enum {
    PAGES = 64,
    ROOT = 0x1000,
    PDPT = 0x2000,
    PD = 0x3000,
    PT = 0x4000,
    SPARE = 0x5000,
    OTHER = 0x9000,
    RW = 3,
    USER = 7,
    LARGE = 0x87
};
static uint64_t memory[PAGES][512];
static struct {
    uint64_t pa, value;
} poked[4096];
static unsigned pokes;

bool machine_has(uint64_t pa)
{
    return pa < sizeof memory;
}
uint64_t machine_word(uint64_t pa)
{
    return machine_has(pa) ? memory[pa >> 12][pa / 8 % 512] : 0;
}

static void poke(uint64_t pa, uint64_t value)
{
    assert_true(pokes < sizeof poked / sizeof *poked);
    poked[pokes].pa = pa;
    poked[pokes++].value = value;
}

static void set(uint64_t pa, uint64_t value)
{
    memory[pa >> 12][pa / 8 % 512] = value;
}

/* The guest stores; was it to a table? */
static bool store(uint64_t pa, uint64_t value)
{
    set(pa, value);
    pokes = 0;
    return tables_store(pa, 8);
}

static struct decoded of(const char *code, size_t length)
{
    return decode((const uint8_t *)code, length);
}
#define OF(text) of(text, sizeof(text) - 1)

static void test_decode(void **state)
{
    (void)state;
    struct decoded d = OF("\x0f\x22\xdf"); /* mov cr3, rdi */
    assert_true(d.special == SPECIAL_MOV_CR && d.number == 3 && d.general == 7);
    d = OF("\x41\x0f\x22\xe0"); /* mov cr4, r8 */
    assert_true(d.special == SPECIAL_MOV_CR && d.number == 4 && d.general == 8);
    assert_int_equal(OF("\x44\x0f\x22\xc0").special, SPECIAL_NONE); /* mov cr8, rax */
    assert_int_equal(OF("\x0f\x20\xd8").special, SPECIAL_NONE);     /* mov rax, cr3 */
    assert_int_equal(OF("\x0f\x30").special, SPECIAL_WRMSR);
    assert_int_equal(OF("\x0f\x01\xef").special, SPECIAL_WRPKRU);
    assert_int_equal(OF("\x0f\x01\xee").special, SPECIAL_NONE); /* rdpkru */
    assert_int_equal(OF("\x0f\x01\x38").special, SPECIAL_INVLPG);
    assert_int_equal(OF("\x0f\x01\xf8").special, SPECIAL_NONE); /* swapgs */
    assert_int_equal(OF("\x0f\x01\x1d\x00\x00\x00\x00").special, SPECIAL_LIDT);
    assert_int_equal(OF("\x48\x0f\xc7\x1f").special, SPECIAL_XRSTOR); /* xrstors64 */
    assert_int_equal(OF("\x0f\xae\xe8").special, SPECIAL_NONE);       /* lfence */
    d = OF("\x0f\x1f\x84\x00\x0b\x00\x57\x54");
    assert_true(d.special == SPECIAL_MARK && d.number == 11);
    assert_int_equal(OF("\x0f\x1f\x84\x00\x00\x00\x00\x00").special, SPECIAL_NONE); /* a compiler's nop */
    assert_true(OF("\xf3\x48\xa5").repeated && !OF("\x48\xa5").repeated && !OF("\xf3\xc3").repeated);
    assert_true(OF("\x66\x89\x3e").stores_word && !OF("\x89\x3e").stores_word && !OF("\x66\x48\x89\x3e").stores_word);
}

static uint64_t general(unsigned number)
{
    return 0x1000 * (number + 1);
}

static void test_address(void **state)
{
    (void)state;
    struct decoded d = OF("\x0f\x01\x38"); /* [rax] */
    assert_int_equal(decode_address(&d, 0, general), 0x1000);
    d = OF("\x41\x0f\x01\x7d\xf8"); /* [r13 - 8] */
    assert_int_equal(decode_address(&d, 0, general), 0xe000 - 8);
    d = OF("\x0f\x01\xbc\x8b\x00\x01\x00\x00"); /* [rbx + 4 rcx + 256] */
    assert_int_equal(decode_address(&d, 0, general), 0x4000 + 4 * 0x2000 + 256);
    d = OF("\x0f\x01\x3d\xf0\xff\xff\xff"); /* [rip - 16] */
    assert_int_equal(decode_address(&d, 0x7000, general), 0x7000 - 16);
    d = OF("\x0f\x01\x3c\x25\x00\x20\x00\x00"); /* [0x2000] */
    assert_int_equal(decode_address(&d, 0x7000, general), 0x2000);
}

static int set_up(void **state)
{
    (void)state;
    memset(memory, 0, sizeof memory);
    set(ROOT, PDPT | USER);
    set(PDPT, PD | USER);
    set(PD, PT | USER);
    set(PD + 8, 0x600000 | LARGE);
    set(PT, 0x7000 | USER);
    set(PT + 8, 0x8000 | RW);
    set(PT + 16, 0x9000 | 5);
    memset(&tables, 0, sizeof tables);
    pokes = 0;
    return !tables_open(sizeof memory, poke);
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PAGES; i++)
        free(tables.page[i].copy);
    free(tables.page);
    return 0;
}

static void test_tables(void **state)
{
    (void)state;
    tables_root(ROOT, 4);
    assert_int_equal(pokes, 7);
    assert_true(poked[0].pa == ROOT); /* a page's words come before those of the pages that it leads to … */
    assert_int_equal(tables_differ(), 0);
    assert_true(store(PT + 24, 0xa000 | USER) && pokes == 1 && poked[0].pa == PT + 24 &&
                poked[0].value == (0xa000 | USER));
    assert_false(store(SPARE, 0xb000 | USER)); /* not yet a table */
    assert_int_equal(pokes, 0);
    assert_true(store(PD + 16, SPARE | USER));
    assert_true(pokes == 2 && poked[0].pa == SPARE && poked[1].pa == PD + 16); /* … but before a link made later */
    assert_true(store(SPARE, 0));
    assert_true(store(PD + 16, 0));
    assert_false(store(SPARE, 0xc000 | USER)); /* no table any more */
    assert_true(store(PD + 16, SPARE | USER));
    assert_true(pokes == 2 && poked[0].value == (0xc000 | USER)); /* what changed in between is made good */
    set(PT, 0xd000 | USER);
    assert_int_equal(tables_differ(), 1); /* nobody told of this one */
    set(PT, 0x7000 | USER | ENTRY_A | ENTRY_D);
    assert_int_equal(tables_differ(), 0);
    assert_true(store(PT, 0x7000 | USER));
    assert_int_equal(tables_get_counts()->ages_cleared, 1);
}

/* A root that is no longer in use is freed, and its page gets other contents, which look like links. */
static void test_dead_root(void **state)
{
    (void)state;
    tables_root(ROOT, 4);
    set(OTHER, PDPT | USER);
    tables_root(OTHER, 4);
    assert_int_equal(tables_get_counts()->roots, 2);
    assert_false(store(ROOT + 64, SPARE | USER) && pokes); /* forgotten */
    assert_false(store(SPARE, 1));
    assert_true(store(PT, 0)); /* the other's tables live on */
    pokes = 0;
    tables_root(ROOT, 4);       /* it is one again */
    assert_int_equal(pokes, 3); /* the root's two words and SPARE's */
    assert_int_equal(tables_differ(), 0);
}

static struct walked at(uint64_t va, unsigned access, unsigned mode, uint64_t cr4, uint32_t pkru)
{
    const struct walk_registers regs = {.cr0 = 0x80010001, .cr3 = ROOT, .cr4 = cr4, .efer = 0xd00, .pkru = pkru};
    return walk(&regs, machine_word, va, access, mode);
}

static void test_walk(void **state)
{
    (void)state;
    enum { PKE = 1 << 22, SMAP = 1 << 21, SMEP = 1 << 20 };
    struct walked w = at(0x123, TRACE_STORE, 0, 0, 0);
    assert_true(w.kind == WALK_OK && w.pa == 0x7123 && w.size == 0);
    w = at(0x2abcde, TRACE_LOAD, 0, 0, 0);
    assert_true(w.kind == WALK_OK && w.pa == 0x6abcde && w.size == 1);
    assert_int_equal(at(0x1000, TRACE_LOAD, 0, 0, 0).err, 5); /* user, supervisor page */
    assert_int_equal(at(0x1000, TRACE_LOAD, TRACE_IMPLICIT, 0, 0).kind, WALK_OK);
    assert_int_equal(at(0x2000, TRACE_STORE, TRACE_SUPERVISOR, 0, 0).err, 3);  /* WP */
    assert_int_equal(at(0x3000, TRACE_FETCH, TRACE_SUPERVISOR, 0, 0).err, 16); /* not present */
    assert_int_equal(at(0, TRACE_LOAD, TRACE_SUPERVISOR, SMAP, 0).err, 1);
    assert_int_equal(at(0, TRACE_LOAD, TRACE_SUPERVISOR | TRACE_AC, SMAP, 0).kind, WALK_OK);
    assert_int_equal(at(0, TRACE_LOAD, TRACE_IMPLICIT | TRACE_AC, SMAP, 0).err, 1);
    assert_int_equal(at(0, TRACE_FETCH, TRACE_SUPERVISOR, SMEP, 0).err, 17);
    assert_int_equal(at(0, TRACE_LOAD, 0, PKE, 1).err, 0x25);
    assert_int_equal(at(0, TRACE_STORE, 0, PKE, 2).err, 0x27);
    assert_int_equal(at(0, TRACE_LOAD, 0, PKE, 2).kind, WALK_OK);
    assert_int_equal(at(UINT64_C(1) << 47, TRACE_LOAD, 0, 0, 0).kind, WALK_NOT_CANONICAL);
    set(PT, 0x7000 | USER | UINT64_C(1) << 63);
    assert_int_equal(at(0, TRACE_FETCH, 0, 0, 0).err, 0x15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_address),
        cmocka_unit_test_setup_teardown(test_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dead_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_walk, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("system", tests, NULL, NULL);
}
