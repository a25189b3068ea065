/* See import.h. */
#include "import.h"
#include "format/plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { GUESS_BYTES = 16 << 10 };
#define NAMES "champsim, cloudsuite, drmemtrace, lackey, pin"

const struct format *const import_formats[] = {&format_drmemtrace, &format_champsim, &format_cloudsuite,
                                               &format_lackey,     &format_pin,      NULL};

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

/* What a text is that is none of the formats; NULL: who knows. */
static const char *text_stranger(const uint8_t *p, size_t n)
{
    char line[512];
    size_t at = 0;
    uint64_t va;
    if (!import_first_line(p, n, &at, line, sizeof line))
        return NULL;
    if (!strncmp(line, "Output format:", 14) || strstr(line, "<marker: "))
        return "what drmemtrace's tool `view` prints; the trace itself can be imported";
    const char *digits = line + 2;
    if (line[0] >= '0' && line[0] <= '4' && line[1] == ' ' && import_digits(&digits, 16, &va) &&
        (!*digits || *digits == ' '))
        return "a trace of Dinero (din)";
    return NULL;
}

/* What a file is that is none of the formats; NULL: who knows. */
static const char *stranger(const uint8_t *p, size_t n, bool text)
{
    static const struct {
        const char *magic, *what;
    } known[] = {
        {"\x7f"
         "ELF",
         "a program"},
        {"PERFILE2", "a recording of Linux' perf, which samples"},
        {"gem5", "a trace of gem5 in protocol buffers"},
        {"SQLite format 3", "a data base of SQLite"},
        {"%PDF", "a PDF"},
        {"$date", "a waveform (VCD)"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n >= strlen(known[i].magic) && !memcmp(p, known[i].magic, strlen(known[i].magic)))
            return known[i].what;
    if (text)
        return text_stranger(p, n);
    if (n >= 24 && p[7] == 0xc0 && p[15] >> 5 == 2 && p[23] >> 5 == 3)
        return "a raw file of DynamoRIO's drmemtrace; `drrun -t drmemtrace -indir FOLDER` (raw2trace) makes the final "
               "one";
    return NULL;
}

static const struct format *guess(const uint8_t *p, size_t n, bool text, const struct import_options *options)
{
    for (int i = 0; import_formats[i]; i++)
        if (import_formats[i]->text == text && import_formats[i]->looks_like(p, n, options))
            return import_formats[i];
    return NULL;
}

/* The format that the options name, unless the file is plainly of another, or none. */
static const struct format *named(struct source *source, const uint8_t *p, size_t n, bool text,
                                  const struct import_options *options, char *error, size_t size)
{
    const struct format *found = by_name(options->from), *seen = guess(p, n, text, options);
    const char *what = stranger(p, n, text);
    if (!found)
        snprintf(error, size, "--from=%s: must be one of " NAMES, options->from);
    else if (found->text && !text)
        snprintf(error, size, "%s: --from=%s is text, and this file is not", source->path, found->name);
    else if (found->looks_like(p, n, options))
        return found;
    else if (seen)
        snprintf(error, size, "%s: looks like a trace of %s (--from=%s), not of %s", source->path, seen->what,
                 seen->name, found->what);
    else
        snprintf(error, size, "%s: does not begin as a trace of %s does%s%s", source->path, found->what,
                 what ? "; it looks like " : "", what ? what : "");
    return NULL;
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
    const bool text = looks_like_text(p, n);
    if (options->from)
        return named(source, p, n, text, options, error, size);
    const struct format *found = guess(p, n, text, options);
    if (found)
        return found;
    const char *what = stranger(p, n, text);
    if (what)
        snprintf(error, size, "%s: is no trace of ChampSim, CloudSuite, drmemtrace, lackey or Pin; it looks like %s",
                 source->path, what);
    else
        snprintf(
            error, size,
            "%s: looks like no trace of ChampSim, CloudSuite, drmemtrace, lackey or Pin%s%s; if it is one, --from= "
            "tells why not",
            source->path, source_packed(source) ? ", unpacked from " : "", source_packings(source));
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
    int n = snprintf(im->error, sizeof im->error, "%s: %s %" PRIu64 ": %s", im->source->path, im->unit,
                     im->counts.units - im->others, im->unended ? "torn: the file ends in the middle of it: " : "");
    va_start(args, format);
    vsnprintf(im->error + n, sizeof im->error - (size_t)n, format, args);
    va_end(args);
    plain_in_place(im->error, sizeof im->error);
    return false;
}

bool import_end(struct import *im, bool read)
{
    if (!read && !im->full && !im->error[0])
        import_wrong(im, "cannot go on");
    if (!im->error[0] && !im->full && im->source->error[0])
        snprintf(im->error, sizeof im->error, "%s (behind %s %" PRIu64 ")", im->source->error, im->unit,
                 im->counts.units - im->others);
    return !im->error[0];
}

bool import_run(struct import *im, const struct format *format)
{
    im->error[0] = 0;
    im->unit = format->text ? "line" : "record";
    return import_end(im, format->read(im));
}

static bool canonical(uint64_t va, unsigned bits)
{
    uint64_t top = va >> (bits - 1);
    return !top || top == UINT64_MAX >> (bits - 1);
}

/* The address as the processor translates it: Linear Address Masking replaces the tag by copies of the bit below it,
 * and keeps bit 63 (SDM 1, 4.4). */
static uint64_t without_tag(uint64_t va, unsigned lam)
{
    const uint64_t tag = (UINT64_C(1) << 63) - (UINT64_C(1) << (lam == 48 ? 48 : 57)), below = (tag & -tag) >> 1;
    return va & below ? va | tag : va & ~tag;
}

/* tagged: as it is in the file */
static bool not_canonical(struct import *im, unsigned kind, uint64_t tagged, uint64_t va)
{
    static const char *const name[] = {"fetch", "load", "store"};
    const unsigned bits = im->options->linear_bits;
    const char *hint = "";
    if (kind != TRACE_FETCH && !im->options->lam && without_tag(va, 57) != va && canonical(without_tag(va, 57), bits))
        hint = " (with --lam=57 it is: bits 62:57 may be a tag)";
    else if (bits == 48 && canonical(va, 57))
        hint = " (it is with --bits=57)";
    else if (kind != TRACE_FETCH && !im->options->lam && without_tag(va, 48) != va &&
             canonical(without_tag(va, 48), bits))
        hint = " (with --lam=48 it is: bits 62:48 may be a tag)";
    return import_wrong(im, "the %s of 0x%" PRIx64 " is not canonical with %u bits%s; --drop leaves such accesses out",
                        name[kind], tagged, bits, hint);
}

bool import_access(struct import *im, unsigned kind, uint64_t va, uint64_t bytes, unsigned thread)
{
    const struct import_options *o = im->options;
    if (!bytes) {
        im->counts.empty++;
        return true;
    }
    const uint64_t tagged = va;
    if (o->lam && kind != TRACE_FETCH) {
        va = without_tag(va, o->lam);
        im->counts.tagged += va != tagged;
    }
    uint64_t last = va + bytes - 1;
    if (last < va || !canonical(va, o->linear_bits) || !canonical(last, o->linear_bits)) {
        if (!o->drop)
            return not_canonical(im, kind, tagged, va);
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
    struct trace_rec rec = {.va = va, .kind = (uint8_t)kind, .flags = im->flags, .thread = (uint16_t)thread};
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
