/* See drmemtrace.h. 12 bytes an entry, little-endian: u16 type, u16 size, u64 address. */
#include "drmemtrace.h"

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

/* The size of an entry of type 28 says what it marks. */
enum marker {
    MARK_TIMESTAMP = 2,
    MARK_SYSCALL_BEGINS = 27, /* what the kernel executes for a system call … */
    MARK_SYSCALL_ENDS = 28,
    MARK_SWITCH_BEGINS = 34, /* … for a switch of threads … */
    MARK_SWITCH_ENDS = 35,
    MARK_EVENT_BEGINS = 43, /* … for an interrupt or exception; these nest */
    MARK_EVENT_ENDS = 44,
};

bool drmemtrace_looks_like(const uint8_t *p, size_t n)
{
    return n >= ENTRY && get_u32(p) == T_HEADER && get_u64(p + 4) >= 1 && get_u64(p + 4) <= VERSION_MOST;
}

static bool looks_like(const uint8_t *p, size_t n, const struct import_options *options)
{
    (void)options;
    return drmemtrace_looks_like(p, n);
}

static void describe(const uint8_t *p, size_t n, struct trace_info *info)
{
    if (drmemtrace_looks_like(p, n))
        snprintf(info->recorder, sizeof info->recorder, "DynamoRIO drmemtrace (format %" PRIu64 ")", get_u64(p + 4));
}

static bool fetch(struct import *im, const struct drmemtrace *s, uint64_t va, uint64_t size)
{
    struct import_thread *t = &im->thread[s->thread];
    if (!size) { /* a filtered trace: only where the next access was made from */
        im->counts.empty++;
        return true;
    }
    t->last_ip = va;
    t->next_ip = va + size;
    t->has_ip = true;
    im->counts.instructions++;
    im->counts.kernel += im->flags == TRACE_SUPERVISOR;
    return import_access(im, TRACE_FETCH, va, size, s->thread);
}

/* Up to eight further instructions, one behind the other; the address field holds their lengths. */
static bool bundle(struct import *im, const struct drmemtrace *s, const uint8_t *lengths, unsigned count)
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

static bool of_process(struct import *im, struct drmemtrace *s, uint64_t pid)
{
    const struct import_options *o = im->options;
    im->thread[s->thread].process = pid;
    im->thread[s->thread].has_process = true;
    if (o->one_process) {
        s->left_out = pid != o->pid;
        return true;
    }
    if (im->one_process && pid != im->process)
        return import_wrong(
            im, "process %" PRIu64 " beside process %" PRIu64 "; a trace is of one process: choose it with --pid=", pid,
            im->process);
    im->one_process = true;
    im->process = pid;
    return true;
}

static bool of_thread(struct import *im, struct drmemtrace *s, uint64_t tid)
{
    int thread = import_thread_of(im, tid);
    if (thread < 0)
        return false;
    s->thread = (unsigned)thread;
    s->left_out = im->options->one_process &&
                  !(im->thread[thread].has_process && im->thread[thread].process == im->options->pid);
    return true;
}

static bool access_entry(struct import *im, const struct drmemtrace *s, unsigned type, unsigned size,
                         const uint8_t *address)
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

/* Whose the accesses from here on are. */
static void marker(struct import *im, struct drmemtrace *s, unsigned what)
{
    s->in_syscall = (s->in_syscall || what == MARK_SYSCALL_BEGINS) && what != MARK_SYSCALL_ENDS;
    s->in_switch = (s->in_switch || what == MARK_SWITCH_BEGINS) && what != MARK_SWITCH_ENDS;
    s->events += what == MARK_EVENT_BEGINS;
    s->events -= what == MARK_EVENT_ENDS && s->events;
    im->counts.others++;
}

