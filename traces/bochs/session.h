/* When a recording begins, and when it ends; see session.cc. */
#ifndef TWINWALK_BOCHS_SESSION_H
#define TWINWALK_BOCHS_SESSION_H

#include <stdint.h>

/* Before each instruction while nothing is recorded: does the recording begin with it? If so, recorder_begin has been
 * called. */
bool session_begins(void);
/* Ends the recording, and Bochs: nothing of interest comes after it. */
[[noreturn]] void session_finish(const char *why);

/* The contents of the guest's page at pa, a multiple of 4096; NULL: there is no memory. */
const uint64_t *session_page(uint64_t pa);

extern Bit32u session_pkru; /* PKRU as the trace has it */

#endif
