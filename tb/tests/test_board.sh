#!/usr/bin/env bash
# A board in the lockstep (docs/board.md), a Verilated one behind a pty and a socket: equal runs at every level, with a
# line that flips, drops, repeats and stalls bytes, a cable that is pulled, and a board that loses its power; never a
# false "equal" and never without end. A planted defect in the board's MMU is found in the same cycle and field as on
# this side of the link, with its folder.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
board=
trap '[ -z "$board" ] || kill $board 2> "$work/null"; rm -rf "$work"' EXIT
corpus=traces/corpus
fail() { echo "$*"; for said in said board; do [ ! -e "$work/$said" ] || tail -n 15 "$work/$said"; done; exit 1; }

# begin PROGRAM OPTION…: a board; its device is in $device.
begin() {
    local program=$1
    shift
    : > "$work/device" # that of the last one
    build/tiny/$program "$@" > "$work/device" 2> "$work/board" &
    board=$!
    for _ in $(seq 100); do
        device=$(sed -n 's/--dut=//p' "$work/device")
        [ -z "$device" ] || return 0
        sleep 0.05
    done
    fail "$program $* did not come up"
}
end() {
    kill $board
    wait $board 2> "$work/null" || fail "the board ended with $?"
    board=
}
run() { timeout 300 build/tiny/twinwalk-model "$@" --dut="$device" > "$work/said" 2>&1; }
equal() { run "$@" && grep -q '^  Equal: ' "$work/said" || fail "$*: not equal on $device"; }
counted() { grep -o "[1-9][0-9]* $1" "$work/board" > "$work/null" || fail "no $1 in this run"; }

# ---- without faults: levels, stimuli, both plugs ----
begin fpga-sim --tcp
for check in events cycle state; do equal cosim --limit=20000 --check=$check $corpus/linux-pcid.tw; done
grep -q '^  states compared  *[1-9]' "$work/said" || fail "no state was compared"
equal random --requests=5000 --check=state --seed=3
grep -q '^  requests dropped  *[1-9]' "$work/said" || fail "nothing was squashed on the board"
timeout 60 build/tiny/twinwalk-model vectors --on="$device" traces/vectors/control-gp.txt > "$work/said" 2>&1 || fail "vectors"
grep -Eq '^fpga .* [1-9][0-9]* passed, 0 failed' "$work/said" || fail "vectors: no case passed"
end

# ---- everything that can happen to a line, in both directions ----
begin fpga-sim --pty="$work/pty" --faults=flips=1e-4,drops=1e-4,twice=1e-4,stalls=1e-5,cuts=2e-5 --seed=5
equal cosim --limit=50000 $corpus/gcc.tw
end
for what in flips drops twice cuts; do counted $what; done
begin fpga-sim --tcp --faults=cuts=2e-5,power=4e-5,flips=1e-5 --seed=4
equal random --requests=3000 --check=state
end
counted 'without power'

