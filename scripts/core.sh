#!/usr/bin/env bash
# Runs tb/core/paging.s on the minimal core that is built for a preset, and judges the run from outside
# (tb/core/judge.py).
#
#   scripts/core.sh [PRESET [WAVES.fst]]     default tiny; CORE= is another program of the bench, OUT= where results go
#
# Results: OUT/{said,memory.hex}, default out/core/PRESET. Exit status (tb/base/exits.h): 0 program and judge say that
# all was right; 1 not; 2 the bench is not built; 6 OUT cannot be written; else as the bench ended (tb/core/main.cpp).
set -eu
cd "$(dirname "$0")/.."
preset=${1:-tiny}
out=${OUT:-out/core/$preset}
bench=${CORE:-build/$preset/core/core_bench}
[ -x "$bench" ] || { echo "core: there is no $bench: make core PRESET=$preset builds it" >&2; exit 2; }
mkdir -p "$out" ${2:+"$(dirname "$2")"} && : > "$out/said" || exit 6
rm -f "$out/memory.hex"
status=0
"$bench" +program=build/core/paging.hex +memory="$out/memory.hex" ${2:+"+waves=$2"} > "$out/said" || status=$?
if [ $status -ne 0 ]; then
    tail -n 3 "$out/said"
    why="the program or the contract of the ports says that something is wrong"
    [ $status -eq 1 ] || why="the bench ended with status $status"
    echo "core: preset $preset: $why; all is in $out/said"
    exit $status
fi
tb/core/judge.py "config/$preset.toml" "$out/memory.hex" "$out/said" || exit 1
awk -v preset="$preset" '$2 == "halted" { cycles = $1 } $2 == "trap" { traps++ }
    END { printf "core: preset %s: %d cycles, %d traps, all as they must be\n", preset, cycles, traps }' "$out/said"
