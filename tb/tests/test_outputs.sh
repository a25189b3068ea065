#!/usr/bin/env bash
# No output destroys an input or another output; each gets its name when it is whole; JSON on standard output is JSON
# alone.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=$root/build/tiny/twinwalk
cd "$work"
fail() { echo "$*"; [ ! -e said ] || cat said; exit 1; }
# status N COMMAND…: must end with N.
status() {
    local want=$1 got=0
    shift
    "$@" > said 2>&1 < /dev/null || got=$?
    [ "$got" -eq "$want" ] || fail "exit $got, expected $want: $*"
}
untouched() { cmp -s trace kept || fail "the trace was destroyed: $*"; }

printf 'twinwalk-trace 1\nbits 48\nmap 0x400000 0x401000 r-xp\nF 0x400000 4\n' > trace
cp trace kept
ln -s trace link
mkdir sub
cases="twinwalk-trace 1
bits 48
tables own
case nothing
"

# Onto the trace itself, by whatever name: usage, and nothing happens.
for name in trace ./trace sub/../link; do
    for option in json waves smaps rollup top faults; do
        status 2 "$twinwalk" cosim --$option=$name trace
        grep -q "would destroy what is being read" said || fail "--$option=$name did not say why"
        untouched "--$option=$name"
    done
    for option in json smaps rollup top faults; do status 2 "$twinwalk" memory --$option=$name trace; untouched memory $option; done
    for verb in pack text; do "$twinwalk" trace $verb trace $name > said 2>&1 && fail "trace $verb onto itself"; untouched trace $verb; done
done
printf '%s' "$cases" > vectors
cp vectors vectors.kept
status 2 "$twinwalk" vectors --json=vectors vectors
cmp vectors vectors.kept

# An empty name (an unset variable of a script) is no file, and not standard output.
for option in json waves smaps rollup top faults; do
    status 2 "$twinwalk" cosim --$option= trace
    grep -q -- "--$option=: names no file" said || fail "--$option= did not say why"
done
for run in "sweep --only=addresses --json=" "storm ''" "trace pack trace ''" "trace text trace ''"; do
    eval "status 6 \"\$twinwalk\" $run"
    grep -q "this name is empty" said || fail "$run did not say why"
done
[ -z "$(find . -name '.part*')" ] || fail "parts are left of files without a name"

# What writes waves removes what has their name, be it a device: only a regular file may have it.
mkfifo tube
status 6 timeout 10 "$twinwalk" cosim --waves=tube trace
grep -q "it is no regular file" said && [ -p tube ] || fail "--waves=tube"
printf 'twinwalk-pins 1\n40 req 1 3 load 0x1238 user\n' > some.pins
status 6 timeout 10 "$twinwalk" pins --waves=tube some.pins
[ -p tube ] || fail "pins --waves=tube"
status 6 timeout 10 "$twinwalk" profile --waves=tube trace
[ -p tube ] || fail "profile --waves=tube"

# Two outputs onto one file: prints share it, everything else is refused.
for pair in "json smaps" "json waves" "waves top" "json faults"; do
    set -- $pair
    status 2 "$twinwalk" cosim "--$1=both" "--$2=sub/../both" trace
    grep -q "would be written over by" said && [ ! -e both ] || fail "$pair"
done
status 2 "$twinwalk" cosim --json=- --smaps=- trace
status 0 "$twinwalk" memory --rollup=all --top=all --smaps=./all --faults=all trace
for mark in "0x400000" "Rss:" "VmFlags:" "PPID"; do grep -q "$mark" all || fail "all: no $mark"; done
for option in rollup top smaps faults; do
    "$twinwalk" memory --$option=one trace > said
    grep -vxFf all one > missing || :
    [ ! -s missing ] || fail "--$option is not whole in the shared file: $(head -3 missing)"
done

# JSON on standard output is nothing but JSON; the table goes to stderr.
for out in - /dev/stdout; do
    for verb in cosim model memory; do
        "$twinwalk" $verb --json=$out trace 2> said | python3 -c '
import json, sys
root = json.load(sys.stdin)
assert root["schema"] == 1 and root["program"] == "twinwalk" and root["preset"] == "tiny", root
assert root["version"] == open(sys.argv[1] + "/VERSION").read().strip() and root["commit"] is None or root["commit"]
assert root["command_line"][1:] == [sys.argv[2], "--json=" + sys.argv[3], "trace"] and root["host"]["processors"] > 0, root
' "$root" $verb $out || fail "$verb --json=$out"
        grep -q "accesses" said || fail "$verb --json=$out: no table on stderr"
    done
done
"$twinwalk" cosim --json=log trace > log 2> said
python3 -m json.tool log > /dev/null || fail "--json onto the file that is standard output"
"$twinwalk" version | grep -q "^twinwalk $(cat "$root/VERSION")" && "$twinwalk" --version | grep -q "^twinwalk" || fail "no version"
"$twinwalk" random --requests=2000 --json=- 2> said | python3 -m json.tool > /dev/null || fail "random --json=-"

# A pipe gets what a file gets.
mkfifo pipe
python3 -c 'import json; json.load(open("pipe"))["schema"]' & reader=$!
status 0 "$twinwalk" cosim --json=pipe trace
wait $reader || fail "the pipe's reader got no JSON"
"$twinwalk" trace pack trace packed
"$twinwalk" trace pack trace - | cmp - packed || fail "standard output is not the file"
"$twinwalk" trace pack trace /dev/stdout | cmp - packed || fail "/dev/stdout is not the file"

# What stood there stays until the new one is whole, with its rights; no part is left behind.
echo precious > old
chmod 640 old
head -c 700 "$root/traces/corpus/sqlite3.tw" > torn
if "$twinwalk" trace text torn old > said 2>&1; then fail "a torn trace was converted"; fi
[ "$(cat old)" = precious ] || fail "a conversion that failed took the place of what was there"
"$twinwalk" trace text trace old && [ "$(stat -c %a old)" = 640 ] && grep -q twinwalk-trace old || fail "the new file"
chmod 400 old
if [ "$(id -u)" -ne 0 ]; then "$twinwalk" trace text trace old > said 2>&1 && fail "a read-only file was replaced"; fi
ln -s old points
"$twinwalk" trace pack trace points && [ -L points ] && cmp -s packed old || fail "a link was replaced, not what it names"
[ -z "$(find . -name '*.part-*')" ] || fail "left behind: $(find . -name '*.part-*')"

# A full disk is named, and is an error. (File systems that fill up: test_full_disk.sh.)
status 6 "$twinwalk" cosim --json=/dev/full trace
grep -q "No space left" said || fail "/dev/full was not named"
status 6 "$twinwalk" memory --faults=/dev/full trace
status 6 "$twinwalk" storm --records=5000 /dev/full

# A signal: nothing half-written is left.
for signal in TERM HUP; do
    "$twinwalk" storm --records=1000000000 long.tw > said 2>&1 & pid=$!
    until ls long.tw.part-* > /dev/null 2>&1; do kill -0 $pid || fail "storm ended"; sleep 0.05; done
    kill -$signal $pid
    got=0
    wait $pid || got=$?
    [ $got -eq 130 ] && ! ls long.tw* > /dev/null 2>&1 || fail "SIG$signal: exit $got, left: $(ls long.tw*)"
done
