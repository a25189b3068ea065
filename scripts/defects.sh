#!/usr/bin/env bash
# What judges is itself judged: every defect of tb/defects/*.toml, planted in the RTL, must be seen by the comparator
# that should see it.
#
#   scripts/defects.sh [PATTERN]     only defects whose line of `scripts/plant_defects.py list` matches the pattern (grep -E)
#
# The same stimulus must be green without a defect. The next weaker level must be green with it (of traces; random
# stimulus, pins, sweep and matrix always have a clock). A timing-only defect (kind T) must be green in all directed cases of
# its preset, which know no clock, and if its stimulus is a trace, green at --check=arch and red at --check=cycle.
# Prints a line a defect: number, name, preset, kind, real bugs, level, comparator, what it said, seconds. Ends with `N
# passed, N failed`; exit status 0 only when none failed. BUILD= is the folder with a build folder for each preset. The
# bench's own words stay in out/defects/.
set -u
cd "$(dirname "$0")/.."
export build=${BUILD:-build} out=out/defects cases="vectors traces/vectors/*.txt"
for preset in $(scripts/plant_defects.py presets); do
    MAKEFLAGS= make -s -j2 -f Makefile -f tb/defects/rules.mk PRESET="$preset" B="$build/$preset" "$build/$preset/twinwalk-defects" || exit 1
done
list=$(scripts/plant_defects.py list | grep -E -- "${1:-}") || { echo "defects: no defect matches \"${1:-}\"" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"

# bench NUMBER PRESET LEVEL RUN LOG: the kind of its finding, `green`, or `broken` for anything else (a crash, a
# complaint, no end).
bench() {
    local status verdict equal
    local -a run
    eval "run=($4)"
    case ${run[0]} in
    cosim | random)
        # How often all state is compared means nothing at a weaker level, and the bench says so.
        [ "$3" = state ] || for word in "${!run[@]}"; do [[ ${run[word]} != --state-every=* ]] || unset "run[$word]"; done
        run+=(--check="$3" --out="$5.out")
        equal='^  Equal' ;;
    sweep | matrix)
        run+=(--dut=defective)
        equal="^${run[0]}: .* 0 differences" ;;
    pins)
        run+=(--dut=defective)
        equal='^  Equal' ;;
    vectors)
        run+=(--on=defective)
        equal='^defective .* [1-9][0-9]* passed, 0 failed' ;;
    esac
    TWINWALK_DEFECT=$1 timeout 60 "$build/$2/twinwalk-defects" "${run[@]}" > "$5" 2>&1 < /dev/null
    status=$?
    verdict=$(sed -n 's/^ *\(MISMATCH\|HANG\) (\([a-z]*\)).*/\2/p; s/^FAILED on .*/expectation/p' "$5" | head -n 1)
    case $status-$verdict in
    0-) grep -q "$equal" "$5" && echo green || echo broken ;;
    1-?*) echo "$verdict" ;;
    *) echo broken ;;
    esac
}

# said LOG: the finding in one line.
said() {
    sed -n '/^ *\(MISMATCH\|HANG\|FAILED\)/,$ { s/^ *MISMATCH (.*) \(in part\|at\) //; s/^ *//; p }' "$1" | grep -v '^see ' | head -n 3 |
        tr -s ' \n' ' ' | cut -c 1-110
}

one() {
    local number name family kind preset level sees run begin tenths got got_also verdict=ok log
    IFS=$'\t' read -r number name family kind preset level sees run <<< "$1"
    log=$out/$number-$name
    begin=$(date +%s%N)
    got=$(bench "$number" "$preset" "$level" "$run" "$log.$level")
    [ "$got" = "$sees" ] || verdict="FAIL: $got at $level, should be $sees"
    # also LEVEL VERDICT [RUN]
    also() {
        [ "$1" = "$level" ] && return
        got_also=$(bench "$number" "$preset" "$1" "${3:-$run}" "$log.also-$1")
        [ "$got_also" = "$2" ] || verdict="FAIL: $got_also at $1, should be $2"
    }
    case $level-$run in
    events-*) also arch green ;;
    cycle-cosim*) also events green ;;
    state-*) also cycle green ;;
    esac
    if [ "$kind" = T ]; then
        also arch green "$cases"
        case $level-$run in
        events-*) also cycle pin ;;
        cycle-cosim*) also arch green ;;
        esac
    fi
    tenths=$((($(date +%s%N) - begin) / 100000000))
    printf '%3d %-32s %-8s %s %-6s %-6s %-11s %s  %d.%d s  %s\n' "$number" "$name" "$preset" "$kind" "$family" "$level" "$got" "$verdict" \
        $((tenths / 10)) $((tenths % 10)) "$(said "$log.$level")"
}

none() {
    local preset level run got log
    IFS=$'\t' read -r preset level run <<< "$1"
    log=$out/none-$(echo "$preset $level $run" | tr -c 'A-Za-z0-9.=#>\n' -)
    got=$(bench 0 "$preset" "$level" "$run" "$log")
    printf '  0 %-32s %-8s %s: %s at %s\n' none "$preset" "$([ "$got" = green ] && echo ok || echo "FAIL: $got")" "$run" "$level"
}
export -f bench said one none

# Both processors; a few lines of a job are written at once.
parallel() {
    tr '\n' '\0' | xargs -0 -P 2 -I{} bash -c "$1"' "$1"' _ {}
}

{
    awk -F '\t' -v cases="$cases" '
        { print $5 "\t" $6 "\t" $8 }
        $4 == "T" { print $5 "\tarch\t" cases }
        $4 == "T" && $8 ~ /^cosim/ { print $5 "\tarch\t" $8; print $5 "\tcycle\t" $8 }
        $6 == "events" { print $5 "\tarch\t" $8 }
        $6 == "state" { print $5 "\tcycle\t" $8 }
        $6 == "cycle" && $8 ~ /^cosim/ { print $5 "\tevents\t" $8 }' <<< "$list" |
        sort -u | parallel none
    printf '%s\n' "$list" | parallel one
} | tee "$out/lines"
failed=$(grep -c 'FAIL:' "$out/lines")
passed=$(grep -vc 'FAIL:' "$out/lines")
[ $((failed + passed)) -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
