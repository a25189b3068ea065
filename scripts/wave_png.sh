#!/bin/sh
# Draws a waveform as GTKWave shows it into a picture, without a display.
#
#   scripts/wave_png.sh [FST [PNG]]        default: out/waves/last.fst into out/waves/wave.png
#
#   FROM, TO   cycles to show (default: around the marker)        SIZE   of the picture (default 1920x1500)
#   MARKER     cycle to mark (default: the save file's)           WAIT   seconds until it counts as failed (default 120)
set -eu

die() { echo "wave-png: $*" >&2; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fst=${1:-$root/out/waves/last.fst}
png=${2:-$root/out/waves/wave.png}
size=${SIZE:-1920x1500} wait=${WAIT:-120}

if [ "${WAVE_PNG_INSIDE:-}" ]; then        # under Xvfb: GTKWave says when it has drawn, then the picture is taken
    gtkwave --rcfile "$root/scripts/gtkwaverc" --script "$work/ready.tcl" "$name.fst" "$work/view.gtkw" > "$work/log" 2>&1 &
    viewer=$!
    trap 'kill $viewer 2> /dev/null || :' EXIT
    tenths=0
    until [ -e "$work/ready" ]; do
        kill -0 $viewer 2> /dev/null || { cat "$work/log" >&2; die "gtkwave ended before it had drawn"; }
        [ $tenths -lt $((wait * 10)) ] || { cat "$work/log" >&2; die "gtkwave had not drawn after $wait s"; }
        sleep 0.1
        tenths=$((tenths + 1))
    done
    before= after=$(import -window root rgb:- | cksum)
    while [ "$before" != "$after" ]; do    # until two pictures, half a second apart, are the same
        [ $tenths -lt $((wait * 10)) ] || die "the window was still changing after $wait s"
        sleep 0.5
        tenths=$((tenths + 5))
        before=$after after=$(import -window root rgb:- | cksum)
    done
    import -window root "$work/wave.png"
    exit 0
fi

[ -r "$fst" ] || die "$fst: no such waveform; 'make cosim WAVES=1' writes one"
[ -r "${fst%.fst}.gtkw" ] || die "${fst%.fst}.gtkw: the save file is missing; 'make cosim WAVES=1' writes both"
for tool in gtkwave:gtkwave import:imagemagick xvfb-run:xvfb xauth:xauth; do
    command -v "${tool%%:*}" > /dev/null || die "${tool%%:*} is not installed (Debian: apt-get install ${tool##*:})"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$(dirname -- "$png")"
png=$(CDPATH='' cd -- "$(dirname -- "$png")" && pwd)/$(basename -- "$png")
name=$(basename -- "$fst" .fst)
cd "$(dirname -- "$fst")"        # the save file names its translation filters relative to its folder
sed "s/^\[size\].*/[size] ${size%x*} ${size#*x}/" "$name.gtkw" > "$work/view.gtkw"
marker=$(sed -n 's/^\*[^ ]* \([0-9]*\).*/\1/p' "$name.gtkw")
{
    [ -z "${FROM:-}${TO:-}" ] || echo "gtkwave::setZoomRangeTimes ${FROM:-0}ns ${TO:-$((${FROM:-0} + 90))}ns"
    echo "gtkwave::setMarker ${MARKER:-$((${marker:-0} / 1000))}ns"
    echo "close [open {$work/ready} w]"
} > "$work/ready.tcl"

WAVE_PNG_INSIDE=1 GDK_BACKEND=x11 work=$work name=$name \
    xvfb-run -a -s "-screen 0 ${size}x24 -nolisten tcp" "$root/scripts/wave_png.sh" "$name.fst" "$png" || exit 2
mv "$work/wave.png" "$png"
echo "$png"
