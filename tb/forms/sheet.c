/* See sheet.h. */
#include "sheet.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/about.h"

enum { NAME_WIDTH = 76, NUMBER_WIDTH = 11 };

void sheet_begin(struct sheet *sheet)
{
    fprintf(sheet->out, "closed forms, preset %s: %s\n\n", CFG_NAME,
            sheet->dut ? "cycle model and DUT in lockstep, pins compared every cycle" : "cycle model alone");
    fprintf(sheet->out, "%-*s %*s %*s %*s %*s\n", NAME_WIDTH, "form", NUMBER_WIDTH, "formula", NUMBER_WIDTH, "model",
            NUMBER_WIDTH, sheet->dut ? sheet->dut : "-", NUMBER_WIDTH, "tolerance");
}

void sheet_group(struct sheet *sheet, const char *group, const char *what)
{
    sheet->group = group;
    fprintf(sheet->out, "\n%s: %s\n", group, what);
}

/* Whole numbers as such, all others with what a tolerance of a few per mille needs. */
static void show(FILE *out, double value)
{
    if (value == floor(value) && fabs(value) < 1e9)
        fprintf(out, " %*.0f", NUMBER_WIDTH, value);
    else
        fprintf(out, " %*.6g", NUMBER_WIDTH, value);
}

static bool within(double formula, double tolerance, double measured)
{
    return fabs(measured - formula) <= tolerance;
}

/* A form that fails is named again at the end, where one looks first. */
static void keep_failure(struct sheet *sheet, const char *name)
{
    if (sheet->failed < SHEET_FAILS)
        snprintf(sheet->fails[sheet->failed], sizeof *sheet->fails, "%s: %s", sheet->group, name);
}

static void count(struct sheet *sheet, bool ok, const char *name, json_t *row)
{
    if (!ok)
        keep_failure(sheet, name);
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
    fprintf(sheet->out, "  %-*s", NAME_WIDTH - 2, name);
    show(sheet->out, formula);
    show(sheet->out, measured.v[SIDE_MODEL]);
    if (r->sides > SIDE_DUT)
        show(sheet->out, measured.v[SIDE_DUT]);
    else
        fprintf(sheet->out, " %*s", NUMBER_WIDTH, "-");
    if (tolerance == EXACT)
        fprintf(sheet->out, " %*s", NUMBER_WIDTH, "exact");
    else
        show(sheet->out, tolerance);
    fprintf(sheet->out, "  %s\n", ok ? "ok" : "FAIL");

    json_t *row = json_pack("{ss ss sf sf sf sb}", "form", sheet->group, "name", name, "formula", formula, "model",
                            measured.v[SIDE_MODEL], "tolerance", tolerance, "ok", ok);
    if (r->sides > SIDE_DUT)
        json_object_set_new(row, "dut", json_real(measured.v[SIDE_DUT]));
    count(sheet, ok, name, row);
}

void sheet_left_out(struct sheet *sheet, const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(sheet->out, "  left out: %s\n", text);
    if (sheet->json)
        json_array_append_new(sheet->json, json_pack("{ss ss}", "form", sheet->group, "left_out", text));
}

void sheet_end_stand(struct sheet *sheet, struct stand *r)
{
    const struct finding *f = &r->finding;
    const bool ok = f->kind == FINDING_NONE;
    if (!ok)
        fprintf(sheet->out, "  stopped in cycle %" PRIu64 ", %s: %s is %s, should be %s  FAIL\n", f->cycle,
                finding_name(f->kind), f->field, f->actual, f->expected);
    else if (sheet->dut)
        fprintf(sheet->out, "  pins equal in all %" PRIu64 " cycles\n", r->cycle);
    if (!ok || sheet->dut)
        count(sheet, ok, "runs to its end, pins equal",
              json_pack("{ss ss sI sb}", "form", sheet->group, "name", "runs to its end, pins equal", "cycles",
                        (json_int_t)r->cycle, "ok", ok));
    stand_free(r);
}

json_t *sheet_finish(struct sheet *sheet)
{
    json_t *all = about_json(CFG_NAME);
    fprintf(sheet->out, "\n%u of %u closed forms hold\n", sheet->rows - sheet->failed, sheet->rows);
    for (unsigned i = 0; i < sheet->failed && i < SHEET_FAILS; i++)
        fprintf(sheet->out, "  FAIL %s\n", sheet->fails[i]);
    if (sheet->failed > SHEET_FAILS)
        fprintf(sheet->out, "  and %u more\n", sheet->failed - SHEET_FAILS);
    json_object_set_new(all, "command", json_string("forms"));
    json_object_set_new(all, "dut", sheet->dut ? json_string(sheet->dut) : json_null());
    json_object_set_new(all, "rows", json_integer(sheet->rows));
    json_object_set_new(all, "failed", json_integer(sheet->failed));
    json_object_set_new(all, "forms", sheet->json);
    sheet->json = NULL;
    return all;
}
