/* The account of a walk names what decided. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_chain.h"

static char *explained(const struct machine *m, uint8_t acc, bool user)
{
    struct oracle_access access = {.va = VA, .acc = acc, .user = user};
    struct oracle_result r = ask(m, VA, acc, user);
    char *text = calloc(1, 4096);
    FILE *file = tmpfile();
    assert_non_null(file);
    oracle_explain(file, &m->regs, &access, &r);
    rewind(file);
    assert_true(fread(text, 1, 4095, file) > 0);
    fclose(file);
    return text;
}

static void check_says(char *text, const char *const *words)
{
    for (; *words; words++)
        if (!strstr(text, *words))
            fail_msg("\"%s\" is missing in:\n%s", *words, text);
    free(text);
}

static void explain_says_what_and_why(void **state)
{
    (void)state;
    struct machine m = build(5, 2, 46);
    put(&m, 2, (uint64_t)9 << 59 | XD | 0x40001000 | P | RW | US | PS | PCD);
    check_says(explained(&m, ACC_WRITE, true),
               (const char *const[]){"write by user at 0x00007654321fedcb", "5-level", "PML5E", "PML4E", "PDPTE", "PDE ", "at 0x2c80", "key=9",
                                     "PAT=1", "XD=1", "2-MByte page 0x40000000", "sets A; sets D", "rights W=1 U=1 NX=1",
                                     "result 0x401fedcb", NULL});
    check_says(explained(&m, ACC_EXECUTE, true),
               (const char *const[]){"fetch", "#PF, error code 0x15 (P U I)", "XD = 0 in every entry", NULL});
    put(&m, 2, 0x40002000 | P | PS);
    check_says(explained(&m, ACC_READ, false), (const char *const[]){"reserved bits are set", "0x9 (P RSVD)", "rights not determined", NULL});
    put(&m, 3, 0);
    check_says(explained(&m, ACC_READ, false), (const char *const[]){"P=0", "0x0 (not present)", "rights not determined", NULL});
    physmem_free(m.pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_says_what_and_why),
    };
    return cmocka_run_group_tests_name("oracle explain", tests, NULL, NULL);
}
