#!/bin/sh
# Reserved bits at every MAXPHYADDR, 36 to 52: the part of `twinwalk sweep` that turns over every bit of every entry, on
# variants of preset tiny that differ in nothing but arch.paddr_bits. Oracle, cycle model and RTL.
#
#   scripts/paddr_widths.sh [WIDTH…]      default: all. Everything stays under build/paddr/.
#
# Exit status 0 only when every width is equal.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(seq 36 52)
failed=0
for width; do
    dir=build/paddr/$width
    mkdir -p "$dir/gen"
    sed "s/^paddr_bits *=.*/paddr_bits = $width/" config/tiny.toml > "$dir/tiny.toml"
    scripts/config.py header "$dir/tiny.toml" > "$dir/gen/mmu_cfg.h"
    scripts/config.py sv "$dir/tiny.toml" > "$dir/gen/mmu_cfg_pkg.sv"
    make -s -j2 PRESET=tiny B="$dir" "$dir/twinwalk" > /dev/null
    printf 'M = %d  ' "$width"
    "$dir/twinwalk" sweep --dut=rtl --only=entries > "$dir/sweep.txt" 2>&1 || failed=1
    tail -n 1 "$dir/sweep.txt"
    rm -rf "$dir/obj" "$dir/cc"
done
exit $failed
