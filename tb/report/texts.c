/* Texts of a mismatch folder: see texts.h. */
#include "texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *text_slurp(const char *folder, const char *name)
{
    char path[700];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    char *whole = file && fstat(fileno(file), &status) == 0 ? malloc((size_t)status.st_size + 1) : NULL;
    if (whole)
        whole[fread(whole, 1, (size_t)status.st_size, file)] = 0;
    if (file)
        fclose(file);
    return whole;
}

void text_look_up(const char *report, const char *name, char *value, size_t size)
{
    const size_t length = strlen(name);
    *value = 0;
    for (const char *line = report; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            line += length + strspn(line + length, " ");
            snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
            return;
        }
}

const char *text_next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end && end[1] ? end + 1 : NULL;
}

bool walk_is_result(const char *line)
{
    return strncmp(line, "  result ", 9) == 0;
}

bool walk_is_entry(const char *line)
{
    static const char *const names[] = {"  PML5E", "  PML4E", "  PDPTE", "  PDE ", "  PTE "};
    for (unsigned i = 0; i < 5; i++)
        if (strncmp(line, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* The bit by which an entry decides, from the rule that the walk's last line names; NULL: the last entry decides. */
static const char *deciding_bit(const char *walk)
{
    static const char *const rules[][2] = {{"write needs R/W = 1", "RW=0"},
                                           {"needs XD = 0", "XD=1"},
                                           {"access to a supervisor-mode address", "US=0"},
                                           {"needs a user-mode address", "US=0"}};
    const char *result = strstr(walk, "\n  result ");
    const char *end = result ? result + 1 + strcspn(result + 1, "\n") : NULL;
    for (unsigned i = 0; result && i < sizeof rules / sizeof *rules; i++) {
        const char *found = strstr(result, rules[i][0]);
        if (found && found < end)
            return rules[i][1];
    }
    return NULL;
}

const char *walk_decides(const char *walk)
{
    const char *bit = deciding_bit(walk), *last = NULL;
    for (const char *line = walk; line && !walk_is_result(line); line = text_next_line(line))
        if (walk_is_entry(line)) {
            const char *found = bit ? strstr(line, bit) : NULL;
            if (found && found < line + strcspn(line, "\n"))
                return line;
            last = line;
        }
    return last;
}
