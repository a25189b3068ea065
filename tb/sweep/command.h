/* `twinwalk sweep`. */
#ifndef TWINWALK_SWEEP_COMMAND_H
#define TWINWALK_SWEEP_COMMAND_H

/* Exit status 0 only when everything asked for was equal. */
int sweep_command(int argc, char **argv);

#endif
