/* Who may do what, row by row from the SDM: the page, the registers, the access, and the verdict.
 *
 * The verdicts are written by hand from SDM 3A 5.6.1 (access rights), 5.6.2 (protection keys), 5.7 (error code). */
#ifndef TWINWALK_TESTS_RIGHTS_TABLE_H
#define TWINWALK_TESTS_RIGHTS_TABLE_H

#include <stdint.h>

#include "pins.h"

/* The page: R/W, U/S, XD over all levels; SP: a shadow-stack page, which has R/W = 0. RO: a read-only page that is
 * none. */
enum { RO = 0, RW = 1, US = 2, XD = 4, SP = 8 };
/* The registers. */
enum { WP = 1, NXE = 2, SMEP = 4, SMAP = 8, PKE = 16, PKS = 32, CET = 64 };
/* The access; as in state word 6. */
enum { RD = ACC_READ, WR = ACC_WRITE, EX = ACC_EXECUTE, CPL3 = 4, IMP = 8, AC = 16, SS = 32 };

enum { KEY = 5, AD = 1u << 2 * KEY, WD = 2u << 2 * KEY, OTHER_KEYS = ~(AD | WD) };

struct rights_row {
    const char *clause;
    uint8_t page, regs, access;
    uint32_t pkru, pkrs; /* the page has protection key KEY */
    uint16_t err;        /* 0: allowed */
};

#define P_ PF_P
#define W_ PF_W
#define U_ PF_U
#define I_ PF_I
#define K_ PF_PK
#define S_ PF_SS

