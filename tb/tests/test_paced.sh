#!/usr/bin/env bash
# Sweep, matrix and vectors on devices whose clock is their own (--check=arch): right ones are green with what was left
# out told, wrong ones red without the model; and hits and walks come from the device's own counters.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tiny=build/tiny/twinwalk
blocking=$(scripts/dut.py where tb/examples/blocking_walker build/tiny)
fail() { echo "$*"; cat "$work/said" 2>/dev/null || true; exit 1; }
scripts/plant_defects.py list > "$work/list"

for dut in rtl model blocking; do
    device=$dut
    [ $dut != blocking ] || device=$blocking
    $tiny sweep --check=arch --dut=$device --share=3/400 > "$work/said" 2>&1 || fail "sweep on $dut"
    grep -q "^sweep: preset tiny, oracle and $dut alone" "$work/said" && grep -q "[1-9][0-9]* accesses, 0 differences" "$work/said" || fail "sweep on $dut"
    $tiny matrix --check=arch --dut=$device --share=2/40 > "$work/said" 2>&1 || fail "matrix on $dut"
    grep -q "^matrix: preset tiny, $dut alone" "$work/said" && grep -q "^matrix: [1-9][0-9]* cells .* 0 differences" "$work/said" || fail "matrix on $dut"
    grep -q "left to --check=cycle" "$work/said" || fail "what a common clock alone can judge is not told"
done
# Where a translation was found is told, and not judged, of a device that has no TLB.
$tiny sweep --check=arch --dut=$blocking --share=3/400 --only=rights > "$work/said" 2>&1
grep -q "[1-9][0-9]* answers from elsewhere than meant" "$work/said" || fail "not told where answers come from"
# At cycle it is red, since its clock is another.
got=0
$tiny sweep --check=cycle --dut=$blocking --share=3/400 --only=keys > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] || fail "another clock went unnoticed: $got"

# What judged nothing is not green.
got=0
$tiny matrix --check=arch --dut=rtl --only="MOV CR4, LA57 0" > "$work/said" 2>&1 || got=$?
[ $got -eq 5 ] && grep -q "nothing was compared" "$work/said" || fail "nothing judged: status $got"
got=0
$tiny matrix --check=arch --dut=null > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && grep -q "MISMATCH (hang)" "$work/said" || fail "a device that does nothing: status $got"

# Wrong ones.
red() { # red NAME TEXT VERB…
    local number got=0 text=$2
    number=$(awk -F '\t' -v name="$1" '$2 == name { print $1 }' "$work/list")
    [ -n "$number" ] || fail "there is no defect $1"
    TWINWALK_DEFECT=$number build/tiny/twinwalk-defects "${@:3}" > "$work/said" 2>&1 || got=$?
    [ $got -eq 1 ] && grep -q "$text" "$work/said" || fail "$1: status $got of ${*:3}"
}
red invpcid_2_spares_globals "MISMATCH (oracle) at INVPCID 2" matrix --check=arch --dut=defective --only="INVPCID 2"
red paging_off_keeps_entries "MISMATCH (oracle) at MOV CR0, PG" matrix --check=arch --dut=defective --only="MOV CR0, PG"
red fault_spares_globals "MISMATCH (oracle) at #PF" matrix --check=arch --dut=defective --only="#PF"
red psc_survives_invlpg "MISMATCH (oracle) at INVLPG x PSC" matrix --check=arch --dut=defective --only=INVLPG
red idle_without_drain "MISMATCH (protocol)" matrix --check=arch --dut=defective --only=INVLPG
red hit_answered_twice "MISMATCH (protocol)" matrix --check=arch --dut=defective --only=WRPKRU
red waiting_too_early "MISMATCH (protocol) in part levels, cycle [0-9]*: waiting" sweep --check=arch --dut=defective --share=3/400 --only=levels
red page_size_in_pml4e "MISMATCH (oracle) in part entries" sweep --check=arch --dut=defective --only=entries
red pkru_for_supervisor_pages "MISMATCH (oracle) in part keys" sweep --check=arch --dut=defective --share=3/40 --only=keys
red walker_stays_at_fault "MISMATCH (hang)" sweep --check=arch --dut=defective --only=flags
red gp_not_reported "FAILED on defective" vectors --on=defective traces/vectors/*.txt
red second_answer_lost "HANG (hang)" random --check=arch --requests=60000 --out="$work/out"

# Counters: the RTL's own, looked at from outside, are those that the model keeps of itself; what is not offered is told.
cat > "$work/same.py" <<'PY'
import json, sys
rtl, model = (json.load(open(name)) for name in sys.argv[1:])
ours, theirs = rtl["device"], model["device"]
assert [key for key in ours if ours[key] is None] == ["line_merges"], ours
assert theirs["line_merges"] is not None
assert all(ours[key] == theirs[key] for key in ours if ours[key] is not None), (ours, theirs)
assert ours["walks"] > 0 and ours["itlb_hit"] > 0 and ours["psc_pde"] > 0 and ours["stlb_miss"] > 0 and ours["cas_failed"] > 0
if rtl["command"] == "cosim":
    for key in ("itlb_hit", "itlb_miss", "dtlb_hit", "dtlb_miss", "stlb_hit", "stlb_miss", "walks", "walk_restarts", "reads", "cas"):
        assert ours[key] == rtl["mmu"][key], key
PY
for run in "random --requests=20000 --squash=0" "cosim --limit=60000 traces/corpus/sqlite3.tw"; do
    for dut in rtl model; do
        $tiny $run --check=arch --dut=$dut --json="$work/$dut.json" --out="$work/out" > "$work/said" 2>&1 || fail "$run on $dut"
    done
    python3 "$work/same.py" "$work/rtl.json" "$work/model.json" || fail "$run: counters differ"
done
$tiny cosim --check=arch --dut=$blocking --limit=20000 traces/corpus/sqlite3.tw > "$work/said" || fail "cosim on blocking"
for row in "PSC hits" walks; do
    grep -qE "^  $row +not offered by this device" "$work/said" || fail "$row of a device that does not count them"
done
grep -qE "^  ITLB hits +0.00 % +0 of " "$work/said" || fail "hits of a device without a TLB"

# What cannot be asked.
usage() {
    local got=0
    "${@:2}" > "$work/said" 2>&1 || got=$?
    [ $got -eq 2 ] && grep -q -e "$1" "$work/said" || fail "${*:2}: status $got, not: $1"
}
for verb in sweep matrix; do
    usage "--check=arch judges a device, and --dut is missing" $tiny $verb --check=arch
    usage "--check=state: must be arch or cycle" $tiny $verb --check=state --dut=rtl
    usage "--state-every compares model and device clock by clock" $tiny $verb --check=arch --state-every=5 --dut=rtl
done
echo "devices at their own pace: as they should be"
