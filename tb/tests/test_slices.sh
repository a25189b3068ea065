#!/usr/bin/env bash
# A trace in slices (docs/slices.md) is the whole trace: the same totals as in one process, the same first failure, and
# slices that each begin as the one before ends (that every register is written there: test_registers.sh). A slice that is
# lost, a signal, and what does not go together have their words.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk corpus=traces/corpus
fail() { echo "$*"; [ ! -e "$work/said" ] || tail -n 20 "$work/said"; exit 1; }

# same NAME SERIAL SLICED: two JSONs, but for the command line, times and what is told of slices.
same() {
    python3 - "$@" <<'EOP' || fail "$1: not as in one process"
import json, sys
name, *files = sys.argv[1:]
runs = [json.load(open(file)) for file in files]
for run in runs:
    for key in "command_line", "speed", "slices":
        run.pop(key, None)
differ = [key for key in runs[0].keys() | runs[1].keys() if runs[0].get(key) != runs[1].get(key)]
assert not differ, differ
EOP
}

# ---- the totals of one process: many boundaries, at all levels and memories, and with whole kernels ----
n=0
while read -r preset trace slices options; do
    n=$((n + 1))
    build/$preset/twinwalk cosim --limit=30000 $options --json="$work/one" $corpus/$trace.tw > "$work/said" || fail "$trace $options"
    build/$preset/twinwalk cosim --limit=30000 $options --json="$work/cut" --jobs=3 $slices $corpus/$trace.tw > "$work/said" 2>&1 ||
        fail "$trace $options in slices"
    same "$preset $trace $options" "$work/one" "$work/cut"
done <<'EOR'
tiny pipeline --slices=60 --check=state
tiny linux-pcid --slices=60 --check=state --memory=random --seed=5
tiny memory-swap --slices=25 --check=state --no-skip --state-every=100 --swap=64M --ram=4M
tiny jit --slices=25 --check=cycle --memory=cache --window=200
tiny random --slices=25 --check=cycle --from=9000 --to=9300
tiny sqlite3 --jobs=2 --check=state --limit=200000
contrary pipeline --slices=40 --check=state
skylake linux-pcid --slices=40 --check=state
EOR

# ---- one slice alone: a chain, whose last has the totals ----
for i in 0 1 2 3; do
    $twinwalk cosim --check=state --limit=30000 --slice=$i/4 --json="$work/slice$i" $corpus/pipeline.tw > "$work/said" || fail "--slice=$i/4"
    grep -q "^  slice  *$i  (of 4, " "$work/said" || fail "--slice=$i/4: no row"
done
$twinwalk cosim --check=state --limit=30000 --json="$work/one" $corpus/pipeline.tw > "$work/said"
same "--slice=3/4" "$work/one" "$work/slice3"
python3 - "$work"/slice[0-3] <<'EOP' || fail "the slices are no chain"
import json, sys
slices = [json.load(open(file))["slices"] for file in sys.argv[1:]]
for before, after in zip(slices, slices[1:]):
    assert before["ends"] == after["begins"] and before["to_cycle"] == after["from_cycle"] > 0, (before, after)
assert len({s["ends"] for s in slices}) == 4 and slices[0]["begins"] is None and slices[3]["ends"] is None
EOP

# ---- defects: the first failure is that of one process, with its folder; rerun.txt says how, in one process ----
mkdir "$work/out"
finding() { grep -A3 '^  \(MISMATCH\|HANG\)' "$work/said" | head -n 4; }
while read -r name trace options; do
    number=$(scripts/plant_defects.py list | awk -F '\t' -v name="$name" '$2 == name {print $1}')
    for cut in "" "--jobs=3 --slices=9"; do
        got=0
        TWINWALK_DEFECT=$number build/tiny/twinwalk-defects cosim --limit=30000 $options $cut --out="$work/out" $corpus/$trace.tw > "$work/said" 2>&1 || got=$?
        [ $got -eq 1 ] || fail "$name $cut: exit $got"
        [ -n "$cut" ] || finding > "$work/whole"
    done
    finding | cmp -s - "$work/whole" || fail "$name: another failure in slices"
    folder=$(sed -n 's/^ *see *//p' "$work/said")
    [ -s "$folder/state.txt" ] && [ -s "$folder/walk.txt" ] && ! grep -qE -e '--(jobs|slices)' "$folder/rerun.txt" || fail "$name: its folder"