static const struct rights_row rights_table[] = {
    /* U/S */
    {"a user reads a user page", US, WP | NXE, RD | CPL3, 0, 0, 0},
    {"a user does not read a supervisor page", RW, WP | NXE, RD | CPL3, 0, 0, P_ | U_},
    {"nor does AC help a user", RW, WP | NXE, RD | CPL3 | AC, 0, 0, P_ | U_},
    {"a supervisor reads a supervisor page", RO, WP | NXE | SMAP | SMEP, RD, 0, 0, 0},
    {"an implicit access is a supervisor's, at CPL 3 too", RO, WP | NXE, RD | CPL3 | IMP, 0, 0, 0},
    {"and its error code has U/S = 0", RO, WP | NXE, WR | CPL3 | IMP, 0, 0, P_ | W_},
    /* R/W and CR0.WP */
    {"a user writes a writable user page", RW | US, WP | NXE, WR | CPL3, 0, 0, 0},
    {"a user does not write a read-only page", US, WP | NXE, WR | CPL3, 0, 0, P_ | W_ | U_},
    {"not even with WP = 0", US, NXE, WR | CPL3, 0, 0, P_ | W_ | U_},
    {"a supervisor does not with WP = 1", RO, WP | NXE, WR, 0, 0, P_ | W_},
    {"a supervisor does with WP = 0", RO, NXE, WR, 0, 0, 0},
    {"on user pages too", US, NXE, WR, 0, 0, 0},
    {"implicit writes obey WP like all supervisor writes", RO, NXE, WR | CPL3 | IMP, 0, 0, 0},
    /* SMAP and AC */
    {"SMAP = 0: a supervisor reads a user page", US, WP | NXE, RD, 0, 0, 0},
    {"SMAP = 1: it does not", US, WP | NXE | SMAP, RD, 0, 0, P_},
    {"but with AC = 1", US, WP | NXE | SMAP, RD | AC, 0, 0, 0},
    {"implicit: AC = 1 does not help", US, WP | NXE | SMAP, RD | AC | IMP, 0, 0, P_},
    {"implicit at CPL 3: the same", US, WP | NXE | SMAP, RD | CPL3 | AC | IMP, 0, 0, P_},
    {"implicit, SMAP = 0: allowed", US, WP | NXE, RD | CPL3 | IMP, 0, 0, 0},
    {"SMAP does not concern users", RW | US, WP | NXE | SMAP, WR | CPL3, 0, 0, 0},
    {"SMAP forbids writes as well", RW | US, WP | NXE | SMAP, WR, 0, 0, P_ | W_},
    {"whatever WP is", RW | US, NXE | SMAP, WR, 0, 0, P_ | W_},
    {"AC = 1 leaves WP in force", US, WP | NXE | SMAP, WR | AC, 0, 0, P_ | W_},
    {"AC = 1 and WP = 0: allowed", US, NXE | SMAP, WR | AC, 0, 0, 0},
    {"SMAP does not concern fetches", US, WP | NXE | SMAP, EX, 0, 0, 0},
    /* SMEP and XD; I/D is 1 for a fetch if NXE or SMEP */
    {"SMEP = 0: a supervisor fetches from a user page", US, WP | NXE, EX, 0, 0, 0},
    {"SMEP = 1: it does not", US, WP | NXE | SMEP, EX, 0, 0, P_ | I_},
    {"nor with AC = 1", US, WP | NXE | SMEP, EX | AC, 0, 0, P_ | I_},
    {"I/D without NXE, because of SMEP", US, WP | SMEP, EX, 0, 0, P_ | I_},
    {"SMEP does not concern users", US, WP | NXE | SMEP, EX | CPL3, 0, 0, 0},
    {"SMEP does not concern supervisor pages", RO, WP | NXE | SMEP, EX, 0, 0, 0},
    {"SMEP does not concern data", RW | US, WP | NXE | SMEP, WR, 0, 0, 0},
    {"a user does not fetch from a supervisor page", RO, WP | NXE, EX | CPL3, 0, 0, P_ | U_ | I_},
    {"I/D = 0 with NXE = 0 and SMEP = 0", RO, WP, EX | CPL3, 0, 0, P_ | U_},
    {"XD forbids a user's fetch", US | XD, WP | NXE, EX | CPL3, 0, 0, P_ | U_ | I_},
    {"XD forbids a supervisor's", XD, WP | NXE, EX, 0, 0, P_ | I_},
    {"XD does not concern data", RW | US | XD, WP | NXE, WR | CPL3, 0, 0, 0},
    /* PKRU: keys of user pages */
    {"AD forbids a user's read", RW | US, WP | NXE | PKE, RD | CPL3, AD, 0, P_ | U_ | K_},
    {"only with PKE = 1", RW | US, WP | NXE, RD | CPL3, AD, 0, 0},
    {"other keys do not count", RW | US, WP | NXE | PKE, WR | CPL3, OTHER_KEYS, OTHER_KEYS, 0},
    {"WD leaves reads alone", RW | US, WP | NXE | PKE, RD | CPL3, WD, 0, 0},
    {"WD forbids a user's write", RW | US, WP | NXE | PKE, WR | CPL3, WD, 0, P_ | W_ | U_ | K_},
    {"with WP = 0 too", RW | US, NXE | PKE, WR | CPL3, WD, 0, P_ | W_ | U_ | K_},
    {"WD forbids a supervisor's write with WP = 1", RW | US, WP | NXE | PKE, WR, WD, 0, P_ | W_ | K_},
    {"not with WP = 0", RW | US, NXE | PKE, WR, WD, 0, 0},
    {"nor an implicit one of CPL 3 with WP = 0", RW | US, NXE | PKE, WR | CPL3 | IMP, WD, 0, 0},
    {"AD forbids a supervisor's read of a user page", RW | US, WP | NXE | PKE, RD, AD, 0, P_ | K_},
    {"and its write, with WP = 0 too", RW | US, NXE | PKE, WR, AD, 0, P_ | W_ | K_},
    {"and implicit ones", RW | US, WP | NXE | PKE, RD | CPL3 | IMP, AD, 0, P_ | K_},
    {"keys do not concern fetches", RW | US, WP | NXE | PKE, EX | CPL3, AD | WD, 0, 0},
    {"PKRU does not concern supervisor pages", RW, WP | NXE | PKE, WR, AD | WD, 0, 0},
    {"PK = 1 although R/W fails too", US, WP | NXE | PKE, WR | CPL3, WD, 0, P_ | W_ | U_ | K_},
    {"PK = 1 although SMAP fails too", RW | US, WP | NXE | PKE | SMAP, RD, AD, 0, P_ | K_},
    {"PK = 0 for a fetch that XD forbids", RW | US | XD, WP | NXE | PKE, EX | CPL3, AD | WD, 0, P_ | U_ | I_},
    {"PK = 0 where PKRU does not decide", RW, WP | NXE | PKE, RD | CPL3, AD, 0, P_ | U_},
    /* IA32_PKRS: keys of supervisor pages */
    {"AD forbids a supervisor's read", RW, WP | NXE | PKS, RD, 0, AD, P_ | K_},
    {"only with PKS = 1", RW, WP | NXE, RD, 0, AD, 0},
    {"AD forbids implicit reads", RW, WP | NXE | PKS, RD | CPL3 | IMP, 0, AD, P_ | K_},
    {"WD leaves reads alone, PKS", RW, WP | NXE | PKS, RD, 0, WD, 0},
    {"WD forbids writes with WP = 1", RW, WP | NXE | PKS, WR, 0, WD, P_ | W_ | K_},
    {"not with WP = 0, PKS", RW, NXE | PKS, WR, 0, WD, 0},
    {"AD forbids writes with WP = 0, PKS", RW, NXE | PKS, WR, 0, AD, P_ | W_ | K_},
    {"keys do not concern fetches, PKS", RW, WP | NXE | PKS, EX, 0, AD | WD, 0},
    {"PKRS does not concern user pages", RW | US, WP | NXE | PKS, WR, 0, AD | WD, 0},
    {"other keys do not count, PKS", RW, WP | NXE | PKS, WR, OTHER_KEYS, OTHER_KEYS, 0},
    {"a user at a supervisor page: PK = 1 by the letter of 5.7", RW, WP | NXE | PKS, RD | CPL3, 0, AD, P_ | U_ | K_},
    {"and by WD", RW, WP | NXE | PKS, WR | CPL3, 0, WD, P_ | W_ | U_ | K_},
    {"which WP = 0 switches off", RW, NXE | PKS, WR | CPL3, 0, WD, P_ | W_ | U_},
    /* CET shadow stacks */
    {"a user's stack access to a user stack page: read", US | SP, WP | NXE | CET, RD | CPL3 | SS, 0, 0, 0},
    {"write, although R/W = 0", US | SP, WP | NXE | CET, WR | CPL3 | SS, 0, 0, 0},
    {"SMAP does not concern WRUSS", US | SP, WP | NXE | CET | SMAP, WR | CPL3 | SS, 0, 0, 0},
    {"a supervisor's to a supervisor stack page: read", SP, WP | NXE | CET | SMAP, RD | SS, 0, 0, 0},
    {"write", SP, WP | NXE | CET | SMAP, WR | SS, 0, 0, 0},
    {"implicit at CPL 3: a supervisor's", SP, WP | NXE | CET, WR | CPL3 | IMP | SS, 0, 0, 0},
    {"not to a writable page", RW | US, WP | NXE | CET, RD | CPL3 | SS, 0, 0, P_ | U_ | S_},
    {"not to one, to write", RW, WP | NXE | CET, WR | SS, 0, 0, P_ | W_ | S_},
    {"not to a read-only page that is no stack page", US, WP | NXE | CET, RD | CPL3 | SS, 0, 0, P_ | U_ | S_},
    {"a user's not to a supervisor stack page", SP, WP | NXE | CET, RD | CPL3 | SS, 0, 0, P_ | U_ | S_},
    {"a supervisor's not to a user stack page", US | SP, WP | NXE | CET, RD | SS, 0, 0, P_ | S_},
    {"not with AC = 1 either", US | SP, WP | NXE | CET | SMAP, WR | AC | SS, 0, 0, P_ | W_ | S_},
    {"an implicit one not to a user stack page", US | SP, WP | NXE | CET, RD | CPL3 | IMP | SS, 0, 0, P_ | S_},
    {"an ordinary read of a stack page", US | SP, WP | NXE | CET, RD | CPL3, 0, 0, 0},
    {"an ordinary write finds R/W = 0", US | SP, WP | NXE | CET, WR | CPL3, 0, 0, P_ | W_ | U_},
    {"a supervisor's too", SP, WP | NXE | CET, WR, 0, 0, P_ | W_},
    {"fetches are never stack accesses", US | SP, WP | NXE | CET, EX | CPL3 | SS, 0, 0, 0},
    {"and never have SS = 1", US | SP | XD, WP | NXE | CET, EX | CPL3 | SS, 0, 0, P_ | U_ | I_},
    {"CET = 0: no stack accesses: a read", RW | US, WP | NXE, RD | CPL3 | SS, 0, 0, 0},
    {"CET = 0: a write is an ordinary one", US | SP, WP | NXE, WR | CPL3 | SS, 0, 0, P_ | W_ | U_},
    {"CET = 0: which a writable page allows", RW | US, WP | NXE, WR | CPL3 | SS, 0, 0, 0},
    {"CET = 0: and SMAP concerns", US | SP, WP | NXE | SMAP, RD | SS, 0, 0, P_},
    {"keys concern stack accesses", US | SP, WP | NXE | CET | PKE, WR | CPL3 | SS, WD, 0, P_ | W_ | U_ | K_ | S_},
    {"AD a read", US | SP, WP | NXE | CET | PKE, RD | CPL3 | SS, AD, 0, P_ | U_ | K_ | S_},
    {"PKRS a supervisor's", SP, WP | NXE | CET | PKS, RD | SS, 0, AD, P_ | K_ | S_},
    {"PKRS a supervisor's write", SP, WP | NXE | CET | PKS, WR | SS, 0, WD, P_ | W_ | K_ | S_},
};

enum { RIGHTS_ROWS = sizeof rights_table / sizeof *rights_table };

#undef P_
#undef W_
#undef U_
#undef I_
#undef K_
#undef S_

#endif
