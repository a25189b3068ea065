#!/bin/sh
# Records a trace of an x86-64 Linux program, its threads and all processes that it starts, with qemu-x86_64 and
# traces/capture/.
#
#   scripts/capture.sh -o OUT [-l LIMIT] [-s SKIP] [-z LEVEL] [-q QUANTUM] [-x] [-e NAME=VALUE]… PROGRAM [ARGUMENT]…
#   CMD='PROGRAM ARGUMENT…' OUT=FILE LIMIT=N SKIP=N LEVEL=N QUANTUM=N scripts/capture.sh        (make capture)
#
#   -o OUT     the trace to write            -l LIMIT  record at most so many accesses, of all processes together
#   -s SKIP    leave out the first accesses  -x        end the program at the limit
#   -z LEVEL   zstd, 1 … 19 (smallest)       -q N      records after which another task has its turn in the trace (8192)
#   -e N=V     a variable for the program; apart from these it sees LC_ALL=C and PATH alone, so that the same command gives the same trace
#
# PLUGIN names the built plugin (default: build/capture/twinwalk_capture.so, with twinwalk-collect beside it); QEMU the
# emulator (default: what scripts/qemu.sh finds).
set -eu

die() { echo "capture: $*" >&2; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
plugin=${PLUGIN:-$root/build/capture/twinwalk_capture.so}
collect=$(dirname -- "$plugin")/twinwalk-collect
out=${OUT:-} limit=${LIMIT:-} skip=${SKIP:-} level=${LEVEL:-} quantum=${QUANTUM:-} after=

# The variables are kept one a line, each quoted for the shell.
quote() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
env="LC_ALL=C PATH=/usr/bin:/bin"

while getopts o:l:s:z:q:xe:h opt; do
    case $opt in
    o) out=$OPTARG ;;
    l) limit=$OPTARG ;;
    s) skip=$OPTARG ;;
    z) level=$OPTARG ;;
    q) quantum=$OPTARG ;;
    x) after=exit ;;
    e) case $OPTARG in *=*) ;; *) die "-e wants NAME=VALUE, not $OPTARG" ;; esac
       env="$env $(quote "$OPTARG")" ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || eval "set -- ${CMD:-}"
[ $# -gt 0 ] || die "which program? CMD='sqlite3 :memory: …', or behind the options (-h for help)"
[ -n "$out" ] || die "where to? OUT=FILE or -o FILE"
case $plugin in *,*) die "$plugin: a comma cannot be passed to QEMU; build elsewhere" ;; esac
qemu_path=$("$root"/scripts/qemu.sh user) || exit 2
[ -r "$plugin" ] && [ -x "$collect" ] || die "$plugin or twinwalk-collect is not built; 'make capture' builds them"
for n in "$limit" "$skip" "$level" "$quantum"; do
    case $n in *[!0-9]*) die "LIMIT, SKIP, LEVEL and QUANTUM are whole numbers, not $n" ;; esac
done

# A file, as execvp looks for it: the shell's own commands do not count.
find_program() {
    case $1 in */*) printf '%s' "$1"; return ;; esac
    IFS=:
    for dir in $PATH; do
        [ -f "$dir/$1" ] && [ -x "$dir/$1" ] && { printf '%s' "$dir/$1"; return; }
    done
    return 0
}
program=$(find_program "$1")
[ -n "$program" ] && [ -e "$program" ] || die "$1: no such program"

recorded= # the command as a shell would take it
for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=,+@%-]* | '') word="'$word'" ;; esac
    recorded=$recorded${recorded:+ }$word
done
set -- --plugin="$(realpath -- "$plugin")" --qemu="$(realpath -- "$qemu_path")" --out="$out" ${limit:+--limit="$limit"} ${skip:+--skip="$skip"} \
    ${level:+--level="$level"} ${quantum:+--quantum="$quantum"} ${after:+--after="$after"} --program="$recorded" "$program" "$@"
eval "exec env -i $env \"\$collect\" \"\$@\""
