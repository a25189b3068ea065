/* Reads a log (log.h); lines that tell of measurements only are passed over. */
#define _GNU_SOURCE
#include "native.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { MOST_TASKS = 4096, CALL_BRK = 12 };

/* Room for one more element, cleared; *list may move. The room doubles at powers of two (and again where elements were
 * taken back). */
static void *one_more(void *list, size_t *count, size_t size)
{
    char **at = list;
    if ((*count & (*count - 1)) == 0) {
        char *grown = realloc(*at, (*count ? *count * 2 : 1) * size);
        if (!grown)
            return NULL;
        *at = grown;
    }
    return memset(*at + (*count)++ * size, 0, size);
}

static struct native_task *task_at(struct native *native, unsigned number)
{
    if (number >= MOST_TASKS)
        return NULL;
    while (native->tasks <= number)
        if (!one_more(&native->task, &native->tasks, sizeof *native->task))
            return NULL;
    return &native->task[number];
}

static bool take_call(struct native_task *task, const char *rest)
{
    struct native_call *call = one_more(&task->call, &task->calls, sizeof *call);
    if (!call ||
        sscanf(rest, "%" SCNu64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNd64,
               &call->number, &call->arg[0], &call->arg[1], &call->arg[2], &call->arg[3], &call->arg[4], &call->arg[5],
               &call->result) != 8)
        return false;
    if (call->number != CALL_BRK)
        return true;
    task->calls--; /* of these only the first counts */
    if (task->execs && !task->exec[task->execs - 1].brk)
        task->exec[task->execs - 1].brk = (uint64_t)call->result;
    return true;
}

static bool take_exec(struct native_task *task, const char *rest)
{
    int file = 0;
    struct native_exec *exec = one_more(&task->exec, &task->execs, sizeof *exec);
    if (exec)
        exec->calls = task->calls;
    return exec && sscanf(rest, "%*u %*u %n", &file) == 0 && file && (exec->file = strdup(rest + file));
}

static bool take_map(struct native_task *task, const char *rest)
{
    int name = 0;
    if (!task->execs)
        return false;
    struct native_exec *exec = &task->exec[task->execs - 1];
    struct native_map *map = one_more(&exec->map, &exec->maps, sizeof *map);
    return map &&
           sscanf(rest, "%" SCNx64 " %" SCNx64 " %4s %" SCNx64 "%n", &map->start, &map->end, map->rights, &map->offset,
                  &name) == 4 &&
           (map->name = strdup(rest + name + (rest[name] == ' ')));
}

static bool take_line(struct native *native, const char *line)
{
    char word[16];
    unsigned number;
    int rest = 0;
    if (sscanf(line, "%15s %u %n", word, &number, &rest) != 2)
        return !strncmp(line, "kernel ", 7);
    struct native_task *task = task_at(native, number);
    if (!task)
        return false;
    if (!strcmp(word, "task"))
        return sscanf(line + rest, "%u %u", &task->parent, &task->flags) == 2;
    if (!strcmp(word, "call"))
        return take_call(task, line + rest);
    if (!strcmp(word, "exec"))
        return take_exec(task, line + rest);
    if (!strcmp(word, "sp"))
        return task->execs && sscanf(line + rest, "%" SCNx64, &task->exec[task->execs - 1].sp) == 1;
    return strcmp(word, "map") || take_map(task, line + rest);
}

const char *native_read(struct native *native, const char *path)
{
    static char error[256];
    char *line = NULL;
    size_t room = 0, number = 0;
    FILE *f = fopen(path, "re");
    *native = (struct native){0};
    if (!f) {
        snprintf(error, sizeof error, "%.200s: cannot be opened", path);
        return error;
    }
    error[0] = 0;
    while (!error[0] && getline(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (!number++ ? strcmp(line, TRUTH_HEAD) != 0 : !take_line(native, line))
            snprintf(error, sizeof error, "%.150s: line %zu: no line of a log of twinwalk-truth: %.40s", path, number,
                     line);
    }
    if (!number)
        snprintf(error, sizeof error, "%.200s: is empty", path);
    free(line);
    fclose(f);
    if (error[0])
        native_drop(native);
    return error[0] ? error : NULL;
}

void native_drop(struct native *native)
{
    for (size_t i = 0; i < native->tasks; i++) {
        struct native_task *task = &native->task[i];
        for (size_t e = 0; e < task->execs; e++) {
            for (size_t m = 0; m < task->exec[e].maps; m++)
                free(task->exec[e].map[m].name);
            free(task->exec[e].map);
            free(task->exec[e].file);
        }
        free(task->exec);
        free(task->call);
    }
    free(native->task);
    *native = (struct native){0};
}
