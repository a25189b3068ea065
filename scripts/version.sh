#!/bin/sh
# Writes the version as a C header, when it is another than the header says: the number of the file VERSION, and what
# git says of this checkout. Sources that git does not know make a tree as dirty as changed ones do: the Makefile builds
# what is there.
#
#   scripts/version.sh HEADER|-      -: to standard output
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
# Only of this tree: an unpacked archive may lie within somebody else's.
commit=
if [ -e .git ]; then commit=$(git describe --always --dirty --abbrev=12 2> /dev/null || :); fi
case $commit in
'' | *-dirty) ;;
*)
    others=$(git ls-files --others --exclude-standard -- 'rtl/*' 'config/*' '*.[ch]' '*.cpp' '*.sv' '*.svh' '*.vlt' '*.mk' 2> /dev/null || :)
    [ -z "$others" ] || commit=$commit-dirty
    ;;
esac
text="#define TWINWALK_VERSION \"$version\"
#define TWINWALK_COMMIT \"$commit\""
if [ "$1" = - ]; then
    printf '%s\n' "$text"
    exit
fi
[ "$(cat "$1" 2> /dev/null)" = "$text" ] && exit 0
mkdir -p "$(dirname "$1")"
printf '%s\n' "$text" > "$1.$$"
mv "$1.$$" "$1"
