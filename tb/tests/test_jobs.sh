#!/usr/bin/env bash
# The runner of tests itself (scripts/jobs.sh, scripts/test.sh): what passes, fails and is skipped, by what a job says
# and how it ends; a list without a job is no pass.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# jobs STATUS LINE < list: it must end so, with this line last.
jobs() {
    local got=0
    scripts/jobs.sh "$work/logs" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$1" ] && [ "$(tail -n 1 "$work/said")" = "$2" ] || { echo "exit $got, not $1 with '$2'"; cat "$work/said"; exit 1; }
}
says() { grep -qE "$1" "$work/said" || { echo "nobody says: $1"; cat "$work/said"; exit 1; }; }

printf 'good\ttrue\n' | jobs 0 "1 passed, 0 failed, 0 skipped"
printf 'good\ttrue\nlacking\techo "SKIP: no moon tonight"; exit 77\n' | jobs 0 "1 passed, 0 failed, 1 skipped"
says '^skip .* lacking: no moon tonight$'
printf 'bad\techo why; exit 3\nlacking\techo "SKIP: no moon"; exit 77\n' | jobs 1 "0 passed, 1 failed, 1 skipped"
says '^FAIL .* bad \(exit 3;'
says '^        why$'
# Skipping takes both: who says it and ends well has passed without having looked, who only ends so may have died of it.
printf 'silent\texit 77\n' | jobs 1 "0 passed, 1 failed, 0 skipped"
printf 'sly\techo "SKIP: no moon"\n' | jobs 1 "0 passed, 1 failed, 0 skipped"
printf 'red\techo "SKIP: no moon"; exit 1\n' | jobs 1 "0 passed, 1 failed, 0 skipped"
printf '\n' | jobs 5 "jobs: the list is empty: there is nothing to run"
printf 'one\ttrue\none\tfalse\n' | jobs 2 "jobs: two jobs of one name, which would share a log: one"

got=0
scripts/test.sh TYPO > "$work/said" 2>&1 || got=$?
[ $got -eq 5 ] && [ "$(wc -l < "$work/said")" = 1 ] && grep -q "^test: no test matches 'TYPO'" "$work/said" || { echo "exit $got"; cat "$work/said"; exit 1; }
