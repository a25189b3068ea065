#!/bin/sh
# Walk throughput against the number of walkers: `twinwalk-model forms --only=throughput` on variants of a preset that
# differ in nothing but walkers.count (and miss_queue.entries, so that the queue is never the narrow place). The cycle
# model alone; the RTL is measured with the presets' own counts by `make forms`.
#
#   scripts/forms_sweep.sh [PRESET…]      default: tiny skylake. Everything stays under build/forms/.
#
# Exit status 0 only when every form holds on every variant.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- tiny skylake
failed=0
for preset; do
    for walkers in 1 2 4 8 16; do
        name=$preset-w$walkers
        dir=build/forms/$name
        mkdir -p "$dir/gen"
        sed -e "/^\[walkers\]/,/^\[/ s/^count *=.*/count = $walkers/" -e "/^\[miss_queue\]/,/^\[/ s/^entries *=.*/entries = 40/" \
            "config/$preset.toml" > "$dir/$name.toml"
        scripts/config.py header "$dir/$name.toml" > "$dir/gen/mmu_cfg.h"
        make -s PRESET="$preset" B="$dir" "$dir/twinwalk-model"
        echo "== $name"
        "$dir/twinwalk-model" forms --only=throughput --json="$dir/forms.json" > "$dir/forms.txt" || failed=1
        sed -n '/^throughput/,$p' "$dir/forms.txt" | grep -E 'n = |left out|FAIL|stopped|hold'
    done
done
exit $failed
