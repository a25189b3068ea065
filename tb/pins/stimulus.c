/* Stimulus at the pins, as text: see stimulus.h. */
#include "stimulus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "engine/statenames.h"
#include "mmu_cfg.h"

static const char MAGIC[] = "twinwalk-pins 1";
static const char *const accesses[] = {[ACC_READ] = "load", [ACC_WRITE] = "store", [ACC_EXECUTE] = "fetch"};
enum { OPS = 16, WORDS = 12, NAME = 32, PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA };

/* "MOV_CR3": the name of a control operation as one word; "RESERVED_12" of one that does nothing. */
static const char *op_word(uint8_t op, char word[NAME])
{
    if (op < CTL_OPS)
        snprintf(word, NAME, "%s", control_name(op));
    else
        snprintf(word, NAME, "RESERVED_%u", op);
    for (char *c = word; *c; c++)
        if (*c == ' ')
            *c = '_';
    return word;
}

bool stimulus_add(struct stimulus *s, const struct stimulus_event *event)
{
    if (s->count == s->room) {
        const size_t room = s->room ? 2 * s->room : 1024;
        struct stimulus_event *bigger = realloc(s->event, room * sizeof *bigger);
        if (!bigger)
            return false;
        s->event = bigger;
        s->room = room;
    }
    s->event[s->count++] = *event;
    return true;
}

void stimulus_free(struct stimulus *s)
{
    free(s->event);
    *s = (struct stimulus){0};
}

