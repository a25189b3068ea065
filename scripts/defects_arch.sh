#!/usr/bin/env bash
# The defects of tb/defects/*.toml in an MMU whose clock is not the model's: each is planted in a changed design, and must
# be seen without a clock: by the vectors, random stimulus, the sweep or the matrix at --check=arch.
#
#   scripts/defects_arch.sh [PATTERN]     only defects whose line of `scripts/plant_defects.py list` matches it (grep -E)
#   OF=…      the changed design: a patch, a folder, a revision (tb/changes/stlb_latency.patch)
#   PRESET=…  (tiny)
#   OUT=…     where the bench's own words stay (out/defects-arch)
#   QUICK=1   only the short runs: a defect that they miss is not looked for any longer
#
# Timing-only defects (kind T) are none of an architecture. Those that their own stimulus shows only by a clock (a level
# above arch) need not be seen here, and are counted apart. A defect whose text the change has replaced is left out, and
# counted. Without a defect all must be green. Prints a line a defect, then how many of each kind were seen, by what.
# Exit status 0: every defect of level arch was seen, and there were some.
set -u
cd "$(dirname "$0")/.."
export OF=${OF:-tb/changes/stlb_latency.patch} PRESET=${PRESET:-tiny} QUICK=${QUICK:-} out=${OUT:-out/defects-arch}
program=$(python3 scripts/compare/build.py "$OF" "$PRESET" twinwalk-defects) || exit
export program
rm -rf "$out"
mkdir -p "$out"
scripts/plant_defects.py list |
    awk -F '\t' -v preset="$PRESET" -v left="$(dirname "$program")/defects/rtl/left_out" '
        BEGIN { while ((getline name < left) > 0) gone[name] = 1 }
        $4 != "T" && $5 == preset { print > ("'"$out"'/" ($2 in gone ? "gone" : "here")) }'
touch "$out/gone" "$out/here"
grep -E -- "${1:-}" "$out/here" > "$out/list" || { echo "defects: no defect matches \"${1:-}\"" >&2; exit 1; }

# ask NUMBER NAME WORD…: how the run ends: `green`, `red`, or `broken` for anything else (a crash, no end).
ask() {
    local log=$out/$2.$3 status
    TWINWALK_DEFECT=$1 timeout 300 "$program" "${@:3}" > "$log" 2>&1 < /dev/null
    status=$?
    case $status in
    0) echo green ;;
    1) grep -qE '^ *(MISMATCH|HANG|FAILED)' "$log" && echo red || echo broken ;;
    *) echo broken ;;
    esac
}

# seen NUMBER NAME: by which verb, `nothing`, or `broken VERB`.
seen() {
    local verb got
    local -a runs=(
        "vectors --on=defective traces/vectors/*.txt"
        "random --check=arch --requests=60000 --out=$out/folders-$1"
        "matrix --check=arch --dut=defective --share=3/11"
        "sweep --check=arch --dut=defective --share=7/400")
    local -a longer=(
        "sweep --check=arch --dut=defective --share=3/20 --only=types"
        "matrix --check=arch --dut=defective"
        "random --check=arch --requests=300000 --seed=2 --out=$out/folders-$1")
    [ "$QUICK" ] || runs+=("${longer[@]}")
    for run in "${runs[@]}"; do
        # shellcheck disable=SC2086  # words, and a pattern of files
        got=$(ask "$1" "$2" $run)
        verb=${run%% *}
        case $got in
        red) echo "$verb"; return ;;
        broken) echo "broken $verb"; return ;;
        esac
    done
    echo nothing
}

one() {
    local number name kind level by verdict=ok
    IFS=$'\t' read -r number name _ kind _ level _ <<< "$1"
    by=$(seen "$number" "$name")
    case $by-$level in
    broken*) verdict="FAIL: $by" ;;
    nothing-arch) verdict="FAIL: not seen" ;;
    nothing-*) verdict=unseen ;;
    esac
    printf '%3d %-34s %s %-7s %-8s %s\n' "$number" "$name" "$kind" "$level" "${by%% *}" "$verdict"
}
export -f ask seen one

none=$(seen 0 none)
[ "$none" = nothing ] || { echo "  0 none: FAIL: $OF without a defect is not green: $none"; exit 1; }
echo "  0 none: green"
tr '\n' '\0' < "$out/list" | xargs -0 -P 2 -I{} bash -c 'one "$1"' _ {} | tee "$out/lines"
awk -v gone="$(grep -c . "$out/gone")" '
    { all[$3]++; kinds[$3] }
    $5 != "nothing" && $5 != "broken" { red[$3]++; by[$5]++; total++ }
    /FAIL:/ { failed++ }
    / unseen$/ { apart++ }
    END {
        for (kind in kinds) printf "%s: %d of %d seen; ", kind, red[kind], all[kind]
        printf "\n%d of %d seen (", total, NR
        for (verb in by) printf "%s %d ", verb, by[verb]
        printf "first), %d need a clock, %d left out: the change has replaced their text, %d failed\n", apart, gone, failed
        exit failed > 0 || !total
    }' "$out/lines"
