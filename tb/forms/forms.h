/* The subcommand `forms`. */
#ifndef TWINWALK_FORMS_H
#define TWINWALK_FORMS_H

/* argv[0] is the subcommand's name. Returns the exit status. */
int forms_command(int argc, char **argv);

#endif
