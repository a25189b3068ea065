/* How a run can end: the one table of exit statuses, the same for every verb and judge (docs/exits.md tells of each,
 * with its message). */
#ifndef TWINWALK_EXITS_H
#define TWINWALK_EXITS_H

enum exit_status {
    STATUS_EQUAL =
        0, /* everything asked for was compared, and was equal; for verbs that compare nothing: everything was done */
    STATUS_MISMATCH = 1,   /* something differed, hung, or an assertion of the design failed */
    STATUS_USAGE = 2,      /* the command line asks for what cannot be */
    STATUS_INPUT = 3,      /* an input cannot be read, or is damaged or impossible; what came before it was compared */
    STATUS_UNFIT = 4,      /* the input needs what this preset, device or host does not have */
    STATUS_INCOMPLETE = 5, /* nothing, or less than was asked for, was compared (no finding in what was) */
    STATUS_OUTPUT = 6,     /* an output could not be written whole */
    STATUS_HOST = 7,       /* the host failed: out of memory, a helper program that is missing or broken */
    STATUS_INTERRUPTED = 130, /* SIGINT, SIGTERM or SIGHUP; what came before it was compared */
};

#ifdef __cplusplus
extern "C" {
#endif

/* The status of a run that ended in two ways at once: a finding before everything, else the first that is no success.
 */
int exits_both(int first, int second);

/* For the beginning of main: usage errors end with STATUS_USAGE, and when the program ends and its standard output has
 * not been written whole, that is said in the name of `self` and a success becomes STATUS_OUTPUT. */
void exits_begin(const char *self);

/* For findings that come when the run has given its status already: a program that would end with success ends with
 * STATUS_MISMATCH. */
void exits_not_equal(void);

#ifdef __cplusplus
}
#endif

#endif
