/* `twinwalk compare`: two profiles of one trace, access by access. What differs in translations, in where they were
 * found, and in cycles; which accesses lost or won most; and whether a policy allows it. */
#ifndef TWINWALK_COMPARE_H
#define TWINWALK_COMPARE_H

/* argv[0] is the name for messages. Gives the exit status: 0 translations equal and all of --allow kept, 1 not; the
 * rest as in base/exits.h. */
int compare_command(int argc, char **argv);

#endif
