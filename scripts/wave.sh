#!/bin/sh
# Opens GTKWave on a waveform, with the save file that the bench wrote beside it.
#
#   scripts/wave.sh [FST]        default: the last run's, out/waves/last.fst (make cosim WAVES=1 writes it)
set -eu

die() { echo "wave: $*" >&2; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fst=${1:-$root/out/waves/last.fst}

[ -r "$fst" ] || die "$fst: no such waveform; 'make cosim WAVES=1' writes one"
[ -r "${fst%.fst}.gtkw" ] || die "${fst%.fst}.gtkw: the save file is missing; 'make cosim WAVES=1' writes both"
command -v gtkwave > /dev/null || die "gtkwave is not installed (Debian: apt-get install gtkwave)"
[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || die "there is no display; 'make wave-png' draws a picture without one"

cd "$(dirname -- "$fst")"        # the save file names its translation filters relative to its folder
name=$(basename -- "$fst" .fst)
exec gtkwave --rcfile "$root/scripts/gtkwaverc" "$name.fst" "$name.gtkw"
