/* report.html: a mismatch folder on one page that needs nothing else, for a browser. */
#ifndef TWINWALK_PAGE_H
#define TWINWALK_PAGE_H

#include <stdbool.h>

/* Reads what a finished folder holds (report.txt, walk.txt, state.txt, strip.svg, offered.txt, reduced.*, rerun.txt)
 * and writes report.html into it. Files that are not there are left out. False with a message on stderr. */
bool page_write(const char *folder);

#endif
