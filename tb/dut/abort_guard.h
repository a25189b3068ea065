/* Code of a library that calls abort() when it cannot go on: what it was asked for is given up, the process lives on.
 *
 * Newer writers of FST (Verilator 5.4x) abort on a full disk; the run's verdict must not go with the waveform. What the
 * library holds is left as it is: it must not be used again, nor destroyed. */
#ifndef TWINWALK_ABORT_GUARD_H
#define TWINWALK_ABORT_GUARD_H

#include <csetjmp>
#include <csignal>

class abort_guard
{
public:
    /* Calls it. False: it called abort(). Not to be nested, of one thread only. */
    template <class Call> static bool survives(Call &&call)
    {
        struct sigaction action = {}, before;
        action.sa_handler = on_abort;
        sigemptyset(&action.sa_mask);
        sigaction(SIGABRT, &action, &before);
        const bool good = sigsetjmp(back_, 1) == 0;
        if (good)
            call();
        sigaction(SIGABRT, &before, nullptr);
        return good;
    }

private:
    static void on_abort(int)
    {
        siglongjmp(back_, 1);
    }

    static inline sigjmp_buf back_;
};

#endif
