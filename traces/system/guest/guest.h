/* What the parts of the guest's program share. */
#ifndef TWINWALK_SYSTEM_GUEST_H
#define TWINWALK_SYSTEM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Each ends the program with status 1 and a line on stderr. */
void die(const char *what);                /* … and errno */
void expect(bool right, const char *what); /* unless right */
void wait_for(pid_t child, const char *what);

unsigned char *map_memory(size_t bytes); /* private, anonymous, read and write */

int mark(int n);           /* executes mark n, 1 … 20; 0, or 2 for another number */
int tour(const char *dir); /* dir: where files may be made; the status of the program */

#endif
