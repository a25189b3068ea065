/* Preloaded: the monotonic clock goes sixty times as fast. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

enum { TIMES = 60 };

int clock_gettime(clockid_t clock, struct timespec *t)
{
    static int (*really)(clockid_t, struct timespec *);
    if (!really)
        really = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const int status = really(clock, t);
    if (status == 0 && clock == CLOCK_MONOTONIC) {
        const long parts = t->tv_nsec * TIMES;
        t->tv_sec = t->tv_sec * TIMES + parts / 1000000000;
        t->tv_nsec = parts % 1000000000;
    }
    return status;
}
