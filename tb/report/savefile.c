/* The GTKWave save file of a waveform: see savefile.h. What it shows is savefile_rooms.h's; here it is matched with
 * what the waveform has. */
#include "savefile.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "dut/waves.h"
#include "fst.h"
#include "savefile_rooms.h"

enum { PATH_MAX_LENGTH = 512, CYCLES_BEFORE = 42, FAULT_CODES = 128 };

/* GTKWave's trace flags. */
#define FLAG_HEX "22"
#define FLAG_BIN "28"
#define FLAG_ENUM "100000028" /* names from the waveform */
#define FLAG_FILTER "2022"    /* hexadecimal, names from a file */
#define FLAG_OPEN "800200"
#define FLAG_OPEN_END "1000200"
#define FLAG_CLOSED "c00200"
#define FLAG_CLOSED_END "1401200"

static const char *plain_format(const char *bits)
{
    return strchr(bits, ':') ? FLAG_HEX : FLAG_BIN;
}

/* A pattern with its number in the place of '#', and what of it stands before and behind '*'. */
struct pattern {
    char text[PATH_MAX_LENGTH];
    size_t before, after;
    bool wild;
};

static struct pattern pattern_of(const char *path, unsigned number)
{
    struct pattern p;
    const char *hash = strchr(path, '#');
    char digits[16];
    snprintf(digits, sizeof digits, "%u", number);
    snprintf(p.text, sizeof p.text, "%.*s%s%s", (int)(hash ? hash - path : (long)strlen(path)), path,
             hash ? digits : "", hash ? hash + 1 : "");
    const char *star = strchr(p.text, '*');
    p.wild = star;
    p.before = star ? (size_t)(star - p.text) : strlen(p.text);
    p.after = star ? strlen(star + 1) : 0;
    return p;
}

/* Whether it is the end of a name, from a dot on; star gets what '*' stood for. */
static bool match(const struct pattern *p, const char *name, char star[32])
{
    const size_t whole = strlen(name);
    const char *const end = name + whole;
    *star = '\0';
    if (whole < p->before + p->after)
        return false;
    if (!p->wild) { /* there is one place where it can be */
        const char *at = end - p->before;
        return (at == name || at[-1] == '.') && memcmp(at, p->text, p->before) == 0;
    }
    if (memcmp(end - p->after, p->text + p->before + 1, p->after) != 0)
        return false;
    for (const char *at = name; at; at = strchr(at, '.')) {
        at += *at == '.';
        const size_t length = (size_t)(end - at);
        if (length < p->before + p->after || memcmp(at, p->text, p->before) != 0)
            continue;
        const size_t run = length - p->before - p->after;
        if (memchr(at + p->before, '.', run) || run >= 32)
            continue;
        memcpy(star, at + p->before, run);
        star[run] = '\0';
        return true;
    }
    return false;
}

static void write_signal(FILE *out, const struct shown_signal *shown, const char *name, const char *bits,
                         const char *star)
{
    const char *wild = strchr(shown->label, '*');
    const char *file = names_files[shown->names].file;
    fprintf(out, "@%s\n[color] %d\n",
            file                         ? FLAG_FILTER
            : shown->names == NAMES_ENUM ? FLAG_ENUM
                                         : plain_format(bits),
            shown->colour);
    if (file)
        fprintf(out, "^1 %s\n", file);
    fprintf(out, "+{%.*s%s%s} %s%s\n", (int)(wild ? wild - shown->label : (long)strlen(shown->label)), shown->label,
            wild ? star : "", wild ? wild + 1 : "", name, bits);
}

/* One group; false when the waveform has nothing of it. */
static bool write_room(FILE *out, const struct room *room, unsigned number, const struct fst_signals *s)
{
    char title[64], star[32];
    const char *hash = strchr(room->title, '#');
    snprintf(title, sizeof title, hash ? "%.*s%u" : "%.*s",
             (int)(hash ? hash - room->title : (long)strlen(room->title)), room->title, number);
    bool any = false;
    for (const struct shown_signal *shown = room->signals; shown->path; shown++) {
        const struct pattern pattern = pattern_of(shown->path, number);
        for (size_t i = 0; i < s->count; i++) {
            if (!match(&pattern, s->name[i], star))
                continue;
            if (!any)
                fprintf(out, "@%s\n-%s\n", room->open ? FLAG_OPEN : FLAG_CLOSED, title);
            any = true;
            write_signal(out, shown, s->name[i], s->bits[i], star);
            if (!pattern.wild)
                break;
        }
    }
    if (any)
        fprintf(out, "@%s\n-%s\n", room->open ? FLAG_OPEN_END : FLAG_CLOSED_END, title);
    return any;
}

