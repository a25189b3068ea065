#!/usr/bin/env bash
# The copy of the RTL with a clock enable (scripts/clock_enable.py, docs/board.md): every process of every file has the
# enable, and a process or an instance to which the rule does not apply is refused, as is what cannot be read or written.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }

scripts/clock_enable.py "$work/copy" rtl/mmu*.sv > "$work/said" 2>&1 || fail "the RTL is refused"
processes=0
for file in rtl/mmu*.sv; do
    copy=$work/copy/${file##*/}
    here=$(sed 's|//.*||' "$file" | grep -c 'always_ff' || true)
    enabled=$(sed 's|//.*||' "$copy" | grep -c 'always_ff @(posedge clk_i) if (clk_en_i) ' || true)
    [ "$here" -eq "$enabled" ] || fail "$file: $here processes, $enabled with an enable"
    processes=$((processes + here))
done
[ $processes -ge 12 ] || fail "only $processes processes"

# refused STATUS TEXT [WORD…]: by one line
refused() {
    local status=$1 text=$2 got=0
    shift 2
    scripts/clock_enable.py "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$status" ] && grep -qF -- "$text" "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "$*: exit $got, not $status with '$text'"
}
module() { printf 'module m (\n    input logic clk_i,\n    input logic a\n);\n%b\nendmodule\n' "$1" > "$work/m.sv"; }
module '  always_ff @(negedge clk_i) begin\n  end'
refused 1 'a process that does not wait for `posedge clk_i`: negedge clk_i' "$work/copy" "$work/m.sv"
module '  always @(a) begin\n  end'
refused 1 'a process that does not wait for' "$work/copy" "$work/m.sv"
module '  always_ff @(posedge clk_i) begin\n  end\n  n u_n (.clk_i(a), .a);'
refused 1 '1 ports clk_i, 0 of 1 instances' "$work/copy" "$work/m.sv"
refused 2 'a folder and the files' "$work/copy"
refused 3 'No such file' "$work/copy" "$work/none.sv"
refused 6 'Not a directory' "$work/m.sv/copy" rtl/mmu.sv
