#!/usr/bin/env bash
# Records programs and replays them: every access lies in a mapping, the same command gives the same accesses again, and
# a program of threads and processes is recorded as what it is. Whatever ends a program or a recording, the trace is
# whole.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk
fail() { echo "$*"; cat "$work/said" 2> /dev/null; exit 1; }
accesses() { $twinwalk trace info "$1" | sed -n 's/^accesses *//p'; }
# capture STATUS NAME OPTION… PROGRAM…: records $work/NAME.tw, which must be whole; what is said goes to $work/said.
capture() {
    local status=$1 name=$2 got=0
    shift 2
    scripts/capture.sh -o "$work/$name.tw" "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$status" ] || fail "exit $got, expected $status: $*"
    $twinwalk trace check "$work/$name.tw" > "$work/checked" 2>&1 || { cat "$work/checked"; fail "the trace of $* is no good"; }
}

# Where there is no QEMU that takes plugins, one line says so and how to come by one.
mkdir "$work/bin"
printf '#!/bin/sh\necho "qemu-x86_64 version 10.0.13 (Debian)"\n' > "$work/bin/qemu-x86_64"
printf '#!/bin/sh\necho "E: no network" >&2\nexit 100\n' > "$work/bin/apt-get"
chmod +x "$work/bin/qemu-x86_64" "$work/bin/apt-get"
mkdir -p "$work/elsewhere/scripts" && cp scripts/qemu.sh "$work/elsewhere/scripts"
for option in "" --fetch; do
    ! PATH=$work/bin:$PATH "$work/elsewhere/scripts/qemu.sh" $option user > "$work/said" 2>&1 || fail "a QEMU without plugins was taken"
    tail -n 1 "$work/said" | grep -qF "qemu-x86_64 is 10.0.13, and the recorder needs 7.2 with plugins" || fail "no word on plugins $option"
done
scripts/qemu.sh user > /dev/null 2> "$work/said" || { sed 's/^/SKIP: /' "$work/said"; exit 77; }
got=0
QEMU=$work/bin/qemu-x86_64 scripts/capture.sh -o "$work/x.tw" true > "$work/said" 2>&1 || got=$?
[ $got -eq 1 ] && grep -q "has not run the recorder: it takes no plugins" "$work/said" || fail "exit $got of a QEMU without plugins"

loop='i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i'
capture 0 a /bin/sh -c "$loop"
grep -qx 200 "$work/said"
capture 0 b /bin/sh -c "$loop"
[ "$(accesses "$work/a.tw")" = "$(accesses "$work/b.tw")" ] || fail "twice the same: $(accesses "$work/a.tw"), $(accesses "$work/b.tw")"
$twinwalk cosim --check=state --out="$work" "$work/a.tw"
build/skylake/twinwalk cosim --check=state --pages=thp --out="$work" "$work/a.tw"

# Threads, fork, exec, shared memory, a killed child, code that is written and run.
${CC:-cc} -O1 -pthread -o "$work/program" traces/capture/tests/program.c
capture 42 tasks "$work/program"
grep -qx "again executed" "$work/said"
$twinwalk trace text "$work/tasks.tw" > "$work/tasks.txt"
# The order in which threads run is the system's choice, and so may be the numbers of later ones: sorted, without them.
grep -E '^(clone|exec|exit|exit_group|open [0-9]+ nofile)\b' "$work/tasks.txt" | sed -E 's/^(clone) [0-9]+/\1/; s/^(exit thread)=.*/\1/; s/shared:.*/shared/' | sort > "$work/events"
sort > "$work/expected" << END
clone
clone
clone
clone vm files thread
clone vm files thread
clone vm files thread
exec thread=1 $(realpath "$work/program" | tail -c 64)
exit thread
exit thread
exit thread
exit_group
exit_group thread=1
exit_group thread=1
exit_group thread=1
open 3 nofile memfd:shared
END
diff "$work/expected" "$work/events" || fail "the tasks are others"
# Each worker has done all its rounds: 20 x 500, of at least five instructions.
awk '$1 == "clone" && /vm/ { n[$2] = 0 }
     $1 == "F" { split($NF, t, "="); if (t[1] == "thread") n[t[2]]++ }
     $1 == "exit" { split($2, t, "="); print n[t[2]] }' "$work/tasks.txt" > "$work/workers"
awk '$1 < 50000 || $1 > 100000 { exit 1 }' "$work/workers" || { cat "$work/workers"; fail "the workers have not done their work"; }
# Both processes have stored to the page that they share, and the kernel to buffers of both.
shared=$(sed -nE 's/^syscall mmap 0 0x1000 3 1 3 0 = (0x[0-9a-f]+)$/\1/p' "$work/tasks.txt")
grep -qx "S $shared 4" "$work/tasks.txt" || fail "no store of the parent to $shared"
grep -qxE "S 0x$(printf %x $((shared + 4))) 4 thread=1" "$work/tasks.txt" || fail "no store of the child"
grep -qE '^S .* 1 sup ac thread=1$' "$work/tasks.txt" || fail "the byte that the child has read is missing"

# What one thread did to memory stands before another's munmap of it.
capture 0 unmap "$work/program" unmap

# Pipelines and scripts; a limit and a gap in the middle count over all processes.
printf '#!/bin/sh -e\nls / | sort | wc -l\nexit 5\n' > "$work/script"
chmod +x "$work/script"
capture 5 script "$work/script"
$twinwalk trace text "$work/script.tw" | sed -n 's/^exec.*\///p' | sort | tr '\n' ' ' | grep -qx 'ls sort wc ' || fail "not all programs of the pipeline are there"
capture 5 middle -s 300000 -l 200000 "$work/script"
[ "$(accesses "$work/middle.tw")" = 200000 ] || fail "$(accesses "$work/middle.tw") accesses, not 200000"
capture 0 ended -l 100000 -x sh -c 'sleep 1000 & sleep 1000 | cat'

# Killed programs; more tasks than numbers; what cannot be done.
capture 137 killed sh -c 'kill -KILL $$'
$twinwalk trace text "$work/killed.tw" | tail -1 | grep -qx exit_group || fail "the killed program has not ended"
capture 1 many "$work/program" many
grep -q "more than 256 tasks" "$work/said" || fail "no word on 256 tasks"
refuse() {
    local text=$1
    shift
    ! scripts/capture.sh "$@" > "$work/said" 2>&1 || fail "not refused: $*"
    [ "$(wc -l < "$work/said")" -eq 1 ] && grep -qF -- "$text" "$work/said" || fail "$* did not say '$text'"
}
refuse "no such program" -o "$work/x.tw" no-such-program
refuse "Permission denied" -o "$work/x.tw" /etc/passwd
refuse "No such file" -o "$work/none/x.tw" true
refuse "No space left" -o /dev/full true
QEMU=no-qemu refuse "not installed" -o "$work/x.tw" true
refuse "whole number" -o "$work/x.tw" -l 0 true
