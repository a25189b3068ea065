/* `twinwalk trace …`: the front door to traces/. */
#ifndef TWINWALK_TRACE_COMMAND_H
#define TWINWALK_TRACE_COMMAND_H

/* argv[0] is the name shown in messages ("twinwalk trace"), argv[1] the verb. Returns the exit status: 0 done, 1 failed
 * (said why on standard error), 2 wrong usage, 128 + n stopped by signal n. */
int trace_command(int argc, char **argv);

#endif
