/* ChampSim's .champsimtrace: 64 bytes an instruction, little-endian: u64 ip; u8 is_branch, taken; u8 registers written
 * (2), read (4); u64 addresses written (2), read (4), 0 for none. CloudSuite's, under the same names, has room for
 * more: 96 bytes, with 4 registers and 4 addresses written, 4 of each read, and two bytes that tell the address space.
 * Neither has lengths: a data access counts as one byte; an instruction reaches to the next one where that follows it,
 * else it is one byte too.
 *
 * Nothing in a file tells the two apart, or from other bytes, but that its records make sense: so the first ones are
 * looked at before, and each one as it is read. */
#include "import.h"

#include "format/wire.h"

enum { IP = 0, IS_BRANCH = 8, TAKEN = 9, LONGEST = 15, LOOK_AT = 64 };

struct layout {
    unsigned record;                       /* bytes */
    unsigned written, writes, read, reads; /* where the addresses are, and how many */
};
static const struct layout champsim = {64, 16, 2, 32, 4}, cloudsuite = {96, 24, 4, 56, 4};

/* Canonical with 57 bits. */
static bool is_address(uint64_t va)
{
    return va >> 56 == 0 || va >> 56 == 0xff;
}

static bool one_makes_sense(const struct layout *l, const uint8_t *p)
{
    bool good = p[IS_BRANCH] <= 1 && p[TAKEN] <= 1 && get_u64(p + IP) && is_address(get_u64(p + IP));
    for (unsigned i = 0; i < l->writes; i++)
        good &= is_address(get_u64(p + l->written + 8 * i));
    for (unsigned i = 0; i < l->reads; i++)
        good &= is_address(get_u64(p + l->read + 8 * i));
    return good;
}

static bool makes_sense(const struct layout *l, const uint8_t *p, size_t n)
{
    if (n < l->record)
        return false;
    for (size_t i = 0; i + l->record <= n && i < LOOK_AT * l->record; i += l->record)
        if (!one_makes_sense(l, p + i))
            return false;
    return true;
}

/* Records of one kind hardly ever make sense as those of the other; where they do, the shorter ones are meant. */
static bool is_champsim(const uint8_t *p, size_t n, const struct import_options *options)
{
    (void)options;
    return makes_sense(&champsim, p, n);
}

static bool is_cloudsuite(const uint8_t *p, size_t n, const struct import_options *options)
{
    (void)options;
    return makes_sense(&cloudsuite, p, n);
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

static bool read_all(struct import *im, const struct layout *l)
{
    const uint8_t *p;
    size_t n;
    import_thread_of(im, 0);
    while ((n = source_peek(im->source, &p, 2 * l->record)) >= l->record) {
        im->counts.units++;
        if (p[IS_BRANCH] > 1 || p[TAKEN] > 1)
            return import_wrong(
                im, "is_branch and taken are %u and %u, not 0 or 1: this is no such trace, or it is damaged",
                p[IS_BRANCH], p[TAKEN]);
        uint64_t ip = get_u64(p + IP), length = 1;
        if (n == 2 * l->record && !(p[IS_BRANCH] && p[TAKEN])) {
            uint64_t ahead = get_u64(p + l->record + IP) - ip;
            if (ahead >= 1 && ahead <= LONGEST)
                length = ahead;
        }
        im->counts.instructions++;
        if (!import_access(im, TRACE_FETCH, ip, length, 0) ||
            !put_addresses(im, TRACE_LOAD, p + l->read, l->reads, &im->counts.loads) ||
            !put_addresses(im, TRACE_STORE, p + l->written, l->writes, &im->counts.stores))
            return false;
        source_take(im->source, l->record);
    }
    im->counts.units += n && !im->source->error[0];
    if (n && !im->source->error[0])
        return import_wrong(im, "torn: only %zu of its %u bytes are there", n, l->record);
    return true;
}

static bool read_champsim(struct import *im)
{
    return read_all(im, &champsim);
}

static bool read_cloudsuite(struct import *im)
{
    return read_all(im, &cloudsuite);
}

const struct format format_champsim = {"champsim", "ChampSim", false, is_champsim, NULL, read_champsim},
                    format_cloudsuite = {"cloudsuite", "ChampSim's CloudSuite", false, is_cloudsuite,
                                         NULL,         read_cloudsuite};
