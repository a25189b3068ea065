#!/usr/bin/env bash
# The judge /dev/kvm: the oracle agrees with it, on cases for both vendors' rules and several MAXPHYADDR where KVM walks
# in software; the same seed gives the same counts; and every rule that the expectation gets wrong on purpose is found.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
judge=build/judges/kvm
[ -x $judge ] || make -s PRESET=tiny $judge

# Without a KVM that can be used it says what is missing, and its status is that of a host that lacks what is needed.
# lacks WORDS OPTION…: it must end so; the test is not to be skipped by what it does here.
lacks() {
    local words=$1 got=0
    shift
    "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq 4 ] && [ "$(wc -l < "$work/said")" = 1 ] && grep -q "^SKIP: $words" "$work/said" || { echo "exit $got, not 4 with '$words': $*"; sed 's/^/  /' "$work/said"; exit 1; }
}
lacks "$work/none: No such file" $judge --device="$work/none"
lacks "/dev/null: not KVM" $judge --device=/dev/null
if [ "$(id -u)" = 0 ]; then # one that is there, and not for everybody
    : > "$work/closed" && chmod 600 "$work/closed" && chmod 711 "$work" && cp $judge "$work/judge"
    lacks "$work/closed: Permission denied" setpriv --reuid=65534 --regid=65534 --clear-groups "$work/judge" --device="$work/closed"
fi

got=0
$judge --cases=8000 --seed=1 --json="$work/a.json" > "$work/said" || got=$?
cat "$work/said"
[ $got -ne 4 ] || exit 77 # the judge has said SKIP, and why
[ $got -eq 0 ] || exit 1

seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') # other cases each time
echo "seed $seed"
$judge --cases=8000 --seed="$seed" > "$work/said" || { cat "$work/said"; exit 1; }

# A KVM that makes all promises and cannot run, or be had.
cc -O1 -Wall -Wextra -Werror -fPIC -shared -o "$work/shim.so" tb/tests/kvm_shim.c -ldl
lacks_with() { lacks "/dev/kvm: $2" env KVM_SHIM="$1" LD_PRELOAD="$work/shim.so" $judge --cases=10; }
lacks_with vm "KVM_CREATE_VM: Operation not permitted"
lacks_with vcpu "KVM_CREATE_VCPU: Operation not permitted"
lacks_with run "it can run no virtual CPU: KVM_RUN at RIP [0-9a-f]*: Invalid argument"
lacks_with entry "it can run no virtual CPU: KVM_RUN at RIP [0-9a-f]* ended with exit reason 9"
lacks_with registers "it can run no virtual CPU: KVM_SET_SREGS, KVM_SET_REGS: Invalid argument"

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
KVM_SHIM=lists LD_PRELOAD="$work/shim.so" $judge --cases=3000 --seed=4 --json="$work/refused.json" > "$work/said" 2>&1 || { echo "with a host that refuses what it lists:"; cat "$work/said"; exit 1; }
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
for rule in $($judge --sabotage=list | awk '!/\[.*\]$/ {print $1}'); do
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
