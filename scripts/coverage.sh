#!/usr/bin/env bash
# Runs the chosen stimulus on the RTL that counts, and reports what was reached: scripts/coverage.py, docs/coverage.md.
#
#   scripts/coverage.sh [PRESET…]      tiny and contrary without arguments; built by `make coverage`
#
# Seeds are fixed. Every run is also a comparison: one that finds a difference is a failure. B= is the folder of the
# presets' builds. The counts stay in out/coverage/counts/PRESET-RUN.dat, what the runs said in out/coverage/logs/.
# Exit status (tb/base/exits.h): 0; 1 a difference, or not all was reached; 2 a preset that is not built.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- tiny contrary
presets=$*
build=${B:-build}
out=out/coverage
for preset; do
    [ -x "$build/$preset/twinwalk-cover" ] && continue
    echo "coverage: there is no $build/$preset/twinwalk-cover: \`make coverage\` builds it, of a preset that there is" >&2
    exit 2
done
rm -rf "$out"
mkdir -p "$out/counts"

# job PRESET NAME ARGUMENTS: one run of the bench.
job() {
    local preset=$1 name=$2
    shift 2
    printf '%s-%s\tTWINWALK_COVERAGE=%s/counts/%s-%s.dat %s/%s/twinwalk-cover %s\n' \
        "$preset" "$name" "$out" "$preset" "$name" "$build" "$preset" "$*"
}

list() {
    # The long ones first, so that both processors stay busy to the end.
    for preset in $presets; do
        for seed in 1 2 3 10 4 8 12; do # multiples of 4 are rough: tb/random/random.h
            job "$preset" "random-$seed" random --requests=150000 --check=state --state-every=512 --seed=$seed --out="$out/random-$preset-$seed"
        done
        job "$preset" matrix matrix --dut=rtl --state-every=1024
        # A prime share, so that no kind of access is always left out.
        job "$preset" sweep sweep --dut=rtl --share=1/1009
        job "$preset" vectors vectors traces/vectors/*.txt
        job "$preset" cosim cosim --check=state --limit=30000 --out="$out/cosim-$preset" traces/corpus/sqlite3-start.tw
        job "$preset" cosim-2m cosim --check=state --limit=30000 --pages=thp --out="$out/cosim-2m-$preset" traces/corpus/sqlite3-start.tw
    done
}

list | scripts/jobs.sh "$out/logs" || exit 1
files=()
for preset in $presets; do
    for file in "$out/counts/$preset"-*.dat; do files+=("$preset:$file"); done
done
exec scripts/coverage.py --out "$out" "${files[@]}"
