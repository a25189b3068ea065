/* A trace in slices: see slices.h. */
#define _GNU_SOURCE
#include "slices.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "slices_digest.h"
#include "traces/format/trace.h"

enum {
    LOOK_EVERY_MS = 50,        /* for signals */
    LEAST_RECORDS = 1 << 14,   /* of a slice whose length is free: below, making it costs too much of running it */
    UNKNOWN_RECORDS = 1 << 20, /* of a slice, where the trace does not tell its length */
    PASS_ON = SIGUSR1,
};

/* A slice's process says this when it has come to its end … */
struct slice_report {
    enum { SLICE_EQUAL, SLICE_OTHER } end; /* OTHER: the next boundary was not reached, or not in an equal state */
    uint64_t digest;                       /* EQUAL: of the state there */
    double seconds;                        /* CPU time */
};

/* … and is told this: whether it is the one whose result counts, and what it does not know of the others. */
struct slice_order {
    bool report;
    uint64_t slices, boundaries;
    double model_seconds, other_seconds;
};

struct slice {
    enum { SLICE_RUNS, SLICE_WAITS, SLICE_DONE, SLICE_LOST, SLICE_KILLED } state; /* WAITS: for its order */
    pid_t pid;
    int link;          /* a socket; -1: closed */
    uint64_t from, to; /* cycles; to UINT64_MAX: as far as the trace goes */
    uint64_t ends;     /* digest of the state that the next one begins with */
    int status;        /* of waitpid, when LOST */
    struct slice_report report;
};

/* ---- where the trace is cut ---- */

/* Records that will be replayed, as far as that is known; UINT64_MAX: it is not. */
static uint64_t records(const struct slices *s)
{
    const uint64_t total = s->lockstep->driver->total, limit = s->world->limit;
    return limit < total ? limit : total;
}

/* Boundary n of `of` equal slices, in records. */
static uint64_t equal_cut(uint64_t total, uint64_t n, uint64_t of)
{
    return (uint64_t)((unsigned __int128)total * n / of);
}

/* The boundary behind the slice that begins with record `from`, which is number n: ever shorter slices, so that all
 * processes have work to the end and few slices are needed. UINT64_MAX: none. */
static uint64_t next_cut(const struct slices *s, uint64_t n, uint64_t from)
{
    const uint64_t total = records(s);
    if (total == UINT64_MAX)
        return from + UNKNOWN_RECORDS;
    if (s->wanted)
        return n + 1 < s->wanted ? equal_cut(total, n + 1, s->wanted) : UINT64_MAX;
    const uint64_t left = from < total ? total - from : 0;
    uint64_t least = total / (32 * (uint64_t)s->jobs), size = left / (2 * (uint64_t)s->jobs);
    least = least < LEAST_RECORDS ? LEAST_RECORDS : least;
    size = size < least ? least : size;
    return left < size + least ? UINT64_MAX : from + size;
}

/* ---- a slice's process ---- */

