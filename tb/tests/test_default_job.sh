#!/usr/bin/env bash
# What `make cosim` runs when no trace is named sees gross bugs of every family, whatever one program happens to
# exercise: D that is never set where A is set already (which most programs cannot show), rights, reserved bits,
# invalidations, PCIDs, timing.
set -eu
cd "$(dirname "$0")/../.."
bench=build/tiny/twinwalk-defects
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/plant_defects.py list > "$work/list"

default_job() {
    $bench cosim --check=cycle --limit=100000 --out="$work/out" traces/corpus/sqlite3.tw &&
        $bench random --check=state --brief --requests=100000 --out="$work/out" && $bench vectors traces/vectors/*.txt
}
number() { awk -F'\t' -v name="$1" '$2 == name { print $1 }' "$work/list"; }

TWINWALK_DEFECT=0 default_job > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
grep -q "^  exercised  *+fetch +load +store +4K" "$work/said" && grep -q "  also random: .*: equal" "$work/said"
for name in dirty_not_set_on_hit write_from_leaf_only xd_not_reserved invlpg_skips_globals cr3_flushes_old_pcid \
    psc_forgets_rights follower_has_leaders_offset smep_ignored_on_stlb_hit gp_not_reported grant_late \
    upper_accessed_skipped pat_of_large_page; do
    [ -n "$(number $name)" ] || { echo "there is no defect $name"; exit 1; }
    if TWINWALK_DEFECT=$(number $name) default_job > "$work/said" 2>&1; then
        echo "the default job does not see $name"
        exit 1
    fi
done

echo "the default job sees them all"
