/* `twinwalk trace import` and `twinwalk trace merge`. argv[0] is the verb; self the name shown in messages. The exit
 * status, as in ../command.h. */
#ifndef TWINWALK_IMPORT_VERBS_H
#define TWINWALK_IMPORT_VERBS_H

int import_command(const char *self, int argc, char **argv);
int merge_command(const char *self, int argc, char **argv);

#endif
