/* Which state words there are (shape.c). */
#ifndef TWINWALK_TESTS_ON_RTL_SHAPE_H
#define TWINWALK_TESTS_ON_RTL_SHAPE_H

#include <stdbool.h>

/* True if (sel, idx) names a state word of section 17 in this preset. */
bool state_word_exists(unsigned sel, unsigned idx);

#endif
