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

# A defect of each verb and of each way to a case: found by what its list names, cut down, red again in the same
# comparator and field, green without it (scripts/reduce_defects.py).
few='write_from_leaf_only|keep_bit_ignored|psc_shortest_match|dispatch_pointer_stuck|both_l1s_filled|reserved_bit_29'
few=$few'|highest_walker_first|psc_fill_after_kill|invalidation_lost_to_fill|restart_keeps_confirm'
few=$few'|walker_stays_at_fault|gp_not_reported|invpcid_0_of_current_pcid|fault_spares_globals|wrpkru_flushes|mov_cr3_drops_every_pcid|pk_only_if_alone'
scripts/reduce_defects.py --seconds=40 --out="$work/cases" "\t($few)\t" > "$work/said" 2>&1 || broken "planted defects" "$work/said"
grep -q '^17 defects, 17 reduced, 0 not' "$work/said" || broken "not all planted defects" "$work/said"
for verb in cosim random vectors matrix sweep; do
    grep -q "^  $verb .* the most \([0-9]\|1[0-9]\)$" "$work/said" || broken "$verb: more than 19 records" "$work/said"
done
# What is right is stated in the case.
grep -q -- '-> pf 0x' "$work"/cases/*reserved_bit_29/*/reduced.txt || broken "no expectation" "$work/said"

# A storm of processes: its failure is cut down to a few accesses, that of the OS model to a few records of the trace.
build/tiny/twinwalk storm --seed=3 --records=3K "$work/storm.tw" > /dev/null
storm() {
    local most=$1 records
    shift
    rm -rf "$work/out"
    ! "$@" --reduce=20 --ram=5M --swap=8M --out="$work/out" "$work/storm.tw" > "$work/said" 2>&1 || broken "storm: green" "$work/said"
    records=$(sed -n 's/^ *reduced  *to \([0-9]*\) records.*/\1/p' "$work/said")
    [ "${records:-0}" -ge 1 ] && [ "$records" -le "$most" ] || broken "storm: not at most $most" "$work/said"
    rerun=$(sed -n 's/^# Run it: //p' "$work"/out/*/reduced.*)
    got=0
    bash -c "$rerun" > "$work/again" 2>&1 || got=$?
    [ $got -eq 1 ] && [ "$(kind "$work/said")" = "$(kind "$work/again")" ] || broken "storm: status $got of $rerun" "$work/again"
}
export TWINWALK_DEFECT=$(awk -F'\t' '$2 == "psc_shortest_match" { print $1 }' "$work/list")
storm 12 $bench cosim --check=cycle
export TWINWALK_DEFECT=0
storm 80 build/tiny/twinwalk cosim --check=cycle --signatures --lose-move=20

# A that is missing behind an access of random stimulus without a clock is missing in a trace too.
got=0
TWINWALK_DEFECT=$(awk -F'\t' '$2 == "upper_accessed_skipped" { print $1 }' "$work/list") $bench random --check=arch \
    --requests=50000 --reduce=20 --out="$work/alone" > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && grep -q '^ *reduced  *to [1-9] records' "$work/said" || broken "random stimulus without a clock" "$work/said"

# Directed benches on a device that answers nothing: even before anything is asked of it.
for verb in "matrix --dut=null" "sweep --only=keys --dut=null" "vectors --on=null traces/vectors/walk.txt"; do
    rm -rf "$work/out"
    ! build/tiny/twinwalk $verb --reduce=20 --out="$work/out" > "$work/said" 2>&1 || broken "$verb: green" "$work/said"
    grep -q '^ *reduced  *to [1-4] records' "$work/said" && [ -s "$(echo "$work"/out/*/report.html)" ] || broken "$verb" "$work/said"
    got=0
    bash -c "$(sed -n 's/^# Run it: //p' "$work"/out/*/reduced.*)" > "$work/again" 2>&1 || got=$?
    [ $got -eq 1 ] || broken "$verb: status $got of its case" "$work/again"
done

# In a pipe nothing is reduced unless it is asked for.
export TWINWALK_DEFECT=$(awk -F'\t' '$2 == "write_from_leaf_only" { print $1 }' "$work/list")
! $bench cosim --check=arch --out="$work/out" tb/defects/traces/rights.txt > "$work/said" 2>&1 || broken "green" "$work/said"
! grep -q reduced "$work/said" || broken "reduced unasked" "$work/said"
for verb in "matrix --dut=null" "sweep --only=keys --dut=null" "vectors --on=null traces/vectors/walk.txt"; do
    ! build/tiny/twinwalk $verb > "$work/said" 2>&1 || broken "$verb: green" "$work/said"
    ! grep -q reduced "$work/said" || broken "$verb: reduced unasked" "$work/said"
done

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
