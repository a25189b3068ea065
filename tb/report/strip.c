/* Pins around a finding, drawn: see strip.h.
 *
 *     one bit      ▁▁▁▔▔▔▁▁▁            several bits   ┤ load 0x1238 ├──┤ … ├──
 *
 * A value that differs between reference and device is drawn in the colour of what is wrong. */
#include "strip.h"

#include <inttypes.h>
#include <string.h>

#include "engine/pincmp.h"
#include "engine/statenames.h"
#include "mmu_cfg.h"

enum { PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA, LEFT = 190, WIDE = 92, HIGH = 22, TEXT = 48 };

static void on_cycle(void *context, const struct pins_out *out)
{
    struct strip *s = context;
    const struct lockstep *l = s->lockstep;
    const uint64_t cycle = l->driver->cycle;
    if (cycle + STRIP_BEFORE < s->cycle || cycle > s->cycle + STRIP_AFTER || s->count == STRIP_MOST)
        return;
    s->at[s->count++] = (struct strip_cycle){cycle, *out, l->actual, l->driver->in};
}

void strip_listen(struct strip *s, struct lockstep *l, uint64_t cycle)
{
    *s = (struct strip){.lockstep = l, .cycle = cycle};
    l->watch = on_cycle;
    l->watcher = s;
}

/* ---- values in words; empty where there is none -------------------------------------------------------------------
 */

static void say_response(const struct pins_out *o, unsigned port, char text[TEXT])
{
    static const char *const kinds[] = {"", "#GP", "#PF", "memory error"};
    const struct pins_resp *r = &o->resp[port];
    *text = 0;
    if (!(o->resp_valid >> port & 1))
        return;
    if (r->kind == KIND_OK)
        snprintf(text, TEXT, "%u: 0x%" PRIx64, r->id, r->addr);
    else
        snprintf(text, TEXT, "%u: %s 0x%x", r->id, kinds[r->kind & 3], r->err);
}

static void say_memory(const struct pins_out *o, char text[TEXT])
{
    *text = 0;
    if (o->mem_req_valid)
        snprintf(text, TEXT, "%s 0x%" PRIx64, o->mem_req_cas ? "CAS" : "read", o->mem_req_addr);
}

static void say_request(const struct pins_in *in, unsigned port, char text[TEXT])
{
    static const char *const accesses[] = {"load", "store", "fetch", "?"};
    const struct pins_req *r = &in->req[port];
    *text = 0;
    if (in->req_valid >> port & 1)
        snprintf(text, TEXT, "%u: %s 0x%" PRIx64, r->id, accesses[r->acc & 3], r->va);
}

static void say_control(const struct pins_in *in, char text[TEXT])
{
    *text = 0;
    if (in->ctl_valid)
        snprintf(text, TEXT, "%s", control_name(in->ctl_op));
}

static void say_reply(const struct pins_in *in, char text[TEXT])
{
    *text = 0;
    if (in->mem_rsp_valid)
        snprintf(text, TEXT, "reply to %u%s", in->mem_rsp_tag, in->mem_rsp_err ? ", error" : "");
}

/* ---- rows ---------------------------------------------------------------------------------------------------------
 */

enum what { REQUEST, READY, CONTROL, MEMORY_REPLY, RESPONSE, MEMORY, CTL_READY, CTL_DONE, WAITING };

struct row {
    enum what what;
    unsigned port;
    const char *name;
};

/* The value of a row in a cycle: a word, or for one bit "1" and "". */
static void value(const struct row *row, const struct strip_cycle *at, const struct pins_out *o, char text[TEXT])
{
    const struct pins_in *in = &at->in;
    bool bit = false;
    switch (row->what) {
    case REQUEST:
        say_request(in, row->port, text);
        return;
    case CONTROL:
        say_control(in, text);
        return;
    case MEMORY_REPLY:
        say_reply(in, text);
        return;
    case RESPONSE:
        say_response(o, row->port, text);
        return;
    case MEMORY:
        say_memory(o, text);
        return;
    case READY:
        bit = o->req_ready >> row->port & 1;
        break;
    case CTL_READY:
        bit = o->ctl_ready;
        break;
    case CTL_DONE:
        bit = o->ctl_done;
        break;
    case WAITING:
        bit = o->waiting;
        break;
    }
    snprintf(text, TEXT, "%s", bit ? "1" : "");
}

static bool one_bit(const struct row *row)
{
    return row->what == READY || row->what >= CTL_READY;
}

