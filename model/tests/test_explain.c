/* The account of a walk names what decided. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_chain.h"

static char *explained_of(const struct machine *m, const struct oracle_access *access)
{
    struct oracle_result r = ask_of(m, access);
    char *text = calloc(1, 4096);
    FILE *file = tmpfile();
    assert_non_null(file);
    oracle_explain(file, &m->regs, access, &r);
    rewind(file);
    assert_true(fread(text, 1, 4095, file) > 0);
    fclose(file);
    return text;
}

static char *explained(const struct machine *m, uint8_t acc, bool user)
{
    return explained_of(m, &(struct oracle_access){.va = VA, .acc = acc, .user = user});
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
               (const char *const[]){"write by user at 0x00007654321fedcb", "5-level", "PML5E", "PML4E", "PDPTE",
                                     "PDE ", "at 0x2c80", "key=9", "PAT=1", "XD=1", "2-MByte page 0x40000000",
                                     "sets A; sets D", "rights W=1 U=1 NX=1", "result 0x401fedcb", NULL});
    check_says(explained(&m, ACC_EXECUTE, true),
               (const char *const[]){"fetch", "#PF, CR2 0x00007654321fedcb, error code 0x15 (P U I)",
                                     "XD = 0 in every entry", NULL});
    put(&m, 2, 0x40002000 | P | PS);
    check_says(explained(&m, ACC_READ, false),
               (const char *const[]){"reserved bits are set", "0x9 (P RSVD)", "rights not determined", NULL});
    put(&m, 3, 0);
    check_says(explained(&m, ACC_READ, false),
               (const char *const[]){"P=0", "0x0 (not present)", "rights not determined", NULL});
    physmem_free(m.pm);
}

/* Masking, keys, shadow stacks, memory types and who asks. */
static void explain_tells_of_every_feature(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    m.regs.cr3 |= LAM_U48 | PCD;
    m.regs.cr4 |= CET | PKE | SMAP;
    m.regs.pkru = 2 << 18;
    put(&m, 1, (uint64_t)9 << 59 | 0x40000000 | P | US | A | D | PWT);
    struct oracle_access access = {.va = VA | (uint64_t)0x1234 << 48, .acc = ACC_WRITE, .user = true, .ss = true};
    check_says(explained_of(&m, &access),
               (const char *const[]){"shadow-stack write by user at 0x12347654321fedcb",
                                     "LAM    the address becomes 0x00007654321fedcb", "LAM_U48=1", "SMAP=1 PKE=1 CET=1",
                                     "PKRU 0x00080000", "at 0x4760 (UC-)", "(WB)",
                                     "a shadow-stack page; key 9 in PKRU: AD=0 WD=1",
                                     "CR2 0x00007654321fedcb, error code 0x67 (P W U PK SS)", "PKRU forbids it", NULL});
    access = (struct oracle_access){.va = VA, .acc = ACC_READ, .ac = true};
    check_says(explained_of(&m, &access),
               (const char *const[]){"read by supervisor (EFLAGS.AC=1)", "PAT index 1 (WT)", "is allowed", NULL});
    access.imp = access.user = true;
    check_says(explained_of(&m, &access),
               (const char *const[]){"read by supervisor (implicit)", "0x1 (P)", "whatever EFLAGS.AC", NULL});
    access.va = (uint64_t)1 << 63;
    check_says(explained_of(&m, &access), (const char *const[]){"#GP", "not canonical", NULL});
    physmem_free(m.pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_says_what_and_why),
        cmocka_unit_test(explain_tells_of_every_feature),
    };
    return cmocka_run_group_tests_name("oracle explain", tests, NULL, NULL);
}
