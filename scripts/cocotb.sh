#!/usr/bin/env bash
# Runs the cocotb example, tb/examples/cocotb, on a preset: the RTL under Verilator, the C model as reference.
#
#   scripts/cocotb.sh [PRESET]      default tiny; CYCLES= SEED= PLANT= as in tb/examples/cocotb/test_mmu.py
#
# cocotb comes from build/venv (scripts/venv.sh cocotb), the library from TWINWALK_LIBRARY or build/PRESET/cocotb,
# where `make cocotb` puts it.
# All that is said goes to build/PRESET/cocotb/log. Exit status (tb/base/exits.h): 0 the test has passed, 1 it has
# failed, 7 it could not be run.
set -eu
cd "$(dirname "$0")/.."
preset=${1:-tiny}
out=$PWD/build/$preset/cocotb
results=$out/results.xml
mkdir -p "$out"
rm -f "$results"
export TWINWALK_LIBRARY=${TWINWALK_LIBRARY:-$out/libtwinwalk.so}
status=0
PATH=$PWD/build/venv/bin:$PATH make -C tb/examples/cocotb PRESET="$preset" > "$out/log" 2>&1 || status=$?
# cocotb's make ends with 0 whatever its tests say: those tell it in a file.
if [ "$status" -ne 0 ] || ! grep -q '<testcase ' "$results" 2> /dev/null; then
    tail -n 5 "$out/log" >&2
    echo "cocotb: no test has run; all that was said is in build/$preset/cocotb/log" >&2
    exit 7
fi
sed -n 's/.*INFO  *cocotb\.mmu  */cocotb: /p; s/^ *\([A-Za-z.]*Error: .*\)/cocotb: \1/p' "$out/log"
! grep -q '<failure\|<error' "$results"
