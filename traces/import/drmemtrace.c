/* DynamoRIO's drmemtrace, the final (not raw) files of an offline trace: 12 bytes an entry, little-endian: u16 type,
 * u16 size, u64 address. A file holds one thread, or the share of one core; entries of type 22 say whose turn it is. */
#include "import.h"

#include "format/wire.h"

#include <inttypes.h>
#include <string.h>

enum { ENTRY = 12, LENGTHS = 8, TYPE_MOST = 255, VERSION_MOST = 255 };

enum type {
    T_READ = 0,
    T_WRITE = 1,
    T_PREFETCH_FIRST = 2,
    T_PREFETCH_LAST = 9,
    T_INSTR_FIRST = 10,
    T_INSTR_LAST = 16,
    T_BUNDLE = 17,
    T_FLUSH_FIRST = 18,
    T_FLUSH_LAST = 21,
    T_THREAD = 22,
    T_THREAD_EXIT = 23,
    T_PID = 24,
    T_HEADER = 25,
    T_FOOTER = 26,
    T_HARDWARE_PREFETCH = 27,
    T_MARKER = 28,
    T_NO_FETCH = 29,
    T_MAYBE_FETCH = 30,
    T_SYSENTER = 31,
    T_PREFETCH_MORE_FIRST = 32,
    T_PREFETCH_MORE_LAST = 46,
    T_ENCODING = 47,
    T_TAKEN = 48,
    T_UNTAKEN = 49,
};

struct state {
    unsigned thread;     /* whose turn it is */
    bool left_out;       /* of another process than the one wanted */
    bool in_file, ended; /* a header was there; the footer was */
    bool known;          /* the process is */
    uint64_t process;
};

static bool looks_like(const uint8_t *p, size_t n)
{
    return n >= ENTRY && get_u32(p) == T_HEADER && get_u64(p + 4) >= 1 && get_u64(p + 4) <= VERSION_MOST;
}

static void describe(const uint8_t *p, size_t n, struct trace_info *info)
{
    if (looks_like(p, n))
        snprintf(info->recorder, sizeof info->recorder, "DynamoRIO drmemtrace (format %" PRIu64 ")", get_u64(p + 4));
}

static bool fetch(struct import *im, const struct state *s, uint64_t va, uint64_t size)
{
    struct import_thread *t = &im->thread[s->thread];
    t->last_ip = va;
    t->next_ip = va + size;
    t->has_ip = true;
    im->counts.instructions++;
    return import_access(im, TRACE_FETCH, va, size, s->thread);
}

/* Up to eight further instructions, one behind the other; the address field holds their lengths. */
static bool bundle(struct import *im, const struct state *s, const uint8_t *lengths, unsigned count)
{
    if (count > LENGTHS || !im->thread[s->thread].has_ip)
        return import_wrong(im,
                            count > LENGTHS ? "a bundle of %u instructions; 8 are the most"
                                            : "a bundle of %u instructions without one before it",
                            count);
    for (unsigned i = 0; i < count; i++)
        if (!fetch(im, s, im->thread[s->thread].next_ip, lengths[i]))
            return false;
    return true;
}

static bool of_process(struct import *im, struct state *s, uint64_t pid)
{
    const struct import_options *o = im->options;
    im->thread[s->thread].process = pid;
    im->thread[s->thread].has_process = true;
    if (o->one_process) {
        s->left_out = pid != o->pid;
        return true;
    }
    if (s->known && pid != s->process)
        return import_wrong(
            im, "process %" PRIu64 " beside process %" PRIu64 "; a trace is of one process: choose it with --pid=", pid,
            s->process);
    s->known = true;
    s->process = pid;
    return true;
}

static bool of_thread(struct import *im, struct state *s, uint64_t tid)
{
    int thread = import_thread_of(im, tid);
    if (thread < 0)
        return false;
    s->thread = (unsigned)thread;
    s->left_out = im->options->one_process &&
                  !(im->thread[thread].has_process && im->thread[thread].process == im->options->pid);
    return true;
}

static bool access_entry(struct import *im, const struct state *s, unsigned type, unsigned size, const uint8_t *address)
{
    uint64_t va = get_u64(address);
    switch (type) {
    case T_READ:
        im->counts.loads++;
        return import_access(im, TRACE_LOAD, va, size, s->thread);
    case T_WRITE:
        im->counts.stores++;
        return import_access(im, TRACE_STORE, va, size, s->thread);
    case T_BUNDLE:
        return bundle(im, s, address, size);
    case T_MAYBE_FETCH: /* a repeated instruction: only its first round is fetched */
        if (!im->thread[s->thread].has_ip || im->thread[s->thread].last_ip != va)
            return fetch(im, s, va, size);
        /* fall through */
    case T_NO_FETCH:
        im->counts.not_fetched++;
        return true;
    default:
        return fetch(im, s, va, size);
    }
}

static bool one_entry(struct import *im, struct state *s, const uint8_t *p)
{
    unsigned type = p[0] | (unsigned)p[1] << 8, size = p[2] | (unsigned)p[3] << 8;
    uint64_t value = get_u64(p + 4);
    if (s->ended && type != T_HEADER)
        return import_wrong(im, "an entry of type %u behind the footer", type);
    switch (type) {
    case T_HEADER:
        if (!value || value > VERSION_MOST)
            return import_wrong(
                im, "a header of format version %" PRIu64 ": this is no drmemtrace trace, or it is damaged", value);
        s->in_file = true;
        s->ended = false;
        return true;
    case T_FOOTER:
        s->ended = true;
        return true;
    case T_THREAD:
        return of_thread(im, s, value);
    case T_THREAD_EXIT:
        for (unsigned i = 0; i < IMPORT_THREADS; i++)
            if (im->thread[i].used && im->thread[i].id == value)
                im->thread[i].exited = true;
        return true;
    case T_PID:
        return of_process(im, s, value);
    case T_MARKER:
    case T_ENCODING:
        im->counts.others++;
        return true;
    }
    if ((type >= T_PREFETCH_FIRST && type <= T_PREFETCH_LAST) || type == T_HARDWARE_PREFETCH ||
        (type >= T_PREFETCH_MORE_FIRST && type <= T_PREFETCH_MORE_LAST)) {
        im->counts.prefetches++;
        return true;
    }
    if (type >= T_FLUSH_FIRST && type <= T_FLUSH_LAST) {
        im->counts.others++;
        return true;
    }
    if (type > T_UNTAKEN) { /* of a later version */
        im->counts.unknown++;
        return type <= TYPE_MOST ||
               import_wrong(im, "an entry of type %u: this is no drmemtrace trace, or it is damaged", type);
    }
    return s->left_out || access_entry(im, s, type, size, p + 4);
}

static bool read_all(struct import *im)
{
    const uint8_t *p;
    size_t n;
    struct state s = {0};
    while ((n = source_peek(im->source, &p, ENTRY)) == ENTRY) {
        im->counts.units++;
        if (!one_entry(im, &s, p))
            return false;
        source_take(im->source, ENTRY);
    }
    if (im->source->error[0])
        return true;
    im->counts.units += n != 0;
    if (n)
        return import_wrong(im, "torn: only %zu of its %d bytes are there", n, ENTRY);
    if (s.in_file && !s.ended)
        return import_wrong(im, "torn: the file ends behind it, without a footer");
    if (im->counts.records || im->accesses || !im->options->one_process)
        return true;
    return import_wrong(im, "the file ends, and nothing in it is of process %" PRIu64, im->options->pid);
}

const struct format format_drmemtrace = {"drmemtrace", "DynamoRIO drmemtrace", false, looks_like, describe, read_all};
