#!/usr/bin/env bash
# The traces, cases and pins of tb/defects/traces, which defects and mutants are planted against: on tiny, for which they
# are written, the RTL as it is is green in each, all state compared in every cycle.
set -eu
cd "$(dirname "$0")/../.."
bench=build/tiny/twinwalk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
green() { $bench "$@" > "$work/said" 2>&1 || { echo "exit $?: $bench $*"; tail -n 20 "$work/said"; exit 1; }; }
for trace in tb/defects/traces/*; do
    case $trace in
    *.pins) green pins --state-every=1 "$trace" ;;
    *) if grep -q '^case ' "$trace"; then
        green vectors --on=rtl --out="$work/out" "$trace" # the oracle has no TLB
    else
        green cosim --check=state --state-every=1 --out="$work/out" "$trace"
    fi ;;
    esac
done
# A trace that is wrong is seen: a page that is said to lie elsewhere.
sed '0,/pa=0x/s//pa=0x1/' tb/defects/traces/rights.txt > "$work/wrong.txt"
status=0
$bench cosim --check=state --reduce=0 --out="$work/out" "$work/wrong.txt" > "$work/said" 2>&1 || status=$?
[ $status -eq 1 ] || { echo "a wrong trace: exit $status"; exit 1; }
