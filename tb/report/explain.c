/* A mismatch on the terminal: see explain.h. */
#include "explain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shell.h"
#include "texts.h"
#include "traces/format/plain.h"

enum { WIDE = 132 }; /* columns of a line that need not be copied */

static void put_row(FILE *out, const char *name, const char *line, size_t length)
{
    fprintf(out, "    %-10s%.*s%s\n", name, (int)(length < WIDE ? length : WIDE), line, length < WIDE ? "" : "…");
}

/* "  PDE    0x0000000000005025 at 0x3008 (WB): P=1 RW=0 PWT=0 …, table 0x5000" without what is zero and seldom asked.
 */
static void put_entry(FILE *out, const char *line, bool decides)
{
    char text[512], short_one[512] = "", *save = NULL, *rest = NULL;
    size_t at = 0;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    rest = strchr(text, ',');
    if (rest)
        *rest++ = 0;
    for (char *word = strtok_r(text, " ", &save); word && at < sizeof short_one; word = strtok_r(NULL, " ", &save)) {
        const char *equals = strchr(word, '=');
        const bool always = strncmp(word, "P=", 2) == 0 || strncmp(word, "RW=", 3) == 0 ||
                            strncmp(word, "US=", 3) == 0 || strncmp(word, "A=", 2) == 0 || strncmp(word, "D=", 2) == 0;
        if (!equals || always || strcmp(equals, "=0") != 0)
            at += (size_t)snprintf(short_one + at, sizeof short_one - at, at ? "%s%s" : "%s%-6s", at ? " " : "", word);
    }
    if (rest && at < sizeof short_one)
        snprintf(short_one + at, sizeof short_one - at, ",%s", rest);
    put_row(out, decides ? "        >" : "", short_one, strlen(short_one));
}

static void put_walk(FILE *out, const char *folder)
{
    char *walk = text_slurp(folder, "walk.txt");
    const char *decides = walk ? walk_decides(walk) : NULL, *name = "walk";
    for (const char *line = walk; line; line = text_next_line(line)) {
        const size_t length = strcspn(line, "\n");
        if (walk_is_entry(line)) {
            put_entry(out, line, line == decides);
        } else if (walk_is_result(line)) {
            put_row(out, "", line + 2, length - 2);
            break;
        } else if (*name && (strstr(line, " at 0x") && strstr(line, " at 0x") < line + length)) {
            put_row(out, name, line, length);
            name = "";
        }
    }
    free(walk);
}

/* Skips blanks, and one line as a string of its own. */
static char *next_text(char **save)
{
    char *line = strtok_r(NULL, "\n", save);
    return line ? line + strspn(line, " ") : NULL;
}

/* "First element to diverge, in cycle 604:\n  walker 1: W\n      expected 0x0\n      actual   0x1" in one line. */
static bool first_state(char *state, char *text, size_t size)
{
    static const char head[] = "First element to diverge, in cycle ";
    char *found = strstr(state, head), *save = NULL;
    const char *cycle = found ? strtok_r(found + strlen(head), ":\n", &save) : NULL;
    const char *element = cycle ? next_text(&save) : NULL, *expected = element ? next_text(&save) : NULL;
    const char *actual = expected ? next_text(&save) : NULL;
    if (!actual || strncmp(actual, "actual", 6) != 0)
        return false;
    snprintf(text, size, "%s, from cycle %s on: %s, actual %s", element, cycle, expected,
             actual + 6 + strspn(actual + 6, " "));
    return true;
}

/* The same of "Everything that differs in cycle 131:\nwalker 0\n      state          expected REQ          actual
 * IDLE". */
static bool any_state(char *state, char *text, size_t size)
{
    static const char head[] = "Everything that differs in cycle ";
    char *found = strstr(state, head), *save = NULL, *inner = NULL;
    const char *cycle = found ? strtok_r(found + strlen(head), ":\n", &save) : NULL;
    const char *element = cycle ? next_text(&save) : NULL;
    char *field = element ? next_text(&save) : NULL, *at = text;
    if (!field || !strstr(field, " expected "))
        return false;
    at += snprintf(text, size, "%s: ", element);
    for (char *word = strtok_r(field, " ", &inner); word && at + strlen(word) + 24 < text + size;
         word = strtok_r(NULL, " ", &inner))
        at += sprintf(at, "%s%s",
                      strcmp(word, "actual") == 0     ? ", "
                      : strcmp(word, "expected") == 0 ? ": "
                      : word == field                 ? ""
                                                      : " ",
                      word);
    snprintf(at, size - (size_t)(at - text), " (cycle %.20s)", cycle);
    return true;
}

static void put_state(FILE *out, const char *folder)
{
    char *state = text_slurp(folder, "state.txt"), text[400];
    if (state && (first_state(state, text, sizeof text) || any_state(state, text, sizeof text)))
        put_row(out, "state", text, strlen(text));
    free(state);
}

/* strip.txt is short as it is. */
static void put_pins(FILE *out, const char *folder)
{
    char *strip = text_slurp(folder, "strip.txt");
    const char *name = "pins";
    for (const char *line = strip; line && *line; line = text_next_line(line), name = "")
        fprintf(out, "    %-10s%.*s\n", name, (int)strcspn(line, "\n"), line);
    free(strip);
}

static void put_lines(FILE *out, const char *folder)
{
    char *rerun = text_slurp(folder, "rerun.txt"), *word = shell_word(folder), path[700];
    if (rerun && *rerun) {
        rerun[strcspn(rerun, "\n")] = 0;
        fprintf(out, "    again     %s\n", plain(rerun));
    }
    snprintf(path, sizeof path, "%s/waves.gtkw", folder);
    if (word && access(path, F_OK) == 0)
        fprintf(out, "    open      gtkwave %s/waves.fst %s/waves.gtkw\n", plain(word), plain(word));
    free(word);
    free(rerun);
}

void explain_folder(FILE *out, const char *folder)
{
    put_walk(out, folder);
    put_state(out, folder);
    put_pins(out, folder);
    put_lines(out, folder);
    fflush(out);
}
