/* The page of a mismatch: see page.h. */
#include "page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/exits.h"
#include "base/outfile.h"
#include "base/shell.h"
#include "texts.h"

enum { GIT_SECONDS = 5 };

static const char style[] =
    ":root{color-scheme:light "
    "dark;--text:#1c2024;--soft:#5b6670;--line:#d5dbe0;--paper:#fff;--panel:#f4f6f8;--blue:#1f6feb;"
    "--bad:#c62828;--badsoft:#fde7e7;--here:#fff6d6}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#e3e7eb;--soft:#98a3ad;--line:#363e47;--paper:#14181c;--panel:#"
    "1c2227;"
    "--blue:#58a6ff;--bad:#ff7b72;--badsoft:#4a2020;--here:#3a3420}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--paper);max-width:1180px;margin:2rem "
    "auto;padding:0 1.2rem}\n"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}pre{background:var(--panel);padding:.7rem;overflow-x:auto;"
    "font-size:12.5px;border-radius:6px}\n"
    "table{border-collapse:collapse}td{padding:.15rem 1rem .15rem "
    "0}td:first-child{color:var(--soft)}.scroll{overflow-x:auto}\n"
    ".walk{display:flex;gap:.5rem;align-items:stretch;flex-wrap:wrap}.entry{border:1px solid "
    "var(--line);border-radius:8px;"
    "padding:.5rem .7rem;min-width:150px;font-size:13px}\n"
    ".entry b{display:block}.entry code{display:block;font-size:12px}.entry.decides{border:2px solid "
    "var(--bad)}.arrow{align-self:center;color:var(--soft)}\n"
    ".bit{display:inline-block;border:1px solid var(--line);border-radius:4px;padding:0 .3em;margin:.1em .1em 0 "
    "0;font-size:11px;color:var(--soft)}.bit.one{color:var(--text);background:var(--panel)}\n"
    ".strip text{font:11px system-ui,sans-serif;fill:var(--text)}.strip path{stroke:var(--soft);fill:none}.strip "
    "rect{fill:var(--panel);stroke:var(--soft)}\n"
    ".strip .name{font-weight:600}.strip .side,.strip .cycle{fill:var(--soft)}.strip path.actual,.strip "
    "rect.actual{stroke:var(--blue)}\n"
    ".strip path.wrong{stroke:var(--bad);stroke-width:2.5}.strip "
    "rect.wrong{stroke:var(--bad);fill:var(--badsoft)}.strip "
    "text.wrong{fill:var(--bad);font-weight:600}\n"
    ".strip rect.here{fill:var(--here);stroke:none}.bad{color:var(--bad);font-weight:600}.soft{color:var(--soft)}\n";

/* ---- text ---------------------------------------------------------------------------------------------------------
 */

static void put_text(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length && text[i]; i++)
        switch (text[i]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            if ((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t')
                fputc(text[i], out);
        }
}

static void put(FILE *out, const char *text)
{
    put_text(out, text, strlen(text));
}

static void put_pre(FILE *out, const char *title, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(out, "<h2>%s</h2><pre>", title);
    put(out, text);
    fputs("</pre>\n", out);
}

/* ---- the walk -----------------------------------------------------------------------------------------------------
 */

/* "  PTE    0x… at 0x5000 (WB): P=1 RW=0 …, 4-KByte page 0x111000" as a box. */
static void put_entry(FILE *out, const char *line, size_t length, bool decides)
{
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    char *name = text + strspn(text, " "), *value = name + strcspn(name, " ");
    char *bits = strstr(value, ": "), *leads = NULL;
    if (*value)
        *value++ = 0;
    value += strspn(value, " ");
    if (bits) {
        *bits = 0;
        bits += 2;
        leads = strchr(bits, ',');
        if (leads)
            *leads++ = 0;
    }
    fprintf(out, "<div class=\"entry%s\"><b>%s</b><code>", decides ? " decides" : "", name);
    put(out, value);
    fputs("</code>", out);
    char *save = NULL;
    for (char *bit = bits ? strtok_r(bits, " ", &save) : NULL; bit; bit = strtok_r(NULL, " ", &save)) {
        const char *equals = strchr(bit, '=');
        fprintf(out, "<span class=\"bit%s\">", equals && strcmp(equals, "=0") != 0 ? " one" : "");
        put(out, bit);
        fputs("</span>", out);
    }
    if (leads) {
        fputs("<div class=\"soft\">→", out);
        put(out, leads);
        fputs("</div>", out);
    }
    fputs("</div>\n", out);
}

static void put_walk(FILE *out, const char *walk)
{
    const char *decides = walk ? walk_decides(walk) : NULL;
    bool any = false;
    if (!walk)
        return;
    fputs("<h2>The walk of the access, as memory was then</h2>\n<div class=\"walk\">", out);
    for (const char *line = walk; line && !walk_is_result(line); line = text_next_line(line))
        if (walk_is_entry(line)) {
            if (any)
                fputs("<span class=\"arrow\">→</span>\n", out);
            put_entry(out, line, strcspn(line, "\n"), line == decides);
            any = true;
        }
    fputs("</div>\n<pre>", out);
    put(out, walk);
    fputs("</pre>\n", out);
}

/* ---- the page -----------------------------------------------------------------------------------------------------
 */

static void put_head(FILE *out, const char *report)
{
    static const char *const rows[] = {"access", "record", "place", "preset", "DUT",
                                       "check",  "trace",  "seed",  "program"};
    char kind[64], field[160], expected[256], actual[256], cycle[64], value[512];
    text_look_up(report, "kind", kind, sizeof kind);
    text_look_up(report, "field", field, sizeof field);
    text_look_up(report, "expected", expected, sizeof expected);
    text_look_up(report, "actual", actual, sizeof actual);
    text_look_up(report, "cycle", cycle, sizeof cycle);
    fprintf(out, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Twinwalk: %s ", kind);
    put(out, field);
    fprintf(out, "</title>\n<style>\n%s</style>\n<h1>%s%s%s<span class=\"bad\">", style, *cycle ? "In cycle " : "",
            cycle, *cycle ? ", " : "");
    put(out, field);
    fputs("</span> was <code>", out);
    put(out, actual);
    fputs("</code>, and should have been <code>", out);
    put(out, expected);
    fprintf(out, "</code></h1>\n<table><tr><td>seen by</td><td>the comparison of kind <b>%s</b></td></tr>", kind);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_look_up(report, rows[i], value, sizeof value);
        if (!*value)
            continue;
        fprintf(out, "<tr><td>%s</td><td>", rows[i]);
        put(out, value);
        fputs("</td></tr>", out);
    }
    fputs("</table>\n", out);
}

static void run_git(int to)
{
    const int nothing = open("/dev/null", O_RDWR);
    if (dup2(to, STDOUT_FILENO) >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDERR_FILENO) >= 0)
        execlp("git", "git", "diff", "--stat", "HEAD", "--", "rtl", "config", (char *)NULL);
    _exit(STATUS_HOST);
}

/* What changed in the RTL since the last commit, when the bench runs in its checkout. Git has its time for that: a
 * lock, a pager or a file system that hangs cost the page this paragraph only. */
static void put_changes(FILE *out)
{
    char text[4096] = "", why[128];
    FILE *said = tmpfile();
    const pid_t pid = said ? fork() : -1;
    if (pid == 0)
        run_git(fileno(said));
    if (pid > 0 && child_wait(pid, GIT_SECONDS, why, sizeof why)) {
        rewind(said);
        text[fread(text, 1, sizeof text - 1, said)] = 0;
    }
    if (said)
        fclose(said);
    put_pre(out, "Changed in the RTL since the last commit", text);
}

static void put_reduced(FILE *out, const char *folder)
{
    static const char *const names[] = {"reduced.txt", "reduced.pins"};
    for (unsigned i = 0; i < 2; i++) {
        char *text = text_slurp(folder, names[i]);
        put_pre(out, "Cut down to", text);
        free(text);
    }
}

/* The lines that open its waveform, if there is one. */
static void put_viewers(FILE *out, const char *folder)
{
    static const char *const views[][2] = {{"gtkwave ", "/waves.fst "},
                                           {"", "/waves.gtkw\n"},
                                           {"surfer ", "/waves.fst\n"}};
    char path[700], *word = shell_word(folder);
    snprintf(path, sizeof path, "%s/waves.fst", folder);
    for (unsigned i = 0; word && access(path, F_OK) == 0 && i < sizeof views / sizeof *views; i++) {
        fputs(views[i][0], out);
        put(out, word);
        fputs(views[i][1], out);
    }
    free(word);
}

bool page_write(const char *folder)
{
    static const char *const texts[][2] = {{"state.txt", "State"},
                                           {"offered.txt", "What was offered"},
                                           {"trace.txt", "Records around it"}};
    char path[700];
    struct outfile file;
    snprintf(path, sizeof path, "%s/report.html", folder);
    char *report = text_slurp(folder, "report.txt");
    if (!report || !outfile_open(&file, "", path)) {
        free(report);
        return false;
    }
    FILE *out = file.file;
    put_head(out, report);
    put_reduced(out, folder);
    char *strip = text_slurp(folder, "strip.svg"), *walk = text_slurp(folder, "walk.txt"),
         *rerun = text_slurp(folder, "rerun.txt");
    if (strip)
        fprintf(out, "<h2>Pins around it, expected above actual</h2>\n<div class=\"scroll\">%s</div>\n", strip);
    put_walk(out, walk);
    put_changes(out);
    fputs("<h2>See it again</h2><pre>", out);
    put(out, rerun ? rerun : "");
    put_viewers(out, folder);
    fputs("</pre>\n", out);
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = text_slurp(folder, texts[i][0]);
        put_pre(out, texts[i][1], text);
        free(text);
    }
    fputs("</html>\n", out);
    free(report);
    free(strip);
    free(walk);
    free(rerun);
    return outfile_keep(&file);
}
