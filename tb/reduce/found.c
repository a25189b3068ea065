/* Mismatch folders of directed benches: see found.h. */
#include "found.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/about.h"
#include "base/interrupt.h"
#include "base/shell.h"
#include "mmu_cfg.h"
#include "report/page.h"
#include "traces/format/plain.h"

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

void found_rig(const struct found *f, const struct rig_run *run, double budget, FILE *out)
{
    char folder[540];
    struct reduced reduced;
    if (!found_begin(f, folder))
        return;
    fflush(out);
    fprintf(stderr, "twinwalk: reducing, for at most %.0f s (Ctrl-C ends it) …\n", budget);
    interrupt_install();
    char *head = reduce_head(f->finding, f->dut, shell_rerun());
    reduce_rig(run, folder, head, budget, &reduced);
    free(head);
    found_end(folder, &reduced, out);
}
