/* Mismatch folders of directed benches: see found.h. */
#include "found.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/about.h"
#include "base/interrupt.h"
#include "base/shell.h"
#include "dut/waves.h"
#include "mmu_cfg.h"
#include "report/page.h"
#include "report/waveform.h"
#include "traces/format/plain.h"

#pragma weak dut_rtl_expect

enum { WAVES_BEFORE = 200 }; /* cycles of waveform before a finding */

static bool write_report(const struct found *f, const char *folder)
{
    const struct finding *x = f->finding;
    struct outfile file;
    if (!folder_file(&file, folder, "report.txt"))
        return false;
    fprintf(file.file, "kind      %s\nfield     %s\nexpected  %s\nactual    %s\n", finding_name(x->kind), x->field,
            x->expected, x->actual);
    if (x->cycle != UINT64_MAX)
        fprintf(file.file, "cycle     %" PRIu64 "\n", x->cycle);
    fprintf(file.file, "place     %s, %s\npreset    %s\nDUT       %s\nprogram   twinwalk %s%s%s\n", f->verb,
            plain(f->place), CFG_NAME, f->dut, about_version, *about_commit ? ", " : "", about_commit);
    return outfile_keep(&file);
}

static bool write_rerun(const char *folder)
{
    struct outfile file;
    if (!folder_file(&file, folder, "rerun.txt"))
        return false;
    fprintf(file.file, "%s\n", shell_rerun());
    return outfile_keep(&file);
}

bool found_begin(const struct found *f, char name[540])
{
    struct folder folder;
    char stem[64], text[256];
    folder_stem(f->place, stem, sizeof stem);
    snprintf(text, sizeof text, "mismatch-%s-%s-%s-%s-%s", f->verb, stem, f->dut, CFG_NAME,
             finding_name(f->finding->kind));
    if (!folder_make(&folder, f->out, text))
        return false;
    const bool good = write_report(f, folder.part) && write_rerun(folder.part);
    const bool kept = folder_keep(&folder);
    snprintf(name, 540, "%s", folder.name);
    return good && kept;
}

void found_end(const char *folder, const struct reduced *reduced, FILE *out)
{
    fprintf(out, "    see       %s/\n", plain(folder));
    reduce_tell(out, reduced);
    if (page_write(folder))
        fprintf(out, "    page      %s/report.html\n", plain(folder));
    fflush(out);
}

/* ---- waves after the fact ---- */

struct camera {
    const char *file;
    uint64_t from; /* cycle */
    bool began, on;
};

static void begin(struct camera *c, const struct rig *r)
{
    if (!c->began)
        c->on = r->ops->waves_start(r->dut, c->file);
    c->began = true;
}

/* The device is about to be stepped, or nothing is stepped any more and this cycle was only compared. */
static void expect(const struct camera *c, const struct rig *r)
{
    if (c->on && r->model && dut_rtl_expect)
        dut_rtl_expect(r->dut, &r->out);
}

static void record(void *watcher, const struct rig *r)
{
    struct camera *c = watcher;
    if (r->cycle >= c->from)
        begin(c, r);
    expect(c, r);
}

static void record_last(void *watcher, const struct rig *r)
{
    struct camera *c = watcher;
    begin(c, r);
    expect(c, r);
    if (c->on)
        r->ops->waves_stop(r->dut);
}

bool found_waves(const struct rig_run *run, const char *path, FILE *out)
{
    const uint64_t cycle = run->finding->cycle;
    struct waveform waveform;
    if (!path || !run->ops || !run->ops->waves_start || run->ops->alone)
        return true;
    if (!waveform_open(&waveform, path))
        return false;
    struct camera camera = {waveform.part, cycle > WAVES_BEFORE ? cycle - WAVES_BEFORE : 0, false, false};
    const struct rig_eye eye = {record, record_last, &camera};
    const bool same = run->again(run->context, &eye);
    if (!waveform_keep(&waveform, camera.on, cycle))
        return false;
    fprintf(out, "    waves     %s, cycles %" PRIu64 " to %" PRIu64 "%s\n", plain(path), camera.from, cycle,
            same ? "" : ": made again, the run did not end so");
    return true;
}

void found_rig(const struct found *f, const struct rig_run *run, double budget, FILE *out)
{
    char folder[540];
    struct reduced reduced;
    if (!found_begin(f, folder))
        return;
    char fst[560];
    snprintf(fst, sizeof fst, "%s/waves.fst", folder);
    found_waves(run, fst, out);
    fflush(out);
    fprintf(stderr, "twinwalk: reducing, for at most %.0f s (Ctrl-C ends it) …\n", budget);
    interrupt_install();
    char *head = reduce_head(f->finding, f->dut, shell_rerun());
    reduce_rig(run, folder, head, budget, &reduced);
    free(head);
    found_end(folder, &reduced, out);
}
