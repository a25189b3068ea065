#!/usr/bin/env bash
# The endpoints of a board's link (rtl/link/link_uart.sv, link_ft245.sv) against the other end of their wires: both ways
# with random stalls; a UART whose other side is as fast or slow as its header allows, with spikes and breaks on the
# wire; a USB FIFO that says which rule of its data sheet was broken. Each planted defect is red (tb/tests/endpoints).
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 30 "$work/said"; exit 1; }

tb/tests/endpoints/make_cases.py "$work"
{ "${VERILATOR:-verilator}" --cc --exe -O3 -Wno-fatal -Wno-lint -Mdir "$work/o" --top-module cases -CFLAGS "-I$PWD/tb -I$work" "$work"/*.sv \
    "$PWD/tb/tests/endpoints/main.cpp" "$PWD/tb/fpga/uart_line.cpp" "$PWD/tb/fpga/ft245_chip.cpp" &&
    make -s -C "$work/o" -f Vcases.mk CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0; } > "$work/said" 2>&1 || fail "no cases"
"$work/o/Vcases" > "$work/said" || fail "exit $?"
seen=0
for case in $(sed -n 's/^    "\([a-z0-9_]*\)": ("[a-z].*/\1/p' tb/tests/endpoints/make_cases.py); do
    case $case in
        defect_*) grep -q "^$case: WRONG: " "$work/said" || fail "$case is not seen" ;;
        *) grep -Eq "^$case: right: [1-9][0-9]+ bytes to the board, [1-9][0-9]+ from it" "$work/said" || fail "$case is not right" ;;
    esac
    seen=$((seen + 1))
done
[ $seen -ge 24 ] || fail "only $seen cases"
grep -q '^defect_ft245_drives_at_once: WRONG: the board drives the bus in the clock behind the chip' "$work/said" || fail "nobody looks who drives"
