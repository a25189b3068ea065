/* The mismatch folder of a verb that stands on no session: matrix, sweep, vectors. */
#ifndef TWINWALK_FOUND_H
#define TWINWALK_FOUND_H

#include "reduce.h"
#include "report/folder.h"

struct found {
    const char *verb;              /* "matrix" */
    const char *place;             /* where in it: a part, an operation, a case */
    const struct finding *finding; /* its cycle UINT64_MAX: nobody counted */
    const char *dut;               /* name of the device */
    const char *out;               /* folder under which it is made */
};

/* Makes out/mismatch-VERB-PLACE-DUT-PRESET-KIND/ with report.txt and rerun.txt, and puts its name into folder[]. False
 * with a message on stderr. */
bool found_begin(const struct found *found, char folder[540]);

/* When the case is in it: tells what came of the reduction and where everything is, and writes report.html. */
void found_end(const char *folder, const struct reduced *reduced, FILE *out);

/* Runs it again with a waveform of the last cycles before the finding, and the one it is in, to an FST at that path
 * with a save file beside it, and says so. Nothing when path is NULL, or the device writes none. False with a message
 * on stderr: there is none. */
bool found_waves(const struct rig_run *run, const char *path, FILE *out);

/* All of it for a run of a rig, within budget seconds; with a waveform, waves.fst. */
void found_rig(const struct found *found, const struct rig_run *run, double budget, FILE *out);

#endif
