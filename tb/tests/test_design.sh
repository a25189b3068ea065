#!/usr/bin/env bash
# What a design says of itself ends the run as any other finding does: its assertions, $error, $fatal, $stop, $finish, a
# loop that never settles. On the blocking walker, with one of the faults of tb/tests/faults/faults.sv at a time.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk
device=$(scripts/dut.py where tb/tests/faults build/tiny)
trace=traces/corpus/sqlite3.tw
fail() { echo "$*"; cat "$work/said"; exit 1; }

# run STATUS NUMBER TEXT… -- ARGUMENT…: with that fault.
run() {
    local status=$1 number=$2 texts=() got=0
    shift 2
    while [ "$1" != -- ]; do texts+=("$1"); shift; done
    shift
    rm -rf "$work/out"
    TWINWALK_FAULT=$number timeout 60 $twinwalk "$@" > "$work/said" 2> "$work/stderr" < /dev/null || got=$?
    cat "$work/stderr" >> "$work/said"
    [ "$got" -eq "$status" ] || fail "fault $number: exit $got, expected $status: $*"
    for text in "${texts[@]}"; do
        grep -qF -- "$text" "$work/said" || fail "fault $number: not said: $text"
    done
}
arch() { run "$@" --dut=$device --check=arch --limit=2000 --out="$work/out" --json="$work/json" $trace; }
# The line of faults.sv with the text, as findings name it.
at() { grep -nF "$1" tb/tests/faults/faults.sv | head -1 | sed 's/:.*//; s/^/faults.sv:/'; }

arch 0 0 "Equal: everything asked for was compared." -- cosim

n=0
while IFS='|' read -r number line message; do
    arch 1 "$number" "MISMATCH (design) in cycle" "$(at "$line")" "expected  its assertions hold" "$message" "see  " -- cosim
    [ -s "$work"/out/*/report.txt ] && [ -s "$work"/out/*/rerun.txt ] || fail "fault $number: no folder"
    grep -q '"kind": "design"' "$work/json" && grep -q '"verdict": "mismatch"' "$work/json" || fail "fault $number: not in the JSON"
    n=$((n + 1))
done <<'LIST'
1|fault == 1)|actual
2|clock %0d is too late|clock 50 is too late
3|$error("something is wrong")|something is wrong
4|$fatal(|nothing is right
5|$stop|$stop
9|wrong in the middle of reset|wrong in the middle of reset
10|a property does not hold|a property does not hold
11|a wrong value|a wrong value
LIST
[ $n -eq 8 ]
arch 1 6 "MISMATCH (finish) in cycle" "$(at '$finish')" "expected  the simulation goes on" -- cosim
arch 1 12 "MISMATCH (design) in cycle" "converge" -- cosim

# What a design prints is no finding, and not among the results; what it has to say at its very end comes after them.
for number in 7 8; do
    arch 0 $number "the design" "Equal" -- cosim
    grep -q "the design" "$work/stderr" || fail "fault $number: what the design prints is among the results"
done
arch 1 14 "Equal: everything asked for was compared." "the design at its end, " "left in disorder" -- cosim

# Not only where it is compared.
arch 0 15 "Equal" -- cosim
run 1 15 "MISMATCH (design)" "wrong when it runs again" -- cosim --dut=$device --check=arch --limit=2000 --speed --out="$work/out" $trace

# Registers on the falling edge are clocked, and the head of a run says what that costs.
arch 0 16 "Equal" "2 evaluations a clock: the design has" -- cosim

# In every verb.
run 1 9 "MISMATCH (design)" "wrong in the middle of reset" -- cosim --dut=$device --check=cycle --out="$work/out" $trace
run 1 9 "MISMATCH (design)" -- random --dut=$device --requests=100 --out="$work/out"
run 1 9 "MISMATCH (design)" -- sweep --dut=$device --only=levels
run 1 9 "MISMATCH (design)" -- matrix --dut=$device
run 1 9 "MISMATCH (design)" -- headline --dut=$device --quick --only=walks
run 1 9 "stopped in cycle 0, design" -- forms --dut=$device --only=reads
run 1 2 "MISMATCH (design)" "clock 50 is too late" -- profile --dut=$device --limit=1000 $trace
run 1 2 "FAILED on blocking" "expected  the design's assertions hold" "clock 50 is too late" -- vectors --on=$device traces/vectors/walk.txt
run 1 6 "FAILED on blocking" "expected  the simulation goes on" -- vectors --on=$device traces/vectors/walk.txt
