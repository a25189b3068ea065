#!/usr/bin/env bash
# The prepared changes of the RTL (tb/changes/): all apply, and are SystemVerilog that Verilator has nothing to say of.
# One that is right is priced, to the last cycle, and kept or refused by a policy; one that is wrong is red, cut down,
# and explained.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for change in tb/changes/*.patch; do
    name=$(basename "$change" .patch)
    grep -q "^| .$name. |" tb/changes/README.md || { echo "$change: not in tb/changes/README.md"; exit 1; }
    mkdir "$work/$name"
    cp -r rtl "$work/$name/"
    patch -s -p1 -F0 -d "$work/$name" < "$change" || { echo "$change does not apply"; exit 1; }
    ! diff -rq rtl "$work/$name/rtl" > "$work/differ" || { echo "$change changes nothing"; exit 1; }
    ${VERILATOR:-verilator} --lint-only -Wall --top-module mmu build/tiny/gen/mmu_cfg_pkg.sv "$work/$name/rtl/mmu_pkg.sv" \
        $(ls "$work/$name"/rtl/*.sv | grep -v mmu_pkg) > /dev/null
done

corpus=$work/corpus
mkdir "$corpus"
cp traces/corpus/pipeline.tw "$corpus"
expect() { # expect STATUS TEXT OPTION…: `scripts/compare` ends so, and says so
    local status=$1 text=$2 got=0
    shift 2
    python3 scripts/compare --base=. --corpus="$corpus" --presets=tiny --limit=60000 --random=40000 --reduce=30 \
        --out="$work/out" "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$status" ] && grep -q -- "$text" "$work/said" && return
    echo "compare $*: expected status $status and \"$text\", got $got:"
    cat "$work/said"
    exit 1
}

# Right: the same translations in fewer cycles, for more reads. The categories add up to all cycles of each side.
expect 0 " 2 right, 1 timing differs$" --head=tb/changes/faster_walker.patch --allow="cycles<=+0 update<=+0"
python3 - "$work/out/results.json" << 'EOF'
import json, sys
r = json.load(open(sys.argv[1]))
p = r["pairs"][0]
assert p["result"] == "timing differs" and p["unequal"] == 0 and p["accesses"] == [60000, 60000], p
for side in (0, 1):
    assert sum(both[side] for both in p["ledger"].values()) == p["cycles"][side] > 0, side
    for a in p["lost"] + p["won"]:
        assert sum(both[side] for both in a["ledger"].values()) == a["cycles"][side], a
        assert a["found"][side] != "STLB" or not any(a["ledger"].get(f"read{n}", [0, 0])[side] for n in range(1, 6)), a
assert p["cycles"][1] < p["cycles"][0] and len(p["won"]) == 10, p["cycles"]
assert sum(b for _, b in p["reads"].values()) > sum(a for a, _ in p["reads"].values()), p["reads"]
assert p["updates"][0] == p["updates"][1] > 0, p["updates"]
assert p["first"]["base"] != p["first"]["head"], p["first"]
random = r["others"][0]
assert [side["answers"] + side["squashed"] for side in random["sides"]] == [40000, 40000], random
EOF
grep -q "Every translation is right and equal; the timing differs" "$work/out/index.html"
expect 1 "policy broken" --head=tb/changes/faster_walker.patch --random=0 --allow="cycles<=+0 cycles>=-10"

# Wrong, from a folder whose name has a blank: the corpus does not see it, random stimulus and the directed cases do.
mv "$work/wrong_sweep" "$work/wrong sweep"
mkdir -p "$work/wrong sweep/tb/dut"
cp -r config "$work/wrong sweep/"
cp tb/dut/mmu_waves.sv "$work/wrong sweep/tb/dut/"
expect 1 "the other side  is right in this case" --head="$work/wrong sweep" --seed=3
python3 - "$work/out/results.json" << 'EOF'
import json, pathlib, sys
r = json.load(open(sys.argv[1]))
random, directed = r["others"]
w = random["wrong"]
assert r["pairs"][0]["result"] == "timing differs", r["pairs"][0]["result"]
assert random["result"] == directed["result"] == "wrong" and w["side"] == "head", random
assert "oracle" in w["verdict"] and "expected" in w["verdict"], w["verdict"]
lines = [line for line in w["reduced"].splitlines()[3:] if not line.startswith("#")]
assert any(line.startswith(("invlpg", "invpcid 0")) for line in lines) and len(lines) <= 12, lines
assert w["other"] == 0 and w["first"]["base"] != w["first"]["head"], w
assert (pathlib.Path(sys.argv[1]).parent / w["page"]).stat().st_size > 1000
assert "inv-invlpg-2m" in directed["wrong"]["verdict"], directed["wrong"]
EOF
grep -q "1 timing differs, 2 wrong" "$work/dashboard.html"
grep -q "What is wrong" "$work/out/index.html" && grep -q "Cut down to" "$work/out/index.html"
link=build/compare/$(printf %s "$work/wrong sweep" | sha256sum | cut -c1-12).link
rm -rf "$link" "$link.bench"
echo "prepared changes: as they should be"
