#!/usr/bin/env bash
# The judge Bochs, where it has been built: it agrees with the oracle on a short run, and on one with another seed each
# time; the same seed gives the same; one case can be played again alone; and every rule that the expectation gets wrong
# on purpose is found.
set -eu
cd "$(dirname "$0")/../.."
judge=build/judges/bochs
if [ ! -x $judge ]; then
    echo "SKIP: Bochs' processor is not built (make judge-bochs fetches its source and builds it, in some three minutes)"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$judge --cases=20000 --seed=7 --json="$work/run.json" > "$work/said" || { cat "$work/said"; exit 1; }
python3 - "$work/run.json" <<'PY'
import json, sys
run = json.load(open(sys.argv[1]))
assert run["cases"] == 20000 and run["disagreements"] == 0, run
assert 8000 < run["cases_5_levels"] < 12000 and run["accesses"] > 30000, run
for part in ("implicit", "shadow_stack", "completed", "general_protection", "page_faults", "types", "table_types"):
    assert run[part] > 1000, (part, run)
control = run["control"]
assert len(control["operations"]) == 12 and min(control["operations"].values()) > 500, control
for part in ("refused", "fresh", "dropped", "stale"):
    assert control[part] > 200, (part, control)
assert control["global_under_another_cr3"] > 5, control
PY
$judge --cases=20000 --seed=7 > "$work/again"
diff <(sed 's/ in [0-9.]* s .*//' "$work/said") <(sed 's/ in [0-9.]* s .*//' "$work/again") || { echo "not reproducible"; exit 1; }

seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
echo "seed $seed"
$judge --cases=200000 --seed="$seed" > "$work/said" || { cat "$work/said"; exit 1; }

found=0
for rule in $($judge --sabotage=list | awk '{print $1}'); do
    got=0
    $judge --cases=3000 --seed=7 --show=1 --sabotage="$rule" > "$work/said" || got=$?
    [ $got -eq 1 ] && grep -q '^DISAGREEMENT; again: ' "$work/said" || { echo "the wrong rule $rule was not found (exit $got)"; cat "$work/said"; exit 1; }
    found=$((found + 1))
    # That case alone, by the words that were printed.
    got=0
    $judge $(sed -n 's/^DISAGREEMENT; again: //p' "$work/said") --sabotage="$rule" > "$work/alone" || got=$?
    [ $got -eq 1 ] && grep -q '^cases compared     1 ' "$work/alone" || { echo "$rule: the case alone is not red (exit $got)"; cat "$work/alone"; exit 1; }
done
[ $found -ge 25 ]
echo "$found wrong rules found"
