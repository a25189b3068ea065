#!/bin/sh
# Finds the QEMU that the recorders are made for: 7.2, with plugins (Debian 12's). Prints its path.
#
#   scripts/qemu.sh [--fetch] user|system       qemu-x86_64 or qemu-system-x86_64
#
# It is the one that QEMU names, or that in PATH if it will do (Debian 13's qemu-x86_64 takes no plugins, and its QEMU
# has not all of the functions), or Debian 12's under build/qemu. --fetch brings it there, from the package source of
# this system: nothing is installed, Debian's keys are checked, and what it needs of libraries that this system has not
# comes along. Exit status: 0; 7 there is none, with one line on stderr.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
into=$root/build/qemu
fetch=
[ "${1:-}" != --fetch ] || { fetch=1; shift; }
case ${1:-} in
user) name=qemu-x86_64 package=qemu-user ;;
system) name=qemu-system-x86_64 package=qemu-system-x86 ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

die() { echo "qemu: $*" >&2; exit 7; }
# will_do FILE: it runs, is a 7, and takes plugins.
will_do() { "$1" --version 2> /dev/null | grep -q 'version 7\.' && "$1" -h 2> /dev/null | grep -q '^-plugin'; }

if [ -n "${QEMU:-}" ]; then
    command -v "$QEMU" && exit
    die "$QEMU is not installed (Debian: apt-get install $package)"
fi
in_path=$(command -v $name || true)
if [ -n "$in_path" ] && will_do "$in_path"; then echo "$in_path"; exit; fi
if [ -x "$into/usr/bin/$name" ]; then echo "$into/usr/bin/$name"; exit; fi
has="is not installed"
[ -z "$in_path" ] || has="is $("$in_path" --version 2> /dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p'), and the recorder needs 7.2 with plugins"
[ -n "$fetch" ] || die "$name $has: \`scripts/qemu.sh --fetch $1\` brings Debian 12's under build/qemu, QEMU=/path/to/$name names another"

command -v apt-get > /dev/null || die "$name $has, and there is no apt-get to fetch Debian 12's with: QEMU=/path/to/$name names one"
echo "  fetch     $package 7.2 of Debian 12" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/x"
: > "$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${DEBIAN:-http://deb.debian.org/debian} bookworm main" > "$work/sources.list"
apt() {
    apt-get -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$work/lists" \
        -o Dir::State::status="$work/status" -o Dir::Cache="$work" -o APT::Sandbox::User=root "$@" > "$work/said" 2>&1
}
cannot() { tail -n 3 "$work/said" >&2; die "$name $has, and Debian 12's could not be fetched (apt-get's last words are above)"; }
apt update || cannot
apt install -y --download-only --no-install-recommends $package patchelf || cannot
for deb in "$work"/archives/*.deb; do dpkg-deb -x "$deb" "$work/x"; done

# Of the libraries only those that this system lacks: the others, and above all libc, are to be the plugin's too.
mkdir -p "$into/usr/bin" "$into/usr/lib" "$into/usr/share"
while library=$(LD_LIBRARY_PATH=$into/usr/lib ldd "$work/x/usr/bin/$name" | sed -n 's/^\s*\(\S*\) => not found$/\1/p' | head -n 1) && [ -n "$library" ]; do
    found=$(find "$work/x" -name "$library" | head -n 1)
    [ -n "$found" ] || die "$name of Debian 12 needs $library, which this system has not"
    cp -L "$found" "$into/usr/lib/$library"
    "$work/x/usr/bin/patchelf" --set-rpath "$into/usr/lib" "$into/usr/lib/$library"
done
for data in qemu seabios; do
    [ ! -d "$work/x/usr/share/$data" ] || cp -RL "$work/x/usr/share/$data" "$into/usr/share/" 2> /dev/null || true # a few links lead to other packages
done
"$work/x/usr/bin/patchelf" --set-rpath "$into/usr/lib" "$work/x/usr/bin/$name"
will_do "$work/x/usr/bin/$name" || die "Debian 12's $name was fetched and does not run here: $("$work/x/usr/bin/$name" --version 2>&1 | head -n 1)"
mv "$work/x/usr/bin/$name" "$into/usr/bin/$name"
echo "$into/usr/bin/$name"
