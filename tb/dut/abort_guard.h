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
    /* Calls it. False: it called abort(). Not to be nested, of one thread only. It makes no call of the system, so that
     * it can stand around every cycle; what calls abort() outside of it ends the process as ever. */
    template <class Call> static bool survives(Call &&call)
    {
        static const bool listening = listen();
        inside_ = listening;
        const bool good = sigsetjmp(back_, 0) == 0;
        if (good)
            call();
        inside_ = false;
        return good;
    }

private:
    static bool listen()
    {
        struct sigaction action = {};
        action.sa_handler = on_abort;
        action.sa_flags = SA_NODEFER; /* not blocked after the jump */
        sigemptyset(&action.sa_mask);
        return sigaction(SIGABRT, &action, nullptr) == 0;
    }

    static void on_abort(int number)
    {
        if (inside_)
            siglongjmp(back_, 1);
        signal(number, SIG_DFL); /* abort() raises it again */
    }

    static inline sigjmp_buf back_;
    static inline volatile sig_atomic_t inside_;
};

#endif
