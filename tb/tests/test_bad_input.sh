#!/usr/bin/env bash
# Bad input: one clear message with file and place, a non-zero exit, and what was compared so far still reported.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk
trace=traces/corpus/sqlite3.tw

# refuse STATUS TEXT… -- COMMAND…: the command must exit with the status and say every text.
refuse() {
    local status=$1 texts=() got=0
    shift
    while [ "$1" != -- ]; do texts+=("$1"); shift; done
    shift
    "$@" --out="$work/out" > "$work/said" 2>&1 < /dev/null || got=$?
    [ "$got" -eq "$status" ] || { echo "exit $got, expected $status: $*"; cat "$work/said"; exit 1; }
    for text in "${texts[@]}"; do
        grep -qF -- "$text" "$work/said" || { echo "$* did not say '$text':"; cat "$work/said"; exit 1; }
    done
}

refuse 3 "none.tw" "No such file" -- $twinwalk cosim none.tw

size=$(stat -c %s $trace)
head -c $((size / 2)) $trace > "$work/torn.tw"
refuse 3 "torn.tw" "offset" "accesses compared" -- $twinwalk cosim "$work/torn.tw"
compared=$(sed -n 's/.*accesses compared *\([0-9,]*\).*/\1/p' "$work/said" | tr -d ,)
[ "$compared" -gt 1000000 ] || { echo "only $compared accesses before the tear"; exit 1; }

for verb in cosim model memory; do # each names the file, once
    $twinwalk $verb "$work/torn.tw" > "$work/said" 2>&1 < /dev/null && { echo "$verb takes a torn trace"; exit 1; }
    [ "$(grep 'BAD INPUT' "$work/said" | grep -o 'torn\.tw' | wc -l)" = 1 ] || { echo "$verb names the file otherwise:"; cat "$work/said"; exit 1; }
done
head -c 30000 traces/corpus/linux-4level.tw > "$work/own.tw" # with its own tables: another way to the end
for verb in tlb "model --serial"; do
    # shellcheck disable=SC2086
    $twinwalk $verb "$work/own.tw" > "$work/said" 2>&1 < /dev/null && { echo "$verb takes a torn trace"; exit 1; }
    [ "$(grep 'BAD INPUT' "$work/said" | grep -o 'own\.tw' | wc -l)" = 1 ] || { echo "$verb names the file otherwise:"; cat "$work/said"; exit 1; }
done

cp $trace "$work/corrupt.tw"
printf '\xa5\x5a\xa5' | dd of="$work/corrupt.tw" bs=1 seek=$((size / 3)) conv=notrunc status=none
refuse 3 "corrupt.tw" "offset" "accesses compared" -- $twinwalk cosim "$work/corrupt.tw"

printf 'twinwalk-trace 1\nbits 48\nQ 0x1000 4\n' > "$work/unknown.txt"
refuse 3 "unknown.txt:3" -- $twinwalk cosim "$work/unknown.txt"
printf 'twinwalk-trace 1\nbits 57\nF 0x1000 4\n' > "$work/wide.txt"
refuse 4 "wide.txt" "57" "tiny" -- $twinwalk cosim "$work/wide.txt"
printf 'twinwalk-trace 1\nbits 48\nmap 0x400000 0x401000 r-xp\nF 0x400000 4\nL 0x900000 8\n' > "$work/unmapped.txt"
refuse 3 "0x900000" "unmapped.txt" "accesses compared" -- $twinwalk cosim "$work/unmapped.txt"
printf 'twinwalk-trace 1\nbits 48\ntables own\nmov cr3 0x1000\nL 0x900000 8 -> ok\n' > "$work/lie.txt"
refuse 1 "MISMATCH (expect" -- $twinwalk cosim "$work/lie.txt"

refuse 6 "/dev/full" -- $twinwalk cosim --limit=1000 --json=/dev/full $trace
refuse 2 "--check=often: must be one of arch, events, cycle, state" -- $twinwalk cosim --check=often $trace
refuse 2 "--dut=toaster" -- $twinwalk cosim --dut=toaster $trace
refuse 2 "--window=1000" -- $twinwalk cosim --window=1000 $trace
if make PRESET=huge cosim > "$work/said" 2>&1; then echo "an unknown preset was accepted"; exit 1; fi
grep -q "PRESET=huge: no file config/huge.toml" "$work/said" || { cat "$work/said"; exit 1; }

# A device that never answers is a hang, found in bounded time, with its state.
refuse 1 "HANG" -- timeout 60 $twinwalk cosim --check=arch --dut=null --limit=1000 $trace

# Ctrl-C: what was compared so far is reported, exit 130.
$twinwalk cosim --check=state --state-every=1 --out="$work/out" $trace > "$work/said" 2>&1 &
sleep 2
kill -INT $!
got=0
wait $! || got=$?
[ "$got" -eq 130 ] || { echo "Ctrl-C gave exit $got"; cat "$work/said"; exit 1; }
grep -qi interrupted "$work/said" && grep -q "accesses compared" "$work/said" || { cat "$work/said"; exit 1; }