/* Entries that are no accesses; *access: it is one. */
static bool structure(struct import *im, struct drmemtrace *s, unsigned type, unsigned size, uint64_t value,
                      bool *access)
{
    *access = false;
    switch (type) {
    case T_HEADER:
        if (!value || value > VERSION_MOST)
            return import_wrong(
                im, "a header of format version %" PRIu64 ": this is no drmemtrace trace, or it is damaged", value);
        s->in_file = true;
        s->ended = false;
        return true;
    case T_FOOTER: /* of one thread; on a core another may follow */
        s->ended = true;
        return true;
    case T_THREAD:
        s->ended = false;
        return of_thread(im, s, value);
    case T_THREAD_EXIT:
        import_thread_ends(im, value);
        return true;
    case T_PID:
        return of_process(im, s, value);
    case T_MARKER:
        marker(im, s, size);
        return true;
    case T_ENCODING:
        im->counts.others++;
        return true;
    }
    if ((type >= T_PREFETCH_FIRST && type <= T_PREFETCH_LAST) || type == T_HARDWARE_PREFETCH ||
        (type >= T_PREFETCH_MORE_FIRST && type <= T_PREFETCH_MORE_LAST)) {
        im->counts.prefetches++;
    } else if (type >= T_FLUSH_FIRST && type <= T_FLUSH_LAST) {
        im->counts.others++;
    } else if (type > T_UNTAKEN) { /* of a later version */
        im->counts.unknown++;
        return type <= TYPE_MOST ||
               import_wrong(im, "an entry of type %u: this is no drmemtrace trace, or it is damaged", type);
    } else {
        *access = true;
    }
    return true;
}

static bool one_entry(struct import *im, struct drmemtrace *s, const uint8_t *p)
{
    unsigned type = p[0] | (unsigned)p[1] << 8, size = p[2] | (unsigned)p[3] << 8;
    bool access;
    if (!structure(im, s, type, size, get_u64(p + 4), &access))
        return false;
    if (!access || s->left_out)
        return true;
    if (s->ended)
        return import_wrong(im, "an entry of type %u behind the footer", type);
    im->flags = s->in_syscall || s->in_switch || s->events ? TRACE_SUPERVISOR : 0;
    return access_entry(im, s, type, size, p + 4);
}

enum drmemtrace_stop drmemtrace_read(struct import *im, struct drmemtrace *s, uint64_t until)
{
    enum { AT_ONCE = 256 * ENTRY };
    const uint8_t *p;
    size_t n;
    while ((n = source_peek(im->source, &p, AT_ONCE)) >= ENTRY) {
        for (; n >= ENTRY; n -= ENTRY, p += ENTRY) {
            if (get_u32(p) == (T_MARKER | MARK_TIMESTAMP << 16) && get_u64(p + 4) > s->time) {
                s->time = get_u64(p + 4);
                if (s->time > until)
                    return DRMEMTRACE_LATER; /* the entry is read when it is its turn */
            }
            im->counts.units++;
            if (!one_entry(im, s, p))
                return DRMEMTRACE_STOP;
            source_take(im->source, ENTRY);
        }
    }
    if (im->source->error[0])
        return DRMEMTRACE_END;
    im->counts.units += n != 0;
    if (n)
        import_wrong(im, "torn: only %zu of its %d bytes are there", n, ENTRY);
    else if (s->in_file && !s->ended)
        import_wrong(im, "torn: the file ends behind it, without a footer");
    return im->error[0] ? DRMEMTRACE_STOP : DRMEMTRACE_END;
}

bool drmemtrace_found(struct import *im)
{
    return im->counts.records || im->accesses || im->source->error[0] || !im->options->one_process ||
           import_wrong(im, "the file ends, and nothing in it is of process %" PRIu64, im->options->pid);
}

static bool read_all(struct import *im)
{
    struct drmemtrace s = {0};
    return drmemtrace_read(im, &s, UINT64_MAX) != DRMEMTRACE_STOP && drmemtrace_found(im);
}

const struct format format_drmemtrace = {"drmemtrace", "DynamoRIO drmemtrace", false, looks_like, describe, read_all};
