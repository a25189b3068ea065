/* A program's layout: the native one is written; which of QEMU's mappings is which of it is told by files' names. */
#include <stdio.h>
#include <string.h>

#include "elf_bss.h"
#include "os/os.h"
#include "relocation.h"

static bool kernel_store(struct relocation *r, uint16_t thread, uint64_t va, size_t bytes)
{
    struct trace_rec rec = {.va = va, .kind = TRACE_STORE, .flags = TRACE_SUPERVISOR | TRACE_AC, .thread = thread};
    return moved_access(r, &rec, bytes);
}

/* Of a long path the end, as the recorder does. */
static const char *last_part(const char *name)
{
    size_t length = strlen(name), most = sizeof((struct trace_map *)0)->name - 1;
    return name + (length > most ? length - most : 0);
}

static bool put_native_map(struct relocation *r, uint16_t thread, const struct native_map *map)
{
    struct trace_rec rec = {.kind = TRACE_MAP, .thread = thread};
    struct trace_extra x;
    bool file = map->name[0] == '/', stack = !strcmp(map->name, "[stack]");
    memset(&x, 0, sizeof x);
    x.map.start = map->start;
    x.map.end = map->end;
    x.map.prot = (map->rights[0] == 'r' ? OS_READ : 0) | (map->rights[1] == 'w' ? OS_WRITE : 0) |
                 (map->rights[2] == 'x' ? OS_EXEC : 0);
    x.map.flags = (file ? OS_FILE : 0) | (stack ? OS_STACK | OS_GROWSDOWN : 0) |
                  (map->rights[3] == 's' ? OS_SHARED : 0);
    x.map.offset = file ? map->offset : 0;
    snprintf(x.map.name, sizeof x.map.name, "%s", last_part(map->name));
    return moved_put(r, &rec, &x);
}

/* The files' own pages that execve writes to: where data end and bss begins in a page. */
static bool put_bss(struct relocation *r, uint16_t thread, const struct native_exec *exec)
{
    for (size_t i = 0; i < exec->maps; i++) {
        uint64_t at[8];
        const struct native_map *map = &exec->map[i];
        bool again = i && !strcmp(map->name, exec->map[i - 1].name);
        size_t n = map->name[0] != '/' || again ? 0 : elf_bss(map->name, map->start, at, sizeof at / sizeof *at);
        for (size_t k = 0; k < n; k++)
            if (!kernel_store(r, thread, at[k], 1))
                return false;
    }
    return true;
}

bool begin_layout(struct relocation *r, struct task *task, uint16_t thread)
{
    const struct native_task *native = &r->native.task[task->native];
    if (task->exec == native->execs)
        return moved_fail(r, "task %u executes a program, natively it does not", thread);
    const struct native_exec *exec = &native->exec[task->exec++];
    task->call = exec->calls;
    space_leave(task->space);
    task->space = space_new();
    if (!task->space)
        return moved_fail(r, "out of memory");
    task->space->sp = exec->sp;
    task->space->native_brk = exec->brk;
    for (size_t i = 0; i < exec->maps; i++) {
        if (!strcmp(exec->map[i].name, "[stack]"))
            task->space->stack_top = exec->map[i].end;
        if (exec->map[i].end < (uint64_t)1 << 47 && !put_native_map(r, thread, &exec->map[i]))
            return false;
    }
    task->layout = true;
    return true;
}

bool end_layout(struct relocation *r, struct task *task, uint16_t thread)
{
    const struct native_exec *exec = &r->native.task[task->native].exec[task->exec - 1];
    task->layout = false;
    for (uint64_t va = task->space->stack_top - PAGE; va >= (exec->sp & ~(PAGE - 1)); va -= PAGE)
        if (!kernel_store(r, thread, va, 8))
            return false;
    return put_bss(r, thread, exec);
}

bool take_map(struct relocation *r, uint16_t thread, const struct trace_map *map)
{
    struct task *task = &r->task[thread];
    if (!task->layout && !begin_layout(r, task, thread))
        return false;
    const struct native_exec *exec = &r->native.task[task->native].exec[task->exec - 1];
    struct piece piece = {.start = map->start, .end = map->end, .stack = map->flags & OS_STACK};
    const struct piece *below = task->space->pieces ? &task->space->piece[task->space->pieces - 1] : NULL;
    if (map->flags & OS_FILE) {
        size_t i = 0;
        while (i < exec->maps && strcmp(last_part(exec->map[i].name), map->name))
            i++;
        if (i == exec->maps)
            return moved_fail(r, "%s is mapped, natively it is not", map->name);
        /* The first mapping of a file tells; the others keep their distance from it. */
        for (size_t k = 0; k < task->space->pieces; k++)
            if (task->space->piece[k].start + task->space->piece[k].distance == exec->map[i].start) {
                piece.distance = task->space->piece[k].distance;
                return space_add(task->space, piece) || moved_fail(r, "out of memory");
            }
        piece.distance = exec->map[i].start - map->start;
    } else if (!piece.stack) {
        if (!below || below->end != map->start || below->stack)
            return true; /* QEMU's own: guard pages */
        piece.distance = below->distance;
    }
    return space_add(task->space, piece) || moved_fail(r, "out of memory");
}
