/* The verb `twinwalk pins`: plays stimulus at the pins (stimulus.h) through the cycle model and a device. */
#ifndef TWINWALK_PINS_COMMAND_H
#define TWINWALK_PINS_COMMAND_H

/* argv[0] is the name for messages. Gives the exit status (base/exits.h). */
int pins_command(int argc, char **argv);

#endif
