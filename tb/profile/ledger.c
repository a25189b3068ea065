/* Where the cycles of a replay went: see ledger.h. */
#include "ledger.h"

#include <string.h>

#include "replay/judge.h"

static const struct {
    const char *key, *name;
} entries[LEDGER_ENTRIES] = {
    [LEDGER_L1] = {"l1", "L1 hits"},
    [LEDGER_STLB] = {"stlb", "STLB hits"},
    [LEDGER_MERGED] = {"merged", "waiting for another's answer"},
    [LEDGER_WALK] = {"walk", "walks, outside memory"},
    [LEDGER_READ5] = {"read5", "reads of PML5Es"},
    [LEDGER_READ4] = {"read4", "reads of PML4Es"},
    [LEDGER_READ3] = {"read3", "reads of PDPTEs"},
    [LEDGER_READ2] = {"read2", "reads of PDEs"},
    [LEDGER_READ1] = {"read1", "reads of PTEs"},
    [LEDGER_UPDATE] = {"update", "updates of A and D"},
    [LEDGER_QUEUE] = {"queue", "queue full"},
    [LEDGER_CONTROL] = {"control", "control operations"},
    [LEDGER_FAULT] = {"fault", "faults and what they drain"},
    [LEDGER_IDLE] = {"idle", "nothing to translate"},
};

const char *ledger_entry_name(enum ledger_entry entry)
{
    return entries[entry].name;
}

const char *ledger_entry_key(enum ledger_entry entry)
{
    return entries[entry].key;
}

/* ---- the books ----------------------------------------------------------------------------------------------------
 */

/* Books the cycles since the last look under what was so in them. */
static void book(struct ledger *l, uint64_t cycle)
{
    const uint64_t cycles = cycle - l->since;
    l->since = cycle;
    if (l->now == LEDGER_IDLE)
        l->total[LEDGER_IDLE] += cycles;
    else
        l->head.by[l->now] += (uint32_t)cycles;
}

/* The head is answered: what it waited for outside memory gets its name. What a TLB answered has not waited for memory,
 * whatever was read there meanwhile: for a walk begun beside the lookup, or for another. */
static void name_the_wait(struct ledger *l, enum ledger_entry entry)
{
    l->attempt = 0;
    if (entry == LEDGER_WALK)
        return;
    l->head.by[entry] += l->head.by[LEDGER_WALK];
    l->head.by[LEDGER_WALK] = 0;
    for (enum ledger_entry i = LEDGER_READ5; (entry == LEDGER_L1 || entry == LEDGER_STLB) && i <= LEDGER_UPDATE; i++) {
        l->head.by[entry] += l->head.by[i] - l->before[i];
        l->head.by[i] = l->before[i];
    }
}

static void next_head(struct ledger *l)
{
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        l->total[i] += l->head.by[i];
    memset(&l->head, 0, sizeof l->head);
    memset(l->before, 0, sizeof l->before);
}

static void on_commit(void *context, const struct slot *s, uint64_t number)
{
    static const enum ledger_entry by_source[] = {LEDGER_L1, LEDGER_STLB, LEDGER_WALK, LEDGER_MERGED};
    struct ledger *l = context;
    book(l, l->world->d.cycle);
    name_the_wait(l, s->answer.kind == KIND_OK ? by_source[s->answer.src & 3] : LEDGER_FAULT);
    l->sources[s->answer.src & 3][s->answer.kind & 3]++;
    if (l->listener) {
        struct ledger_access *a = &l->head;
        a->number = number;
        a->record = s->record;
        a->slot = s;
        a->va = s->va;
        a->addr = s->answer.addr;
        a->latency = l->world->d.cycle - s->accepted;
        a->acc = s->acc;
        a->src = s->answer.src;
        a->kind = s->answer.kind;
        a->size = s->answer.size;
        for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
            a->cycles += a->by[i];
        l->listener(l->context, a);
    }
    next_head(l);
    l->now = LEDGER_IDLE; /* until ledger_cycle() looks, in this same cycle */
}

/* ---- memory -------------------------------------------------------------------------------------------------------
 */

/* The addresses of the entries that translate va, by level. */
static void find_path(const struct world *w, const struct slot *s, uint64_t path[LEDGER_LEVELS])
{
    const struct oracle_access access = judge_access(s);
    struct oracle_result result;
    oracle_translate(w->physmem, IMAGE_HW, &w->cpu, &w->regs, &access, &result);
    memset(path, 0, LEDGER_LEVELS * sizeof *path);
    for (unsigned i = 0; i < result.steps; i++)
        path[result.step[i].level] = result.step[i].pa;
}

