/* Valgrind's lackey, --trace-mem=yes: a line an access: "I  ADDR,SIZE", " L ADDR,SIZE", " S ADDR,SIZE", and " M
 * ADDR,SIZE" for a load and a store of the same place by one instruction. Addresses are hexadecimal, sizes decimal.
 * Valgrind's own messages begin with "==", "--" or "**"; "SB ADDR" is the beginning of a superblock. */
#include "import.h"

#include <string.h>

enum { SIZE_MOST = 65536 };

/* A line that tells of no access: Valgrind's own words, the beginning of a superblock (--trace-superblocks=yes), a
 * comment. */
static bool no_access(const char *line)
{
    const char *p = line + 3;
    uint64_t va;
    line += strspn(line, " \t");
    return !*line || *line == '#' || !strncmp(line, "==", 2) || !strncmp(line, "--", 2) || !strncmp(line, "**", 2) ||
           (!strncmp(line, "SB ", 3) && import_digits(&p, 16, &va) && !*p);
}

/* 'I', 'L', 'S' or 'M'; 0: no such line. Hands put in fewer blanks, or more. */
static char parse(const char *line, uint64_t *va, uint64_t *size)
{
    const char *p = line + strspn(line, " \t");
    const char kind = *p;
    if (!kind || !strchr("ILSM", kind) || (p[1] != ' ' && p[1] != '\t'))
        return 0;
    p += 1 + strspn(p + 1, " \t");
    return import_digits(&p, 16, va) && *p++ == ',' && import_digits(&p, 10, size) && !*p ? kind : 0;
}

bool import_is_lackey(const char *line)
{
    uint64_t va, size;
    return parse(line, &va, &size);
}

static bool looks_like(const uint8_t *p, size_t n, const struct import_options *options)
{
    char line[512];
    size_t at = 0;
    while (import_first_line(p, n, &at, line, sizeof line))
        if (!no_access(line))
            return !options->base && import_is_lackey(line); /* a base is for Pin's */
    return false;
}

/* What stands between `key` and the end of its line, or `stop`. */
static void find(const uint8_t *p, size_t n, const char *key, const char *stop, char *to, size_t room)
{
    size_t len = strlen(key), at = 0;
    for (size_t i = 0; i + len < n; i++) {
        if (p[i] != (uint8_t)key[0] || memcmp(p + i, key, len))
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
    import_thread_of(im, 0);
    while ((got = import_line(im, &line)) > 0) {
        uint64_t va, size;
        char kind = parse(line, &va, &size);
        bool ok = true;
        if (!kind) {
            if (no_access(line)) {
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
