#!/usr/bin/env bash
# Whichever allocation is the first that fails: that memory is short is said, and neither input nor command line is
# blamed; nothing crashes.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -shared -fPIC -O1 -o "$work/shim.so" tb/tests/oom_shim.c
printf 'twinwalk-trace 1\nbits 48\nmap 0x400000 0x401000 r-xp\nF 0x400000 4\nL 0x400008 8\n' > "$work/t.txt"
build/tiny/twinwalk-model trace pack "$work/t.txt" "$work/t.tw"

failed=0
for run in "model $work/t.tw" "model $work/t.txt" "memory $work/t.tw" "trace text $work/t.tw $work/out.txt"; do
    short=0 whole=0
    for after in $(seq 1 3 100); do
        got=0
        OOM_AFTER=$after LD_PRELOAD=$work/shim.so timeout 10 build/tiny/twinwalk-model $run > "$work/said" 2>&1 || got=$?
        case $got in
        0) whole=$((whole + 1)); continue ;;
        1) [ "${run%% *}" = trace ] || { echo "a mismatch: $run, after $after allocations"; failed=1; } ;;
        2 | 12[4-9] | 13* | 14*) echo "exit $got: $run, after $after allocations"; cat "$work/said"; failed=1 ;;
        esac
        short=$((short + 1))
        grep -qi memory "$work/said" && ! grep -qE "malformed|damaged|torn|no trace given" "$work/said" ||
            { echo "$run, after $after allocations, says:"; cat "$work/said"; failed=1; }
    done
    [ $short -gt 3 ] && [ $whole -gt 3 ] || { echo "$run: $short times short of memory, $whole times not: nothing was tried"; failed=1; }
done
[ -z "$(find "$work" -name '*.part-*')" ] || { echo "left behind"; exit 1; }
exit $failed
