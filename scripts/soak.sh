#!/usr/bin/env bash
# Constrained-random stimulus in lockstep for every preset, all state compared, until CYCLES (20,000,000) clock cycles
# have been stepped through in each; then a table: cycles a preset, requests, mismatches, corners met. SEED (1).
# PRESETS: only those. `make soak` has built the programs.
#
# Cycles that the bench jumps over because everything waits for memory do not count. Exit status 0 only when every run
# was equal.
set -eu
cd "$(dirname "$0")/.."
presets=${PRESETS:-$(ls config | sed -n "/[ :]/!s/\\.toml$//p")}
failed=0
mkdir -p out/soak
for preset in $presets; do
    rm -f "out/soak/$preset.json"
    printf '%s\t%s\n' "random-$preset" \
        "build/$preset/twinwalk random --check=state --cycles=${CYCLES:-20000000} --seed=${SEED:-1} --out=out/soak/$preset --json=out/soak/$preset.json"
done | scripts/jobs.sh out/soak/logs || failed=1

# shellcheck disable=SC2086
python3 - $presets <<'EOF' || failed=1
import json, sys
total = [0, 0, 0]
bad = 0
print(f"{'preset':12} {'lockstep cycles':>15} {'requests':>13} {'states':>10} {'mismatches':>10}  {'verdict':11} corners met")
for preset in sys.argv[1:]:
    try:
        with open(f"out/soak/{preset}.json") as file:
            run = json.load(file)
    except (OSError, ValueError) as error:
        print(f"{preset}: no results: {error}; see out/soak/logs/random-{preset}.log", file=sys.stderr)
        bad = 1
        continue
    cycles, random = run["cycles_dut"] - run["cycles_skipped"], run["random"]
    corners = random["corners"].values()
    print(f"{preset:12} {cycles:15,} {random['answers']:13,} {run['states_compared']:10,} {run['mismatches']:10}  {run['verdict']:11} "
          f"{sum(n > 0 for n in corners)} of {len(corners)}")
    total = [a + b for a, b in zip(total, [cycles, random["answers"], run["mismatches"]])]
    bad |= run["verdict"] != "equal"
print(f"{'total':12} {total[0]:15,} {total[1]:13,} {'':10} {total[2]:10}")
sys.exit(bad)
EOF
exit $failed