static int by_cycle(const void *a, const void *b)
{
    const struct stimulus_event *x = a, *y = b;
    if (x->cycle != y->cycle)
        return x->cycle < y->cycle ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

void stimulus_sort(struct stimulus *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->event[i].place = i;
    qsort(s->event, s->count, sizeof *s->event, by_cycle);
}

/* ---- reading ------------------------------------------------------------------------------------------------------
 */

static bool number(const char *text, uint64_t most, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = text ? strtoull(text, &end, 0) : 0;
    return text && *text != '-' && end != text && !*end && !errno && *value <= most;
}

static const char *parse_request(char *const *word, struct stimulus_event *e)
{
    uint64_t port, id;
    if (!number(word[2], UINT64_MAX, &port) || !number(word[3], 255, &id) || !word[4] ||
        !number(word[5], UINT64_MAX, &e->req.va))
        return "a request is: CYCLE req PORT ID fetch|load|store ADDRESS [user] [implicit] [ac] [ss]";
    if (port >= PORTS)
        return "the preset has no such port";
    e->port = (uint8_t)port;
    e->req.id = (uint8_t)id;
    e->req.acc = 3;
    for (uint8_t i = 0; i < 3; i++)
        if (strcmp(word[4], accesses[i]) == 0)
            e->req.acc = i;
    if (e->req.acc == 3)
        return "the access must be fetch, load or store";
    if ((e->req.acc == ACC_EXECUTE) != (port < CFG_PORTS_FETCH))
        return "the first ports take fetches, the others loads and stores";
    for (unsigned i = 6; word[i]; i++) {
        bool *flag = strcmp(word[i], "user") == 0       ? &e->req.user
                     : strcmp(word[i], "implicit") == 0 ? &e->req.imp
                     : strcmp(word[i], "ac") == 0       ? &e->req.ac
                     : strcmp(word[i], "ss") == 0       ? &e->req.ss
                                                        : NULL;
        if (!flag)
            return "behind the address there are user, implicit, ac and ss only";
        *flag = true;
    }
    return NULL;
}

static const char *parse_control(char *const *word, struct stimulus_event *e)
{
    char name[NAME];
    e->op = OPS;
    for (uint8_t op = 0; word[2] && op < OPS; op++)
        if (strcmp(word[2], op_word(op, name)) == 0)
            e->op = op;
    if (e->op == OPS || !number(word[3], UINT64_MAX, &e->pa) ||
        (word[4] && (!number(word[4], UINT64_MAX, &e->value) || word[5])))
        return "a control operation is: CYCLE ctl NAME VALUE [DESCRIPTOR]";
    return NULL;
}

static const char *parse_squash(char *const *word, struct stimulus_event *e)
{
    uint64_t port, id;
    e->kind = STIMULUS_SQUASH;
    if (!number(word[2], UINT64_MAX, &port) || !number(word[3], 255, &id) || word[4])
        return "a squash is: CYCLE squash PORT ID";
    if (port >= PORTS)
        return "the preset has no such port";
    e->port = (uint8_t)port;
    e->req.id = (uint8_t)id;
    return NULL;
}

static const char *parse(char *const *word, struct stimulus_event *e)
{
    static const char first[] = "a line begins with a cycle and poke, req, squash, ctl, memory or stall";
    uint64_t latency;
    if (!number(word[0], UINT64_MAX, &e->cycle) || !word[1])
        return first;
    if (strcmp(word[1], "squash") == 0)
        return parse_squash(word, e);
    if (strcmp(word[1], "req") == 0) {
        e->kind = STIMULUS_REQUEST;
        return parse_request(word, e);
    }
    if (strcmp(word[1], "ctl") == 0) {
        e->kind = STIMULUS_CONTROL;
        return parse_control(word, e);
    }
    if (strcmp(word[1], "poke") == 0) {
        e->kind = STIMULUS_POKE;
        return number(word[2], (UINT64_C(1) << CFG_ARCH_PADDR_BITS) - 1, &e->pa) && e->pa % 8 == 0 &&
                       number(word[3], UINT64_MAX, &e->value) && !word[4]
                   ? NULL
                   : "a poke is: CYCLE poke ADDRESS VALUE, the address physical and a multiple of 8";
    }
    if (strcmp(word[1], "memory") == 0) {
        e->kind = STIMULUS_MEMORY;
        e->error = word[2] && word[3] && strcmp(word[3], "error") == 0;
        if (!number(word[2], 1000000, &latency) || latency == 0 || (word[3] && (!e->error || word[4])))
            return "memory's answer is: CYCLE memory LATENCY [error], the latency 1 to 1000000";
        e->latency = (uint32_t)latency;
        return NULL;
    }
    e->kind = STIMULUS_STALL;
    if (strcmp(word[1], "stall") != 0)
        return first;
    return word[2] ? "a stall is: CYCLE stall" : NULL;
}

/* One line: nothing, or an event. */
static const char *take_line(struct stimulus *s, char *line)
{
    char *word[WORDS + 1] = {NULL}, *save = NULL;
    unsigned words = 0;
    struct stimulus_event e = {0};
    line[strcspn(line, "#\n")] = 0;
    for (char *w = strtok_r(line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save)) {
        if (words == WORDS)
            return "there are too many words";
        word[words++] = w;
    }
    if (!words)
        return NULL;
    const char *wrong = parse(word, &e);
    return wrong ? wrong : stimulus_add(s, &e) ? NULL : "not enough memory";
}

bool stimulus_read(struct stimulus *s, const char *path, char *error, size_t size)
{
    char *line = NULL;
    size_t room = 0;
    const char *wrong = NULL;
    unsigned lines = 1;
    FILE *file = fopen(path, "r");
    *s = (struct stimulus){0};
    if (!file)
        return snprintf(error, size, "%s: %s", path, strerror(errno)), false;
    if (getline(&line, &room, file) < 0 || (line[strcspn(line, "\r\n")] = 0, strcmp(line, MAGIC) != 0))
        wrong = "the first line must be \"twinwalk-pins 1\"";
    while (!wrong && getline(&line, &room, file) >= 0) {
        lines++;
        wrong = take_line(s, line);
    }
    if (!wrong && ferror(file))
        wrong = "it cannot be read";
    free(line);
    fclose(file);
    if (wrong) {
        snprintf(error, size, "%s: line %u: %s", path, lines, wrong);
        stimulus_free(s);
        return false;
    }
    stimulus_sort(s);
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------------
 */

static void print(FILE *out, const struct stimulus_event *e)
{
    char name[NAME];
    fprintf(out, "%" PRIu64 " ", e->cycle);
    switch (e->kind) {
    case STIMULUS_POKE:
        fprintf(out, "poke 0x%" PRIx64 " 0x%" PRIx64, e->pa, e->value);
        break;
    case STIMULUS_REQUEST:
        fprintf(out, "req %u %u %s 0x%" PRIx64 "%s%s%s%s", e->port, e->req.id, accesses[e->req.acc % 3], e->req.va,
                e->req.user ? " user" : "", e->req.imp ? " implicit" : "", e->req.ac ? " ac" : "",
                e->req.ss ? " ss" : "");
        break;
    case STIMULUS_CONTROL:
        fprintf(out, "ctl %s 0x%" PRIx64, op_word(e->op, name), e->pa);
        if (e->value)
            fprintf(out, " 0x%" PRIx64, e->value);
        break;
    case STIMULUS_SQUASH:
        fprintf(out, "squash %u %u", e->port, e->req.id);
        break;
    case STIMULUS_MEMORY:
        fprintf(out, "memory %u%s", e->latency, e->error ? " error" : "");
        break;
    default:
        fprintf(out, "stall");
    }
    fputc('\n', out);
}

bool stimulus_write(const struct stimulus *s, const bool *keep, const char *path, const char *head)
{
    struct outfile out;
    if (!outfile_open(&out, "", path))
        return false;
    fprintf(out.file, "%s\n%s", MAGIC, head ? head : "");
    for (size_t i = 0; i < s->count; i++)
        if (!keep || keep[i])
            print(out.file, &s->event[i]);
    return outfile_keep(&out);
}
