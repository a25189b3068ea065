#!/usr/bin/env bash
# Storms of processes at the edge of memory, through model and RTL in lockstep with all state compared: no mismatch,
# every access reaches the page that its process wrote, the accounts are exact, and nothing is left at the end. Three
# planted defects make the same storm fail.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk

# storm PRESET ARGUMENTS-OF-STORM -- OPTIONS…: must be equal.
storm() {
    local preset=$1 make=()
    shift
    while [ "$1" != -- ]; do make+=("$1"); shift; done
    shift
    $twinwalk storm "${make[@]}" "$work/storm.tw"
    $twinwalk trace check "$work/storm.tw" > /dev/null || { echo "storm ${make[*]} is no legal trace"; exit 1; }
    build/$preset/twinwalk cosim --check=state --signatures --json="$work/json" --out="$work/out" "$@" "$work/storm.tw" > "$work/said" ||
        { echo "$preset, storm ${make[*]}, $*"; tail -12 "$work/said"; exit 1; }
}
# some KEY…: these events must have happened in the last storm.
some() {
    python3 - "$work/json" "$@" <<'END'
import json, sys
events = json.load(open(sys.argv[1]))["kernel"]["events"]
missing = [key for key in sys.argv[2:] if not events[key]]
sys.exit(f"the storm was too calm: no {', '.join(missing)}" if missing else 0)
END
}

storm tiny --seed=3 --records=50K -- --ram=5M --swap=8M
some swap_ins swap_outs cow_copies reuse_faults dropped_clean write_backs forks execs cr3_loads_kept cr3_loads_flushed
storm tiny --seed=4 --records=40K -- --ram=4M --swap=512K --invpcid --pcids=2 --fault-around=16
some oom_kills swap_ins
storm tiny --seed=3 --records=30K --large -- --ram=16M --pages=thp --swap=8M --flush-on-age
some huge_faults splits
storm contrary --seed=2 --records=40K --wide -- --ram=5M --swap=8M
some swap_ins cow_copies

# Without an MMU under test, everything that the OS model believes is checked again and again.
for seed in 11 12 13 14 15 16; do
    $twinwalk storm --seed=$seed --records=40K "$work/storm.tw"
    $twinwalk memory --signatures --verify=100 --ram=$((4 + seed % 3))M --swap=$((seed % 4 * 2))M "$work/storm.tw" > "$work/said" ||
        { echo "memory, seed $seed"; tail -3 "$work/said"; exit 1; }
done

# With one access at a time, and translations dropped when A is cleared, an MMU leaves every A and D bit as program
# order demands: then the kernel does the same with it as with the oracle alone.
$twinwalk storm --seed=17 --records=40K "$work/storm.tw"
for verb in "model --window=1" memory; do
    $twinwalk $verb --ram=5M --swap=4M --flush-on-age --json="$work/${verb%% *}" "$work/storm.tw" > "$work/said" || { tail -3 "$work/said"; exit 1; }
done
python3 - "$work/model" "$work/memory" <<'END'
import json, sys
a, b = (json.load(open(path))["kernel"] for path in sys.argv[1:])
sys.exit(0 if a == b and a["events"]["swap_ins"] > 100 else f"the kernel does otherwise:\n{a['events']}\n{b['events']}")
END

# must_find WHAT OPTIONS…: the defect is seen, and as what.
$twinwalk storm --seed=3 --records=40K "$work/storm.tw"
must_find() {
    local what=$1
    shift
    if $twinwalk cosim --check=state --signatures --ram=5M --swap=8M --out="$work/out" "$@" "$work/storm.tw" > "$work/said"; then
        echo "not seen: $*"; exit 1
    fi
    grep -q "MISMATCH ($what)" "$work/said" || { echo "$*:"; tail -8 "$work/said"; exit 1; }
}
must_find oracle --forget-flush=10
must_find contents --lose-move=1000
if $twinwalk memory --signatures --ram=5M --swap=8M --lose-move=1000 "$work/storm.tw" > "$work/said"; then echo "memory sees no lost page"; exit 1; fi
grep -q "MISMATCH (contents)" "$work/said"
