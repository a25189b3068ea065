/* The capture tool's outer half: starts a program under qemu-x86_64 with the plugin, and writes what the plugin in all
 * its processes hands over.
 *
 *   twinwalk-collect --plugin=FILE --qemu=FILE --out=FILE [--skip=N] [--limit=N] [--level=N] [--quantum=N]
 *     [--after=exit] --program=WORDS PATH ARGV0 [ARGUMENT]…
 *
 * (scripts/capture.sh does this.) The program gets this process's environment. The exit status is the program's, 128 +
 * N when signal N ended it; 1 when recording failed; 0 when the limit ended it. */
#define _GNU_SOURCE
#include "collect.h"
#include "launch.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK = 50,
    NAP_LEAST = 500,
    NAP_MOST = 8000
}; /* milliseconds between looks at the processes; microseconds of sleep when nothing comes */

static int root_status = -1;
static pid_t root;
static volatile sig_atomic_t asked_to_stop, asked; /* the last signal; how many */

static void die(const char *what, const char *why)
{
    fprintf(stderr, "twinwalk capture: %s: %s\n", what, why);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct channel *make_channel(void)
{
    int fd = memfd_create("twinwalk-capture", MFD_CLOEXEC); /* nobody has to remove it */
    if (fd < 0 || ftruncate(fd, sizeof(struct channel)))
        die("shared memory", strerror(errno));
    struct channel *ch = mmap(NULL, sizeof *ch, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ch == MAP_FAILED)
        die("shared memory", strerror(errno));
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&ch->lock, &shared);
    for (unsigned i = 0; i < CHUNKS; i++)
        ch->free[i] = (uint16_t)(CHUNKS - 1 - i);
    ch->free_count = CHUNKS;
    ch->collector = getpid();
    snprintf(ch->path, sizeof ch->path, "/proc/%d/fd/%d", (int)getpid(), fd);
    return ch;
}

static uint64_t to_number(const char *option, const char *value, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    uint64_t n = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || n < least || n > most) {
        fprintf(stderr, "twinwalk capture: %s is a whole number from %" PRIu64 " on, at most %" PRIu64 ", not \"%s\"\n",
                option, least, most, value);
        exit(2);
    }
    return n;
}

/* The value of --name=value, or NULL. */
static const char *value_of(const char *arg, const char *name)
{
    size_t n = strlen(name);
    return !strncmp(arg, name, n) && arg[n] == '=' ? arg + n + 1 : NULL;
}

/* Collects what has ended. False: nothing of the program lives any more. */
static bool reap(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == root)
            root_status = status;
    return pid == 0;
}

static void on_signal(int signal)
{
    asked_to_stop = signal;
    asked++;
}

static void show_progress(const struct collect *c, double since)
{
    static double last;
    static uint64_t before;
    double t = now();
    if (!last)
        last = since;
    if (t - last < 1)
        return;
    fprintf(stderr, "\r%.1f M accesses recorded, %.1f M seen, %.1f M/s \x1b[K", (double)c->accesses / 1e6,
            (double)c->seen / 1e6, (double)(c->seen - before) / (t - last) / 1e6);
    last = t;
    before = c->seen;
}

static void run(struct collect *c)
{
    bool terminal = isatty(STDERR_FILENO);
    double start = now(), looked = start;
    unsigned nap = NAP_LEAST;
    for (bool alive = true; alive;) {
        /* Writers fill many chunks in a nap; being woken for each would cost them and this more than it gains. */
        if (drain(c)) {
            nap = NAP_LEAST;
        } else {
            usleep(nap);
            nap = nap * 2 < NAP_MOST ? nap * 2 : NAP_MOST;
        }
        if (now() - looked > 0.001 * TICK) {
            looked = now();
            alive = reap();
            watch_processes(c);
            if (asked_to_stop == SIGTERM || asked_to_stop == SIGHUP)
                signal_processes(c, asked_to_stop);
            if (terminal && c->writer)
                show_progress(c, start);
        }
        if (c->broken || c->ch->failed || asked > 1 || (c->reached && c->ch->exit_when_over)) {
            __atomic_store_n(&c->ch->exit_when_over, 1, __ATOMIC_SEQ_CST);
            __atomic_store_n(&c->ch->over, 1, __ATOMIC_SEQ_CST);
            signal_processes(c, SIGKILL);
        }
    }
    while (drain(c))
        ;
    end_processes(c);
    if (terminal)
        fprintf(stderr, "\r\x1b[K");
}

