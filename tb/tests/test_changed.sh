#!/usr/bin/env bash
# Defects in a changed MMU, whose clock no model has: seen without one. A few here; scripts/defects_arch.sh plants all.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OUT=$work/out OF=tb/changes/stlb_latency.patch QUICK=1
fail() { echo "$*"; cat "$work/said"; exit 1; }

names="gp_not_reported|upper_accessed_skipped|offer_withdrawn|merge_ignores_mode|psc_survives_invlpg|lookup_survives_flush|walker_stays_at_fault"
scripts/defects_arch.sh "$names" > "$work/said" 2>&1 || fail "status $?"
grep -q "^  0 none: green" "$work/said" || fail "the change itself is not green"
grep -q "^7 of 7 seen (.*0 failed$" "$work/said" || fail "not all seven are seen"
for verb in vectors random; do
    grep -q " $verb  *ok$" "$work/said" || fail "none of them by $verb"
done
# What nothing sees is not green, though its own stimulus wants a clock.
got=0
scripts/defects_arch.sh fault_keeps_psc > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && grep -q "unseen$" "$work/said" && grep -q "^0 of 1 seen" "$work/said" || fail "status $got"
got=0
scripts/defects_arch.sh no_such_defect > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && grep -q "no defect matches" "$work/said" || fail "status $got"
echo "defects in a changed design: seen"
