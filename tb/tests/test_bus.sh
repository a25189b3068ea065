#!/usr/bin/env bash
# The bus adapters: Verilator has nothing to say of them at any width, and the MMU behind four buses, there and back
# (tb/bus), with the rules of formal/ bound to them, is the oracle's equal under random back-pressure.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 15 "$work/said"; exit 1; }

for bits in 64 128 256 512; do
    for way in 0 1; do
        for many in 1 3 16; do
            ${VERILATOR:-verilator} --lint-only -Wall -GDATA_BITS=$bits -GATOMIC="1'b$way" -GOUTSTANDING=$many -GID_BITS=5 rtl/bus/mmu_axi.sv
            ${VERILATOR:-verilator} --lint-only -Wall -GDATA_BITS=$bits -GPIPELINED="1'b$way" -GOUTSTANDING=$many rtl/bus/mmu_wb.sv
        done
    done
done > "$work/said" 2>&1 || fail "lint"

bench=build/tiny/twinwalk-model
dut=$(scripts/dut.py where tb/bus build/tiny)
equal() { # equal VERB…: status 0, all equal
    "$bench" "$@" --out="$work/out" > "$work/said" 2>&1 || fail "exit $?: $*"
}
equal random --dut="$dut" --requests=20000
equal cosim --dut="$dut" --limit=50000 traces/corpus/sqlite3.tw
equal vectors --on="$dut" traces/vectors/*.txt
grep -q ' 0 failed' "$work/said" || fail "vectors"
equal matrix --dut="$dut" --share=3/997
