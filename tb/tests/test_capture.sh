#!/usr/bin/env bash
# Records a small program and replays it; the same command gives the same trace, and every access lies in a mapping.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/capture.sh -o "$work/a.tw" /bin/sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i' > "$work/said"
grep -qx 200 "$work/said"
scripts/capture.sh -o "$work/b.tw" /bin/sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i' > "$work/said"
cmp "$work/a.tw" "$work/b.tw"
build/tiny/twinwalk trace check "$work/a.tw"
build/tiny/twinwalk cosim --check=state --out="$work" "$work/a.tw"
build/skylake/twinwalk cosim --check=state --pages=thp --out="$work" "$work/a.tw"
