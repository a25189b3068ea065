#!/usr/bin/env bash
# The cocotb example: the RTL equals the C model behind libtwinwalk.so in every cycle, with several seeds; a bit turned
# over in the RTL's state is seen, and so is a run in which nothing was compared. cocotb's own make ends with 0 whatever
# its tests say; scripts/cocotb.sh does not.
set -eu
cd "$(dirname "$0")/../.."
[ -x build/venv/bin/cocotb-config ] || { echo "SKIP: no cocotb in build/venv: make cocotb installs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make -s shared-library BUILD_LIB="$work" PRESETS=tiny
export TWINWALK_LIBRARY=$work/libtwinwalk.so
# run STATUS TEXT: the words around the test are in the environment
run() {
    local got=0
    scripts/cocotb.sh tiny > "$work/said" 2>&1 || got=$?
    [ $got -eq "$1" ] && grep -qE "$2" "$work/said" || { echo "exit $got, not $1 with '$2':"; cat "$work/said"; exit 1; }
}
for seed in 1 2 3; do SEED=$seed run 0 '^cocotb: 4000 cycles, [0-9]{3} answers: every output of the RTL was the model'; done
PLANT=1 run 1 'AssertionError: cycle 20[0-9]{2}: mem_req_addr: RTL 0x101000, model 0x1000'
CYCLES=20 run 1 'AssertionError: only 0 answers in 20 cycles'
TWINWALK_LIBRARY=/nowhere/libtwinwalk.so run 1 'Error: /nowhere/libtwinwalk.so: .*make library builds it'
got=0
scripts/cocotb.sh none > "$work/said" 2>&1 || got=$?
[ $got -eq 7 ] && grep -q 'no test has run' "$work/said" || { echo "a preset that is not there: exit $got"; cat "$work/said"; exit 1; }
rm -rf build/none
