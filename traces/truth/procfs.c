/* What /proc says of a stopped process. Reading it touches none of the process's memory. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static FILE *open_proc(int pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return fopen(path, "re");
}

/* START-END RIGHTS OFFSET DEVICE INODE NAME */
static bool put_mapping(FILE *log, const char *word, unsigned task, char *line)
{
    uint64_t start, end, offset;
    char rights[5];
    int name = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &start, &end, rights, &offset, &name) != 4)
        return false;
    line[strcspn(line, "\n")] = 0;
    fprintf(log, "%s %u %#" PRIx64 " %#" PRIx64 " %s %#" PRIx64 "%s%s\n", word, task, start, end, rights, offset,
            name && line[name] ? " " : "", name ? line + name : "");
    return true;
}

void log_maps(FILE *log, int pid, unsigned task)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = open_proc(pid, "maps");
    while (f && getline(&line, &room, f) > 0)
        put_mapping(log, "map", task, line);
    free(line);
    if (f)
        fclose(f);
}

/* "Key:   123 kB" and, of status, "Threads: 1". */
static void put_values(FILE *log, const char *word, int pid, unsigned task, const char *file)
{
    char *line = NULL, key[32];
    size_t room = 0;
    uint64_t value;
    FILE *f = open_proc(pid, file);
    while (f && getline(&line, &room, f) > 0) {
        if (strcmp(word, "smaps") ? strstr(line, "[rollup]") != NULL : put_mapping(log, word, task, line))
            continue;
        bool memory = strstr(line, " kB") || !strncmp(line, "Threads:", 8);
        if (memory && sscanf(line, "%31[^:]: %" SCNu64, key, &value) == 2)
            fprintf(log, "%s %u %s %" PRIu64 "\n", strcmp(word, "smaps") ? "status" : "size", task, key, value);
    }
    free(line);
    if (f)
        fclose(f);
}

void log_memory(FILE *log, int pid, unsigned task)
{
    put_values(log, "status", pid, task, "status");
    put_values(log, "status", pid, task, "smaps_rollup");
    put_values(log, "smaps", pid, task, "smaps");
}

bool faults_so_far(int pid, uint64_t *minor, uint64_t *major)
{
    char text[1024];
    FILE *f = open_proc(pid, "stat");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    const char *behind = strrchr(text, ')'); /* the name may have blanks in it */
    return behind && sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64, minor, major) == 2;
}
