#!/usr/bin/env bash
# The judge /dev/kvm: the oracle agrees with it, on cases for both vendors' rules and several MAXPHYADDR where KVM walks in software; the same
# seed gives the same counts; and every rule that the expectation gets wrong on purpose is found.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
judge=build/judges/kvm
[ -x $judge ] || make -s PRESET=tiny $judge

# Without KVM it skips, with a line that says so, and that is no failure.
for device in "$work/none" /dev/null; do
    $judge --device="$device" > "$work/said"
    grep -q "^SKIP: $device: " "$work/said" || { cat "$work/said"; exit 1; }
done

$judge --cases=8000 --seed=1 --json="$work/a.json" | tee "$work/said"
if grep -q ^SKIP "$work/said"; then exit 0; fi
field() { python3 -c 'import json, sys; print(eval("r" + sys.argv[2], {"r": json.load(open(sys.argv[1]))}))' "$1" "$2"; }
[ "$(field "$work/a.json" '["cases"]')" = 8000 ] && [ "$(field "$work/a.json" '["disagreements"]')" = 0 ]
for kind in completed general_protection page_faults implicit; do
    [ "$(field "$work/a.json" "[\"$kind\"]")" -gt 100 ] || { echo "hardly any $kind among the cases"; exit 1; }
done
$judge --cases=8000 --seed=1 --json="$work/b.json" > "$work/said"
for key in accesses completed general_protection page_faults entries excused; do
    [ "$(field "$work/a.json" "[\"$key\"]")" = "$(field "$work/b.json" "[\"$key\"]")" ] || { echo "not reproducible: $key"; exit 1; }
done
if [ "$(field "$work/a.json" '["shadows_page_tables"]')" = True ]; then
    for wish in "--vendor=intel --bits=36" "--vendor=amd --bits=40" "--vendor=intel --bits=52"; do
        $judge --cases=2000 --seed=2 $wish > "$work/said" || { echo "with $wish:"; cat "$work/said"; exit 1; }
    done
fi

# A host that lists what it then refuses (seen: LA57): named, not judged, and the rest is judged.
cc -O1 -Wall -Wextra -Werror -fPIC -shared -o "$work/shim.so" tb/tests/kvm_shim.c -ldl
LD_PRELOAD="$work/shim.so" $judge --cases=3000 --seed=4 --json="$work/refused.json" > "$work/said" 2>&1 || { echo "with a host that refuses what it lists:"; cat "$work/said"; exit 1; }
grep -q '^listed in CPUID, but refused when switched on, not judged: LA57 PCID PKU$' "$work/said" || { cat "$work/said"; exit 1; }
[ "$(field "$work/refused.json" '["refused"]')" = "['LA57', 'PCID', 'PKU']" ] && [ "$(field "$work/refused.json" '["cases"]')" = 3000 ]

# What a rule needs of the host; without it no case can tell.
needs() {
    case $1 in
    smep) echo SMEP ;;
    smap | ac | implicit) echo SMAP ;;
    xd) echo NX ;;
    pku) echo PKU ;;
    pks) echo PKS ;;
    esac
}
found=0
for rule in $($judge --sabotage=list | awk '{print $1}'); do
    feature=$(needs "$rule")
    if [ -n "$feature" ] && [ "$(field "$work/a.json" "[\"offered\"][\"$feature\"]")" != True ]; then continue; fi
    got=0
    $judge --cases=1500 --seed=3 --show=1 --sabotage="$rule" > "$work/said" || got=$?
    [ $got -eq 1 ] && grep -q ^DISAGREEMENT "$work/said" || { echo "the wrong rule $rule was not found (exit $got)"; cat "$work/said"; exit 1; }
    found=$((found + 1))
done
[ $found -ge 10 ]
echo "$found wrong rules found"

if $judge --sabotage=none > "$work/said" 2>&1; then echo "an unknown rule was accepted"; exit 1; fi
grep -q -- "--sabotage=none: no such rule" "$work/said"
