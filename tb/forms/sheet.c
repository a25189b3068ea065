/* See sheet.h. */
#include "sheet.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 76, NUMBER_WIDTH = 11 };

void sheet_begin(struct sheet *sheet)
{
    printf("closed forms, preset %s: %s\n\n", CFG_NAME,
           sheet->dut ? "cycle model and DUT in lockstep, pins compared every cycle" : "cycle model alone");
    printf("%-*s %*s %*s %*s %*s\n", NAME_WIDTH, "form", NUMBER_WIDTH, "formula", NUMBER_WIDTH, "model", NUMBER_WIDTH,
           sheet->dut ? sheet->dut : "-", NUMBER_WIDTH, "tolerance");
}

void sheet_group(struct sheet *sheet, const char *group, const char *what)
{
    sheet->group = group;
    printf("\n%s: %s\n", group, what);
}

/* Whole numbers as such, all others with what a tolerance of a few per mille needs. */
static void show(double value)
{
    if (value == floor(value) && fabs(value) < 1e9)
        printf(" %*.0f", NUMBER_WIDTH, value);
    else
        printf(" %*.6g", NUMBER_WIDTH, value);
}

static bool within(double formula, double tolerance, double measured)
{
    return fabs(measured - formula) <= tolerance;
}

static void count(struct sheet *sheet, bool ok, json_t *row)
{
    sheet->rows++;
    sheet->failed += !ok;
    if (sheet->json)
        json_array_append_new(sheet->json, row);
    else
        json_decref(row);
}

void sheet_row(struct sheet *sheet, const struct stand *r, double formula, double tolerance, struct pair measured,
               const char *format, ...)
{
    char name[160];
    va_list arguments;
    bool ok = r->finding.kind == FINDING_NONE;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);

    for (unsigned s = 0; s < r->sides; s++)
        ok = ok && within(formula, tolerance, measured.v[s]);
    printf("  %-*s", NAME_WIDTH - 2, name);
    show(formula);
    show(measured.v[SIDE_MODEL]);
    if (r->sides > SIDE_DUT)
        show(measured.v[SIDE_DUT]);
    else
        printf(" %*s", NUMBER_WIDTH, "-");
    if (tolerance == EXACT)
        printf(" %*s", NUMBER_WIDTH, "exact");
    else
        show(tolerance);
    printf("  %s\n", ok ? "ok" : "FAIL");

    json_t *row = json_pack("{ss ss sf sf sf sb}", "form", sheet->group, "name", name, "formula", formula, "model",
                            measured.v[SIDE_MODEL], "tolerance", tolerance, "ok", ok);
    if (r->sides > SIDE_DUT)
        json_object_set_new(row, "dut", json_real(measured.v[SIDE_DUT]));
    count(sheet, ok, row);
}

void sheet_left_out(struct sheet *sheet, const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("  left out: %s\n", text);
    if (sheet->json)
        json_array_append_new(sheet->json, json_pack("{ss ss}", "form", sheet->group, "left_out", text));
}

void sheet_end_stand(struct sheet *sheet, struct stand *r)
{
    const struct finding *f = &r->finding;
    const bool ok = f->kind == FINDING_NONE;
    if (!ok)
        printf("  stopped in cycle %" PRIu64 ", %s: %s is %s, should be %s  FAIL\n", f->cycle, finding_name(f->kind),
               f->field, f->actual, f->expected);
    else if (sheet->dut)
        printf("  pins equal in all %" PRIu64 " cycles\n", r->cycle);
    if (!ok || sheet->dut)
        count(sheet, ok,
              json_pack("{ss ss sI sb}", "form", sheet->group, "name", "runs to its end, pins equal", "cycles",
                        (json_int_t)r->cycle, "ok", ok));
    stand_free(r);
}

static bool write_json(struct sheet *sheet, const char *path)
{
    json_t *all = json_pack("{ss ss? si si so}", "preset", CFG_NAME, "dut", sheet->dut, "rows", (int)sheet->rows,
                            "failed", (int)sheet->failed, "forms", sheet->json);
    const bool ok = all && json_dump_file(all, path, JSON_INDENT(1)) == 0;
    sheet->json = NULL;
    json_decref(all);
    if (!ok)
        fprintf(stderr, "twinwalk forms: %s: cannot be written: %s\n", path, strerror(errno));
    return ok;
}

bool sheet_finish(struct sheet *sheet, const char *path)
{
    printf("\n%u of %u closed forms hold\n", sheet->rows - sheet->failed, sheet->rows);
    return (!path || write_json(sheet, path)) && sheet->failed == 0;
}
