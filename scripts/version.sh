#!/bin/sh
# Writes the version as a C header, when it is another than the header says: the number of the file VERSION, and what
# git says of this checkout.
#
#   scripts/version.sh HEADER
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
# Only of this tree: an unpacked archive may lie within somebody else's.
commit=
if [ -e .git ]; then commit=$(git describe --always --dirty --abbrev=12 2> /dev/null || :); fi
text="#define TWINWALK_VERSION \"$version\"
#define TWINWALK_COMMIT \"$commit\""
[ "$(cat "$1" 2> /dev/null)" = "$text" ] && exit 0
mkdir -p "$(dirname "$1")"
printf '%s\n' "$text" > "$1.$$"
mv "$1.$$" "$1"
