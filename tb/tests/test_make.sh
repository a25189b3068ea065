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
grep -q 'PGO=1' "$work/said" || fail "make help does not tell of PGO=1"

# What would be done, from nothing: no processor of its own, no file in the folders of the native build.
would() {
    make -s -n -B PRESET=tiny "$@" > "$work/said" 2>&1 || fail "make $* does not know what to do"
    ! grep -q '^  verilate  ' "$work/said" || fail "make -n $* does it"
}
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

# PGO=1 is a build of its own too: counted on two traces first, then made with the counts; the plain build has neither.
would PGO=1 build/pgo/tiny/twinwalk
for words in "mmu that counts" "-fprofile-generate" "cosim --limit=" "COUNTS=build/pgo/tiny/train/cc" "-fprofile-use"; do
    grep -qF -- "$words" "$work/said" || fail "PGO=1 does not do so: $words"
done
grep -qE '(^|[ =/])build/(tiny|verilated)/' "$work/said" && fail "PGO=1 writes into the folders of the plain build"
would build/tiny/twinwalk
grep -q 'fprofile' "$work/said" && fail "the plain build counts"
for goal in test bench regress capture build/tiny/twinwalk; do
    got=0
    make -n PRESET=tiny PGO=1 $goal > "$work/said" 2>&1 || got=$?
    [ "$got" -eq 2 ] && grep -q 'PGO=1 goes with' "$work/said" || fail "make PGO=1 $goal: exit $got"
done
for pair in "PGO=2" "PGO=1 NATIVE=0"; do
    got=0
    make -n $pair help > "$work/said" 2>&1 || got=$?
    [ "$got" -eq 2 ] && grep -q 'must be 0 or 1, and not 1 with NATIVE=0' "$work/said" || fail "$pair: exit $got"
done

# What is cut down, and where to, holds for every part of the default job.
would cosim ARGS="--reduce=5 --out=elsewhere --limit=1000"
for words in "random --check=state --brief --requests=100000 --reduce=5 --out=elsewhere" "vectors  *--reduce=5 --out=elsewhere" "cosim .*--limit=1000"; do
    grep -q -- "$words" "$work/said" || fail "the default job does not say so: $words"
done
