#!/usr/bin/env bash
# The judge QEMU agrees with the oracle on a short run; goes red for every rule that the expectation gets wrong on
# purpose; says clearly when QEMU is missing or breaks down.
set -eu
cd "$(dirname "$0")/../.."
judge=build/judges/qemu
[ -x $judge ] || { echo "$judge is not built: run make build/judges/qemu"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

got=0
PATH=$work $judge > "$work/said" || got=$? # no QEMU there
[ $got -eq 4 ] && grep -q '^SKIP: qemu-system-x86_64 is not installed' "$work/said" || { echo "without QEMU: exit $got"; sed 's/^/  /' "$work/said"; exit 1; }
if ! command -v qemu-system-x86_64 > "$work/where"; then
    cat "$work/said"
    exit 77
fi

$judge --cases=20000 --seed=7 --json="$work/run.json" > "$work/said" || { cat "$work/said"; exit 1; }
python3 - "$work/run.json" <<'PY'
import json, sys
run = json.load(open(sys.argv[1]))
assert run["cases"] == 20000 and run["disagreements"] == 0, run
assert 5000 < run["cases_5_levels"] < 15000 and run["accesses"] > 30000, run
for part in ("implicit", "completed", "general_protection", "page_faults"):
    assert run[part] > 500, (part, run)
PY

seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') # other cases each time
echo "seed $seed"
$judge --cases=10000 --seed="$seed" > "$work/said" || { cat "$work/said"; exit 1; }

for rule in $($judge --sabotage=list | awk '!/\[.*\]$/ {print $1}'); do
    got=0
    $judge --cases=2000 --seed=7 --bits=46 --levels=5 --show=1 --sabotage="$rule" > "$work/said" || got=$?
    if [ $got -ne 1 ] || ! grep -q '^DISAGREEMENT' "$work/said"; then
        echo "sabotage of $rule: exit $got"
        cat "$work/said"
        exit 1
    fi
done

printf '#!/bin/sh\necho "no machine today" >&2\nexit 3\n' > "$work/qemu-system-x86_64"
chmod +x "$work/qemu-system-x86_64"
got=0
PATH=$work:$PATH $judge --cases=10 > "$work/said" 2> "$work/error" || got=$?
if [ $got -ne 7 ] || ! grep -q 'ended with status 3 while the guest booted; it said: no machine today' "$work/error"; then
    echo "a QEMU that does not start: exit $got"
    cat "$work/said" "$work/error"
    exit 1
fi
