#!/usr/bin/env bash
# Readout = 1 (docs/microarchitecture.md section 17): the words that the MMU tells of its state while it waits, through
# the ports that its arrays have and three cycles after they are asked for, are the model's; and a readout that is wrong
# is seen, each mistake of tb/tests/readout/mistakes.toml in LUT RAM (tiny) and in block RAM (ecp5).
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 15 "$work/said"; exit 1; }

mistakes=$(sed -n 's/^name *= "\(.*\)"/\1/p' tb/tests/readout/mistakes.toml)
for preset in tiny ecp5; do
    bench=build/$preset/twinwalk-waiting
    $bench random --requests=10000 --check=state --state-every=512 --out="$work/out" > "$work/said" 2>&1 || fail "$preset: random"
    grep -qE '^  states compared  +[0-9,]{2,}  of' "$work/said" || fail "$preset: hardly a comparison of state"
    $bench cosim --limit=20000 --check=state --state-every=4096 --out="$work/out" traces/corpus/sqlite3-start.tw > "$work/said" 2>&1 || fail "$preset: cosim"
    number=0
    for mistake in $mistakes; do
        number=$((number + 1)) got=0
        TWINWALK_DEFECT=$number $bench random --requests=10000 --check=state --state-every=512 --reduce=0 --out="$work/out" > "$work/said" 2>&1 || got=$?
        [ $got -eq 1 ] && grep -q '^  MISMATCH (state)' "$work/said" || fail "exit $got: $preset with $mistake"
    done
done