done <<'EOR'
psc_shortest_match linux-pcid --check=cycle
dirty_in_upper_entries pipeline --check=state
EOR
# A difference that is seen at a boundary only, by state: in one process at --check=cycle nothing is. Its line looks there.
number=$(scripts/plant_defects.py list | awk -F '\t' '$2 == "fault_keeps_psc" {print $1}')
export TWINWALK_DEFECT=$number
build/tiny/twinwalk-defects cosim --limit=20000 $corpus/linux-pcid.tw > "$work/said" || fail "fault_keeps_psc is seen at --check=cycle"
got=0
build/tiny/twinwalk-defects cosim --limit=20000 --jobs=2 --slices=12 --out="$work/out" $corpus/linux-pcid.tw > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && finding > "$work/whole" && grep -q "MISMATCH (state)" "$work/whole" || fail "exit $got: a boundary"
folder=$(sed -n 's/^ *see *//p' "$work/said")
got=0
bash "$folder/rerun.txt" > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && finding | cmp -s - "$work/whole" || fail "exit $got: rerun.txt of a boundary"
unset TWINWALK_DEFECT

# ---- what does not go together, a slice that is lost, signals ----
status_of() { awk -F ' *[|] *' -v name="$1" '$2 == name {print $4}' docs/exits.md; }
refuses() { # NAME TEXT OPTIONS…
    local name=$1 text=$2 got=0
    shift 2
    timeout 60 $twinwalk cosim --limit=1000 "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ $got -eq "$(status_of "$name")" ] && grep -qF -- "$text" "$work/said" || fail "$name: exit $got: $*"
    [ "$(wc -l < "$work/said")" -le 2 ] || fail "$name: more than a line: $*"
}
refuses slices-of-no-clock "--jobs needs both twins on one clock" --jobs=2 --check=arch $corpus/jit.tw
refuses slices-of-no-clock "--slice needs both twins on one clock" --slice=0/2 --check=events $corpus/jit.tw
refuses slices-of-pipe "a pipe can be read only once" --jobs=2 -
refuses slices-with "--jobs writes no waveform" --jobs=2 --waves="$work/w.fst" $corpus/jit.tw
refuses slices-with "--jobs does not go with --speed" --jobs=2 --speed $corpus/jit.tw
refuses slices-with "--slice does not go with --smaps" --slice=1/2 --top=- $corpus/jit.tw
refuses slices-of-device "--jobs: blocking cannot be put into a state" --jobs=2 --check=cycle --dut=$(scripts/dut.py where tb/examples/blocking_walker build/tiny) $corpus/jit.tw
refuses slices-twice "--slices is for --jobs=2 and more" --slices=2 $corpus/jit.tw
refuses slices-twice "--slice runs one slice in this process" --slice=0/2 --jobs=2 $corpus/jit.tw
refuses bad-share "must be I/N with I less than N" --slice=2/2 $corpus/jit.tw
got=0
printf 'twinwalk-trace 1\ntables own\nbits 48\npoke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4000 0x5007\n' > "$work/all.txt"
for _ in {1..200}; do echo "L 0x0 8"; done >> "$work/all.txt"
$twinwalk cosim --slice=0/2 "$work/all.txt" > "$work/said" 2>&1 || got=$?
[ $got -eq 2 ] && grep -q "does not say how many records it has" "$work/said" || fail "slices-of-unknown: exit $got"
got=0
$twinwalk cosim --limit=1000000 --slice=3/4 "$work/all.txt" > "$work/said" 2>&1 || got=$?
[ $got -eq "$(status_of slice-beyond)" ] && grep -q "INCOMPLETE: --slice=3/4: the trace ended before that slice" "$work/said" ||
    fail "slice-beyond: exit $got"
got=0
$twinwalk cosim --limit=30000 --jobs=2 --slices=9 --json=/dev/full $corpus/jit.tw > "$work/said" 2>&1 || got=$?
[ $got -eq 6 ] || fail "a full disk: exit $got"
$twinwalk cosim --limit=30000 --jobs=1 $corpus/jit.tw > "$work/said" && ! grep -q "^  slices" "$work/said" || fail "--jobs=1"

# begin: a run in slices, in a session of its own; its processes in $run and $child.
begin() {
    setsid $twinwalk cosim --check=state --state-every=50 --jobs=2 $corpus/sqlite3.tw > "$work/said" 2>&1 &
    run=$!
    until child=$(pgrep -P $run | head -n 1) && [ -n "$child" ]; do kill -0 $run || fail "it does not run"; sleep 0.01; done
}
ends() { # STATUS TEXT
    local got=0
    wait $run || got=$?
    [ $got -eq "$1" ] && grep -qE -- "$2" "$work/said" || fail "exit $got, wanted $1: $2"
    ! kill -0 "$child" 2> /dev/null || fail "a process is left"
}
begin
kill -KILL "$child"
ends "$(status_of slice-lost)" "--jobs: slice [0-9]+, (cycles [0-9]+ to [0-9]+|from cycle [0-9]+ on), was killed by signal 9"
begin
kill -INT $run # the parent alone, which passes it on
ends 130 "INTERRUPTED: the table covers"
begin
kill -INT -- -$run # all of them, as a terminal does
ends 130 "INTERRUPTED: the table covers"
[ "$(grep -c "INTERRUPTED" "$work/said")" -eq 1 ] || fail "more than one table"
