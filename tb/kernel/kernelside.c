/* Tasks, turns and losses: see kernelside.h. */
#include "kernelside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86.h"
#include "traces/format/check.h"
#include "traces/format/plain.h"

enum { LX_CLONE = 56, LX_EXIT = 60, LX_EXIT_GROUP = 231, LX_EXECVEAT = 322 };

bool kernel_bad(struct kernelside *k, const char *format, ...)
{
    va_list arguments;
    const int length = snprintf(k->error, sizeof k->error, "record %" PRIu64 ": ", k->record);
    va_start(arguments, format);
    vsnprintf(k->error + length, sizeof k->error - (size_t)length, format, arguments);
    va_end(arguments);
    plain_in_place(k->error, sizeof k->error);
    return false;
}

const char *kernel_file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* ---- processes ---- */

bool kernel_new_process(struct kernelside *k, unsigned task, const char *name)
{
    struct kernel_process added = {.task = task, .number = k->task[task].number};
    snprintf(added.name, sizeof added.name, "%s", plain(name)); /* before process[] moves: the name may be one in it */
    struct kernel_process *grown = realloc(k->process, (k->processes + 1) * sizeof *grown);
    if (!grown)
        return kernel_bad(k, "not enough memory for the bench");
    k->process = grown;
    k->process[k->processes] = added;
    k->task[task].process = (unsigned)k->processes++;
    return true;
}

void kernel_look_at(struct kernelside *k, struct kernel_process *p)
{
    struct os_status s;
    struct os_usage usage;
    unsigned number = 0; /* any task of the process: its first may have ended */
    for (unsigned i = 0; i < k->numbers && !number; i++)
        if (k->task[i].life == LIFE_ALIVE && &k->process[k->task[i].process] == p)
            number = k->task[i].number;
    if (!number || !os_status(k->os, number, &s) || !os_usage(k->os, number, &usage))
        return;
    p->vsz = s.vsz;
    p->rss = s.rss;
    p->pss = usage.pss;
    p->swap = s.swap;
    p->tables = s.tables;
    p->vsz_peak = s.vsz_peak;
    if (s.rss_peak > p->rss_peak)
        p->rss_peak = s.rss_peak;
    p->minor_faults = s.minor_faults;
    p->major_faults = s.major_faults;
}

void kernelside_look(struct kernelside *k)
{
    for (size_t i = 0; i < k->processes; i++)
        if (!k->process[i].end)
            kernel_look_at(k, &k->process[i]);
}

void kernel_process_ends(struct kernelside *k, struct kernel_process *p, enum kernel_end how)
{
    kernel_look_at(k, p);
    p->record = k->record;
    p->end = how;
    if (k->ending)
        k->ending(k->ending_context, k, p);
}

/* The kernel is about to kill a process. */
static void dying(void *context, unsigned number)
{
    struct kernelside *k = context;
    k->deaths = true;
    for (size_t i = k->processes; i--;)
        if (!k->process[i].end && k->process[i].number == number)
            kernel_process_ends(k, &k->process[i], END_KILLED);
}

void kernel_meets(struct kernelside *k, unsigned task)
{
    if (task >= k->numbers)
        k->numbers = task + 1;
}

/* The task leaves the living. */
void kernel_leave(struct kernelside *k, unsigned task, enum kernel_life life)
{
    if (k->keeps && k->task[task].life == LIFE_ALIVE)
        shadow_end(&k->shadow, task);
    k->task[task].life = (uint8_t)life;
}

void kernel_lose(struct kernelside *k, unsigned task)
{
    kernel_leave(k, task, LIFE_LOST);
    k->task[task].bare = false;
    k->losses = true;
    k->counts.lost++;
}

/* Any call of the kernel may have killed anybody. */
static void count_the_dead(struct kernelside *k)
{
    for (unsigned i = 0; k->deaths && i < k->numbers; i++)
        if (k->task[i].life == LIFE_ALIVE && k->process[k->task[i].process].end == END_KILLED)
            kernel_lose(k, i);
    k->deaths = false;
    if (!os_current(k->os))
        k->thread = KERNEL_NOBODY;
}

