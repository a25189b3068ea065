#!/usr/bin/env bash
# `make verilog`: the flat file is plain Verilog for Icarus and for Debian's Yosys, and the MMU to the last state word:
# it runs beside the C model as a device of its own.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 20 "$work/said" 2> /dev/null || true; exit 1; }
quiet() { "$@" > "$work/said" 2>&1 || fail "exit $?: $*"; }

# Both presets elaborate without a word; Debian's Yosys reads a preset of tiny's size in minutes.
quiet scripts/synth_verilog.sh tiny
quiet scripts/synth_verilog.sh mini 2
for preset in tiny mini; do
    quiet iverilog -g2005 -Wall -t null -s mmu out/verilog/$preset/mmu.v
    [ ! -s "$work/said" ] || fail "Icarus has something to say of $preset"
done
quiet "${DEBIAN_YOSYS:-/usr/bin/yosys}" -q -p 'read_verilog out/verilog/mini/mmu.v; hierarchy -check -top mmu; proc; check -assert'
[ "$(grep -c '^module ' out/verilog/mini/mmu.v)" -eq 1 ] || fail "not one module"

# Beside the model.
quiet make -s -j2 PRESET=mini DUT=out/verilog/mini dut-build
library=$(scripts/dut.py where out/verilog/mini build/mini)
for run in "cosim --limit=100000 traces/corpus/sqlite3.tw" "random --requests=30000 --seed=3"; do
    # shellcheck disable=SC2086
    quiet build/mini/twinwalk-model ${run%% *} --dut="$library" --out="$work" ${run#* }
    grep -q 'DUT flat, check state' "$work/said" && grep -q 'Equal: everything' "$work/said" || fail "$run"
done

for wrong in "nowhere" "tiny 3" "tiny 0 1" ""; do
    got=0
    # shellcheck disable=SC2086
    scripts/synth_verilog.sh $wrong > "$work/said" 2>&1 || got=$?
    [ "$got" -eq 2 ] && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "'$wrong': exit $got"
done

# stopped STATUS TEXT YOSYS: by one line, when that is Yosys, and the file of before stays
stopped() {
    local got=0
    YOSYS=$3 scripts/synth_verilog.sh tiny > "$work/said" 2>&1 || got=$?
    [ "$got" -eq "$1" ] && grep -q "$2" "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "$2: exit $got"
    tail -n 1 out/verilog/tiny/mmu.v | grep -qx endmodule || fail "$2: the file is half"
}
yosys() { printf '#!/bin/sh\n%s\n' "$1" > "$work/yosys" && chmod +x "$work/yosys"; }
stopped 7 "verilog: $work/nothing: there is no such program" "$work/nothing"
yosys 'echo "ERROR: No such command: read_slang" > build/tiny/verilog/yosys.log; exit 1'
stopped 7 'reads no SystemVerilog: YOSYS= must name a Yosys that has read_slang' "$work/yosys"
yosys 'echo "module mmu;" > build/tiny/verilog/mmu.v'
stopped 6 'mmu.v is not whole: is the disk full' "$work/yosys"
