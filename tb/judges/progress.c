/* See progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

void progress_show(uint64_t done, uint64_t total, double started)
{
    static double last;
    const double now = wall_seconds();
    if (!isatty(STDERR_FILENO) || (now - last < 0.2 && done != total))
        return;
    last = now;
    const double rate = (double)done / (now - started);
    fprintf(stderr, "\r\033[K%" PRIu64 " of %" PRIu64 " cases, %.1f k cases/s, %.0f s left", done, total, rate / 1e3,
            (double)(total - done) / rate);
    if (done == total)
        fputs("\r\033[K", stderr);
    fflush(stderr);
}
