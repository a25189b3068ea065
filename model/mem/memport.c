/* A request is given its reply cycle, and its fate (data or error), when it is accepted; its data when it is answered.
 *
 *     accept in t, latency L     reply in t+L, or in the first later cycle that no other reply has
 *
 * At most 16 requests are outstanding (the tags of the port), so a plain array is searched; the earliest reply cycle is
 * kept at hand, so that a cycle without a reply costs one comparison. */
#include "memport.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "linecache.h"
#include "prng.h"
#include "reply.h"

enum { OUTSTANDING = 16, LEVELS = 3, MILLION = 1000000 };

struct pending {
    struct memport_request request;
    bool err;     /* it will be answered with an error */
    bool early;   /* … with the line as it was at the accept */
    uint8_t line; /* which is in this one of early_line */
};

struct memport {
    struct physmem *pm;
    struct memport_config config;
    struct linecache cache[LEVELS];      /* MEMPORT_CACHE only */
    struct pending pending[OUTSTANDING]; /* the first `count` are in use, in no order */
    uint64_t due[OUTSTANDING];           /* their reply cycles */
    uint64_t early_line[OUTSTANDING][REPLY_WORDS];
    uint16_t early_lines; /* which of them are in use */
    unsigned count;
    uint64_t next;              /* earliest due; UINT64_MAX when count = 0 */
    struct memerr errors;       /* by order, beside those by chance */
    uint64_t random;            /* state of the generator for latencies and errors */
    uint64_t line[REPLY_WORDS]; /* the data of the last reply */
};

static bool possible(const struct memport_config *c)
{
    switch (c->model) {
    case MEMPORT_FIXED:
        return c->fixed_latency >= 1;
    case MEMPORT_RANDOM:
        return c->random_min >= 1 && c->random_min <= c->random_max;
    case MEMPORT_CACHE:
        return c->level[0].latency >= 1 && c->level[1].latency >= 1 && c->level[2].latency >= 1 && c->dram_latency >= 1;
    }
    return false;
}

struct memport *memport_new(struct physmem *pm, const struct memport_config *config)
{
    if (!possible(config))
        return NULL;
    struct memport *mp = calloc(1, sizeof *mp);
    if (!mp)
        return NULL;
    mp->pm = pm;
    mp->config = *config;
    mp->next = UINT64_MAX;
    mp->random = config->seed;
    if (config->model == MEMPORT_CACHE)
        for (unsigned i = 0; i < LEVELS; i++)
            if (!linecache_init(&mp->cache[i], config->level[i].kib, config->level[i].ways)) {
                memport_free(mp);
                return NULL;
            }
    return mp;
}

void memport_free(struct memport *mp)
{
    if (!mp)
        return;
    for (unsigned i = 0; i < LEVELS; i++)
        linecache_drop(&mp->cache[i]);
    memerr_free(&mp->errors);
    free(mp);
}

/* Looks through the levels until one has the line; it is the most recently used of that level and all above afterwards.
 */
static unsigned cache_latency(struct memport *mp, uint64_t pa)
{
    for (unsigned i = 0; i < LEVELS; i++)
        if (linecache_access(&mp->cache[i], pa))
            return mp->config.level[i].latency;
    return mp->config.dram_latency;
}

static unsigned latency(struct memport *mp, uint64_t pa)
{
    const struct memport_config *c = &mp->config;
    switch (c->model) {
    case MEMPORT_RANDOM:
        return c->random_min + (unsigned)prng_below(&mp->random, (uint64_t)c->random_max - c->random_min + 1);
    case MEMPORT_CACHE:
        return cache_latency(mp, pa);
    case MEMPORT_FIXED:
        break;
    }
    return c->fixed_latency;
}

bool memport_ready(struct memport *mp, uint64_t cycle)
{
    if (mp->count == OUTSTANDING)
        return false;
    unsigned stalls = mp->config.stall_per_million;
    return !stalls || prng_mix(cycle ^ prng_mix(~mp->config.seed)) % MILLION >= stalls;
}

static bool taken(const struct memport *mp, uint64_t cycle)
{
    for (unsigned i = 0; i < mp->count; i++)
        if (mp->due[i] == cycle)
            return true;
    return false;
}

void memport_accept(struct memport *mp, uint64_t cycle, const struct memport_request *request)
{
    assert(mp->count < OUTSTANDING);
    uint64_t due = cycle + latency(mp, request->addr);
    while (taken(mp, due))
        due++;
    unsigned errors = mp->config.error_per_million;
    bool err = errors && prng_below(&mp->random, MILLION) < errors;
    err |= memerr_strikes(&mp->errors, request->addr, request->cas);
    struct pending *p = &mp->pending[mp->count];
    *p = (struct pending){.request = *request, .err = err};
    mp->due[mp->count++] = due;
    unsigned early = request->cas ? 0 : mp->config.early_per_million;
    p->early = early && prng_mix(cycle ^ prng_mix(mp->config.seed + 1)) % MILLION < early;
    if (p->early) {
        p->line = (uint8_t)__builtin_ctz(~(unsigned)mp->early_lines);
        mp->early_lines |= (uint16_t)(1u << p->line);
        memcpy(mp->early_line[p->line], physmem_line(mp->pm, request->addr), sizeof *mp->early_line);
    }
    if (due < mp->next)
        mp->next = due;
}

static uint64_t earliest(const struct memport *mp)
{
    uint64_t due = UINT64_MAX;
    for (unsigned i = 0; i < mp->count; i++)
        if (mp->due[i] < due)
            due = mp->due[i];
    return due;
}

bool memport_reply(struct memport *mp, uint64_t cycle, struct memport_reply *reply)
{
    assert(cycle <= mp->next);
    if (cycle != mp->next)
        return false;
    unsigned i = 0;
    while (mp->due[i] != cycle)
        i++;
    const struct pending p = mp->pending[i];
    mp->pending[i] = mp->pending[--mp->count];
    mp->due[i] = mp->due[mp->count];
    mp->next = earliest(mp);

    memset(mp->line, 0, sizeof mp->line);
    if (!p.err) {
        reply_fill(mp->line, p.early ? mp->early_line[p.line] : physmem_line(mp->pm, p.request.addr), p.request.addr,
                   mp->config.reply_bytes);
        if (p.request.cas)
            physmem_cas(mp->pm, p.request.addr, p.request.expected, p.request.desired);
    }
    if (p.early)
        mp->early_lines &= (uint16_t)~(1u << p.line);
    *reply = (struct memport_reply){.tag = p.request.tag, .err = p.err, .addr = p.request.addr, .line = mp->line};
    return true;
}

struct memerr *memport_errors(struct memport *mp)
{
    return &mp->errors;
}

uint64_t memport_next(const struct memport *mp)
{
    return mp->next;
}

void memport_touch_all(struct memport *mp, const uint64_t *pa, unsigned count)
{
    if (mp->config.model != MEMPORT_CACHE)
        return;
    for (unsigned i = 0; (i += linecache_run(&mp->cache[0], pa + i, count - i)) < count; i++)
        cache_latency(mp, pa[i]);
}

void memport_touch(struct memport *mp, uint64_t pa)
{
    memport_touch_all(mp, &pa, 1);
}
