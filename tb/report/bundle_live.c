/* See bundle_live.h. */
#include "bundle_live.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/pincmp.h"
#include "engine/statecmp.h"
#include "folder.h"

bool bundle_walk(const char *folder, const struct driver *d, const struct finding *f)
{
    struct outfile file;
    if (f->access == UINT64_MAX || !d->explain)
        return true;
    if (!folder_file(&file, folder, "walk.txt"))
        return false;
    fprintf(file.file, "The walk of this access in memory as it was when the difference was seen:\n\n");
    d->explain(d, f, file.file);
    return outfile_keep(&file);
}

bool bundle_state(const char *folder, const struct lockstep *l, const struct finding *first, const struct finding *f)
{
    struct outfile file;
    if (!folder_file(&file, folder, "state.txt"))
        return false;
    FILE *out = file.file;
    if (first->kind == FINDING_STATE)
        fprintf(out, "First element to diverge, in cycle %" PRIu64 ":\n  %s\n      expected %s\n      actual   %s\n\n",
                first->cycle, first->field, first->expected, first->actual);
    fprintf(out, "The DUT's pins in cycle %" PRIu64 ":\n", l->driver->cycle);
    pins_print(out, &l->actual, &l->driver->in);
    fprintf(out, "The reference's:\n");
    pins_print(out, &l->expected, &l->driver->in);
    fprintf(out, "\n");
    if (l->ops->has_state && l->ops->state_waits && !l->actual.waiting) {
        fprintf(out,
                "The DUT's state can be read only while it waits, and in cycle %" PRIu64
                " it does not: what diverged first was looked for in the cycles in which it does.\n",
                l->driver->cycle);
    } else if (l->ops->has_state) {
        fprintf(out, "Everything that differs in cycle %" PRIu64 ":\n", l->driver->cycle);
        if (!state_print_differences(out, l->ref, l->ops, l->dut, l->driver->cycle))
            fprintf(out, "nothing\n");
        fprintf(out, "\nThe DUT's contexts in that cycle:\n");
        state_print_active(out, NULL, l->ops, l->dut);
    }
    fprintf(out, "\nThe reference's contexts in cycle %" PRIu64 ":\n", l->driver->cycle);
    state_print_active(out, l->ref, NULL, NULL);
    if (f->access != UINT64_MAX) {
        fprintf(out, "\nThe sets in which 0x%" PRIx64 " is looked up, the reference's (what differs stands above):\n",
                f->va);
        state_print_sets(out, l->ref, f->va, f->acc == ACC_EXECUTE);
    }
    return outfile_keep(&file);
}

bool bundle_offered(const char *folder, const struct driver *d)
{
    struct outfile file;
    if (!d->offered)
        return true;
    if (!folder_file(&file, folder, "offered.txt"))
        return false;
    d->offered(d, file.file);
    return outfile_keep(&file);
}

bool bundle_strip(const char *folder, const struct strip *strip)
{
    struct outfile file;
    if (!strip->count)
        return true;
    if (!folder_file(&file, folder, "strip.svg"))
        return false;
    strip_draw(file.file, strip);
    if (!outfile_keep(&file) || !folder_file(&file, folder, "strip.txt"))
        return false;
    strip_write(file.file, strip);
    return outfile_keep(&file);
}

bool bundle_state_alone(const char *folder, const struct lane *lane)
{
    struct outfile file;
    if (!folder_file(&file, folder, "state.txt"))
        return false;
    FILE *out = file.file;
    fprintf(out, "The DUT's pins in cycle %" PRIu64 ":\n", lane->driver->cycle);
    pins_print(out, &lane->out, &lane->driver->in);
    if (lane->ops->has_state) {
        fprintf(out, "\nIts contexts:\n");
        state_print_active(out, NULL, lane->ops, lane->dut);
    }
    return outfile_keep(&file);
}
