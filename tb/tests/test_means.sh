#!/usr/bin/env bash
# Every planted defect is seen by two kinds of stimulus, none of which hangs on a seed: tb/defects/means.txt says by which, and
# has a row for each of tb/defects/*.toml and for nothing else. In a tree of its own, with one thing wrong at a time, that is told.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }

scripts/defects_means.py --check > "$work/said" 2>&1 || fail "status $?"
grep -qE '^([0-9]+) of \1 planted defects are seen by two means$' "$work/said" || fail "not all of them"

# red WORDS SED-SCRIPT FILE
red() {
    local got=0
    rm -rf "$work/tree"
    mkdir "$work/tree"
    cp -r --parents scripts tb/defects "$work/tree"
    sed -i "$2" "$work/tree/$3"
    ! cmp -s "$3" "$work/tree/$3" || fail "nothing changed in $3: $2"
    "$work/tree/scripts/defects_means.py" --check > "$work/said" 2>&1 || got=$?
    [ $got -eq 1 ] && grep -q -- "$1" "$work/said" || fail "exit $got, expected 1 and \"$1\""
}
table=tb/defects/means.txt
red 'psc_survives_invlpg: seen by nothing that is written down' '/^psc_survives_invlpg /d' $table
red 'psc_survives_invlpg: seen by directed:oracle alone' 's/^\(psc_survives_invlpg\) .*/\1 directed:oracle/' $table
red 'psc_survives_invlpg: seen by units:a units:b alone' 's/^\(psc_survives_invlpg\) .*/\1 units:a units:b/' $table
red 'means.txt has no_such_defect, which is no defect' '$ a no_such_defect vectors:expectation units:assertion' $table
red 'one_more: seen by nothing' '0,/"psc_survives_invlpg"/s//"one_more"/' tb/defects/psc.toml
