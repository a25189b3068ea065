#!/usr/bin/env bash
# Names with blanks, colons and quotes in PRESET=, TRACE=, JSON=, OUT= reach what make runs as they are, for every verb;
# a wrong PRESET is one line.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS PRESET TRACE JSON OUT
fail() { echo "$*"; cat "$work/said"; exit 1; }
tree="$work/a tree" # of links, but for the presets and what is built
mkdir -p "$tree/build"
for part in Makefile rtl model tb traces scripts; do ln -s "$PWD/$part" "$tree"; done
cp -r config "$tree"
own="my own: one's" trace="$work/it's a trace: of mine.tw"
cp config/tiny.toml "$tree/config/$own.toml"
cp traces/corpus/random.tw "$trace"
in_tree() { make -s -C "$tree" PRESET="$own" TRACE="$trace" JSON="$work/its: own.json" "$@"; }

# What is made of the preset.
folder=build/my+own++one+s+$(printf %s "$own" | cksum | cut -d ' ' -f 1)
in_tree $folder/gen/mmu_cfg.h $folder/gen/mmu_cfg_pkg.sv > "$work/said" 2>&1 || fail "headers are not made"
grep -qF "#define CFG_NAME \"$own\"" "$tree/$folder/gen/mmu_cfg.h"
# It does not fall to pieces among the others.
make -s -C "$tree" help > "$work/said"
grep -q "presets: contrary ecp5 golden-cove mini skylake tiny zen4;" "$work/said" || fail "other presets are there"

# What each verb would run, as the shell takes it: programs of build/ and scripts that print their arguments stand for
# the real ones.
mkdir "$work/bin"
words() { printf '#!/bin/sh\nprintf "<%%s>" "$0" "$@"; echo\n' > "$1" && chmod +x "$1"; }
# runs LINE VERB…: the verb's commands, one of which must be this.
runs() {
    local line=$1
    shift
    in_tree -n MAKE=true "$@" 2> "$work/said" | grep -E "^(scripts|build)/" | grep -Ev "^scripts/(setup|patiently|config)" > "$work/recipe" || fail "make -n $*"
    ( cd "$work/play" && sh "$work/recipe" ) > "$work/said" 2>&1 || fail "not taken by the shell: $(cat "$work/recipe")"
    grep -qxF -- "$line" "$work/said" || fail "expected $line"
}
mkdir -p "$work/play/$folder" "$work/play/scripts"
for name in twinwalk twinwalk-sc twinwalk-model; do words "$work/play/$folder/$name"; done
for name in bench.py capture.sh capture_system.sh regress.py test.sh; do words "$work/play/scripts/$name"; done
runs "<$folder/twinwalk-model><model><--json=$work/its: own.json><$trace>" model
runs "<$folder/twinwalk><cosim><--check=cycle><--json=$work/its: own.json><--seed=3><$trace>" cosim ARGS=--seed=3
runs "<$folder/twinwalk-sc><cosim><--check=cycle><--json=$work/its: own.json><$trace>" cosim BENCH=systemc
runs "<$folder/twinwalk><random><--seed=1>" random ARGS=--seed=1
runs "<$folder/twinwalk><forms><--dut=rtl>" forms
runs "<$folder/twinwalk><sweep><--dut=rtl>" sweep
runs "<$folder/twinwalk><matrix><--dut=rtl><--op=mov cr3>" matrix ARGS="--op='mov cr3'"
runs "<scripts/bench.py><${folder#build/}><$trace>" bench

# The recorders take OUT from the environment, into which make puts it.
for verb in capture capture-system; do
    printf 'all: ; @printf "<%%s>" "$$OUT"\n' > "$work/probe.mk"
    [ "$(make -s -f "$work/probe.mk" OUT="$trace")" = "<$trace>" ]
    in_tree -n MAKE=true OUT="$trace" $verb 2> "$work/said" | grep -q "^scripts/capture" || fail "make $verb"
done

for wrong in huge "two words" ../config/tiny ""; do
    got=0
    make -s -C "$tree" PRESET="$wrong" model > "$work/said" 2>&1 || got=$?
    [ $got -eq 2 ] && [ "$(wc -l < "$work/said")" = 1 ] && grep -qF "PRESET=$wrong: no file config/$wrong.toml; there are: contrary ecp5 golden-cove mini skylake tiny zen4" "$work/said" || fail "exit $got: PRESET=$wrong"
done
