#!/bin/sh
# Records a trace of an x86-64 Linux program with qemu-x86_64 and the plugin of traces/capture/.
#
#   scripts/capture.sh -o OUT [-l LIMIT] [-s SKIP] [-z LEVEL] [-x] [-e NAME=VALUE]… PROGRAM [ARGUMENT]…
#   CMD='PROGRAM ARGUMENT…' OUT=FILE LIMIT=N SKIP=N LEVEL=N scripts/capture.sh        (make capture)
#
#   -o OUT     the trace to write            -l LIMIT  record at most so many accesses
#   -s SKIP    leave out the first accesses  -x        end the program at the limit
#   -z LEVEL   zstd, 1 … 19 (smallest)
#   -e N=V     a variable for the program; apart from these it sees LC_ALL=C and PATH alone, so that the same command gives the same trace
#
# PLUGIN names the built plugin (default: build/capture/twinwalk_capture.so); QEMU the emulator (default: qemu-x86_64).
set -eu

die() { echo "capture: $*" >&2; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
plugin=${PLUGIN:-$root/build/capture/twinwalk_capture.so}
qemu=${QEMU:-qemu-x86_64}
out=${OUT:-} limit=${LIMIT:-} skip=${SKIP:-} level=${LEVEL:-} after= env='LC_ALL=C,PATH=/usr/bin:/bin'

while getopts o:l:s:z:xe:h opt; do
    case $opt in
    o) out=$OPTARG ;;
    l) limit=$OPTARG ;;
    s) skip=$OPTARG ;;
    z) level=$OPTARG ;;
    x) after=exit ;;
    e) env=$env,$OPTARG ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || eval "set -- ${CMD:-}"
[ $# -gt 0 ] || die "which program? CMD='sqlite3 :memory: …', or behind the options (-h for help)"
[ -n "$out" ] || die "where to? OUT=FILE or -o FILE"
case $out in *,*) die "$out: a comma cannot be passed to a plugin of QEMU; choose another name" ;; esac
command -v "$qemu" > /dev/null || die "$qemu is not installed (Debian: apt-get install qemu-user)"
[ -r "$plugin" ] || die "$plugin is not built; 'make capture' builds it"
for n in "$limit" "$skip" "$level"; do
    case $n in *[!0-9]*) die "LIMIT, SKIP and LEVEL are whole numbers, not $n" ;; esac
done

program=$(command -v "$1") || die "$1: no such program"
[ "$(od -An -c -N4 "$program" | tr -d ' ')" = '177ELF' ] || die "$program is no ELF program (a script? name its interpreter)"
recorded= # the command as a shell would take it
for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=,+@%-]* | '') word="'$word'" ;; esac
    recorded=$recorded${recorded:+ }$word
done
shift

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# -seed: the random bytes that the kernel gives to a program are always the same.
env -i TWINWALK_PROGRAM="$recorded" "$(command -v "$qemu")" -seed 1 -U TWINWALK_PROGRAM -E "$env" -d page -D "$log" \
    -plugin "$plugin,out=$out,layout=$log${limit:+,limit=$limit}${skip:+,skip=$skip}${level:+,level=$level}${after:+,after=$after}" "$program" "$@" || status=$?
[ $status -lt 128 ] || echo "capture: $out: a signal ended the program (status $status); the trace ends with the last whole block" >&2
exit $status