/* What of a cycle's outputs belongs to a row, and nothing else. */
static struct pins_out part(const struct row *row, const struct pins_out *o)
{
    struct pins_out p = {0};
    if (row->what == RESPONSE) {
        p.resp_valid = o->resp_valid & (uint8_t)(1u << row->port);
        p.resp[row->port] = o->resp[row->port];
    } else if (row->what == MEMORY) {
        p.mem_req_valid = o->mem_req_valid;
        p.mem_req_tag = o->mem_req_tag;
        p.mem_req_cas = o->mem_req_cas;
        p.mem_req_mt = o->mem_req_mt;
        p.mem_req_addr = o->mem_req_addr;
        p.mem_req_expected = o->mem_req_expected;
        p.mem_req_desired = o->mem_req_desired;
    } else if (row->what == CTL_DONE) {
        p.ctl_done = o->ctl_done;
        p.ctl_gp = o->ctl_gp;
    }
    return p;
}

static bool differs(const struct row *row, const struct strip_cycle *at)
{
    const struct pins_out expected = part(row, &at->expected), actual = part(row, &at->actual);
    char a[TEXT], b[TEXT];
    value(row, at, &at->expected, a);
    value(row, at, &at->actual, b);
    return strcmp(a, b) != 0 || !pins_same(&expected, &actual);
}

/* The value as it is drawn: where the words are the same on both sides, but not what they stand for, that. */
static void words(const struct row *row, const struct strip_cycle *at, bool actual, char text[TEXT])
{
    char other[TEXT];
    value(row, at, actual ? &at->actual : &at->expected, text);
    value(row, at, actual ? &at->expected : &at->actual, other);
    if (one_bit(row) || strcmp(text, other) != 0 || !differs(row, at))
        return;
    const struct pins_out e = part(row, &at->expected), a = part(row, &at->actual);
    struct finding f = {.kind = FINDING_NONE};
    int port;
    unsigned id;
    pins_explain(&e, &a, at->cycle, &f, &port, &id);
    snprintf(text, TEXT, "%.24s %.20s", f.field, actual ? f.actual : f.expected);
}

static void draw_line(FILE *out, const struct strip *s, const struct row *row, bool actual, int y)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct strip_cycle *at = &s->at[i];
        const int x = LEFT + (int)i * WIDE;
        char text[TEXT];
        words(row, at, actual, text);
        const char *class = actual && differs(row, at) ? "wrong" : actual ? "actual" : "expected";
        if (one_bit(row)) {
            const int level = *text ? y + 4 : y + HIGH - 5;
            fprintf(out, "<path class=\"%s\" d=\"M%d %dH%d\"/>", class, x, level, x + WIDE);
        } else if (*text) {
            fprintf(out,
                    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>"
                    "<text class=\"%s\" x=\"%d\" y=\"%d\"%s>%s</text>",
                    class, x + 1, y + 2, WIDE - 2, HIGH - 5, class, x + 5, y + HIGH - 8,
                    strlen(text) > 13 ? " textLength=\"82\" lengthAdjust=\"spacingAndGlyphs\"" : "", text);
        } else {
            fprintf(out, "<path class=\"%s\" d=\"M%d %dH%d\"/>", class, x, y + HIGH / 2, x + WIDE);
        }
    }
    fputc('\n', out);
}

static bool worth_a_row(const struct strip *s, const struct row *row)
{
    for (unsigned i = 0; i < s->count; i++) {
        char text[TEXT];
        value(row, &s->at[i], &s->at[i].expected, text);
        if (*text || differs(row, &s->at[i]))
            return true;
    }
    return false;
}

static bool output(const struct row *row)
{
    return row->what >= RESPONSE || row->what == READY;
}

static int draw_row(FILE *out, const struct strip *s, const struct row *row, int y)
{
    if (!worth_a_row(s, row))
        return y;
    fprintf(out, "<text class=\"name\" x=\"4\" y=\"%d\">%s</text>", y + HIGH - 8, row->name);
    if (output(row))
        fprintf(out,
                "<text class=\"side\" x=\"%d\" y=\"%d\">expected</text><text class=\"side\" x=\"%d\" "
                "y=\"%d\">actual</text>",
                LEFT - 54, y + HIGH - 8, LEFT - 54, y + 2 * HIGH - 8);
    draw_line(out, s, row, false, y);
    if (output(row))
        draw_line(out, s, row, true, y + HIGH);
    return y + (output(row) ? 2 : 1) * HIGH + 6;
}

enum { ROWS = 4 + 3 * PINS_MAX_PORTS + 5 };

struct rows {
    struct row row[ROWS];
    char names[3 * PINS_MAX_PORTS][32];
    unsigned count;
};

