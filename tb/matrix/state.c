/* See state.h and matrix.h (holds). */
#include "matrix/state.h"

#include "engine/statenames.h"

enum miss_state {
    MISS_FREE = 0,
    MISS_PEND = 1,
    MISS_SLK = 2,
    MISS_NWALK = 3,
    MISS_WALK = 4,
    MISS_FOLLOW = 5,
    MISS_FINV = 6,
    MISS_FINVW = 7,
    MISS_DENIED = 9
};
enum walker_state { WALKER_REQ = 1, WALKER_WAIT = 2, WALKER_CAS = 3, WALKER_CASW = 4, WALKER_FIN = 5 };

/* The miss-queue entry of a request, and its state. */
static bool find(const struct rig *r, uint8_t id, unsigned *entry, unsigned *state)
{
    for (unsigned n = 0; n < CFG_MISS_QUEUE_ENTRIES; n++) {
        uint64_t word[2];
        mmu_state(r->model, SEL_MISS_QUEUE, n, word);
        if ((word[0] & 15) != MISS_FREE && (word[0] >> 8 & 255) == id) {
            *entry = n;
            *state = word[0] & 15;
            return true;
        }
    }
    return false;
}

/* The state of the walker that works for a miss-queue entry; 0: none does. */
static unsigned walker(const struct rig *r, unsigned entry)
{
    for (unsigned n = 0; n < CFG_WALKERS_COUNT; n++) {
        uint64_t word[2];
        mmu_state(r->model, SEL_WALKERS, 2 * n, word);
        if ((word[0] & 7) && (word[0] >> 11 & 63) == entry)
            return word[0] & 7;
    }
    return 0;
}

bool state_in_flight(const struct rig *r, enum flight flight, uint8_t id, uint8_t follower)
{
    static const struct {
        unsigned miss, walker;
    } want[FLIGHTS] = {
        [FLY_PEND] = {MISS_PEND, 0},           [FLY_SLK] = {MISS_SLK, 0},
        [FLY_NWALK] = {MISS_NWALK, 0},         [FLY_REQ] = {MISS_WALK, WALKER_REQ},
        [FLY_WAIT] = {MISS_WALK, WALKER_WAIT}, [FLY_CAS] = {MISS_WALK, WALKER_CAS},
        [FLY_CASW] = {MISS_WALK, WALKER_CASW}, [FLY_FIN] = {MISS_WALK, WALKER_FIN},
        [FLY_FOLLOW] = {MISS_FOLLOW, 0},       [FLY_FINV] = {MISS_FINV, 0},
        [FLY_FINVW] = {MISS_FINVW, 0},         [FLY_DENIED] = {MISS_DENIED, 0},
    };
    unsigned entry, state;
    if (!find(r, flight == FLY_FOLLOW ? follower : id, &entry, &state) || state != want[flight].miss)
        return false;
    return !want[flight].walker || walker(r, entry) == want[flight].walker;
}

bool holds(const struct rig *r, enum structure structure, const struct cached *entry)
{
    static const unsigned entries[5][4] = {{0},
                                           {CFG_ITLB_A0_ENTRIES, CFG_ITLB_A1_ENTRIES, CFG_ITLB_A2_ENTRIES},
                                           {CFG_DTLB_A0_ENTRIES, CFG_DTLB_A1_ENTRIES, CFG_DTLB_A2_ENTRIES},
                                           {CFG_STLB_A0_ENTRIES, CFG_STLB_A1_ENTRIES},
                                           {CFG_PSC_A0_ENTRIES, CFG_PSC_A1_ENTRIES, CFG_PSC_A2_ENTRIES,
                                            CFG_PSC_A3_ENTRIES}};
    const unsigned size = entry->level - (structure == PSC ? 2 : 1);
    const uint64_t vpn = (entry->va >> x86_level_shift(entry->level) << x86_level_shift(entry->level) &
                          ((UINT64_C(1) << 57) - 1)) >>
                         PAGE_SHIFT;
    for (unsigned array = 0; array < 4; array++)
        for (unsigned n = 0; n < 2 * entries[structure][array]; n++) { /* at most every other index names no way */
            uint64_t word[2];
            if (mmu_state(r->model, structure, array << 14 | n, word) && word[0] & 1 && (word[0] >> 1 & 3) == size &&
                word[0] >> 16 == vpn && (word[0] >> 4 & 0xfff) == entry->pcid && (word[0] >> 3 & 1) == entry->global)
                return true;
        }
    return false;
}