/* ---- boot ---- */

/* Whether the trace tells its files by name: it has TASK records, or mappings with offsets, in its first run of
 * records. */
static bool tells_names(const struct kernel_boot *boot)
{
    for (size_t i = 0; i < boot->records; i++)
        if (boot->rec[i].kind == TRACE_TASK ||
            (boot->rec[i].kind == TRACE_MAP && trace_extra(boot->trace, &boot->rec[i])->map.offset))
            return true;
    return false;
}

/* The first word of the recorded command. */
static void first_name(const struct trace_info *info, char *name, size_t size)
{
    snprintf(name, size, "%.*s", (int)strcspn(info->program, " "), *info->program ? info->program : "(first)");
}

bool kernelside_boot(struct kernelside *k, const struct kernel_boot *boot, char *error, size_t size)
{
    const struct trace_info *info = trace_get_info(boot->trace);
    struct os_config config = *boot->config;
    char name[64];
    config.paddr_bits = boot->paddr_bits;
    config.la57 = boot->la57 && info->linear_bits > 48;
    config.pcid = boot->pcid;
    config.page_1g = boot->page_1g;
    config.implicit_map = boot->rec->kind !=
                          TRACE_MAP; /* a trace that does not begin with mappings comes without any */
    k->named = tells_names(boot);
    config.processes |= k->named || config.reclaim;
    k->thread = 0;
    k->kills = config.oom_kill;
    k->os = os_new(boot->pm, &config);
    if (!k->os) {
        snprintf(error, size,
                 "the operating system model cannot start: %" PRIu64
                 " KiB of simulated memory (--ram) are too few, or the host has none left",
                 config.ram_bytes >> 10);
        return false;
    }
    first_name(info, name, sizeof name);
    os_name(k->os, 1, kernel_file_of(name));
    os_watch_deaths(k->os, dying, k);
    kernel_meets(k, 0);
    k->task[0].number = 1;
    k->task[0].life = LIFE_ALIVE;
    k->keeps = boot->signatures;
    if (kernel_new_process(k, 0, name) && (!k->keeps || (contents_init(&k->contents, k->os, &config, boot->lose_move) &&
                                                         shadow_init(&k->shadow, k->named))))
        return true;
    snprintf(error, size, "not enough memory for the bench");
    return false;
}

void kernelside_free(struct kernelside *k)
{
    if (k->keeps) {
        contents_free(&k->contents);
        shadow_free(&k->shadow);
    }
    os_free(k->os);
    free(k->process);
    k->os = NULL;
    k->process = NULL;
}

/* ---- turns ---- */

enum kernel_turn kernelside_turn(struct kernelside *k, const struct trace_rec *rec)
{
    const unsigned thread = rec->thread;
    if (k->task[thread].bare && rec->kind != TRACE_MAP && k->task[thread].life == LIFE_ALIVE) {
        kernel_bad(k, "task %u has executed %s, whose mappings must follow at once, but no MAP does", thread,
                   k->process[k->task[thread].process].name);
        return TURN_BAD;
    }
    if (thread == k->thread)
        return TURN_RUN;
    switch (k->task[thread].life) {
    case LIFE_LOST:
        return TURN_SKIP;
    case LIFE_ENDED:
        kernel_bad(k, "task %u has ended, and no CLONE has used its number again", thread);
        return TURN_BAD;
    case LIFE_UNKNOWN:
        if (!kernel_thread_appears(k, thread))
            return TURN_BAD;
        break;
    default:
        break;
    }
    k->counts.turns += os_current(k->os) != k->task[thread].number;
    if (!os_switch(k->os, k->task[thread].number)) {
        kernel_bad(k, "%s", os_error(k->os));
        return TURN_BAD;
    }
    k->thread = thread;
    return TURN_SWITCHED;
}

