/* `twinwalk matrix`. */
#ifndef TWINWALK_MATRIX_COMMAND_H
#define TWINWALK_MATRIX_COMMAND_H

/* Exit status 0 only when every cell that can exist was run and good. */
int matrix_command(int argc, char **argv);

#endif
