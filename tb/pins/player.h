/* Plays stimulus (stimulus.h) as a driver: memory, page tables and requests as they are written, to the cycle. */
#ifndef TWINWALK_PLAYER_H
#define TWINWALK_PLAYER_H

#include "engine/driver.h"
#include "stimulus.h"

struct player;

/* keep: which of its events count (NULL: all). Both must live as long as the player. NULL: not enough memory. */
struct player *player_new(const struct stimulus *stimulus, const bool *keep);
void player_free(struct player *player);

struct driver *player_driver(struct player *player);

/* Whether memory was too short for the stimulus' page tables, which ends a run. */
bool player_failed(const struct player *player);

#endif
