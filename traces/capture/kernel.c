/* What the kernel reads and writes for a program in a system call: a table of the common calls.
 *
 * An operand is a buffer of the caller: which argument points to it, in which direction, and how many bytes it has. A
 * call that failed transferred nothing but the strings that it was given (unless it failed with EFAULT). */
#define _GNU_SOURCE
#include "plugin.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    KERNEL = TRACE_SUPERVISOR | TRACE_AC,
    OPERANDS = 4,
    PAGE = 4096,
    MOST_STRING = 4096,
    MOST_PIECES = 1024,
    MOST_BYTES = 64 << 20
};

enum length {
    END,
    BYTES,   /* n */
    RESULT,  /* n times the result, at most argument `by` unless that is 0 */
    TIMES,   /* n times argument `by` */
    POINTED, /* the four bytes that argument `by` points to, which the kernel reads and writes */
    BITS,    /* a bit for each below argument `by`, in whole quadwords */
    STRING,  /* with its end */
    PIECES,  /* an array of argument `by` struct iovec, result bytes in all */
    MESSAGE, /* a struct msghdr, result bytes in all */
    IOCTL,   /* what the command in argument 1 says */
};

#define R TRACE_LOAD
#define W TRACE_STORE

struct operand {
    uint8_t arg, kind, length, by;
    uint16_t n;
};

