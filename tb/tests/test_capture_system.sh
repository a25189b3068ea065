#!/usr/bin/env bash
# The recorder of whole systems says in one line what is wrong and how to mend it. (That it records what happens it
# checks itself, in every recording: docs/system-capture.md. What of it needs no QEMU is in traces/tests/test_system.c.)
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }
# refused WORDS ARGUMENT…: capture_system.sh must fail and say this.
refused() {
    local words=$1
    shift
    if BUILD=$work/build PLUGIN=${PLUGIN:-/dev/null} scripts/capture_system.sh "$@" > "$work/said" 2>&1; then fail "no error: $*"; fi
    grep -qF -e "$words" "$work/said" || fail "expected \"$words\": $*"
}

refused "where to?" -w tour
refused "WORK=dance" -o "$work/x.tw" -w dance
refused "LEVELS=3" -o "$work/x.tw" -v 3
refused "START=mark21" -o "$work/x.tw" -a mark21
refused "whole numbers" -o "$work/x.tw" -l many
refused "96 to 2048" -o "$work/x.tw" -m 4096
refused "a comma" -o "$work/x,y.tw"
refused "cannot be written" -o "$work/none/x.tw"
QEMU=no-such-qemu refused "apt-get install qemu-system-x86" -o "$work/x.tw"
PLUGIN=$work/none.so refused "is not built" -o "$work/x.tw"

# Packages that cannot be had.
mkdir "$work/bin"
printf '#!/bin/sh\necho "E: no network" >&2\nexit 100\n' > "$work/bin/apt-get"
printf '#!/bin/sh\necho "  Depends: linux-image-6.1.0-0-cloud-amd64"\n' > "$work/bin/apt-cache"
chmod +x "$work/bin/apt-get" "$work/bin/apt-cache"
PATH=$work/bin:$PATH refused "the package linux-image-6.1.0-0-cloud-amd64 cannot be fetched" -o "$work/x.tw"
grep -q "E: no network" "$work/said" || fail "apt-get's own words are missing"
printf '#!/bin/sh\n' > "$work/bin/apt-cache"
PATH=$work/bin:$PATH refused "no package linux-image-cloud-amd64 is known" -o "$work/x.tw"

# The plugin itself, in QEMU.
qemu=$(scripts/qemu.sh system 2> "$work/said") || { sed 's/^/SKIP: /' "$work/said"; exit 77; }
plugin() {
    if timeout 20 "$qemu" -machine q35 -nodefaults -display none -S -plugin "build/system/twinwalk_system.so,$1" > "$work/said" 2>&1; then
        fail "QEMU took $1"
    fi
    grep -qF -e "$2" "$work/said" || fail "expected \"$2\": $1"
}
plugin "out=$work/x.tw,memory=4096,start=mark0" 'wrong option "start'
plugin "out=$work/x.tw,memory=1000" 'wrong option "memory'
plugin "memory=1048576" "out=FILE and memory=BYTES are needed"

# The guest's file system: the same bytes for the same files, and a missing one is named.
mkdir -p "$work/modules/a" && echo module > "$work/modules/a/one.ko" && echo file > "$work/file"
traces/system/initramfs.py "$work/1" "$work/file" "$work/file" one "$work/modules" "$work/file"
touch -d 2000-01-01 "$work/file"
traces/system/initramfs.py "$work/2" "$work/file" "$work/file" one "$work/modules" "$work/file"
cmp "$work/1" "$work/2"
! traces/system/initramfs.py "$work/1" "$work/file" "$work/file" two "$work/modules" "$work/file" > "$work/said" 2>&1 || fail "two.ko is there"
grep -qF "no module two.ko" "$work/said" || fail "two.ko is not named"
