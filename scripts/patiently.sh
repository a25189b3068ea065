#!/usr/bin/env bash
# Runs a command that may take minutes without a word, and says now and then that it still does (TELLS: every so many
# seconds, 30).
#
#   scripts/patiently.sh WHAT COMMAND [ARGUMENT]…
#
# Exit status: the command's.
set -u
what=$1
shift
tell() {
    local begin=$SECONDS never
    exec {never}<> <(:) # nothing ever comes from there: a wait that leaves no process behind
    while ! read -rt "${TELLS:-30}" -u "$never" && kill -0 "$1" 2> /dev/null; do
        echo "  $what: $((SECONDS - begin)) s" >&2
    done
}
tell $$ &
teller=$!
disown
status=0
"$@" || status=$?
kill $teller
exit $status
