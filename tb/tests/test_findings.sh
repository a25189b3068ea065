#!/usr/bin/env bash
# What a finding says: the access that it concerns, its walk, what random stimulus had offered, the sets that were
# looked up; and nothing beside it.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }

number=$(scripts/plant_defects.py list | awk -F '\t' '$2 == "invalidation_lost_to_fill" {print $1}')
got=0
TWINWALK_DEFECT=$number build/tiny/twinwalk-defects random --requests=200000 --memory=random --seed=45 --out="$work" > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] || fail "exit $got"
grep -q "corners met" "$work/said" && ! grep -q "not met" "$work/said" || fail "corners that were not met say nothing about a run that was cut short"
folder=$(sed -n 's/^ *see *//p' "$work/said")
va=$(sed -n 's/.*linear address \(0x[0-9a-f]*\)$/\1/p' "$work/said")
# The difference is in a request to memory: it concerns the walker's access, which is in the miss queue.
grep -q "^    mem_req" "$work/said" && grep -A8 "miss queue entry" "$folder/state.txt" | grep -q "address *$va" || fail "$va is not in the miss queue"
grep -qi "at 0x0*${va#0x}$" "$folder/walk.txt" || fail "walk.txt is of another access"
grep -q "^The sets in which $va is looked up" "$folder/state.txt" && sed '1,/^The sets in which/d' "$folder/state.txt" | grep -q "STLB array 0 set" ||
    fail "the sets that were looked up are missing"
grep -qE "^ +[0-9]+  request .* 0x0*${va#0x}$" "$folder/offered.txt" && grep -q "  control " "$folder/offered.txt" && grep -q "  store to the level" "$folder/offered.txt" ||
    fail "offered.txt"

# Every walk is counted, also one that made no memory request of its own.
for verb in "model --limit=300000 traces/corpus/sqlite3.tw" "random --requests=20000"; do
    build/tiny/twinwalk $verb --json="$work/json" > "$work/said"
    python3 - "$work/json" <<'EOF' || fail "$verb: walks that are not counted"
import json, sys
run = json.load(open(sys.argv[1]))
bins = run["walks"]["by_memory_accesses"]
assert sum(bins) == run["mmu"]["walks"] and bins[0] > 0, (sum(bins), run["mmu"]["walks"], bins)
EOF
    grep -qE '^   +0 +[0-9.]+ %' "$work/said" || fail "$verb: no row for walks without a request"
done
