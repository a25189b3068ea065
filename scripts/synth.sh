#!/bin/sh
# Reads and synthesizes the RTL of one preset (default tiny) with Yosys' slang front end, and prints the cell counts.
#
#   scripts/synth.sh [PRESET]
#
# Yosys is the npm package @yowasp/yosys (WebAssembly), which wants a newer Node than Debian 12's: the npm package node.
# Both go to build/npm once; after that no network is needed. Results: build/PRESET/synth/{yosys.log,stat.txt}.
set -eu
cd "$(dirname "$0")/.."

yosys_version=0.70.62-dev.1236
node_version=26.10.0
preset=${1:-tiny}
npm=build/npm
node=$npm/node_modules/node/bin/node
bundle=$npm/node_modules/@yowasp/yosys/gen/bundle.js
out=build/$preset/synth

fail() {
    echo "synth: $1" >&2
    exit 1
}

version_of() { # PACKAGE: what is installed, or nothing
    sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$npm/node_modules/$1/package.json" 2>/dev/null | head -n 1
}

[ -f "config/$preset.toml" ] || fail "there is no preset config/$preset.toml"
mkdir -p "$out" "build/$preset/gen" "$npm"
if [ "$(version_of @yowasp/yosys)" != "$yosys_version" ] || [ "$(version_of node)" != "$node_version" ] || [ ! -x "$node" ]; then
    echo "synth: installing @yowasp/yosys $yosys_version and node $node_version into $npm"
    npm install --prefix "$npm" --no-audit --no-fund --loglevel=error "@yowasp/yosys@$yosys_version" "node@$node_version" \
        >"$out/npm.log" 2>&1 || { tail -n 5 "$out/npm.log" >&2; fail "npm install failed; all of it is in $out/npm.log"; }
    [ -x "$node" ] || fail "npm installed no $node; see $out/npm.log"
fi

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
tee -o out/stat.txt stat
EOF

rm -f "$out/stat.txt"
echo "synth: $preset (one to two minutes)"
status=0
# shellcheck disable=SC2086 -- a list of paths without spaces
"$node" --stack-size=4000 scripts/synth.mjs "$bundle" "$out" "$out/synth.ys" $sources >"$out/run.log" 2>&1 || status=$?
if [ "$status" -ne 0 ] || [ ! -s "$out/stat.txt" ]; then
    sed 's/\x1b\[[0-9;]*m//g' "$out/yosys.log" "$out/run.log" 2>/dev/null | grep -v 'fetched' | grep -A 3 'ERROR:\|error:' | head -n 20 >&2
    fail "Yosys refused the RTL of $preset (status $status); its log is $out/yosys.log"
fi

awk -v preset="$preset" '
    $2 == "$lut" { lut = $1 }
    $2 ~ /^\$_S?DFF/ { ff += $1 }
    END { printf "synth: %s: %d LUT4, %d flip-flops (memories as flip-flops, state readout included)\n", preset, lut, ff }
' "$out/stat.txt"
echo "synth: cell counts in $out/stat.txt, log in $out/yosys.log"
