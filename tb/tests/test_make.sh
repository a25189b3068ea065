#!/usr/bin/env bash
# The Makefile's own promises: help lists what there is; NATIVE=0 builds for any x86-64 in a folder of its own, and
# nothing else.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 3 "$work/said" 2>/dev/null || true; exit 1; }

make help > "$work/said"
for verb in library install uninstall model vectors; do
    grep -qE "^  make $verb +[a-z]" "$work/said" || fail "make help does not list $verb"
done
grep -q 'NATIVE=0' "$work/said" || fail "make help does not tell of NATIVE=0"

# What would be done, from nothing: no processor of its own, no file in the folders of the native build.
would() { make -s -n -B PRESET=tiny "$@" > "$work/said" 2>&1 || fail "make $* does not know what to do"; }
would NATIVE=0 PRESETS=tiny build/portable/tiny/twinwalk-model shared-library
grep -q 'march=' "$work/said" && fail "NATIVE=0 builds for a processor"
grep -qE '(^|[ =/])build/(tiny|verilated)/' "$work/said" && fail "NATIVE=0 writes into the folders of the native build"
make -s -n -p NATIVE=0 help 2> /dev/null | grep -E '^(VMAKE|VRUN|OPT|CXXFLAGS) ' > "$work/said"
[ "$(wc -l < "$work/said")" -eq 4 ] || fail "the flags of the Verilated code are not where they were"
grep -qE 'march=|[ =]build/verilated' "$work/said" && fail "NATIVE=0 builds the Verilated code for a processor, or in the native build"
would VERILATOR=/nowhere/verilator PRESETS=tiny build/tiny/twinwalk-model shared-library
grep -qi 'verilat' "$work/said" && fail "the model alone asks for Verilator"
would build/tiny/twinwalk-model
grep -q 'march=native' "$work/said" || fail "the native build is not native"
grep -q 'build/portable' "$work/said" && fail "the native build writes into build/portable"

for verb in test bench regress capture build/tiny/twinwalk; do
    got=0
    make -n PRESET=tiny NATIVE=0 $verb > "$work/said" 2>&1 || got=$?
    [ "$got" -eq 2 ] && grep -q 'NATIVE=0 goes with' "$work/said" || fail "make NATIVE=0 $verb: exit $got"
done
got=0
make -n NATIVE=2 help > "$work/said" 2>&1 || got=$?
[ "$got" -eq 2 ] && grep -q 'NATIVE=2: must be 0 or 1' "$work/said" || fail "NATIVE=2: exit $got"
