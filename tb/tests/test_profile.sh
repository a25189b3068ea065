#!/usr/bin/env bash
# Profiles and their comparison: every cycle is booked once, equal devices compare equal to the pin, and what differs is
# seen under its name: a translation, a cycle, a policy, a torn file.
set -eu
cd "$(dirname "$0")/../.."
twinwalk=build/tiny/twinwalk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

expect() { # expect STATUS TEXT COMMAND…: ends so, and says so
    local status=$1 text=$2 got=0
    shift 2
    "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$status" ] && grep -q -- "$text" "$work/said" && return
    echo "expected status $status and \"$text\", got $got:"
    cat "$work/said"
    exit 1
}
holds() {
    python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(0 if eval(sys.argv[2]) else 1)' "$1" "$2" || { echo "$1: not so: $2"; exit 1; }
}

trace=traces/corpus/pipeline.tw
for dut in rtl model blocking; do
    device=$dut
    [ $dut != blocking ] || device=$(scripts/dut.py where tb/examples/blocking_walker build/tiny)
    expect 0 "every cycle is booked" \
        $twinwalk profile --dut=$device --limit=200000 --records="$work/$dut" --json="$work/$dut.json" $trace
    holds "$work/$dut.json" 'sum(r["ledger"].values()) == r["cycles"] > 0'
    holds "$work/$dut.json" 'r["accesses"] == sum(r["sources"].values()) == 200000'
done
# What the model's own counters say of its walks is what the ledger saw at the pins.
$twinwalk model --limit=200000 --json="$work/m.json" $trace > /dev/null
python3 - "$work/m.json" "$work/model.json" <<'EOF'
import json, sys
m, p = (json.load(open(f)) for f in sys.argv[1:])
assert m["cycles_model"] == p["cycles"], (m["cycles_model"], p["cycles"])
assert m["mmu"]["reads"] == sum(p["reads"].values()), (m["mmu"]["reads"], p["reads"])
assert m["mmu"]["cas"] == p["updates"], (m["mmu"]["cas"], p["updates"])
assert p["reads"]["pte"] > p["reads"]["pml4e"] > 0, p["reads"]
assert p["reads"]["unknown"] < 0.01 * sum(p["reads"].values()), p["reads"]
EOF

expect 0 "the pins were equal in every cycle" \
    $twinwalk compare --allow="cycles<=+0 cycles>=+0" --json="$work/same.json" "$work/model" "$work/rtl"
holds "$work/same.json" 'not (r["unequal"] or r["pins_differ"] or r["broken"] or r["lost"] or r["won"])'

expect 0 "L1, then walk" $twinwalk compare --json="$work/other.json" "$work/rtl" "$work/blocking"
holds "$work/other.json" 'all(sum(pair[i] for pair in r["ledger"].values()) == r["cycles"][i] for i in (0, 1))'
holds "$work/other.json" 'r["unequal"] == 0 and r["pins_differ"] and len(r["lost"]) == 10'
holds "$work/other.json" 'r["cycles"][1] > 2 * r["cycles"][0]'
expect 1 "policy cycles<=+2% *BROKEN" $twinwalk compare --allow="cycles<=+2%; l1<=+0" "$work/rtl" "$work/blocking"
expect 0 "policy cycles<=+0% *kept" $twinwalk compare --allow="cycles<=+0%" "$work/blocking" "$work/rtl"

# Other translations: the same trace from another order of frames.
$twinwalk profile --dut=model --limit=200000 --seed=2 --records="$work/seed2" $trace > /dev/null
expect 1 "DIFFERENT: .* translations; the first is access 0" \
    $twinwalk compare "$work/model" "$work/seed2"
$twinwalk profile --dut=model --limit=1000 --records="$work/short" $trace > /dev/null
expect 1 "DIFFERENT: 200,000 accesses in the base, 1,000 in the head" \
    $twinwalk compare "$work/model" "$work/short"

# Memory that is a cycle slower shows where it belongs.
$twinwalk profile --dut=model --limit=200000 --latency=11 --records="$work/slower" $trace > /dev/null
expect 0 "reads of PTEs .*+ " $twinwalk compare "$work/model" "$work/slower"

# Pins that part in a run of so few cycles that no mark but the last one sees it.
for latency in 10 11; do
    $twinwalk profile --dut=model --limit=3 --latency=$latency --records="$work/few$latency" $trace > /dev/null
done
expect 0 "the pins were equal up to cycle 0 " $twinwalk compare "$work/few10" "$work/few11"

# A file whose name is no UTF-8 stands in the JSON, too.
odd=$work/$(printf '\377').tw
cp $trace "$odd"
expect 0 "every cycle is booked" \
    $twinwalk profile --dut=model --limit=3 --records="$odd.profile" --json="$work/odd.json" "$odd"
holds "$work/odd.json" 'r["trace"].endswith("xff.tw")'
expect 0 "the pins were equal in every cycle" $twinwalk compare --json="$work/odd.json" "$odd.profile" "$work/few10"
holds "$work/odd.json" 'r["profiles"][0].endswith("xff.tw.profile") and r["unequal"] == 0'

head -c 20000 "$work/model" > "$work/torn"
expect 3 "profile of the head is torn after" $twinwalk compare "$work/model" "$work/torn"
expect 3 "not a profile" $twinwalk compare "$work/model" $trace
expect 3 "No such file" $twinwalk compare "$work/model" "$work/none"
expect 2 "neither cycles nor an entry of the ledger" \
    $twinwalk compare --allow="cyles<=+2%" "$work/model" "$work/rtl"
expect 2 "is not NAME<=N" $twinwalk compare --allow="cycles=2" "$work/model" "$work/rtl"
expect 2 "two profiles are needed" $twinwalk compare "$work/model"
expect 1 "MISMATCH (hang).*none since cycle 0$" $twinwalk profile --dut=null --hang=2000 --limit=10 $trace
expect 6 "No space left" \
    $twinwalk profile --dut=model --limit=200000 --records=/dev/full $trace
echo "profiles and their comparison: as they should be"