static const struct operand table[512][OPERANDS] = {
    [SYS_read] = {{1, W, RESULT, 0, 1}},
    [SYS_write] = {{1, R, RESULT, 0, 1}},
    [SYS_open] = {{0, R, STRING, 0, 0}},
    [SYS_stat] = {{0, R, STRING, 0, 0}, {1, W, BYTES, 0, 144}},
    [SYS_lstat] = {{0, R, STRING, 0, 0}, {1, W, BYTES, 0, 144}},
    [SYS_fstat] = {{1, W, BYTES, 0, 144}},
    [SYS_poll] = {{0, R, TIMES, 1, 8}, {0, W, TIMES, 1, 8}},
    [SYS_rt_sigaction] = {{1, R, BYTES, 0, 32}, {2, W, BYTES, 0, 32}},
    [SYS_rt_sigprocmask] = {{1, R, BYTES, 0, 8}, {2, W, BYTES, 0, 8}},
    [SYS_ioctl] = {{2, W, IOCTL, 0, 0}},
    [SYS_pread64] = {{1, W, RESULT, 0, 1}},
    [SYS_pwrite64] = {{1, R, RESULT, 0, 1}},
    [SYS_readv] = {{1, W, PIECES, 2, 0}},
    [SYS_writev] = {{1, R, PIECES, 2, 0}},
    [SYS_access] = {{0, R, STRING, 0, 0}},
    [SYS_pipe] = {{0, W, BYTES, 0, 8}},
    [SYS_select] = {{1, W, BITS, 0, 0}, {2, W, BITS, 0, 0}, {3, W, BITS, 0, 0}, {4, W, BYTES, 0, 16}},
    [SYS_nanosleep] = {{0, R, BYTES, 0, 16}},
    [SYS_getitimer] = {{1, W, BYTES, 0, 32}},
    [SYS_setitimer] = {{1, R, BYTES, 0, 32}, {2, W, BYTES, 0, 32}},
    [SYS_sendfile] = {{2, W, BYTES, 0, 8}},
    [SYS_connect] = {{1, R, TIMES, 2, 1}},
    [SYS_accept] = {{1, W, POINTED, 2, 0}},
    [SYS_sendto] = {{1, R, RESULT, 0, 1}, {4, R, TIMES, 5, 1}},
    [SYS_recvfrom] = {{1, W, RESULT, 2, 1}, {4, W, POINTED, 5, 0}},
    [SYS_sendmsg] = {{1, R, MESSAGE, 0, 0}},
    [SYS_recvmsg] = {{1, W, MESSAGE, 0, 0}},
    [SYS_bind] = {{1, R, TIMES, 2, 1}},
    [SYS_getsockname] = {{1, W, POINTED, 2, 0}},
    [SYS_getpeername] = {{1, W, POINTED, 2, 0}},
    [SYS_socketpair] = {{3, W, BYTES, 0, 8}},
    [SYS_setsockopt] = {{3, R, TIMES, 4, 1}},
    [SYS_getsockopt] = {{3, W, POINTED, 4, 0}},
    [SYS_wait4] = {{1, W, BYTES, 0, 4}, {3, W, BYTES, 0, 144}},
    [SYS_uname] = {{0, W, BYTES, 0, 390}},
    [SYS_truncate] = {{0, R, STRING, 0, 0}},
    [SYS_getdents] = {{1, W, RESULT, 0, 1}},
    [SYS_getcwd] = {{0, W, RESULT, 0, 1}},
    [SYS_chdir] = {{0, R, STRING, 0, 0}},
    [SYS_rename] = {{0, R, STRING, 0, 0}, {1, R, STRING, 0, 0}},
    [SYS_mkdir] = {{0, R, STRING, 0, 0}},
    [SYS_rmdir] = {{0, R, STRING, 0, 0}},
    [SYS_creat] = {{0, R, STRING, 0, 0}},
    [SYS_link] = {{0, R, STRING, 0, 0}, {1, R, STRING, 0, 0}},
    [SYS_unlink] = {{0, R, STRING, 0, 0}},
    [SYS_symlink] = {{0, R, STRING, 0, 0}, {1, R, STRING, 0, 0}},
    [SYS_readlink] = {{0, R, STRING, 0, 0}, {1, W, RESULT, 0, 1}},
    [SYS_chmod] = {{0, R, STRING, 0, 0}},
    [SYS_chown] = {{0, R, STRING, 0, 0}},
    [SYS_gettimeofday] = {{0, W, BYTES, 0, 16}},
    [SYS_getrlimit] = {{1, W, BYTES, 0, 16}},
    [SYS_getrusage] = {{1, W, BYTES, 0, 144}},
    [SYS_sysinfo] = {{0, W, BYTES, 0, 112}},
    [SYS_times] = {{0, W, BYTES, 0, 32}},
    [SYS_getgroups] = {{1, W, RESULT, 0, 4}},
    [SYS_getresuid] = {{0, W, BYTES, 0, 4}, {1, W, BYTES, 0, 4}, {2, W, BYTES, 0, 4}},
    [SYS_getresgid] = {{0, W, BYTES, 0, 4}, {1, W, BYTES, 0, 4}, {2, W, BYTES, 0, 4}},
    [SYS_rt_sigpending] = {{0, W, BYTES, 0, 8}},
    [SYS_rt_sigtimedwait] = {{0, R, BYTES, 0, 8}, {1, W, BYTES, 0, 128}, {2, R, BYTES, 0, 16}},
    [SYS_rt_sigsuspend] = {{0, R, BYTES, 0, 8}},
    [SYS_sigaltstack] = {{0, R, BYTES, 0, 24}, {1, W, BYTES, 0, 24}},
    [SYS_statfs] = {{0, R, STRING, 0, 0}, {1, W, BYTES, 0, 120}},
    [SYS_fstatfs] = {{1, W, BYTES, 0, 120}},
    [SYS_setrlimit] = {{1, R, BYTES, 0, 16}},
    [SYS_getxattr] = {{0, R, STRING, 0, 0}, {1, R, STRING, 0, 0}, {2, W, RESULT, 3, 1}},
    [SYS_lgetxattr] = {{0, R, STRING, 0, 0}, {1, R, STRING, 0, 0}, {2, W, RESULT, 3, 1}},
    [SYS_time] = {{0, W, BYTES, 0, 8}},
    [SYS_futex] = {{0, R, BYTES, 0, 4}},
    [SYS_sched_setaffinity] = {{2, R, TIMES, 1, 1}},
    [SYS_sched_getaffinity] = {{2, W, RESULT, 0, 1}},
    [SYS_getdents64] = {{1, W, RESULT, 0, 1}},
    [SYS_clock_gettime] = {{1, W, BYTES, 0, 16}},
    [SYS_clock_getres] = {{1, W, BYTES, 0, 16}},
    [SYS_clock_nanosleep] = {{2, R, BYTES, 0, 16}},
    [SYS_epoll_wait] = {{1, W, RESULT, 0, 12}},
    [SYS_epoll_pwait] = {{1, W, RESULT, 0, 12}},
    [SYS_epoll_ctl] = {{3, R, BYTES, 0, 12}},
    [SYS_waitid] = {{2, W, BYTES, 0, 128}},
    [SYS_openat] = {{1, R, STRING, 0, 0}},
    [SYS_mkdirat] = {{1, R, STRING, 0, 0}},
    [SYS_newfstatat] = {{1, R, STRING, 0, 0}, {2, W, BYTES, 0, 144}},
    [SYS_unlinkat] = {{1, R, STRING, 0, 0}},
    [SYS_renameat] = {{1, R, STRING, 0, 0}, {3, R, STRING, 0, 0}},
    [SYS_linkat] = {{1, R, STRING, 0, 0}, {3, R, STRING, 0, 0}},
    [SYS_symlinkat] = {{0, R, STRING, 0, 0}, {2, R, STRING, 0, 0}},
    [SYS_readlinkat] = {{1, R, STRING, 0, 0}, {2, W, RESULT, 0, 1}},
    [SYS_fchmodat] = {{1, R, STRING, 0, 0}},
    [SYS_faccessat] = {{1, R, STRING, 0, 0}},
    [SYS_pselect6] = {{1, W, BITS, 0, 0}, {2, W, BITS, 0, 0}, {3, W, BITS, 0, 0}, {4, R, BYTES, 0, 16}},
    [SYS_ppoll] = {{0, R, TIMES, 1, 8}, {0, W, TIMES, 1, 8}, {2, R, BYTES, 0, 16}},
    [SYS_utimensat] = {{1, R, STRING, 0, 0}, {2, R, BYTES, 0, 32}},
    [SYS_accept4] = {{1, W, POINTED, 2, 0}},
    [SYS_pipe2] = {{0, W, BYTES, 0, 8}},
    [SYS_preadv] = {{1, W, PIECES, 2, 0}},
    [SYS_pwritev] = {{1, R, PIECES, 2, 0}},
    [SYS_prlimit64] = {{2, R, BYTES, 0, 16}, {3, W, BYTES, 0, 16}},
    [SYS_renameat2] = {{1, R, STRING, 0, 0}, {3, R, STRING, 0, 0}},
    [SYS_getrandom] = {{0, W, RESULT, 0, 1}},
    [SYS_memfd_create] = {{0, R, STRING, 0, 0}},
    [SYS_statx] = {{1, R, STRING, 0, 0}, {4, W, BYTES, 0, 256}},
    [SYS_faccessat2] = {{1, R, STRING, 0, 0}},
};

