#!/usr/bin/env bash
# What judges is itself judged: every defect of tb/defects/*.toml, planted in the RTL, must be seen by the comparator that should see it.
#
#   scripts/defects.sh [PATTERN]     only defects whose line of `scripts/plant_defects.py list` matches the pattern (grep -E)
#
# The same stimulus must be green without a defect. The next weaker level must be green with it (of traces; random stimulus always has
# a clock), and a timing-only defect (kind T) must be green at --check=arch and red at --check=cycle.
# Prints a line a defect: number, name, kind, real bugs, level, comparator, what it said, seconds. Ends with `N passed, N failed`; exit
# status 0 only when none failed. B= is the build folder of preset tiny. The bench's own words stay in out/defects/.
set -u
cd "$(dirname "$0")/.."
build=${B:-build/tiny}
export binary=$build/twinwalk-defects out=out/defects
MAKEFLAGS= make -s -j2 -f Makefile -f tb/defects/rules.mk PRESET=tiny B="$build" "$binary" || exit 1
list=$(scripts/plant_defects.py list | grep -E -- "${1:-}") || { echo "defects: no defect matches \"${1:-}\"" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"

# bench NUMBER LEVEL RUN LOG: the kind of its finding, `green`, or `broken` for anything else (a crash, a complaint, no end).
bench() {
    local status verdict
    TWINWALK_DEFECT=$1 timeout 60 "$binary" $3 --check="$2" --out="$4.out" > "$4" 2>&1 < /dev/null
    status=$?
    verdict=$(sed -n 's/^  \(MISMATCH\|HANG\) (\([a-z]*\)) in cycle.*/\2/p' "$4")
    case $status-$verdict in
    0-) grep -q '^  Equal' "$4" && echo green || echo broken ;;
    1-?*) echo "$verdict" ;;
    *) echo broken ;;
    esac
}

# said LOG: the finding in one line.
said() {
    sed -n '/^  \(MISMATCH\|HANG\)/,$ s/^    *//p' "$1" | grep -v '^see ' | head -n 3 | tr -s ' \n' ' ' | cut -c 1-110
}

one() {
    local number name family kind level sees run begin tenths got got_also verdict=ok log
    IFS=$'\t' read -r number name family kind level sees run <<< "$1"
    log=$out/$number-$name
    begin=$(date +%s%N)
    got=$(bench "$number" "$level" "$run" "$log.$level")
    [ "$got" = "$sees" ] || verdict="FAIL: $got at $level, should be $sees"
    also() {
        [ "$1" = "$level" ] && return
        got_also=$(bench "$number" "$1" "$run" "$log.$1")
        [ "$got_also" = "$2" ] || verdict="FAIL: $got_also at $1, should be $2"
    }
    case $level-$run in
    events-*) also arch green ;;
    cycle-cosim*) also events green ;;
    state-*) also cycle green ;;
    esac
    if [ "$kind" = T ]; then
        [ "$level" = events ] || also arch green
        also cycle pin
    fi
    tenths=$((($(date +%s%N) - begin) / 100000000))
    printf '%3d %-30s %s %-6s %-6s %-7s %s  %d.%d s  %s\n' "$number" "$name" "$kind" "$family" "$level" "$got" "$verdict" \
        $((tenths / 10)) $((tenths % 10)) "$(said "$log.$level")"
}

none() {
    local level=${1%%$'\t'*} run=${1#*$'\t'} got log
    log=$out/none-$(echo "$level $run" | tr -c 'a-z0-9.=\n' -)
    got=$(bench 0 "$level" "$run" "$log")
    printf '  0 %-30s %s: %s at %s\n' none "$([ "$got" = green ] && echo ok || echo "FAIL: $got")" "$run" "$level"
}
export -f bench said one none

# Both processors; a few lines of a job are written at once.
parallel() {
    tr '\n' '\0' | xargs -0 -P 2 -I{} bash -c "$1"' "$1"' _ {}
}

{
    awk -F '\t' '{ print $5 "\t" $7 } $4 == "T" { print "arch\t" $7; print "cycle\t" $7 } $5 == "state" { print "cycle\t" $7 }
                  $5 == "cycle" && $7 ~ /^cosim/ { print "events\t" $7 }' <<< "$list" |
        sort -u | parallel none
    printf '%s\n' "$list" | parallel one
} | tee "$out/lines"
failed=$(grep -c 'FAIL' "$out/lines")
passed=$(grep -vc 'FAIL' "$out/lines")
[ $((failed + passed)) -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
