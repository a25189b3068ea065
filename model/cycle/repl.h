/* Replacement of one set: tree-PLRU or true LRU, exactly as section 5 of docs/microarchitecture.md has them.
 *
 * The words are those of state word 5. Everything is a pure function of the old state, because all touches of a cycle
 * are computed from the state at its start.
 *
 * PLRU, P = ways rounded up to a power of two; bit n is node n, 0 says the victim is left:
 *
 *            1            nodes in heap order, leaf of way w is P + w
 *          /   \
 *         2     3         touch(w): nodes on the path point away from w
 *        / \   / \        victim:   follow the bits; left where no way exists on the right
 *       w0 w1 w2 w3                                                                                                  */
#ifndef TWINWALK_CYCLE_REPL_H
#define TWINWALK_CYCLE_REPL_H

#include <stdint.h>

#include "geometry.h"

struct repl {
    uint64_t w[2]; /* plru: nodes 0 … 63, 64 … 127. lru: rank of way v in bits 4v+3:4v of w[0]; w[1] = 0 */
};

#define BYTES 0x0101010101010101ull

static inline unsigned plru_leaves(unsigned ways)
{
    unsigned leaves = 1;
    while (leaves < ways)
        leaves *= 2;
    return leaves;
}

/* The nodes on the way to a leaf, and the values that point away from it. */
struct plru_path {
    struct repl nodes;
    struct repl away;
};

static inline struct plru_path plru_path(unsigned ways, unsigned way)
{
    struct plru_path path = {{{0, 0}}, {{0, 0}}};
    for (unsigned child = plru_leaves(ways) + way; child > 1; child /= 2) {
        const unsigned node = child / 2;
        path.nodes.w[node / 64] |= 1ull << node % 64;
        path.away.w[node / 64] |= (uint64_t)(~child & 1) << node % 64; /* 1 (right) if the child is a left one */
    }
    return path;
}

static inline struct repl plru_touch(struct repl r, const struct plru_path *path)
{
    r.w[0] = (r.w[0] & ~path->nodes.w[0]) | path->away.w[0];
    r.w[1] = (r.w[1] & ~path->nodes.w[1]) | path->away.w[1];
    return r;
}

static inline unsigned plru_victim(struct repl r, unsigned ways)
{
    const unsigned leaves = plru_leaves(ways);
    unsigned node = 1;
    for (unsigned below = leaves / 2; node < leaves; below /= 2) { /* below: leaves under each child */
        const unsigned right = 2 * node + 1;
        const unsigned first_way_right = right * below - leaves;
        const unsigned points_right = r.w[node / 64] >> node % 64 & 1;
        node = 2 * node + (points_right && first_way_right < ways);
    }
    return node - leaves;
}

/* The ranks that exist: four bits for each way. */
static inline uint64_t lru_lanes(unsigned ways)
{
    return ways >= 16 ? ~0ull : (1ull << 4 * ways) - 1;
}

static inline struct repl lru_touch(struct repl r, unsigned ways, unsigned way)
{
    /* All ranks are compared at once: even and odd ranks each in bytes of their own, bit 4 of (16 + rank - touched) is
     * rank >= touched. */
    const uint64_t touched = (r.w[0] >> 4 * way & 15) * BYTES;
    const uint64_t even = (r.w[0] & 15 * BYTES) + 16 * BYTES - touched;
    const uint64_t odd = (r.w[0] >> 4 & 15 * BYTES) + 16 * BYTES - touched;
    const uint64_t younger = (~even >> 4 & BYTES) | (~odd & 16 * BYTES);
    r.w[0] = (r.w[0] + (younger & lru_lanes(ways))) & ~(15ull << 4 * way);
    return r;
}

static inline unsigned lru_victim(struct repl r, unsigned ways)
{
    unsigned way = 0;
    while ((r.w[0] >> 4 * way & 15) != ways - 1)
        way++;
    return way;
}

/* The state of a set after reset. */
static inline struct repl repl_initial(struct geometry g)
{
    return (struct repl){{g.lru ? 0xfedcba9876543210ull & lru_lanes(g.ways) : 0, 0}};
}

/* The way a fill takes when every way is valid. */
static inline unsigned repl_victim(struct repl r, struct geometry g)
{
    return g.lru ? lru_victim(r, g.ways) : plru_victim(r, g.ways);
}

#endif
