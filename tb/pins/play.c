/* Stimulus against the cycle model and a device: see play.h. */
#include "play.h"

#include <stdlib.h>

#include "player.h"

bool play_run(struct play *p)
{
    struct player *player = player_new(p->stimulus, p->keep);
    struct mmu *ref = player ? mmu_new() : NULL;
    struct lockstep *l = ref ? calloc(1, sizeof *l) : NULL;
    if (l) {
        l->driver = player_driver(player);
        l->ref = ref;
        l->ops = p->ops;
        l->dut = p->dut;
        l->state_every = p->ops->has_state ? p->state_every : 0;
        l->dense_from = 1; /* to 0: in no cycle */
        l->hang_after = p->hang_after;
        l->run_to = UINT64_MAX;
        l->interruptible = true;
        l->waves = p->waves;
        l->waves_to = UINT64_MAX;
        lockstep_run(l);
        p->finding = l->finding;
        p->ended = l->ended;
        p->waves_failed = l->waves_failed;
        p->cycles = l->driver->cycle;
        p->answers = l->driver->done;
        p->requests = l->driver->total;
    }
    const bool good = l && !player_failed(player);
    free(l);
    if (ref)
        mmu_free(ref);
    player_free(player);
    return good;
}