/* The level of a request of some access in flight; 0: of none (an entry that has changed since, or a walk for nobody).
 */
static unsigned level_of(const struct world *w, uint64_t addr)
{
    for (uint64_t sequence = w->head; sequence != w->next; sequence++) {
        const struct slot *s = &w->slot[sequence & w->mask];
        uint64_t path[LEDGER_LEVELS];
        if (s->state != SLOT_FLYING)
            continue;
        find_path(w, s, path);
        for (unsigned level = 1; level < LEDGER_LEVELS; level++)
            if (path[level] == addr)
                return level;
    }
    return 0;
}

static void on_memory(void *context, bool cas, uint8_t mt, uint64_t addr)
{
    struct ledger *l = context;
    (void)mt;
    if (cas)
        l->updates++;
    else
        l->requests[level_of(l->world, addr)]++;
}

/* What memory does for the head: the level nearest to the leaf first, for that is what it waits for. */
static enum ledger_entry of_memory(struct ledger *l, const struct slot *s)
{
    const struct world *w = l->world;
    bool any = false;
    for (unsigned tag = 0; tag < LEDGER_TAGS; tag++)
        any |= l->memory[tag].busy;
    if (!any)
        return LEDGER_WALK;
    if (l->path_key != w->head + 1 || l->path_stamp != w->stamp) {
        find_path(w, s, l->path);
        l->path_key = w->head + 1;
        l->path_stamp = w->stamp;
    }
    enum ledger_entry found = LEDGER_WALK;
    for (unsigned tag = 0; tag < LEDGER_TAGS; tag++) {
        if (!l->memory[tag].busy)
            continue;
        for (unsigned level = 1; level < LEDGER_LEVELS; level++) {
            if (!l->path[level])
                continue;
            if (l->memory[tag].cas && l->memory[tag].addr == l->path[level])
                return LEDGER_UPDATE;
            const enum ledger_entry read = (enum ledger_entry)(LEDGER_READ1 - (level - 1));
            if (!l->memory[tag].cas && l->memory[tag].addr >> 6 == l->path[level] >> 6 &&
                (found == LEDGER_WALK || read > found))
                found = read;
        }
    }
    return found;
}

/* ---- the clock ----------------------------------------------------------------------------------------------------
 */

static enum ledger_entry look(struct ledger *l)
{
    const struct world *w = l->world;
    if (w->phase == PHASE_CONTROL || w->ctl != CTL_NONE)
        return LEDGER_CONTROL;
    if (w->phase == PHASE_FAULT)
        return LEDGER_FAULT;
    if (w->phase == PHASE_END || w->head == w->tail)
        return LEDGER_IDLE;
    const struct slot *s = &w->slot[w->head & w->mask];
    if (s->state == SLOT_FLYING)
        return of_memory(l, s);
    return w->accepts ? LEDGER_QUEUE : LEDGER_CONTROL; /* reset is one long control operation */
}

void ledger_start(struct ledger *l, struct world *world)
{
    l->world = world;
    l->now = LEDGER_IDLE;
    l->tap = (struct tap){on_commit, on_memory, l};
    world->tap = &l->tap;
}

void ledger_cycle(struct ledger *l, const struct pins_out *out)
{
    const struct world *w = l->world;
    book(l, w->d.cycle);
    if (out->mem_req_valid) {
        l->memory[out->mem_req_tag & (LEDGER_TAGS - 1)].busy = true;
        l->memory[out->mem_req_tag & (LEDGER_TAGS - 1)].cas = out->mem_req_cas;
        l->memory[out->mem_req_tag & (LEDGER_TAGS - 1)].addr = out->mem_req_addr;
    }
    const struct slot *head = &w->slot[w->head & w->mask];
    const bool flies = w->head != w->tail && head->state == SLOT_FLYING;
    if (l->attempt && (!flies || head->order != l->attempt)) /* it faulted, and is made again */
        name_the_wait(l, LEDGER_FAULT);
    if (flies && !l->attempt)
        memcpy(l->before, l->head.by, sizeof l->before);
    l->attempt = flies ? head->order : 0;
    l->now = look(l);
    if (w->d.in.mem_rsp_valid)
        l->memory[w->d.in.mem_rsp_tag & (LEDGER_TAGS - 1)].busy = false;
}

void ledger_end(struct ledger *l)
{
    book(l, l->world->d.cycle);
    next_head(l);
    l->world->tap = NULL;
}
