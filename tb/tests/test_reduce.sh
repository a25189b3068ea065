#!/usr/bin/env bash
# A failure is cut down to a case that a person can read, which fails alone, in the same comparator and field: of traces
# under the OS model, of traces with tables of their own, of random stimulus; and not when it does not fail.
set -eu
cd "$(dirname "$0")/../.."
bench=build/tiny/twinwalk-defects
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/plant_defects.py list > "$work/list"

# The finding of a run, by its comparator.
kind() { sed -n 's/^ *\(MISMATCH\|HANG\) (\([a-z]*\)).*/\2/p' "$1" | head -n 1; }
broken() {
    echo "$1"
    cat "$2"
    exit 1
}

# reduced NAME MOST RUN…: the defect of this name, in this run, comes down to at most so many records; and the line in
# the case's head fails in the same way, and is green without the defect.
reduced() {
    local name=$1 most=$2 number file records rerun
    shift 2
    number=$(awk -F'\t' -v name="$name" '$2 == name { print $1 }' "$work/list")
    rm -rf "$work/out"
    mkdir -p "$work/out"
    export TWINWALK_DEFECT=$number
    ! $bench "$@" --out="$work/out" --reduce=40 > "$work/said" 2>&1 || broken "$name: green" "$work/said"
    records=$(sed -n 's/^ *reduced  *to \([0-9]*\) records.*/\1/p' "$work/said")
    [ "${records:-0}" -ge 1 ] && [ "$records" -le "$most" ] || broken "$name: not at most $most" "$work/said"
    file=$(echo "$work"/out/*/reduced.*)
    [ -s "$file" ] || broken "$name: no case in $work/out" "$work/said"
    rerun=$(sed -n 's/^# Run it: //p' "$file")
    ! bash -c "$rerun" > "$work/again" 2>&1 || broken "$name: its case is green: $rerun" "$file"
    [ "$(kind "$work/said")" = "$(kind "$work/again")" ] || broken "$name: its case fails otherwise" "$work/again"
    TWINWALK_DEFECT=0 bash -c "$rerun" > "$work/again" 2>&1 || broken "$name: red without it" "$work/again"
    echo "$name: $records records"
}

reduced write_from_leaf_only 4 cosim --check=arch tb/defects/traces/rights.txt
reduced keep_bit_ignored 8 cosim --check=events tb/defects/traces/spaces.txt
reduced psc_shortest_match 8 cosim --check=events --limit=20000 traces/corpus/sqlite3.tw
reduced invalidates_whole_set 15 cosim --check=events --limit=20000 traces/corpus/sqlite3.tw
reduced highest_walker_first 4 random --check=cycle --requests=100000 --memory=random
reduced psc_fill_after_kill 6 random --check=cycle --requests=200000 --memory=random
reduced restart_keeps_confirm 10 random --check=state --requests=50000 --memory=random --state-every=16

# In a pipe nothing is reduced unless it is asked for.
export TWINWALK_DEFECT=$(awk -F'\t' '$2 == "write_from_leaf_only" { print $1 }' "$work/list")
! $bench cosim --check=arch --out="$work/out" tb/defects/traces/rights.txt > "$work/said" 2>&1 || broken "green" "$work/said"
! grep -q reduced "$work/said" || broken "reduced unasked" "$work/said"

# Whatever the folder's name: the line in the head stays one line, and runs; and so does that of rerun.txt.
out=$work/$'it\'s "odd"\n<zz>$x'
! $bench cosim --check=cycle --reduce=40 --out="$out" tb/defects/traces/rights.txt > "$work/said" 2>&1 || broken "green" "$work/said"
grep -q '"odd"\\x0a<zz>.*reduced.txt' "$work/said" || broken "odd name: written to the terminal as it is" "$work/said"
for file in "$out"/*/reduced.txt "$out"/*/rerun.txt; do
    rerun=$(sed -n 's/^# Run it: //p; /^build/p' "$file")
    got=0
    bash -c "$rerun" > "$work/again" 2>&1 || got=$?
    [ $got -eq 1 ] && [ "$(kind "$work/said")" = "$(kind "$work/again")" ] || broken "odd name: status $got of $rerun" "$work/again"
done
! grep -q '<zz>' "$out"/*/report.html || broken "odd name: not escaped in the page" "$work/said"

# Stimulus at the pins that cannot be, and some that can.
pins() {
    local got=0
    printf 'twinwalk-pins 1\n%s\n' "$1" > "$work/some.pins"
    build/tiny/twinwalk pins "$work/some.pins" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$2" ] && grep -q -- "$3" "$work/said" || broken "pins \"$1\": status $got" "$work/said"
}
pins "5 req 0 1 load" 3 "line 2: a request is"
pins "5 ctl MOV_CR9 0" 3 "line 2: a control operation is"
pins "x poke 0 0" 3 "line 2: a line begins with a cycle"
pins "5 poke 0x1001 0" 3 "a multiple of 8"
pins "5 memory 0" 3 "the latency 1 to"
pins "# nothing" 5 "no request was answered"
pins "40 req 1 3 load 0x1238 user" 0 "Equal: every output"
pins "40 req 0 3 load 0x1238" 3 "the first ports take fetches"
cp "$work/some.pins" "$work/before.pins"
got=0
build/tiny/twinwalk pins --waves="$work/some.pins" "$work/some.pins" > "$work/said" 2>&1 || got=$?
[ $got -eq 2 ] && cmp "$work/some.pins" "$work/before.pins" || broken "waves over the stimulus: status $got" "$work/said"
printf 'twinwalk-pins 1\n40 req 1 3 load 0x1238\n' > "$work/some.pins"
build/tiny/twinwalk pins --waves="$work/some.fst" "$work/some.pins" > "$work/said" 2>&1 || broken "waves" "$work/said"
[ -s "$work/some.fst" ] || broken "no waveform" "$work/said"
got=0
build/tiny/twinwalk pins --dut=model --waves="$work/none.fst" "$work/some.pins" > "$work/said" 2>&1 || got=$?
[ $got -eq 6 ] && [ -z "$(ls "$work" | grep none)" ] || broken "waves of a device without: status $got" "$work/said"
echo "reduction: as it should be"