static void list_rows(struct rows *r)
{
    static const struct row rest[] = {{MEMORY, 0, "memory request"}, {MEMORY_REPLY, 0, "memory reply"},
                                      {CONTROL, 0, "control"},       {CTL_READY, 0, "ctl_ready"},
                                      {CTL_DONE, 0, "ctl_done"},     {WAITING, 0, "waiting"}};
    unsigned named = 0;
    r->count = 0;
    for (unsigned port = 0; port < PORTS; port++) {
        const enum what whats[] = {REQUEST, READY, RESPONSE};
        static const char *const formats[] = {"request %u", "ready %u", "answer %u"};
        for (unsigned i = 0; i < 3; i++) {
            snprintf(r->names[named], sizeof r->names[named], formats[i], port);
            r->row[r->count++] = (struct row){whats[i], port, r->names[named++]};
        }
    }
    for (unsigned i = 0; i < sizeof rest / sizeof *rest; i++)
        r->row[r->count++] = rest[i];
}

void strip_draw(FILE *out, const struct strip *s)
{
    struct rows rows;
    list_rows(&rows);
    const int width = LEFT + (int)s->count * WIDE + 8;
    int y = 26, height = 26;
    for (unsigned i = 0; i < rows.count; i++)
        height += worth_a_row(s, &rows.row[i]) ? (output(&rows.row[i]) ? 2 : 1) * HIGH + 6 : 0;
    fprintf(out,
            "<svg class=\"strip\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" role=\"img\" "
            "aria-label=\"pins around the finding\" height=\"%d\">\n",
            width, height);
    for (unsigned i = 0; i < s->count; i++) {
        const int x = LEFT + (int)i * WIDE;
        if (s->at[i].cycle == s->cycle)
            fprintf(out, "<rect class=\"here\" x=\"%d\" y=\"0\" width=\"%d\" height=\"100%%\"/>", x, WIDE);
        fprintf(out, "<text class=\"cycle\" x=\"%d\" y=\"16\">%" PRIu64 "</text>\n", x + 5, s->at[i].cycle);
    }
    for (unsigned i = 0; i < rows.count; i++)
        y = draw_row(out, s, &rows.row[i], y);
    fprintf(out, "</svg>\n");
}

/* One line of the text: the values of a row on one side in the cycles from `first` on. */
static void write_row(FILE *out, const struct strip *s, const struct row *row, bool actual, unsigned first, int wide)
{
    fprintf(out, "%-16s%-9s", row->name, output(row) ? actual ? "actual" : "expected" : "");
    for (unsigned i = first; i < s->count && i < first + STRIP_TEXT_CYCLES; i++) {
        char text[TEXT];
        words(row, &s->at[i], actual, text);
        const bool wrong = actual && differs(row, &s->at[i]);
        const bool last = i + 1 == s->count || i + 1 == first + STRIP_TEXT_CYCLES;
        fprintf(out, " %c%-*.*s", wrong ? '!' : ' ', last ? 0 : wide, wide, *text ? text : one_bit(row) ? "0" : "-");
    }
    fputc('\n', out);
}

static bool differs_in(const struct strip *s, const struct row *row, unsigned first)
{
    for (unsigned i = first; i < s->count && i < first + STRIP_TEXT_CYCLES; i++)
        if (output(row) && differs(row, &s->at[i]))
            return true;
    return false;
}

void strip_write(FILE *out, const struct strip *s)
{
    struct rows rows;
    unsigned here = 0, told = 0;
    int wide = 8;
    list_rows(&rows);
    while (here + 1 < s->count && s->at[here].cycle < s->cycle)
        here++;
    const unsigned first = here > STRIP_TEXT_CYCLES - 2 ? here - (STRIP_TEXT_CYCLES - 2) : 0;
    for (unsigned i = 0; i < rows.count; i++)
        for (unsigned at = first; differs_in(s, &rows.row[i], first) && at < s->count && at < first + STRIP_TEXT_CYCLES;
             at++)
            for (unsigned actual = 0; actual < 2; actual++) {
                char text[TEXT];
                words(&rows.row[i], &s->at[at], actual, text);
                wide = (int)strlen(text) > wide ? (int)strlen(text) : wide;
            }
    wide = wide > STRIP_TEXT_WIDE ? STRIP_TEXT_WIDE : wide;
    fprintf(out, "%-25s", "cycle");
    for (unsigned i = first; i < s->count && i < first + STRIP_TEXT_CYCLES; i++) {
        const bool last = i + 1 == s->count || i + 1 == first + STRIP_TEXT_CYCLES;
        fprintf(out, " %c%-*" PRIu64, s->at[i].cycle == s->cycle ? '>' : ' ', last ? 0 : wide, s->at[i].cycle);
    }
    fputc('\n', out);
    for (unsigned i = 0; i < rows.count && told < STRIP_TEXT_ROWS; i++)
        if (differs_in(s, &rows.row[i], first)) {
            write_row(out, s, &rows.row[i], false, first, wide);
            write_row(out, s, &rows.row[i], true, first, wide);
            told++;
        }
}
