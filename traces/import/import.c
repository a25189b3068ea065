/* See import.h. */
#include "import.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { GUESS_BYTES = 16 << 10 };

const struct format *const import_formats[] = {&format_drmemtrace, &format_champsim, &format_lackey, &format_pin, NULL};

static const struct format *by_name(const char *name)
{
    for (int i = 0; import_formats[i]; i++)
        if (!strcmp(import_formats[i]->name, name))
            return import_formats[i];
    return NULL;
}

/* A byte that no text has: a control character other than white space. */
static bool looks_like_text(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((p[i] < ' ' && p[i] != '\t' && p[i] != '\n' && p[i] != '\r') || p[i] == 0x7f)
            return false;
    return true;
}

const struct format *import_format(struct source *source, const struct import_options *options, char *error,
                                   size_t size)
{
    const uint8_t *p;
    size_t n = source_peek(source, &p, GUESS_BYTES);
    if (!n) {
        if (source->error[0])
            snprintf(error, size, "%s", source->error);
        else
            snprintf(error, size, "%s: holds nothing, once unpacked", source->path);
        return NULL;
    }
    if ((n >= 4 && !memcmp(p, "\x89TWT", 4)) || (n >= 15 && !memcmp(p, "twinwalk-trace ", 15))) {
        snprintf(error, size, "%s: is a Twinwalk trace already", source->path);
        return NULL;
    }
    bool text = looks_like_text(p, n);
    const struct format *found = options->from ? by_name(options->from) : NULL;
    if (found) {
        if (found->text && !text) {
            snprintf(error, size, "%s: --from=%s is text, and this file is not", source->path, found->name);
            return NULL;
        }
        return found;
    }
    for (int i = 0; import_formats[i] && !options->from; i++)
        if (import_formats[i]->text == text && import_formats[i]->looks_like(p, n))
            return import_formats[i];
    /* A few entries of ChampSim's might look like nothing known; its file names do not. */
    if (!options->from && !text && strstr(source->path, "champsim"))
        return &format_champsim;
    if (options->from)
        snprintf(error, size, "--from=%s: must be one of champsim, drmemtrace, lackey, pin", options->from);
    else
        snprintf(error, size,
                 "%s: looks like no trace of ChampSim, drmemtrace, lackey or Pin; if it is one, say which with --from=",
                 source->path);
    return NULL;
}

void import_describe(struct source *source, const struct format *format, const struct import_options *options,
                     struct trace_info *info)
{
    const uint8_t *p;
    size_t n = source_peek(source, &p, GUESS_BYTES);
    const char *name = strrchr(source->path, '/') ? strrchr(source->path, '/') + 1 : source->path;
    memset(info, 0, sizeof *info);
    info->linear_bits = options->linear_bits;
    snprintf(info->recorder, sizeof info->recorder, "%s", format->what);
    if (format->describe)
        format->describe(p, n, info);
    size_t len = strlen(info->recorder);
    snprintf(info->recorder + len, sizeof info->recorder - len, ", imported from %.100s", name);
    if (options->program || !info->program[0])
        snprintf(info->program, sizeof info->program, "%.255s", options->program ? options->program : name);
}

bool import_wrong(struct import *im, const char *format, ...)
{
    va_list args;
    if (im->error[0])
        return false;
    int n = snprintf(im->error, sizeof im->error, "%s: %s %" PRIu64 ": ", im->source->path, im->unit, im->counts.units);
    va_start(args, format);
    vsnprintf(im->error + n, sizeof im->error - (size_t)n, format, args);
    va_end(args);
    return false;
}

bool import_run(struct import *im, const struct format *format)
{
    im->error[0] = 0;
    im->unit = format->text ? "line" : "record";
    if (!format->read(im) && !im->full && !im->error[0])
        import_wrong(im, "cannot go on");
    if (!im->error[0] && !im->full && im->source->error[0])
        snprintf(im->error, sizeof im->error, "%s (behind %s %" PRIu64 ")", im->source->error, im->unit,
                 im->counts.units);
    for (unsigned i = 0; i < IMPORT_THREADS; i++)
        im->counts.threads += im->thread[i].used;
    return !im->error[0];
}

static bool canonical(uint64_t va, unsigned bits)
{
    uint64_t top = va >> (bits - 1);
    return !top || top == UINT64_MAX >> (bits - 1);
}

bool import_access(struct import *im, unsigned kind, uint64_t va, uint64_t bytes, unsigned thread)
{
    const struct import_options *o = im->options;
    static const char *const name[] = {"fetch", "load", "store"};
    if (!bytes) {
        im->counts.empty++;
        return true;
    }
    uint64_t last = va + bytes - 1;
    if (last < va || !canonical(va, o->linear_bits) || !canonical(last, o->linear_bits)) {
        if (!o->drop)
            return import_wrong(im,
                                "the %s of 0x%" PRIx64
                                " is not canonical with %u bits%s; --drop leaves such accesses out",
                                name[kind], va, o->linear_bits,
                                o->linear_bits == 48 && canonical(va, 57) ? " (it is with --bits=57)" : "");
        im->counts.dropped++;
        return true;
    }
    if (kind == TRACE_FETCH && o->no_fetches)
        return true;
    if (im->accesses++ < o->skip)
        return true;
    if (im->accesses - o->skip > o->limit) {
        im->full = true;
        return false;
    }
    struct trace_rec rec = {.va = va, .kind = (uint8_t)kind, .thread = (uint8_t)thread};
    size_t left = (size_t)bytes, pieces = 0;
    for (; left; rec.va += rec.size, pieces++) {
        left = trace_split(rec.va, left, &rec.size);
        if (!im->put(im->to, &rec)) {
            im->full = true;
            return false;
        }
    }
    im->counts.records += pieces;
    im->counts.crossings += pieces > 1;
    return true;
}

int import_thread_of(struct import *im, uint64_t id)
{
    if (id < IMPORT_THREADS && im->thread[id].used && im->thread[id].id == id && !im->thread[id].exited)
        return (int)id;
    int own = id < IMPORT_THREADS && !im->thread[id].used ? (int)id : -1, free = -1, left = -1;
    for (int i = 0; i < IMPORT_THREADS; i++) {
        struct import_thread *t = &im->thread[i];
        if (t->used && t->id == id && !t->exited)
            return i;
        if (!t->used && free < 0)
            free = i;
        if (t->exited && left < 0)
            left = i;
    }
    int at = own >= 0 ? own : free >= 0 ? free : left;
    if (at < 0)
        return import_wrong(im, "thread %" PRIu64 " is the 257th at a time, and a trace has room for 256", id), -1;
    im->thread[at] = (struct import_thread){.used = true, .id = id};
    return at;
}
