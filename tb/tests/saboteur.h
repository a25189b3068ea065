/* A device under test that does one thing wrong: the cycle model with a defect planted at its pins or in what it says
 * of its state.
 *
 * What judges is itself judged: every comparator of the bench has a test that plants here what it must see. */
#ifndef TWINWALK_SABOTEUR_H
#define TWINWALK_SABOTEUR_H

#include "dut/dut.h"

enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_RESP_ADDR,
    SABOTAGE_RESP_CR2,
    SABOTAGE_RESP_ERR,
    SABOTAGE_RESP_ID,
    SABOTAGE_RESP_KIND,
    SABOTAGE_RESP_SIZE,
    SABOTAGE_RESP_PAT,
    SABOTAGE_RESP_MT,
    SABOTAGE_RESP_SRC,
    SABOTAGE_RESP_LATE, /* one answer comes one cycle later */
    SABOTAGE_RESP_LOST, /* one answer never comes */
    SABOTAGE_REQ_READY,
    SABOTAGE_CTL_READY,
    SABOTAGE_CTL_DONE,
    SABOTAGE_CTL_GP,
    SABOTAGE_WAITING,
    SABOTAGE_MEM_TAG,
    SABOTAGE_MEM_CAS,
    SABOTAGE_MEM_MT,
    SABOTAGE_MEM_ADDR,
    SABOTAGE_MEM_EXPECTED,
    SABOTAGE_MEM_DESIRED,
    SABOTAGE_NO_DIRTY,   /* no compare-and-swap ever sets D */
    SABOTAGE_STATE,      /* one bit of one state word reads wrong */
    SABOTAGE_NO_INVLPG,  /* INVLPG has no effect */
    SABOTAGE_NO_FLUSH,   /* MOV CR3 never invalidates */
    SABOTAGE_NO_INVPCID, /* INVPCID has no effect */
    SABOTAGE_OLD_WP,     /* CR0.WP never changes */
    SABOTAGE_OLD_PKRU,   /* PKRU never changes */
    SABOTAGE_OLD_PAT,    /* IA32_PAT never changes */
    SABOTAGE_NO_AC,      /* EFLAGS.AC reads 0 */
    SABOTAGE_NO_SS,      /* no access is one of the shadow stack */
    SABOTAGE_NO_IMP,     /* no access is implicit */
    SABOTAGE_NO_MEMERR,  /* what memory says of errors is not heard */
    SABOTAGE_MEMERR,     /* one answer says MEMERR without any error */
    SABOTAGE_FAILS,      /* an assertion of the design fails */
    SABOTAGE_FINISHES,   /* the design ends the simulation */
    SABOTAGE_KINDS,
};

/* What the next instance of dut_saboteur does: from cycle `from` on, at the first opportunity. */
struct sabotage_plan {
    enum sabotage what;
    uint64_t from;
    unsigned sel, idx, word, bit; /* SABOTAGE_STATE */
};

extern struct sabotage_plan sabotage_plan;
extern const struct dut_ops dut_saboteur;

#endif
