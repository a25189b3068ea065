/* Reads of a walk that finds nothing cached: one a level, from the root to the leaf. */
#include "form.h"

static void cold(const struct forms *f, struct stand *r, unsigned levels)
{
    for (unsigned size = SIZE_4K; size <= SIZE_1G; size++) {
        if (size == SIZE_1G && !CFG_ARCH_PAGE_1G)
            continue;
        stand_flush(r);
        stand_access(r, (struct access){.va = form_tables_va(size, 0)});
        sheet_row(f->sheet, r, levels - size, EXACT, STAND_PAIR(r, answer.reads),
                  "reads of a cold walk, %s page, %u levels", preset_size_name[size], levels);
    }
}

void form_reads(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, 5, false);
    cold(f, r, 4);
    if (CFG_ARCH_LA57) {
        stand_five_levels(r);
        cold(f, r, 5);
    } else {
        sheet_left_out(f->sheet, "5 levels: the preset has no CR4.LA57");
    }
    sheet_end_stand(f->sheet, r);
}
