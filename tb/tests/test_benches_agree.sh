#!/usr/bin/env bash
# The --cc and the SystemC bench, skipping idle cycles or not: identical translations and cycle counts on the same
# trace.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What must be equal: everything of the JSON but the speed and how it was come by.
essence() {
    python3 - "$1" <<'PY'
import json, sys
result = json.load(open(sys.argv[1]))
for key in ("speed", "cycles_skipped", "dut", "states_compared", "command", "command_line", "simulator",
            "evaluations_per_clock"):
    result.pop(key, None)
print(json.dumps(result, sort_keys=True))
PY
}
for file in config/*.toml; do
    preset=$(basename "$file" .toml)
    case $preset in ecp5 | mini) continue ;; esac # built without SystemC: SIZES of the Makefile
    for trace in sqlite3 python3; do
        options="--check=state --limit=150000 --out=$work traces/corpus/$trace.tw"
        build/$preset/twinwalk cosim $options --json="$work/cc.json" > "$work/log"
        build/$preset/twinwalk-sc cosim $options --json="$work/sc.json" > "$work/log"
        build/$preset/twinwalk cosim $options --no-skip --json="$work/step.json" > "$work/log"
        [ "$(essence "$work/cc.json")" = "$(essence "$work/sc.json")" ] || { echo "$preset $trace: --cc and SystemC differ"; exit 1; }
        [ "$(essence "$work/cc.json")" = "$(essence "$work/step.json")" ] || { echo "$preset $trace: skipping idle cycles changes the run"; exit 1; }
        grep -q '"dut": "systemc"' "$work/sc.json" || { echo "the SystemC bench did not run the SystemC device"; exit 1; }
    done
done
