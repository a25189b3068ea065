#!/usr/bin/env bash
# Every test, on programs that `make test` has built. Ends with a plain line `N passed, N failed, N skipped`
# (scripts/jobs.sh).
#
#   scripts/test.sh [PATTERN]     only the jobs whose name matches the pattern (an extended regular expression); exit status 5 when none does
set -eu
cd "$(dirname "$0")/.."

presets=$(ls config | sed -n '/[ :]/!s/\.toml$//p') # as PRESETS of the Makefile
job() { printf '%s\t%s\n' "$1" "$2"; }

list() {
    # The long ones first, so that both processors stay busy to the end.
    job synth-tiny "scripts/synth.py"
    job defects "scripts/defects.sh"
    # The small set of the corpus: here with all state compared. One at a time: it is one job among many.
    job corpus "scripts/regress.py --set=small --check=state --jobs=1 --fresh"
    for preset in $presets; do
        job "forms-$preset" "build/$preset/twinwalk forms --quick --dut=rtl"
        # That of tiny is tb/tests/test_random_corners.sh.
        [ "$preset" = tiny ] || job "random-$preset" "build/$preset/twinwalk random --requests=400000 --check=state --seed=7 --out=out/test/random-$preset"
        job "sweep-$preset" "build/$preset/twinwalk sweep --dut=rtl --share=7/101"
    done
    job matrix-tiny "build/tiny/twinwalk matrix --dut=rtl"
    job matrix-contrary "build/contrary/twinwalk matrix --dut=rtl"
    for test in build/*/test/test_*; do
        [ -x "$test" ] && [ "${test%.d}" = "$test" ] && job "unit-$(echo "$test" | sed 's|build/\(.*\)/test/test_|\1-|')" "$test"
    done
    # The unit tests of the clocked model, with the RTL in its place.
    for test in build/*/test-rtl/test_*; do
        [ -x "$test" ] && [ "${test%.d}" = "$test" ] && job "rtl-unit-$(echo "$test" | sed 's|build/\(.*\)/test-rtl/test_|\1-|')" "$test"
    done
    for test in tb/tests/test_*.sh; do
        job "$(basename "$test" .sh | sed 's/^test_//; s/_/-/g')" "$test"
    done
    job lint "make -s lint"
    job format "scripts/format.sh --check"
    job architecture "scripts/check_architecture.py"
}

chosen=$(list | PATTERN=${1:-} awk -F '\t' '$1 ~ ENVIRON["PATTERN"]')
[ -n "$chosen" ] || {
    echo "test: no test matches '$1'; the names are those that a run of all prints, as in: unit-tiny-psc, forms-tiny, kvm" >&2
    exit 5
}
unset ARGS MAKEFLAGS MFLAGS # `make test ARGS=PATTERN` is not for the make within a test
printf '%s\n' "$chosen" | scripts/jobs.sh out/test/logs
