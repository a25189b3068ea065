#!/usr/bin/env bash
# tb/dut/abort_guard.h: code that calls abort() is given up as often as it does so, and what calls it elsewhere ends the
# process.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p out/test
cat > out/test/abort_guard.cpp <<'END'
#include "abort_guard.h"

#include <cstdlib>
int main(int argc, char **)
{
    unsigned given_up = 0, done = 0;
    for (unsigned n = 0; n < 100; n++)
        if (!abort_guard::survives([&] { n % 3 ? std::abort() : void(done++); }))
            given_up++;
    if (given_up != 66 || done != 34)
        return 1;
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    if (sigismember(&blocked, SIGABRT))
        return 2;
    if (argc > 1)
        std::abort();
    return 0;
}
END
g++ -std=c++17 -O2 -Wall -Wextra -Werror -I tb/dut out/test/abort_guard.cpp -o out/test/abort_guard
out/test/abort_guard
status=0
{ bash -c "ulimit -c 0; exec out/test/abort_guard outside"; } 2> /dev/null || status=$?
[ $status -eq 134 ] || { echo "abort() outside of the guard: exit $status"; exit 1; }
