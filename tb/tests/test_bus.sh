#!/usr/bin/env bash
# The bus adapters: Verilator has nothing to say of them at any width; alone, between a requester and a memory, they are
# right, a bus without exclusive monitor is an error and no loop, and each planted defect is red (tb/tests/bus); and the
# MMU behind four buses, there and back (tb/bus), with the rules of formal/ bound to them, is the oracle's equal under
# random back-pressure.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 15 "$work/said"; exit 1; }

for bits in 64 128 256 512; do
    for way in 0 1; do
        for many in 1 3 16; do
            for bytes in 64 8; do
                ${VERILATOR:-verilator} --lint-only -Wall -GREPLY_BYTES=$bytes -GDATA_BITS=$bits -GATOMIC="1'b$way" -GOUTSTANDING=$many -GID_BITS=5 rtl/bus/mmu_axi.sv
                ${VERILATOR:-verilator} --lint-only -Wall -GREPLY_BYTES=$bytes -GDATA_BITS=$bits -GPIPELINED="1'b$way" -GOUTSTANDING=$many rtl/bus/mmu_wb.sv
            done
        done
    done
done > "$work/said" 2>&1 || fail "lint"

# ---- alone ----
verilator=${VERILATOR:-verilator}
tb/tests/bus/make_cases.py "$work"
{ "$verilator" --cc --exe -O3 -Wno-fatal -Wno-lint -Mdir "$work/o" --top-module cases tb/bus/dice.sv tb/bus/*_memory.sv \
    tb/tests/bus/port_tester.sv "$work"/*.sv "$PWD/tb/tests/bus/main.cpp" &&
    make -s -C "$work/o" -f Vcases.mk CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0; } > "$work/said" 2>&1 || fail "no cases"
"$work/o/Vcases" > "$work/said"
for case in $(sed -n 's/^    "\([a-z0-9_]*\)": (.*/\1/p' tb/tests/bus/make_cases.py); do
    case $case in
        defect_*) grep -q "^$case: WRONG in cycle" "$work/said" || fail "$case is not seen" ;;
        *) grep -q "^$case: right: [1-9][0-9]* reads" "$work/said" || fail "$case is not right" ;;
    esac
done
grep -q '^no_monitor: .* 0 swaps, [1-9]' "$work/said" || fail "no_monitor swaps"

# ---- the MMU behind them ----
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
equal sweep --dut="$dut" --only=types --share=3/101