static bool send_all(int link, const void *what, size_t size)
{
    ssize_t sent;
    while ((sent = send(link, what, size, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
    }
    return sent == (ssize_t)size;
}

/* Blocks, whatever signals come. */
static bool receive_all(int link, void *what, size_t size)
{
    ssize_t got;
    while ((got = recv(link, what, size, MSG_WAITALL)) < 0 && errno == EINTR) {
    }
    return got == (ssize_t)size;
}

/* Forked just now: nothing is shared with the parent but a socket, and the child does not outlive it. */
static void become_child(struct slices *s, int link, pid_t parent, int64_t place)
{
    sigset_t passed_on;
    sigemptyset(&passed_on);
    sigaddset(&passed_on, PASS_ON);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_HOST);
    for (uint64_t i = 0; i < s->begun; i++)
        if (s->slice[i].link >= 0)
            close(s->slice[i].link);
    interrupt_only(PASS_ON);
    sigprocmask(SIG_UNBLOCK, &passed_on, NULL);
    s->child = true;
    s->link = link;
    s->lockstep->progress = NULL;
    *s->progress = (struct progress){0};
    const char *error = "";
    if (!trace_part(s->world->trace, place))
        error = strerror(errno);
    else if ((s->dut = s->lockstep->ops->create(&error)))
        return;
    fprintf(stderr, "twinwalk: --jobs: a slice cannot be begun: %s\n", error);
    _exit(STATUS_HOST);
}

/* The end of a slice's process, unless its result is the one that counts. */
static void end_of_child(struct slices *s)
{
    struct slice_report report = {.end = s->reached ? SLICE_EQUAL : SLICE_OTHER,
                                  .digest = s->digest,
                                  .seconds = cpu_seconds()};
    struct slice_order order;
    if (!send_all(s->link, &report, sizeof report) || !receive_all(s->link, &order, sizeof order) || !order.report)
        _exit(STATUS_EQUAL);
    s->lockstep->interrupted |= s->reached; /* who reports at a boundary was told to stop there */
    s->counts.slices = order.slices;
    s->counts.boundaries = order.boundaries;
    s->counts.model_seconds = order.model_seconds;
    s->counts.lockstep_seconds = order.other_seconds + report.seconds;
    s->counts.wall_seconds = wall_seconds() - s->started;
}

/* ---- the parent: begins slices, and hears of them ---- */

static bool more_room(struct slices *s)
{
    if (s->begun < s->room)
        return true;
    const uint64_t room = s->room ? 2 * s->room : 64;
    struct slice *more = realloc(s->slice, room * sizeof *more);
    if (!more)
        return false;
    s->slice = more;
    s->room = room;
    return true;
}

static void order_one(struct slices *s, struct slice *slice, bool report)
{
    struct slice_order order = {.report = report, .slices = s->begun, .model_seconds = cpu_seconds() - s->cpu_started};
    for (uint64_t i = 0; i < s->begun; i++) {
        order.boundaries += s->slice[i].state == SLICE_DONE;
        order.other_seconds += &s->slice[i] == slice ? 0 : s->slice[i].report.seconds;
    }
    if (!send_all(slice->link, &order, sizeof order))
        slice->state = SLICE_LOST;
}

static void lost(struct slices *s, struct slice *slice)
{
    close(slice->link);
    slice->link = -1;
    slice->state = SLICE_LOST;
    s->running--;
    while (waitpid(slice->pid, &slice->status, 0) < 0 && errno == EINTR) {
    }
}

static void hear(struct slices *s, struct slice *slice)
{
    if (receive_all(slice->link, &slice->report, sizeof slice->report)) {
        slice->state = SLICE_WAITS;
        s->running--;
    } else {
        lost(s, slice);
    }
}

/* Those whose slice has ended well, and was not the last: they may go. */
static void dismiss(struct slices *s)
{
    for (uint64_t i = 0; i + 1 < s->begun; i++) {
        struct slice *slice = &s->slice[i];
        if (slice->state != SLICE_WAITS || slice->report.end != SLICE_EQUAL || slice->report.digest != slice->ends)
            continue;
        slice->state = SLICE_DONE;
        order_one(s, slice, false);
        close(slice->link);
        slice->link = -1;
        while (waitpid(slice->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

/* Hears of slices; waits until one has something to say, or a signal may have come. */
static void listen_to_all(struct slices *s, int milliseconds)
{
    struct pollfd *poll_all = calloc(s->begun + 1, sizeof *poll_all);
    nfds_t n = 0;
    for (uint64_t i = 0; poll_all && i < s->begun; i++)
        if (s->slice[i].state == SLICE_RUNS)
            poll_all[n++] = (struct pollfd){.fd = s->slice[i].link, .events = POLLIN};
    if (poll_all && poll(poll_all, n, milliseconds) > 0) {
        n = 0;
        for (uint64_t i = 0; i < s->begun; i++)
            if (s->slice[i].state == SLICE_RUNS && poll_all[n++].revents)
                hear(s, &s->slice[i]);
    }
    free(poll_all);
    dismiss(s);
}

/* The first that did not end well; NULL: none so far. */
static struct slice *first_bad(struct slices *s)
{
    for (uint64_t i = 0; i < s->begun; i++) {
        struct slice *slice = &s->slice[i];
        if (slice->state == SLICE_LOST ||
            (slice->state == SLICE_WAITS && (slice->report.end != SLICE_EQUAL || i + 1 < s->begun)))
            return slice;
    }
    return NULL;
}

/* False: the run ahead is to end: there is a verdict, or a signal came. */
static bool goes_on(struct slices *s)
{
    return !first_bad(s) && interrupt_count == 0;
}

/* Begins the slice at the present cycle. True in the parent and in the child; s->child tells which. */
static bool begin(struct slices *s)
{
    int link[2];
    pid_t pid;
    if (!more_room(s) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) != 0) {
        snprintf(s->error, sizeof s->error, "--jobs: no memory or no descriptor for another slice");
        return false;
    }
    const pid_t parent = getpid();
    const int64_t place = trace_place(s->world->trace);
    fflush(NULL);
    while ((pid = fork()) < 0 && s->running && goes_on(s)) /* perhaps there is room again when one has ended */
        listen_to_all(s, LOOK_EVERY_MS);
    if (pid == 0) {
        close(link[0]);
        become_child(s, link[1], parent, place);
        return true;
    }
    close(link[1]);
    if (pid < 0) {
        close(link[0]);
        if (goes_on(s))
            snprintf(s->error, sizeof s->error, "--jobs: no process for another slice: %s", strerror(errno));
        return false;
    }
    s->slice[s->begun++] =
        (struct slice){.pid = pid, .link = link[0], .from = s->lockstep->driver->cycle, .to = UINT64_MAX, .ends = 0};
    s->running++;
    dismiss(s);
    while (s->running >= s->jobs && goes_on(s))
        listen_to_all(s, LOOK_EVERY_MS);
    return goes_on(s);
}

/* The engine is at a boundary. */
static bool at_boundary(struct lockstep *l)
{
    struct slices *s = l->cutter;
    if (s->child) {
        s->digest = slices_digest(l, s->world);
        s->at_boundary = l->finding.kind == FINDING_NONE && !lockstep_equal(l);
        s->reached = l->finding.kind == FINDING_NONE;
        return false;
    }
    listen_to_all(s, 0);
    struct slice *before = &s->slice[s->begun - 1];
    before->to = l->driver->cycle;
    before->ends = slices_digest(l, s->world);
    if (!goes_on(s) || !begin(s))
        return s->child;
    l->cut_at = next_cut(s, s->child ? s->begun : s->begun - 1, l->driver->done);
    if (s->child && !lockstep_join(l, s->dut)) {
        s->at_boundary = true;
        return false;
    }
    return true;
}

/* Passes signals on to the process that is the next to report. */
static void pass_on(struct slices *s, const struct slice *slice)
{
    while (s->passed < (uint64_t)interrupt_count) {
        s->passed++;
        kill(slice->pid, PASS_ON);
    }
}

static void kill_from(struct slices *s, uint64_t first)
{
    for (uint64_t i = first; i < s->begun; i++) {
        struct slice *slice = &s->slice[i];
        if (slice->link < 0)
            continue;
        kill(slice->pid, SIGKILL);
        if (slice->state == SLICE_RUNS)
            s->running--;
        close(slice->link);
        slice->link = -1;
        slice->state = SLICE_KILLED;
        while (waitpid(slice->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

static enum slices_end was_lost(struct slices *s, const struct slice *slice, int status)
{
    char how[96], range[64];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "killed by signal %d (%s)%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
                 WTERMSIG(status) == SIGKILL ? "; is memory short?" : "");
    else
        snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
    if (slice->to == UINT64_MAX)
        snprintf(range, sizeof range, "from cycle %" PRIu64 " on", slice->from);
    else
        snprintf(range, sizeof range, "cycles %" PRIu64 " to %" PRIu64, slice->from, slice->to);
    snprintf(s->error, sizeof s->error, "--jobs: slice %zu, %s, was %s", (size_t)(slice - s->slice), range, how);
    s->status = STATUS_HOST;
    return SLICES_FAILED;
}

/* This one's result counts: it is let speak, and waited for. */
static enum slices_end let_report(struct slices *s, uint64_t n)
{
    struct slice *slice = &s->slice[n];
    int status = 0;
    kill_from(s, n + 1);
    progress_end(s->progress);
    order_one(s, slice, true);
    for (pid_t got; (got = waitpid(slice->pid, &status, WNOHANG)) != slice->pid;) {
        if (got < 0 && errno != EINTR)
            break;
        pass_on(s, slice);
        poll(&(struct pollfd){.fd = slice->link, .events = 0}, 1, LOOK_EVERY_MS);
    }
    if (!WIFEXITED(status))
        return was_lost(s, slice, status);
    s->status = WEXITSTATUS(status);
    return SLICES_ELSEWHERE;
}

/* Nothing is begun any more: the first slice that does not end as the next begins decides. */
static enum slices_end conclude(struct slices *s)
{
    for (uint64_t i = 0; i < s->begun; i++) {
        struct slice *slice = &s->slice[i];
        s->passed = 0;
        while (slice->state == SLICE_RUNS) {
            const struct slice *bad = first_bad(s);
            if (bad > slice)
                kill_from(s, (uint64_t)(bad - s->slice) + 1);
            pass_on(s, slice);
            listen_to_all(s, LOOK_EVERY_MS);
        }
        if (slice->state == SLICE_LOST)
            return was_lost(s, slice, slice->status);
        if (slice->state == SLICE_DONE)
            continue;
        if (slice->report.end == SLICE_EQUAL && i + 1 < s->begun) {
            snprintf(s->error, sizeof s->error,
                     "--jobs: slice %" PRIu64 " came to cycle %" PRIu64
                     " in another state than the model that ran ahead: the model does not repeat itself",
                     i, slice->to);
            s->status = STATUS_HOST;
            return SLICES_FAILED;
        }
        if (*s->error) /* no further slice could be begun, and this one was equal to where it should begin */
            break;
        return let_report(s, i);
    }
    if (!*s->error)
        snprintf(s->error, sizeof s->error, "interrupted");
    s->status = interrupt_count ? STATUS_INTERRUPTED : STATUS_HOST;
    return SLICES_FAILED;
}

enum slices_end slices_run(struct slices *s)
{
    struct lockstep *l = s->lockstep;
    enum slices_end end = SLICES_HERE;
    sigset_t passed_on; /* a child takes it when it is ready */
    sigemptyset(&passed_on);
    sigaddset(&passed_on, PASS_ON);
    sigprocmask(SIG_BLOCK, &passed_on, NULL);
    s->started = wall_seconds();
    s->cpu_started = cpu_seconds();
    s->counts.jobs = s->jobs;
    l->dut = NULL;
    l->cut = at_boundary;
    l->cutter = s;
    l->cut_at = next_cut(s, 0, 0);
    const bool begun = begin(s);
    if (s->child)
        l->dut = s->dut;
    if (s->child || begun)
        lockstep_run(l);
    if (s->child) {
        end_of_child(s);
    } else {
        end = conclude(s);
        kill_from(s, 0);
        progress_end(s->progress);
    }
    free(s->slice);
    s->slice = NULL;
    return end;
}

/* ---- one slice alone ---- */

static bool at_its_boundary(struct lockstep *l)
{
    struct slices *s = l->cutter;
    if (l->dut) {
        s->counts.to = l->driver->cycle;
        s->counts.ends = slices_digest(l, s->world);
        s->at_boundary = l->finding.kind == FINDING_NONE && !lockstep_equal(l);
        s->whole = l->finding.kind == FINDING_NONE;
        s->counts.boundaries += s->whole;
        return false;
    }
    s->counts.from = l->driver->cycle;
    s->counts.begins = slices_digest(l, s->world);
    s->counts.model_seconds = cpu_seconds() - s->cpu_started;
    l->cut_at = s->number + 1 < s->of ? equal_cut(records(s), s->number + 1, s->of) : UINT64_MAX;
    s->at_boundary = !lockstep_join(l, s->dut);
    return !s->at_boundary;
}

void slices_one(struct slices *s)
{
    struct lockstep *l = s->lockstep;
    s->started = wall_seconds();
    s->cpu_started = cpu_seconds();
    s->counts.slices = s->of;
    s->counts.number = s->number;
    l->dut = s->number ? NULL : s->dut;
    l->cut = at_its_boundary;
    l->cutter = s;
    l->cut_at = s->of == 1 ? UINT64_MAX : equal_cut(records(s), s->number ? s->number : 1, s->of);
    lockstep_run(l);
    s->whole |= l->ended && l->dut;
    l->ended &= l->dut != NULL;
    s->beyond = l->driver->ended && !l->dut;
    if (l->ended && l->dut)
        s->counts.to = l->driver->cycle;
    s->counts.lockstep_seconds = cpu_seconds() - s->cpu_started - s->counts.model_seconds;
    s->counts.wall_seconds = wall_seconds() - s->started;
}
