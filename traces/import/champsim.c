/* ChampSim's .champsimtrace: 64 bytes an instruction, little-endian: u64 ip; u8 is_branch, taken; u8 registers written
 * (2), read (4); u64 addresses written (2), read (4), 0 for none. It has no lengths: a data access counts as one byte;
 * an instruction reaches to the next one where that follows it, else it is one byte too. */
#include "import.h"

#include "format/wire.h"

enum {
    INSTRUCTION = 64,
    IP = 0,
    IS_BRANCH = 8,
    TAKEN = 9,
    WRITTEN = 16,
    WRITES = 2,
    READ = 32,
    READS = 4,
    LONGEST = 15
};

static bool looks_like(const uint8_t *p, size_t n)
{
    if (n < INSTRUCTION)
        return false;
    for (size_t i = 0; i + INSTRUCTION <= n && i < 64 * INSTRUCTION; i += INSTRUCTION)
        if (p[i + IS_BRANCH] > 1 || p[i + TAKEN] > 1 || !get_u64(p + i + IP))
            return false;
    return true;
}

static bool put_addresses(struct import *im, unsigned kind, const uint8_t *p, unsigned count, uint64_t *counter)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t va = get_u64(p + 8 * i);
        if (!va)
            continue;
        ++*counter;
        if (!import_access(im, kind, va, 1, 0))
            return false;
    }
    return true;
}

static bool read_all(struct import *im)
{
    const uint8_t *p;
    size_t n;
    im->thread[0].used = true;
    while ((n = source_peek(im->source, &p, 2 * INSTRUCTION)) >= INSTRUCTION) {
        im->counts.units++;
        if (p[IS_BRANCH] > 1 || p[TAKEN] > 1)
            return import_wrong(
                im, "is_branch and taken are %u and %u, not 0 or 1: this is no ChampSim trace, or it is damaged",
                p[IS_BRANCH], p[TAKEN]);
        uint64_t ip = get_u64(p + IP), length = 1;
        if (n == 2 * INSTRUCTION && !(p[IS_BRANCH] && p[TAKEN])) {
            uint64_t ahead = get_u64(p + INSTRUCTION + IP) - ip;
            if (ahead >= 1 && ahead <= LONGEST)
                length = ahead;
        }
        im->counts.instructions++;
        if (!import_access(im, TRACE_FETCH, ip, length, 0) ||
            !put_addresses(im, TRACE_LOAD, p + READ, READS, &im->counts.loads) ||
            !put_addresses(im, TRACE_STORE, p + WRITTEN, WRITES, &im->counts.stores))
            return false;
        source_take(im->source, INSTRUCTION);
    }
    im->counts.units += n && !im->source->error[0];
    if (n && !im->source->error[0])
        return import_wrong(im, "torn: only %zu of its %d bytes are there", n, INSTRUCTION);
    return true;
}

const struct format format_champsim = {"champsim", "ChampSim", false, looks_like, NULL, read_all};
