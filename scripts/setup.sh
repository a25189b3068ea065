#!/bin/sh
# Installs what Twinwalk needs and this machine lacks, from Debian's packages. Does nothing, and needs no network, when
# all is there. Called by the Makefile before everything else.
set -eu

packages="
build-essential pkg-config python3
verilator libsystemc-dev zlib1g-dev libzstd-dev liblzma-dev libjansson-dev libcmocka-dev
qemu-user qemu-system-x86 valgrind clang libclang-rt-dev gtkwave xvfb xauth imagemagick
"
# Commands that may have come another way than by the package named beside them.
commands="npm:npm"

missing=""
for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
for pair in $commands; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

fail() {
    echo "setup: $1" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || fail "missing:$missing. This is not a Debian system: install their equivalents by hand."
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "missing:$missing. Run 'apt-get install$missing' as root."
    as_root=sudo
fi
echo "setup: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "could not install:$missing (the end of apt-get's output is above). Mend the package source or the network, then run this again."
fi
