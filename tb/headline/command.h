/* `twinwalk headline`. */
#ifndef TWINWALK_HEADLINE_COMMAND_H
#define TWINWALK_HEADLINE_COMMAND_H

/* Exit status 0 only when every answer was right and, with a device, all pins were equal. */
int headline_command(int argc, char **argv);

#endif
