/* Command lines as a shell reads them, for the lines that say how something is run again. */
#ifndef TWINWALK_SHELL_H
#define TWINWALK_SHELL_H

/* The arguments as one line, each quoted where it must be; control bytes as \xNN in $'…' (bash, zsh), so that a line
 * stays one line. To be freed; NULL: out of memory. */
char *shell_line(int argc, char *const *argv);

/* One argument so. */
char *shell_word(const char *text);

/* Remembers what this process was called with, before anything changes argv. Both are "" or "twinwalk" without it, or
 * when memory is short. */
void shell_begin(int argc, char *const *argv);
const char *shell_rerun(void);   /* the line that runs it again */
const char *shell_program(void); /* the word that calls the program */

#endif
