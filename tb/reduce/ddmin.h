/* Delta debugging: which of many parts does a failure need? (A. Zeller, R. Hildebrandt: Simplifying and Isolating
 * Failure-Inducing Input, IEEE TSE 28(2), 2002: ddmin, complements only.) */
#ifndef TWINWALK_DDMIN_H
#define TWINWALK_DDMIN_H

#include <stdbool.h>
#include <stddef.h>

/* keep[] says which of count parts are there; at first they fail. Takes away what `fails` can do without, until no
 * single part can go or `more` says no (it is asked before each try; NULL: always go on). Gives how many are left. */
size_t ddmin(bool *keep, size_t count, bool (*fails)(void *context, const bool *keep), bool (*more)(void *context),
             void *context);

#endif
