/* The progress line: see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

void progress_start(struct progress *progress, const char *unit)
{
    const bool terminal = isatty(STDERR_FILENO) != 0;
    *progress = (struct progress){.unit = unit, .terminal = terminal, .started = wall_seconds()};
}

/* Is it time for a new line? */
static bool due(struct progress *progress, double *spent)
{
    if (!progress->terminal)
        return false;
    const double t = wall_seconds();
    *spent = t - progress->started;
    if (t - progress->last < 0.2 || *spent < 0.5)
        return false;
    progress->last = t;
    progress->shown = true;
    return true;
}

void progress_say(struct progress *progress, const char *format, ...)
{
    va_list args;
    double spent;
    if (!due(progress, &spent))
        return;
    fputs("\r\033[K", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fflush(stderr);
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total, uint64_t cycle)
{
    double spent;
    if (!due(progress, &spent))
        return;
    const double rate = (double)done / spent;
    fprintf(stderr, "\r\033[K%.2f M %s, %.2f M cycles, %.2f M %s/s", (double)done / 1e6, progress->unit,
            (double)cycle / 1e6, rate / 1e6, progress->unit);
    if (total != UINT64_MAX && total > 0 && rate > 0)
        fprintf(stderr, ", %3.0f %%, %.0f s left", 100.0 * (double)done / (double)total, (double)(total - done) / rate);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
