#!/usr/bin/env bash
# Two sides side by side: equal ones are equal to the pin, another timing is priced and its first cycle found. Designs
# that differ are compared in test_changes.sh.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
corpus=$work/corpus
mkdir "$corpus"
cp traces/corpus/pipeline.tw "$corpus"

expect() { # expect STATUS TEXT OPTION…: `scripts/compare` ends so, and says so
    local status=$1 text=$2 got=0
    shift 2
    python3 scripts/compare --corpus="$corpus" --presets=tiny --limit=60000 --random=20000 --out="$work/out" "$@" \
        > "$work/said" 2>&1 || got=$?
    [ $got -eq "$status" ] && grep -q -- "$text" "$work/said" && return
    echo "compare $*: expected status $status and \"$text\", got $got:"
    cat "$work/said"
    exit 1
}
holds() {
    python3 -c 'import json, sys
p = json.load(open(sys.argv[1] + "/results.json"))["pairs"][0]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$work/out" "$1" || { echo "not so: $1"; exit 1; }
}

# The model in place of the RTL: equal in every pin of every cycle.
expect 0 " 1 equal, 2 right$" --base=. --base-dut=model
holds 'p["result"] == "equal" and not p["pins_differ"] and p["cycles"][0] == p["cycles"][1] > 0'
grep -q "Equal, to the pin, in every cycle" "$work/out/index.html"
python3 - "$work/out/results.json" << 'EOF'
import json, sys
random, directed = json.load(open(sys.argv[1]))["others"]
assert random["result"] == directed["result"] == "right", (random, directed)
# One seed and one timing: one stimulus.
assert random["sides"][0] == random["sides"][1] and sum(random["sides"][0][key] for key in ("answers", "squashed")) == 20000, random
assert directed["sides"][1]["passed"] > 500 and "failed" not in directed["sides"][1], directed
EOF
expect 0 " 1 equal, 1 right$" --base=. --base-dut=model --random=0

# Slower memory on one side: priced, explained, and the first cycle in which the pins differ is found.
expect 0 "first difference of the pins: pipeline on tiny, cycle" --base=. --head-args=--latency=20
holds 'all(sum(v[i] for v in p["ledger"].values()) == p["cycles"][i] for i in (0, 1))'
holds 'p["cycles"][1] > p["cycles"][0] and p["ledger"]["read1"][1] > p["ledger"]["read1"][0]'
holds 'p["reads"]["PTE"][0] > p["reads"]["PML4E"][0] > 0 and p["updates"][0] > 0'
holds 'p["ledger"]["l1"][0] > 0 and len(p["lost"]) == 10 and len(p["walks"]) >= 10'
holds 'p["first"]["base"] != p["first"]["head"]'
holds 'p["pins_equal_to"] <= p["first"]["cycle"] < p["pins_equal_to"] + 1200'
grep -q "PML4E" "$work/out/index.html" && ! grep -qE 'src=|href="http' "$work/out/index.html"
expect 1 "policy broken" --base=. --head-args=--latency=20 --allow="cycles<=+2%"

# A patch that does not apply, by what it changes: it says which, and a torn copy is not taken for the design next time.
sed 's/Stages/Stairs/' tb/changes/stlb_latency.patch > "$work/other.patch"
for again in 1 2; do
    expect 2 "other.patch: the patch does not apply" --base=. --head="$work/other.patch"
done

# Who is killed by Ctrl-C before he listens to it was interrupted, and is no failure.
python3 - "$work/log" << 'EOF'
import os, signal, sys, threading
sys.path[:0] = ["scripts", "scripts/compare"]
import first, regress
fleet = regress.Fleet()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
assert first.run(fleet, ["sleep", "60"], sys.argv[1]) == first.INTERRUPTED
EOF

# So is a build.
mkdir "$work/bin"
printf '#!/bin/sh\nkill -INT $PPID\nsleep 60\n' > "$work/bin/make"
chmod +x "$work/bin/make"
PATH=$work/bin:$PATH expect 130 "^compare: interrupted while a side was built" --base=. --base-dut=model

# A policy that is none costs no run.
expect 2 "^compare: --allow=cycles<=nonsense: " --base=. --base-dut=model --allow="cycles<=nonsense"
expect 2 "neither a git revision, nor a folder" --base=no-such-thing
expect 2 "has no preset large" --base=. --presets=large
rm "$corpus"/*
expect 2 "no traces" --base=.
echo "comparison of revisions: as it should be"
