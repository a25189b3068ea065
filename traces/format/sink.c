/* Bytes to a file descriptor: all of them or a message with the path, the offset and the cause. No stdio buffer lies
 * between, so a process that forks (the capture tool's guest) cannot write anything twice. */
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

bool sink_write(struct sink *sink, const void *bytes, size_t len)
{
    const char *p = bytes;
    while (len) {
        ssize_t n = write(sink->fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            snprintf(sink->error, ERROR_BYTES, "%s: cannot write at offset %" PRIu64 ": %s", sink->path, sink->offset,
                     n < 0 ? strerror(errno) : "nothing was taken");
            return false;
        }
        p += n;
        len -= (size_t)n;
        sink->offset += (uint64_t)n;
    }
    return true;
}
