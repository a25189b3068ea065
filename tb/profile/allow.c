/* Policies: see allow.h. */
#include "allow.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool find(const char *name, size_t length, unsigned *what)
{
    for (*what = 0; *what < LEDGER_ENTRIES; ++*what) {
        const char *key = ledger_entry_key((enum ledger_entry) * what);
        if (strlen(key) == length && strncmp(key, name, length) == 0)
            return true;
    }
    return length == strlen("cycles") && strncmp(name, "cycles", length) == 0; /* *what is ALLOW_CYCLES */
}

static bool parse_rule(struct allow *a, const char *text, size_t length, char *error, size_t size)
{
    const char *sign = memchr(text, '<', length);
    if (!sign)
        sign = memchr(text, '>', length);
    if (a->count == ALLOW_MOST || length >= sizeof a->rule->text)
        return snprintf(error, size, "at most %d rules of at most %zu characters", ALLOW_MOST,
                        sizeof a->rule->text - 1),
               false;
    if (!sign || sign[1] != '=')
        return snprintf(error, size, "\"%.*s\" is not NAME<=N or NAME>=N", (int)length, text), false;
    char *end;
    unsigned what;
    const double limit = strtod(sign + 2, &end);
    const bool percent = end != sign + 2 && *end == '%';
    if (end == sign + 2 || end + percent != text + length || !isfinite(limit))
        return snprintf(error, size, "\"%.*s\": not a number, or a number and %%, behind %.2s", (int)length, text,
                        sign),
               false;
    if (!find(text, (size_t)(sign - text), &what))
        return snprintf(error, size, "\"%.*s\" is neither cycles nor an entry of the ledger", (int)(sign - text), text),
               false;
    a->rule[a->count].what = what;
    a->rule[a->count].at_most = *sign == '<';
    a->rule[a->count].percent = percent;
    a->rule[a->count].limit = limit;
    snprintf(a->rule[a->count].text, sizeof a->rule->text, "%.*s", (int)length, text);
    a->count++;
    return true;
}

bool allow_parse(struct allow *a, const char *text, char *error, size_t size)
{
    static const char blanks[] = " ;\t\n";
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
        const size_t length = strcspn(text, blanks);
        if (!parse_rule(a, text, length, error, size))
            return false;
        text += length;
    }
    return true;
}

bool allow_judge(const struct allow *a, const struct difference *d, FILE *out, json_t *broken)
{
    bool all = true;
    for (unsigned i = 0; i < a->count; i++) {
        const unsigned what = a->rule[i].what;
        const double base = (double)(what == ALLOW_CYCLES ? d->books[0].cycles : d->books[0].total[what]);
        const double head = (double)(what == ALLOW_CYCLES ? d->books[1].cycles : d->books[1].total[what]);
        double change = head - base;
        if (a->rule[i].percent)
            change = base > 0 ? 100 * change / base : change > 0 ? 1e9 : 0;
        const bool kept = a->rule[i].at_most ? change <= a->rule[i].limit : change >= a->rule[i].limit;
        fprintf(out, "  policy %-24s %s (%+.4g%s)\n", a->rule[i].text, kept ? "kept" : "BROKEN", change,
                a->rule[i].percent ? " %" : "");
        if (!kept)
            json_array_append_new(broken, json_string(a->rule[i].text));
        all = all && kept;
    }
    return all;
}
