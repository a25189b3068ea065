#!/usr/bin/env bash
# Peak memory does not depend on the length of the trace: at most 64 MiB beyond the page tables, and the same for ten
# times the accesses.
set -eu
cd "$(dirname "$0")/../.."
peak() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
}
short=$(peak build/tiny/twinwalk cosim --limit=300000 traces/corpus/sqlite3.tw)
long=$(peak build/tiny/twinwalk cosim --limit=3000000 traces/corpus/sqlite3.tw)
echo "$short MiB for 300,000 accesses, $long MiB for 3,000,000"
[ "$long" -le 64 ] && [ "$long" -le $((short + 4)) ]
