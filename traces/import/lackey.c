/* Valgrind's lackey, --trace-mem=yes: a line an access: "I  ADDR,SIZE", " L ADDR,SIZE", " S ADDR,SIZE", and " M
 * ADDR,SIZE" for a load and a store of the same place by one instruction. Addresses are hexadecimal, sizes decimal.
 * Valgrind's own messages begin with "==", "--" or "**". */
#include "import.h"

#include <string.h>

enum { SIZE_MOST = 65536 };

static bool message(const char *line)
{
    return !strncmp(line, "==", 2) || !strncmp(line, "--", 2) || !strncmp(line, "**", 2);
}

/* 'I', 'L', 'S' or 'M'; 0: no such line. */
static char parse(const char *line, uint64_t *va, uint64_t *size)
{
    char kind;
    if (line[0] == 'I' && line[1] == ' ' && line[2] == ' ')
        kind = 'I';
    else if (line[0] == ' ' && (line[1] == 'L' || line[1] == 'S' || line[1] == 'M') && line[2] == ' ')
        kind = line[1];
    else
        return 0;
    const char *p = line + 3;
    if (!import_digits(&p, 16, va) || *p++ != ',' || !import_digits(&p, 10, size) || *p)
        return 0;
    return kind;
}

static bool looks_like(const uint8_t *p, size_t n)
{
    const uint8_t *line = p, *end;
    for (; (end = memchr(line, '\n', n - (size_t)(line - p))); line = end + 1) {
        char copy[64];
        uint64_t va, size;
        size_t len = (size_t)(end - line) < sizeof copy - 1 ? (size_t)(end - line) : sizeof copy - 1;
        memcpy(copy, line, len);
        copy[len - (len && copy[len - 1] == '\r')] = 0;
        copy[len] = 0;
        if (!message(copy))
            return parse(copy, &va, &size);
    }
    return false;
}

/* What stands between `key` and the end of its line, or `stop`. */
static void find(const uint8_t *p, size_t n, const char *key, const char *stop, char *to, size_t room)
{
    size_t len = strlen(key), at = 0;
    for (size_t i = 0; i + len < n; i++) {
        if (memcmp(p + i, key, len))
            continue;
        for (i += len; i < n && p[i] != '\n' && !strchr(stop, p[i]) && at + 1 < room; i++)
            to[at++] = (char)p[i];
        to[at] = 0;
        return;
    }
}

static void describe(const uint8_t *p, size_t n, struct trace_info *info)
{
    char version[64] = "";
    size_t head = n < 4096 ? n : 4096;
    find(p, head, " Command: ", "", info->program, sizeof info->program);
    find(p, head, " Using Valgrind-", " ", version, sizeof version);
    if (version[0])
        snprintf(info->recorder, sizeof info->recorder, "Valgrind %s lackey", version);
}

static bool read_all(struct import *im)
{
    char *line;
    int got;
    im->thread[0].used = true;
    while ((got = import_line(im, &line)) > 0) {
        uint64_t va, size;
        char kind = parse(line, &va, &size);
        bool ok = true;
        if (!kind) {
            if (message(line) || !line[0]) {
                im->counts.others++;
                continue;
            }
            return import_wrong(im, "no line of lackey's: \"%.40s\"%s", line,
                                " (does the program write to the same place? valgrind --log-file= parts them)");
        }
        if (!size || size > SIZE_MOST)
            return import_wrong(im, "an access of %s bytes: \"%.40s\"", size ? "too many" : "no", line);
        switch (kind) {
        case 'I':
            im->counts.instructions++;
            ok = import_access(im, TRACE_FETCH, va, size, 0);
            break;
        case 'L':
            im->counts.loads++;
            ok = import_access(im, TRACE_LOAD, va, size, 0);
            break;
        case 'S':
            im->counts.stores++;
            ok = import_access(im, TRACE_STORE, va, size, 0);
            break;
        case 'M':
            im->counts.modifies++;
            ok = import_access(im, TRACE_LOAD, va, size, 0) && import_access(im, TRACE_STORE, va, size, 0);
        }
        if (!ok)
            return false;
    }
    return got == 0;
}

const struct format format_lackey = {"lackey", "Valgrind lackey", true, looks_like, describe, read_all};
