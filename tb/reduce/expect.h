/* What is right, stated: behind each access of a script the answer of the cycle model, which asks one after another. */
#ifndef TWINWALK_EXPECT_H
#define TWINWALK_EXPECT_H

#include "script.h"

/* Takes away what the lines of a script say of their results. */
void expect_nothing(struct script *s);

/* States it anew for the lines that `keep` has. False, with nothing stated, when the model's answers are not the
 * oracle's, or the script makes memory fail. */
bool expect_answers(struct script *s, const bool *keep);

#endif