size_t peek(void *to, uint64_t va, size_t bytes)
{
    struct iovec local = {to, bytes},
                 remote = {(void *)(uintptr_t)va, bytes}; /* does not fault, whatever the program passed */
    ssize_t n = process_vm_readv(gettid(), &local, 1, &remote, 1, 0);
    return n > 0 ? (size_t)n : 0;
}

size_t peek_string(uint64_t va, size_t most)
{
    char piece[PAGE];
    size_t len = 0;
    while (len < most) {
        size_t want = PAGE - (va + len) % PAGE, got = peek(piece, va + len, want);
        const char *end = memchr(piece, 0, got);
        if (end)
            return len + (size_t)(end - piece) + 1;
        if (got < want)
            return 0;
        len += got;
    }
    return 0;
}

static void put_pieces(struct cpu *c, unsigned kind, uint64_t va, uint64_t count, uint64_t bytes)
{
    struct iovec piece;
    for (uint64_t i = 0; i < count && i < MOST_PIECES; i++, va += sizeof piece) {
        if (peek(&piece, va, sizeof piece) != sizeof piece)
            return;
        put_bytes(c, TRACE_LOAD, KERNEL, va, sizeof piece);
        uint64_t n = piece.iov_len < bytes ? piece.iov_len : bytes;
        put_bytes(c, kind, KERNEL, (uintptr_t)piece.iov_base, n);
        bytes -= n;
    }
}

