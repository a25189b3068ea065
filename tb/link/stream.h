/* What carries the bytes to a board and back: a serial device (a UART, a USB FIFO, a pty) or a TCP socket.
 *
 * It may go away and come back: a cable is pulled, a program is started again. */
#ifndef TWINWALK_STREAM_H
#define TWINWALK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
    char path[256];    /* of a device; empty: TCP */
    char host[128];    /* TCP: name or address … */
    char port[16];     /* … and port */
    unsigned baud;     /* of a device; 0: as it is */
    unsigned patience; /* seconds that it may be silent or away before it is given up */
    int fd;            /* -1: not open */
    uint64_t sent, received;
};

/* Takes DEVICE[,baud=N][,patience=SECONDS] apart; DEVICE is a path, or tcp:HOST:PORT. False with one line in error. */
bool stream_parse(struct stream *s, const char *text, char *error, size_t size);

/* Opens it, or again after it was closed. False with errno. */
bool stream_open(struct stream *s);
void stream_close(struct stream *s);

/* At most so many bytes, at once: 0 when there are none, or no room, just now; -1: it is gone, and closed. */
long stream_read(struct stream *s, uint8_t *byte, size_t most);
long stream_write(struct stream *s, const uint8_t *byte, size_t bytes);

/* Until there is something to read (or, with `write`, room to write), at most so many milliseconds. */
void stream_wait(const struct stream *s, bool write, unsigned ms);

#endif
