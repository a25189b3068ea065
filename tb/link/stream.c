/* Byte streams: see stream.h. */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE = 30 };

static const struct {
    unsigned baud;
    speed_t speed;
} speeds[] = {{9600, B9600},       {19200, B19200},     {38400, B38400},     {57600, B57600},    {115200, B115200},
              {230400, B230400},   {460800, B460800},   {500000, B500000},   {921600, B921600},  {1000000, B1000000},
              {1500000, B1500000}, {2000000, B2000000}, {3000000, B3000000}, {4000000, B4000000}};

static bool known_speed(unsigned baud, speed_t *speed)
{
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
        if (speeds[i].baud == baud) {
            *speed = speeds[i].speed;
            return true;
        }
    return false;
}

/* NAME=NUMBER. */
static bool parse_option(struct stream *s, const char *option, char *error, size_t size)
{
    speed_t speed;
    char *end;
    const char *const value = strchr(option, '=');
    const unsigned long n = value ? strtoul(value + 1, &end, 10) : 0;
    const bool number = value && end != value + 1 && !*end;
    if (number && strncmp(option, "baud=", 5) == 0 && known_speed((unsigned)n, &speed))
        s->baud = (unsigned)n;
    else if (number && strncmp(option, "patience=", 9) == 0 && n >= 1 && n <= 86400)
        s->patience = (unsigned)n;
    else {
        snprintf(error, size, "%.60s: must be baud= (a usual rate from 9600 to 4000000) or patience= (1 to 86400 s)",
                 option);
        return false;
    }
    return true;
}

static bool parse_tcp(struct stream *s, const char *text, char *error, size_t size)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1] || (size_t)(colon - text) >= sizeof s->host ||
        strlen(colon + 1) >= sizeof s->port) {
        snprintf(error, size, "tcp:%.60s: must be tcp:HOST:PORT", text);
        return false;
    }
    memcpy(s->host, text, (size_t)(colon - text));
    strcpy(s->port, colon + 1);
    return true;
}

bool stream_parse(struct stream *s, const char *text, char *error, size_t size)
{
    char copy[sizeof s->path], *rest = copy;
    *s = (struct stream){.fd = -1, .patience = PATIENCE};
    if (!*text || strlen(text) >= sizeof copy) {
        snprintf(error, size, "no device: fpga:/dev/…, or fpga:tcp:HOST:PORT");
        return false;
    }
    strcpy(copy, text);
    const char *device = strsep(&rest, ",");
    for (char *option; (option = strsep(&rest, ","));)
        if (!parse_option(s, option, error, size))
            return false;
    if (strncmp(device, "tcp:", 4) == 0)
        return parse_tcp(s, device + 4, error, size);
    strcpy(s->path, device);
    return true;
}

static bool open_device(struct stream *s)
{
    struct termios t;
    struct stat what;
    speed_t speed;
    s->fd = open(s->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0)
        return false;
    if (fstat(s->fd, &what) != 0)
        return false;
    if (!S_ISCHR(what.st_mode)) { /* a file or a disk would be written over */
        errno = ENODEV;
        return false;
    }
    if (tcgetattr(s->fd, &t) != 0)
        return errno == ENOTTY; /* a byte stream of another kind */
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    t.c_cflag &= ~(tcflag_t)CRTSCTS;
    if (s->baud && known_speed(s->baud, &speed))
        cfsetspeed(&t, speed);
    tcsetattr(s->fd, TCSANOW, &t);
    return true;
}

static bool open_tcp(struct stream *s)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    const int one = 1;
    if (getaddrinfo(s->host, s->port, &hints, &list) != 0) {
        errno = EHOSTUNREACH;
        return false;
    }
    for (const struct addrinfo *a = list; a && s->fd < 0; a = a->ai_next) {
        s->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (s->fd >= 0 && connect(s->fd, a->ai_addr, a->ai_addrlen) != 0)
            stream_close(s);
    }
    freeaddrinfo(list);
    if (s->fd < 0)
        return false;
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fcntl(s->fd, F_SETFL, O_NONBLOCK) == 0;
}

bool stream_open(struct stream *s)
{
    stream_close(s);
    if (*s->path ? open_device(s) : open_tcp(s))
        return true;
    const int why = errno;
    stream_close(s);
    errno = why;
    return false;
}

void stream_close(struct stream *s)
{
    const int why = errno;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    errno = why;
}

static long outcome(struct stream *s, ssize_t n)
{
    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    stream_close(s);
    return -1;
}

/* 0 bytes of a serial device in raw mode are no end, unless it hangs up. */
long stream_read(struct stream *s, uint8_t *byte, size_t most)
{
    if (s->fd < 0)
        return -1;
    const long n = outcome(s, read(s->fd, byte, most));
    s->received += n > 0 ? (uint64_t)n : 0;
    return n;
}

long stream_write(struct stream *s, const uint8_t *byte, size_t bytes)
{
    if (s->fd < 0)
        return -1;
    const long n = outcome(s, *s->path ? write(s->fd, byte, bytes) : send(s->fd, byte, bytes, MSG_NOSIGNAL));
    s->sent += n > 0 ? (uint64_t)n : 0;
    return n;
}

void stream_wait(const struct stream *s, bool write, unsigned ms)
{
    struct pollfd p = {.fd = s->fd, .events = (short)(POLLIN | (write ? POLLOUT : 0))};
    poll(&p, 1, (int)ms);
}
