/* What every parser of a command line needs: numbers and names, checked, with one spelling of the complaints. */
#ifndef TWINWALK_ARGUMENTS_H
#define TWINWALK_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* argp_parse, which gives up without a word when memory is short: that is said, and ends the program. */
void arguments_parse(const struct argp *argp, int argc, char **argv, void *input);

/* A whole number, decimal or 0x…, with an optional binary suffix; complains and exits when it is none or out of range.
 */
uint64_t arguments_number(struct argp_state *state, const char *option, const char *text, uint64_t low, uint64_t high,
                          bool suffix);

/* The position of text in a list of names that ends with NULL; complains and exits when it is not there. */
unsigned arguments_choice(struct argp_state *state, const char *option, const char *text, const char *const *names);

/* "I/N": share I of shares N, I from 0 to N - 1; complains and exits when it is none. */
void arguments_share(struct argp_state *state, const char *option, const char *text, uint64_t *share, uint64_t *shares);

/* --reduce=SECONDS, of every verb that compares: in how much time failures may be cut down; 0: they are not. */
#define ARGUMENTS_REDUCE_HELP \
    "Cut a failure down to a small case, in at most so much time; 0: do not (60 on a terminal, else 0)"
double arguments_reduce(struct argp_state *state, const char *text);
double arguments_reduce_default(void);

#endif