# ---- a defect of the board's MMU, as on this side, with and without faults on the line ----
number() { scripts/plant_defects.py list | awk -F '\t' -v name="$1" '$2 == name {print $1}'; }
TWINWALK_DEFECT=$(number dispatch_pointer_stuck)
export TWINWALK_DEFECT
found() { sed -n '/^  MISMATCH/,/^    actual/p' "$work/said"; }
! build/tiny/twinwalk-defects cosim --limit=20000 --out="$work/out" $corpus/sqlite3.tw > "$work/said" 2>&1 || fail "the defect is not seen here"
found > "$work/here"
for faults in '' --faults=flips=2e-5,drops=2e-5,twice=2e-5; do
    rm -rf "$work/out"
    begin fpga-sim-defects --tcp $faults
    status=0
    run cosim --limit=20000 --out="$work/out" $corpus/sqlite3.tw || status=$?
    end
    [ $status -eq 1 ] || fail "the defect, $faults: status $status"
    found | diff "$work/here" - || fail "the defect is not found where it is"
    folder=$(echo "$work"/out/*)
    for file in report.html walk.txt state.txt strip.txt trace.txt; do [ -s "$folder/$file" ] || fail "no $file"; done
    grep -q '^First element to diverge, in cycle ' "$folder/state.txt" || fail "no state was read from the board"
    grep -q '^waves     none: a board has no probes' "$folder/report.txt" || fail "report.txt does not say whose waves"
done
begin fpga-sim-defects --tcp
run cosim --limit=20000 --reduce=5 --out="$work/out" $corpus/sqlite3.tw && fail "the defect is equal"
grep -q '^    reduced   to' "$work/said" || fail "not reduced"
end
unset TWINWALK_DEFECT

# ---- the top that make fpga puts on a ULX3S, at the two wires of its UART: as it is, with faults, with a defect ----
begin fpga-sim-ulx3s --pty="$work/pty"
equal cosim --limit=1500 --check=cycle $corpus/linux-pcid.tw
end
begin fpga-sim-ulx3s --tcp --faults=flips=3e-4,drops=3e-4,twice=3e-4,cuts=1e-4 --seed=6
equal cosim --limit=3000 $corpus/gcc.tw
end
for what in flips drops cuts; do counted $what; done
TWINWALK_DEFECT=$(number dispatch_pointer_stuck)
export TWINWALK_DEFECT
rm -rf "$work/out"
begin fpga-sim-ulx3s-defects --tcp
status=0
run cosim --limit=5000 --out="$work/out" $corpus/sqlite3.tw || status=$?
end
[ $status -eq 1 ] || fail "the defect at the UART: status $status"
found | diff "$work/here" - || fail "the defect at the UART is not found where it is"
for file in report.html walk.txt strip.txt trace.txt; do [ -s "$(echo "$work"/out/*)/$file" ] || fail "no $file"; done
unset TWINWALK_DEFECT

# ---- no board, a silent one, another preset's; what does not go together ----
refused() { # STATUS TEXT COMMAND…
    local status=0 wanted=$1 text=$2
    shift 2
    timeout 60 "$@" > "$work/said" 2>&1 || status=$?
    [ $status -eq "$wanted" ] && grep -q "$text" "$work/said" || fail "$*: status $status, not $wanted with '$text'"
}
refused 7 'cannot be opened' build/tiny/twinwalk-model cosim --dut=fpga:"$work/none" $corpus/jit.tw
head -c 5000 README.md > "$work/file" && cp "$work/file" "$work/before"
refused 7 'cannot be opened: No such device' build/tiny/twinwalk-model cosim --dut=fpga:"$work/file,patience=1" $corpus/jit.tw
cmp "$work/file" "$work/before" || fail "a file was taken for a board, and written over"
refused 2 'must be tcp:HOST:PORT' build/tiny/twinwalk-model cosim --dut=fpga:tcp:x $corpus/jit.tw
refused 7 'has said nothing for 1 s' build/tiny/twinwalk-model cosim --dut=fpga:/dev/ptmx,patience=1 $corpus/jit.tw
begin fpga-sim --tcp
[ ! -x build/contrary/twinwalk ] || refused 4 "is not that of preset contrary" build/contrary/twinwalk cosim --dut="$device" $corpus/jit.tw
refused 2 'a pipe can be read only once' build/tiny/twinwalk-model cosim --dut="$device" - < <(cat $corpus/jit.tw)
refused 2 'do not go with a board' build/tiny/twinwalk-model cosim --dut="$device" --smaps=- $corpus/jit.tw
refused 2 'cannot be put into a state' build/tiny/twinwalk-model cosim --dut="$device" --jobs=2 $corpus/jit.tw
# Taken away for good in the middle.
build/tiny/twinwalk-model cosim --dut="$device,patience=1" $corpus/gcc.tw > "$work/said" 2>&1 &
host=$!
sleep 0.5
kill $board
board=
status=0
wait $host || status=$?
[ $status -eq 7 ] && grep -q 'HOST FAILED\|has said nothing' "$work/said" || fail "a board that is gone: status $status"

# ---- what the host costs is measured against nothing, and that has no verdict ----
timeout 60 build/tiny/link-cost cosim --limit=20000 --dut=fpga:null $corpus/gcc.tw > "$work/said" 2>&1 || fail "link-cost: exit $?"
grep -Eqx 'link-cost: [1-9][0-9]* cycles, [1-9][0-9]* bytes, [0-9.]* s of CPU' "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "link-cost says something else"
echo "board: levels, faults, a defect, refusals"
