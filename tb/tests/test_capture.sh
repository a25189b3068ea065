#!/usr/bin/env bash
# Records a small program and replays it; every access lies in a mapping, and the same command gives the same accesses again.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/capture.sh -o "$work/a.tw" /bin/sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i' > "$work/said"
grep -qx 200 "$work/said"
scripts/capture.sh -o "$work/b.tw" /bin/sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i' > "$work/said"
accesses() { build/tiny/twinwalk trace info "$1" | grep -i accesses; }
[ "$(accesses "$work/a.tw")" = "$(accesses "$work/b.tw")" ] || { accesses "$work/a.tw"; accesses "$work/b.tw"; exit 1; }
build/tiny/twinwalk trace check "$work/a.tw"
build/tiny/twinwalk cosim --check=state --out="$work" "$work/a.tw"
build/skylake/twinwalk cosim --check=state --pages=thp --out="$work" "$work/a.tw"
