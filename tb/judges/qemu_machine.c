/* Starting, feeding and stopping QEMU: see qemu_machine.h. */
#define _GNU_SOURCE
#include "qemu_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"

static const int PATIENCE_MS = 120 * 1000; /* a batch takes well under a second on an idle machine */

extern const uint8_t qemu_guest_image[], qemu_guest_image_end[];

static bool fail(struct qemu_machine *m, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(m->why, sizeof m->why, format, list);
    va_end(list);
    return false;
}

const char *qemu_machine_program(void)
{
    static char path[4096];
    const char *list = getenv("PATH");
    for (const char *dir = list ? list : ""; *dir; dir += strcspn(dir, ":") + (dir[strcspn(dir, ":")] == ':')) {
        snprintf(path, sizeof path, "%.*s/qemu-system-x86_64", (int)strcspn(dir, ":"), dir);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

/* QEMU is gone, or is given up: how it ended and the last line that it said. */
static bool lost(struct qemu_machine *m, const char *when)
{
    int status = 0;
    char said[600] = "", how[64] = "does not answer";
    for (unsigned tries = 0; tries < 20;
         tries++, usleep(10000)) { /* the pipe closes a moment before the process ends */
        if (waitpid(m->pid, &status, WNOHANG) != m->pid)
            continue;
        m->pid = 0;
        if (WIFSIGNALED(status))
            snprintf(how, sizeof how, "was killed by signal %d", WTERMSIG(status));
        else if (WEXITSTATUS(status) == 0)
            snprintf(how, sizeof how, "ended because the guest reset itself (a triple fault)");
        else
            snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
        break;
    }
    ssize_t size = pread(m->said, said, sizeof said - 1, 0);
    while (size > 0 && (said[size - 1] == '\n' || said[size - 1] == '\r'))
        said[--size] = '\0';
    return fail(m, "%s %s %s%s%s", qemu_machine_program(), how, when, size > 0 ? "; it said: " : ", and said nothing",
                size > 0 ? said : "");
}

/* Waits for one byte of the guest. */
static bool hear(struct qemu_machine *m, char expected, const char *when)
{
    struct pollfd from = {.fd = m->from, .events = POLLIN};
    char byte = 0;
    int ready;
    do
        ready = poll(&from, 1, PATIENCE_MS);
    while (ready < 0 && errno == EINTR && interrupt_count < 2);
    if (ready <= 0 || read(m->from, &byte, 1) != 1)
        return lost(m, when);
    return byte == expected || fail(m, "the guest said %02x instead of %02x %s", byte, expected, when);
}

/* Memory without a name in the file system, which QEMU opens as /dev/fd/N: nothing to clean up. -1: see errno. */
static int memory_file(const char *name, size_t bytes)
{
    int fd = memfd_create(name, 0);
    if (fd >= 0 && bytes && ftruncate(fd, (off_t)bytes) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static _Noreturn void become_qemu(unsigned paddr_bits, uint64_t high, int ram, int dimm, int image)
{
    char cpu[64], memory[96], low_file[96], high_file[96], device[96], kernel[32];
    snprintf(cpu, sizeof cpu, "max,phys-bits=%u", paddr_bits);
    snprintf(memory, sizeof memory, "%u,slots=1,maxmem=%" PRIu64 "M", QEMU_RAM_BYTES >> 20,
             (high >> 20) + 4 * (QEMU_RAM_BYTES >> 20));
    snprintf(low_file, sizeof low_file, "memory-backend-file,id=low,share=on,mem-path=/dev/fd/%d,size=%u", ram,
             QEMU_RAM_BYTES);
    snprintf(high_file, sizeof high_file, "memory-backend-file,id=high,share=on,mem-path=/dev/fd/%d,size=%u", dimm,
             QEMU_RAM_BYTES);
    snprintf(device, sizeof device, "pc-dimm,memdev=high,addr=%" PRIu64, high);
    snprintf(kernel, sizeof kernel, "/dev/fd/%d", image);
    execlp(qemu_machine_program(), "qemu-system-x86_64", "-accel", "tcg,thread=single", "-machine",
           "pc,memory-backend=low,usb=off", "-cpu", cpu, "-m", memory, "-object", low_file, "-object", high_file,
           "-device", device, "-kernel", kernel, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
           "-serial", "stdio", (char *)NULL);
    dprintf(STDERR_FILENO, "could not be started: %s\n", strerror(errno));
    _exit(127);
}

static bool spawn(struct qemu_machine *m, unsigned paddr_bits, int ram, int dimm, int image)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0)
        return fail(m, "pipe: %s", strerror(errno));
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return fail(m, "pipe: %s", strerror(errno));
    }
    m->to = to[1];
    m->from = from[0];
    m->pid = fork();
    if (m->pid == 0) {
        setpgid(0, 0);                    /* Ctrl-C is for this program, which then stops QEMU */
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* and QEMU never outlives it */
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        dup2(m->said, STDERR_FILENO);
        become_qemu(paddr_bits, m->high, ram, dimm, image);
    }
    close(to[0]);
    close(from[1]);
    return m->pid > 0 || fail(m, "fork: %s", strerror(errno));
}

static bool share(struct qemu_machine *m, int ram, int dimm)
{
    m->low_bytes = mmap(NULL, QEMU_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ram, 0);
    m->high_bytes = mmap(NULL, QEMU_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, dimm, 0);
    if (m->low_bytes == MAP_FAILED || m->high_bytes == MAP_FAILED)
        return fail(m, "cannot map the guest's memory: %s", strerror(errno));
    m->mailbox = (struct qemu_mailbox *)(m->low_bytes + QEMU_MAILBOX_PA);
    return true;
}

bool qemu_machine_start(struct qemu_machine *m, unsigned paddr_bits, bool la57)
{
    const size_t image_bytes = (size_t)(qemu_guest_image_end - qemu_guest_image);
    *m = (struct qemu_machine){.to = -1,
                               .from = -1,
                               .low_bytes = MAP_FAILED,
                               .high_bytes = MAP_FAILED,
                               .high = UINT64_C(1) << (paddr_bits - 1)};
    signal(SIGPIPE, SIG_IGN);
    int ram = memory_file("ram", QEMU_RAM_BYTES), dimm = memory_file("dimm", QEMU_RAM_BYTES),
        image = memory_file("guest", 0);
    m->said = memory_file("stderr", 0);
    bool good = ram >= 0 && dimm >= 0 && image >= 0 && m->said >= 0 &&
                write(image, qemu_guest_image, image_bytes) == (ssize_t)image_bytes;
    if (!good)
        fail(m, "cannot make the guest's memory: %s", strerror(errno));
    good = good && share(m, ram, dimm);
    if (good) {
        m->mailbox->la57 = la57;
        m->mailbox->high = m->high;
        good = spawn(m, paddr_bits, ram, dimm, image) && hear(m, 'r', "while the guest booted");
    }
    if (good && m->mailbox->magic != QEMU_MAGIC)
        good = fail(m, "the guest booted, but shares no memory with this program");
    const int files[] = {ram, dimm, image};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i] >= 0)
            close(files[i]);
    return good;
}

bool qemu_machine_run(struct qemu_machine *m, uint32_t count)
{
    m->mailbox->count = count;
    m->mailbox->done = 0;
    if (write(m->to, "g", 1) != 1)
        return lost(m, "between two batches");
    if (!hear(m, 'd', "in the middle of a batch"))
        return false;
    return m->mailbox->done == count ||
           fail(m, "the guest did %" PRIu32 " of %" PRIu32 " orders", m->mailbox->done, count);
}

void qemu_machine_stop(struct qemu_machine *m)
{
    if (m->pid > 0) {
        kill(m->pid, SIGKILL);
        waitpid(m->pid, NULL, 0);
    }
    const int files[] = {m->to, m->from, m->said};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i] >= 0)
            close(files[i]);
    if (m->low_bytes != MAP_FAILED)
        munmap(m->low_bytes, QEMU_RAM_BYTES);
    if (m->high_bytes != MAP_FAILED)
        munmap(m->high_bytes, QEMU_RAM_BYTES);
}