/* The top module's own ports, for DUTs that have no rooms known here. */
static void write_top(FILE *out, const struct fst_signals *s)
{
    const char *top = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const char *dot = strchr(s->name[i], '.');
        if (!dot || strchr(dot + 1, '.'))
            continue;
        if (!top)
            fprintf(out, "@%s\n-pins of %.*s\n", FLAG_CLOSED, (int)(dot - s->name[i]), s->name[i]);
        else if (strncmp(s->name[i], top, (size_t)(dot - s->name[i]) + 1) != 0)
            break;
        top = s->name[i];
        fprintf(out, "@%s\n%s%s\n", plain_format(s->bits[i]), s->name[i], s->bits[i]);
    }
    if (top)
        fprintf(out, "@%s\n-pins of %.*s\n", FLAG_CLOSED_END, (int)(strchr(top, '.') - top), top);
}

static void write_head(FILE *out, const char *fst, uint64_t marker)
{
    const uint64_t from = marker > CYCLES_BEFORE ? marker - CYCLES_BEFORE : 0;
    char *copy = strdup(fst);
    fprintf(out, "[*] Twinwalk. The translation filters lie beside this file: open it with scripts/wave.sh, or from "
                 "its own folder.\n");
    fprintf(out, "[dumpfile] \"%s\"\n", copy ? basename(copy) : fst);
    free(copy);
    fprintf(out, "[timestart] %" PRIu64 "\n[size] 1900 1180\n[pos] 0 0\n", from * WAVES_TICKS);
    /* zoom: 200 pixels for 2^12.65 ticks, about 6 cycles; then the primary marker and 26 named ones */
    fprintf(out, "*-12.65 %" PRIu64, marker * WAVES_TICKS);
    for (int i = 0; i < 26; i++)
        fprintf(out, " -1");
    fprintf(out, "\n[sst_width] 0\n[sst_expanded] 0\n[signals_width] 330\n");
}

static bool write_names(const char *folder, enum names names)
{
    char path[PATH_MAX_LENGTH * 2];
    struct outfile file;
    snprintf(path, sizeof path, "%s/%s", folder, names_files[names].file);
    if (!outfile_open(&file, "", path))
        return false;
    FILE *out = file.file;
    if (names == NAMES_ADDRESS) {
        fprintf(out, "%016X -\n", 0);
    } else if (names == NAMES_FAULT) {
        fprintf(out, "0000 -\n");
        for (unsigned code = 1; code < FAULT_CODES; code++)
            fprintf(out, "%04X %s%s%s%s%s%s%s\n", code, code & PF_P ? "P" : "not_present", code & PF_W ? "|W" : "",
                    code & PF_U ? "|U" : "", code & PF_RSVD ? "|RSVD" : "", code & PF_I ? "|I" : "",
                    code & PF_PK ? "|PK" : "", code & PF_SS ? "|SS" : "");
    } else if (names == NAMES_MODE) {
        for (unsigned mode = 0; mode < 16; mode++)
            fprintf(out, "%X %s%s%s%s\n", mode, mode & 1 ? "user" : "supervisor", mode & 2 ? "|implicit" : "",
                    mode & 4 ? "|AC" : "", mode & 8 ? "|shadow_stack" : "");
    } else {
        for (unsigned i = 0; i < 16 && names_files[names].name[i]; i++)
            fprintf(out, "%X %s\n", i, names_files[names].name[i]);
    }
    return outfile_keep(&file);
}

bool savefile_write(const char *fst, const struct fst_signals *s, const char *gtkw, uint64_t marker_time)
{
    struct outfile out;
    char *copy = strdup(gtkw);
    if (!copy || !outfile_open(&out, "", gtkw)) {
        free(copy);
        return false;
    }
    write_head(out.file, fst, marker_time);
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++)
        for (unsigned number = 0; write_room(out.file, &rooms[r], number, s) && strchr(rooms[r].title, '#'); number++)
            ;
    write_top(out.file, s);
    bool good = outfile_keep(&out);
    const char *folder = dirname(copy);
    for (enum names n = NAMES_REQUEST; n < NAMES_COUNT; n++)
        good = write_names(folder, n) && good;
    free(copy);
    return good;
}
