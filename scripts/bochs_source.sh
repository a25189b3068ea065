#!/bin/sh
# Bochs' source, the package `bochs` of Debian 13, by apt with lists of its own: nothing is installed and the machine's
# configuration stays as it is.
#
#   scripts/bochs_source.sh FOLDER    unpacks it to FOLDER/bochs-VERSION, unless it is there, and says so; prints that path
#
# MIRROR names another Debian mirror. Used by capture_bochs.sh and judge_bochs.sh.
set -eu

name=${CALLER:-bochs_source}
die() { echo "$name: $*" >&2; exit 2; }

[ $# -eq 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
version=3.0 mirror=${MIRROR:-http://deb.debian.org/debian} keys=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$1"
folder=$(cd "$1" && pwd)
case $folder in *[[:space:]]*) die "$folder: the path has blanks, which Bochs' makefiles cannot take" ;; esac
source=$folder/bochs-$version
if [ ! -d "$source" ]; then
    for tool in apt-get tar; do
        command -v $tool > /dev/null || die "$tool is not installed; this needs a Debian system"
    done
    [ -r $keys ] || die "$keys is missing (Debian: apt-get install debian-archive-keyring)"
    mkdir -p "$folder/apt/state/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/files"
    echo "deb-src [signed-by=$keys] $mirror trixie main" > "$folder/apt/sources.list"
    set -- -qq -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State="$folder/apt/state" \
        -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root
    echo "$name: fetching Bochs' source from $mirror" >&2
    # The source alone: Debian's patches concern documentation and packaging.
    { apt-get "$@" update && cd "$folder/apt/files" && apt-get "$@" source --download-only --tar-only bochs; } > "$folder/apt/log" 2>&1 || {
        tail -n 3 "$folder/apt/log" >&2
        die "Bochs' source cannot be fetched (above: apt's last words). It is the package 'bochs' of Debian 13; is $mirror reachable?" \
            "Unpacked elsewhere, it may be put into $source by hand."
    }
    set -- "$folder"/apt/files/bochs_"$version"*.orig.tar.xz
    [ -r "$1" ] || die "Debian 13 has another version of Bochs than $version: $(cd "$folder/apt/files" && echo *.orig.tar.*)"
    mkdir -p "$folder/unpack"
    tar -xf "$1" -C "$folder/unpack"
    mv "$folder/unpack/bochs-$version" "$source"
fi
echo "$source"