/* ---- records ---- */

static bool maps(struct kernelside *k, const struct trace_map *m, unsigned task)
{
    k->task[task].bare = false;
    if (k->named && m->flags & OS_FILE && m->name[0])
        return os_map_file(k->os, m->start, m->end, m->prot, m->flags, m->name, m->offset >> 12);
    return os_map(k->os, m->start, m->end, m->prot, m->flags, m->name);
}

/* Tasks come and go by TASK records alone. */
static bool is_of_tasks(uint64_t number)
{
    return (number >= LX_CLONE && number <= LX_EXIT) || number == LX_EXIT_GROUP || number == LX_EXECVEAT;
}

/* The shadow does what the kernel has done, unless the task did not live to see it. */
static void follow(struct kernelside *k, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (!k->keeps || k->task[rec->thread].life != LIFE_ALIVE || !os_current(k->os))
        return;
    if (rec->kind == TRACE_MAP)
        shadow_map(&k->shadow, rec->thread, &extra->map);
    else if (rec->kind == TRACE_SYSCALL)
        shadow_syscall(&k->shadow, rec->thread, &extra->syscall);
    else if (rec->kind == TRACE_TASK && extra->task.event == TRACE_OPEN)
        shadow_open(&k->shadow, rec->thread, &extra->task);
}

bool kernelside_do(struct kernelside *k, const struct trace_rec *rec, const struct trace_extra *extra)
{
    bool done = true;
    switch (rec->kind) {
    case TRACE_MAP:
        done = maps(k, &extra->map, rec->thread) || kernel_bad(k, "%s", os_error(k->os));
        break;
    case TRACE_SYSCALL:
        if (!is_of_tasks(extra->syscall.number))
            done = os_syscall(k->os, extra->syscall.number, extra->syscall.arg, extra->syscall.result) ||
                   !os_current(k->os) || kernel_bad(k, "%s", os_error(k->os));
        break;
    case TRACE_TASK:
        done = kernel_task_event(k, rec->thread, &extra->task);
        break;
    default:
        done = kernel_bad(k, "%s", check_place(false, rec->kind));
    }
    count_the_dead(k);
    if (done)
        follow(k, rec, extra);
    return done;
}

void kernelside_skip(struct kernelside *k, const struct trace_rec *rec, const struct trace_extra *extra)
{
    k->counts.skipped++;
    if (rec->kind != TRACE_TASK)
        return;
    const struct trace_task *t = &extra->task;
    if (t->event == TRACE_CLONE && k->task[t->number].life != LIFE_ALIVE)
        kernel_never_born(k, rec->thread, t);
    else if (t->event == TRACE_EXEC || t->event == TRACE_EXIT_GROUP)
        kernel_others_end(k, rec->thread);
    if (t->event == TRACE_EXIT || t->event == TRACE_EXIT_GROUP)
        k->task[rec->thread].life = LIFE_ENDED;
}

enum kernel_mend kernelside_fault(struct kernelside *k, uint64_t va, uint8_t acc, uint16_t error_code)
{
    static const char *const words[] = {"read", "write", "execute", "?"};
    if (k->faults)
        fprintf(k->faults, "%" PRIu64 " task %u: %s 0x%" PRIx64 " in %s mode, error code 0x%x\n", k->record, k->thread,
                words[acc & 3], va, error_code & PF_U ? "user" : "kernel", error_code);
    const enum os_outcome outcome = os_fault(k->os, va, error_code);
    count_the_dead(k);
    if (outcome == OS_RETRY)
        return MEND_RETRY;
    if (k->thread == KERNEL_NOBODY)
        return MEND_LOST;
    if (outcome == OS_SEGV)
        kernel_bad(k, "the program may not %s 0x%" PRIx64 ": %s", words[acc & 3], va, os_error(k->os));
    else
        kernel_bad(k, "out of simulated memory (see --ram) at 0x%" PRIx64 ": %s", va, os_error(k->os));
    return MEND_BAD;
}
