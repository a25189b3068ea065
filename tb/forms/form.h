/* The forms: each measures one kind of closed form and writes its rows. */
#ifndef TWINWALK_FORMS_FORM_H
#define TWINWALK_FORMS_FORM_H

#include "sheet.h"

struct forms {
    struct sheet *sheet;
    const struct dut_ops *dut; /* NULL: the model alone */
    bool quick;                /* fewer footprints of random accesses; all else is the same */
};

/* A form closes every stand it opens with sheet_end_stand. */
void form_reads(const struct forms *f);
void form_costs(const struct forms *f);
void form_faults(const struct forms *f);
void form_control(const struct forms *f);
void form_invlpg(const struct forms *f);
void form_lru(const struct forms *f);
void form_cliff(const struct forms *f);
void form_random(const struct forms *f);
void form_throughput(const struct forms *f);

#endif
