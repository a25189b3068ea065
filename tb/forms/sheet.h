/* What the forms found: one row each, printed as it comes, kept for the JSON file.
 *
 * A row holds when every side's measured value lies within the tolerance of the formula's, and the stand it was
 * measured on ran to its end with equal pins. */
#ifndef TWINWALK_FORMS_SHEET_H
#define TWINWALK_FORMS_SHEET_H

#include <jansson.h>
#include <stdbool.h>

#include "stand.h"

#define EXACT 0.0

enum { SHEET_FAILS = 10 };

struct sheet {
    const char *dut;   /* NULL: the model alone */
    const char *group; /* the form under way */
    unsigned rows, failed;
    char fails[SHEET_FAILS][240]; /* the first of them in words, for the end */
    FILE *out;                    /* where the table goes */
    json_t *json;                 /* array of rows */
};

/* Prints the heading. */
void sheet_begin(struct sheet *sheet);

/* From now on rows belong to this form. */
void sheet_group(struct sheet *sheet, const char *group, const char *what);

void sheet_row(struct sheet *sheet, const struct stand *r, double formula, double tolerance, struct pair measured,
               const char *format, ...) __attribute__((format(printf, 6, 7)));

/* A form, or part of one, that cannot be asked of this preset, and why. */
void sheet_left_out(struct sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees a stand, with a row that says whether it ran to its end. */
void sheet_end_stand(struct sheet *sheet, struct stand *r);

/* Prints the sum of it all, and gives the whole as JSON. */
json_t *sheet_finish(struct sheet *sheet);

#endif