static int report(struct collect *c)
{
    const char *why = c->reached                 ? "the limit"
                      : WIFSIGNALED(root_status) ? "a signal ended the program"
                                                 : "the program's end";
    if (!c->seen && !c->ch->failed) {
        char what[sizeof c->ch->failure];
        snprintf(what, sizeof what,
                 "%.96s has not run the recorder: %s; `scripts/qemu.sh --fetch user` brings one that does", c->ch->qemu,
                 WIFSIGNALED(root_status) ? "a signal ended it first" : "it takes no plugins");
        channel_fail(c->ch, what);
    }
    if (c->ch->failed)
        fprintf(stderr, "twinwalk capture: %s\n", c->ch->failure);
    bool whole = finish(c);
    if (whole)
        fprintf(stderr, "twinwalk capture: %s: %" PRIu64 " accesses recorded (%s)\n", c->out, c->accesses, why);
    if (!whole || c->ch->failed)
        return 1;
    if (c->reached && c->ch->exit_when_over)
        return 0;
    return WIFSIGNALED(root_status) ? 128 + WTERMSIG(root_status) : WEXITSTATUS(root_status);
}

/* The program to be recorded, as a child, and how signals find it and us. */
static void start(struct collect *c, struct image *image, char **arguments)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* whatever the program leaves behind becomes our child */
    unsigned task = (unsigned)channel_new_task(c->ch, 0);
    root = fork();
    if (root < 0)
        die("fork", strerror(errno));
    if (!root) {
        launch(c->ch, task, true, image, arguments, environ);
        channel_fail(c->ch, strerror(errno));
        _exit(127);
    }
    c->ch->task[task].pid = root;
    signal(SIGINT, on_signal); /* the program gets it too, and ends or not */
    signal(SIGTERM, on_signal);
    if (signal(SIGHUP, on_signal) == SIG_IGN)
        signal(SIGHUP, SIG_IGN); /* nohup */
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    static struct collect c = {.limit = UINT64_MAX};
    static struct image image;
    struct trace_info about = {.linear_bits = 48};
    const char *error, *value, *plugin = NULL, *qemu = NULL;
    int level = 0, i = 1;
    uint64_t quantum = 8192;
    bool exit_after = false;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if ((value = value_of(argv[i], "--plugin")))
            plugin = value;
        else if ((value = value_of(argv[i], "--qemu")))
            qemu = value;
        else if ((value = value_of(argv[i], "--out")))
            c.out = value;
        else if ((value = value_of(argv[i], "--skip")))
            c.skip = to_number("SKIP", value, 0, UINT64_MAX);
        else if ((value = value_of(argv[i], "--limit")))
            c.limit = to_number("LIMIT", value, 1, UINT64_MAX);
        else if ((value = value_of(argv[i], "--level")))
            level = (int)to_number("LEVEL", value, 1, 19);
        else if ((value = value_of(argv[i], "--quantum")))
            quantum = to_number("QUANTUM", value, 16, QUANTUM_MAX);
        else if ((value = value_of(argv[i], "--program")))
            snprintf(about.program, sizeof about.program, "%s", value);
        else if (!strcmp(argv[i], "--after=exit"))
            exit_after = true;
        else
            die(argv[i], "no option of twinwalk-collect (scripts/capture.sh starts it)");
    }
    if (!plugin || !qemu || !c.out || argc - i < 2)
        die("twinwalk-collect",
            "--plugin, --qemu, --out, a program and its argv[0] are needed (scripts/capture.sh gives them)");
    int wrong = image_resolve(&image, argv[i]);
    if (wrong)
        die(argv[i], wrong == ENOTSUP ? "no x86-64 program" : strerror(wrong));
    c.ch = make_channel();
    if (snprintf(c.ch->plugin, sizeof c.ch->plugin, "%s", plugin) >= (int)sizeof c.ch->plugin ||
        snprintf(c.ch->qemu, sizeof c.ch->qemu, "%s", qemu) >= (int)sizeof c.ch->qemu)
        die(plugin, "the path is too long");
    c.ch->quantum = (uint32_t)quantum;
    c.ch->exit_when_over = exit_after;
    snprintf(about.recorder, sizeof about.recorder,
             "twinwalk capture 2, qemu-x86_64 user mode, plugin interface 1, quantum %u", (unsigned)quantum);
    c.writer = trace_create(c.out, &about, false, &error);
    if (!c.writer) {
        fprintf(stderr, "twinwalk capture: %s\n", error);
        return 1;
    }
    if (level)
        trace_set_level(c.writer, level);

    start(&c, &image, argv + i + 1);
    run(&c);
    return report(&c);
}