static void put_message(struct cpu *c, unsigned kind, uint64_t va, uint64_t bytes)
{
    struct msghdr m;
    if (peek(&m, va, sizeof m) != sizeof m)
        return;
    put_bytes(c, TRACE_LOAD, KERNEL, va, sizeof m);
    if (m.msg_name)
        put_bytes(c, kind, KERNEL, (uintptr_t)m.msg_name, m.msg_namelen);
    put_pieces(c, kind, (uintptr_t)m.msg_iov, m.msg_iovlen, bytes);
    if (m.msg_control)
        put_bytes(c, kind, KERNEL, (uintptr_t)m.msg_control, m.msg_controllen);
}

static void put_ioctl(struct cpu *c, uint64_t command, uint64_t va)
{
    switch (command) {
    case TIOCGWINSZ:
        put_bytes(c, W, KERNEL, va, 8);
        return;
    case TCGETS:
        put_bytes(c, W, KERNEL, va, 36);
        return;
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        put_bytes(c, R, KERNEL, va, 36);
        return;
    case FIONREAD:
    case TIOCGPGRP:
        put_bytes(c, W, KERNEL, va, 4);
        return;
    }
    if (_IOC_DIR(command) & _IOC_WRITE) /* the program writes: the kernel reads */
        put_bytes(c, R, KERNEL, va, _IOC_SIZE(command));
    if (_IOC_DIR(command) & _IOC_READ)
        put_bytes(c, W, KERNEL, va, _IOC_SIZE(command));
}

static void put_operand(struct cpu *c, const struct trace_syscall *call, const struct operand *o)
{
    uint64_t va = call->arg[o->arg], by = call->arg[o->by], bytes = 0, result = (uint64_t)call->result;
    uint32_t pointed;
    switch (o->length) {
    case BYTES:
        bytes = o->n;
        break;
    case RESULT:
        bytes = o->n * result;
        if (o->by && bytes > by)
            bytes = by;
        break;
    case TIMES:
        bytes = o->n * by;
        break;
    case BITS:
        bytes = (by + 63) / 64 * 8;
        break;
    case POINTED:
        if (!by || peek(&pointed, by, sizeof pointed) != sizeof pointed)
            return;
        put_bytes(c, R, KERNEL, by, sizeof pointed);
        put_bytes(c, W, KERNEL, by, sizeof pointed);
        bytes = pointed;
        break;
    case STRING:
        bytes = peek_string(va, MOST_STRING);
        break;
    case PIECES:
        put_pieces(c, o->kind, va, by, result);
        return;
    case MESSAGE:
        put_message(c, o->kind, va, result);
        return;
    case IOCTL:
        put_ioctl(c, call->arg[1], va);
        return;
    }
    if (bytes <= MOST_BYTES)
        put_bytes(c, o->kind, KERNEL, va, bytes);
}

void put_kernel_accesses(struct cpu *c, const struct trace_syscall *call)
{
    if (call->number >= sizeof table / sizeof *table || call->result == -EFAULT || call->result == -ENOSYS)
        return;
    if (call->result == 0 && (call->number == SYS_wait4 || call->number == SYS_getgroups)) /* nothing to tell */
        return;
    for (const struct operand *o = table[call->number], *end = o + OPERANDS; o < end && o->length != END; o++)
        if (call->arg[o->arg] && (call->result >= 0 || (o->length == STRING && call->result > -512)))
            put_operand(c, call, o);
}

bool may_block(const struct trace_syscall *call)
{
    struct stat st;
    switch (call->number) {
    case SYS_read:
    case SYS_write:
    case SYS_readv:
    case SYS_writev: /* on what is no file */
        return !fstat((int)call->arg[0], &st) && !S_ISREG(st.st_mode);
    case SYS_futex:
    case SYS_wait4:
    case SYS_waitid:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_sched_yield:
    case SYS_pause:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
    case SYS_sendto:
    case SYS_recvfrom:
    case SYS_sendmsg:
    case SYS_recvmsg:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
    case SYS_flock:
    case SYS_msgrcv:
    case SYS_semop:
    case SYS_semtimedop:
        return true;
    }
    return false;
}
