#!/usr/bin/env bash
# Full file systems, signals, folders that cannot be made or are shared: the finding is always said, nothing hangs,
# nothing half-written is left. File systems are mounted in a namespace of their own (by root); where that cannot be,
# only the rest is tried.
set -eu
cd "$(dirname "$0")/../.."
twinwalk=$PWD/build/tiny/twinwalk
blocking=$PWD/$(scripts/dut.py where tb/examples/blocking_walker build/tiny)
trace=$PWD/traces/corpus/sqlite3.tw
if [ "${1:-}" != inside ]; then
    mkdir -p out/test # not in /tmp, over which something is mounted below
    work=$(mktemp -d "$PWD/out/test/full.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    if unshare -m --propagation private mount -t tmpfs -o size=64k tmpfs "$work" 2> /dev/null; then
        unshare -m --propagation private "$0" inside "$work" mounts
    else
        "$0" inside "$work"
    fi
    exit
fi
cd "$2"
mounts=${3:-}
fail() { echo "$*"; [ ! -e said ] || cat said; exit 1; }
# status N COMMAND…: ends so within 10 s.
status() {
    local want=$1 got=0
    shift
    timeout 10 "$@" > said 2>&1 < /dev/null || got=$?
    [ "$got" -eq "$want" ] || fail "exit $got, expected $want: $*"
}
says() { grep -q -- "$1" said || fail "did not say: $1"; }
mismatch() { status 1 "$twinwalk" cosim --dut="$blocking" --check=cycle --limit=300 --out="$1" "$trace"; says "^  MISMATCH (pin) in cycle 0"; }
no_parts() { [ -z "$(find . -name '*.part-*')" ] || fail "left behind"; }
folder=mismatch-sqlite3-blocking-tiny-pin-cycle-0

# Two findings never share a folder: not those of one trace again, nor of two at once, nor of two traces.
cp "$trace" other.tw
mismatch out/deep & first=$!
mkdir side
(cd side; timeout 10 "$twinwalk" cosim --dut="$blocking" --check=cycle --limit=300 --out=../out/deep "$trace" > said 2>&1) || :
wait $first
mismatch out/deep
timeout 10 "$twinwalk" cosim --dut="$blocking" --check=cycle --limit=300 --out=out/deep other.tw > said 2>&1 || :
timeout 10 "$twinwalk" random --dut="$blocking" --check=cycle --requests=300 --seed=5 --out=out/deep > said 2>&1 || :
[ "$(ls out/deep)" = "mismatch-other-blocking-tiny-pin-cycle-0
mismatch-random-seed-5-blocking-tiny-pin-cycle-0
$folder
$folder-2
$folder-3" ] || fail "the folders: $(ls out/deep)"
for each in out/deep/*; do
    for file in report.txt rerun.txt state.txt waves.fst waves.gtkw; do [ -s "$each/$file" ] || fail "$each/$file is missing"; done
done
grep -q "$folder-2/rerun.fst" "out/deep/$folder-2/rerun.txt" || fail "a folder with another one's rerun line"
no_parts

# A place that is no folder.
echo precious > file
mismatch file
says "file: the folder cannot be made: Not a directory; give another place by --out"
[ "$(cat file)" = precious ]
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod 500 locked
    mismatch locked/out
    says "Permission denied"
fi

# SIGHUP is like SIGINT and SIGTERM: the waveform so far can be read, the table is there. A second signal ends it at
# once.
for signal in HUP TERM INT; do
    # Not by the shell's &: that ignores SIGINT.
    python3 - "$signal" "$twinwalk" "$trace" <<'EOF' || fail "SIG$signal"
import os, signal, subprocess, sys, time
number = getattr(signal, "SIG" + sys.argv[1])
run = subprocess.Popen([sys.argv[2], "cosim", "--check=state", "--state-every=1", "--waves=wave.fst", "--json=run.json", sys.argv[3]],
                       stdout=open("said", "w"), stderr=subprocess.STDOUT)
while not [name for name in os.listdir(".") if name.startswith("wave.fst.part")]: time.sleep(0.02)
time.sleep(0.3)
run.send_signal(number)
assert run.wait(10) == 130, run.returncode
EOF
    says "INTERRUPTED"
    grep -q '"interrupted"' run.json || fail "no JSON after SIG$signal"
    [ -s wave.fst ] && [ -s wave.gtkw ] || fail "no waveform after SIG$signal"
    fst2vcd wave.fst > wave.vcd && grep -q '^\$enddefinitions' wave.vcd || fail "the waveform after SIG$signal cannot be read"
    rm -f wave.* run.json ./*.flt
    no_parts
done
python3 - "$twinwalk" "$trace" <<'EOF' || fail "two signals"
import signal, subprocess, sys, time
run = subprocess.Popen([sys.argv[1], "storm", "--records=1000000000", "long.tw"], stderr=subprocess.DEVNULL)
time.sleep(0.3)
for _ in range(3): run.send_signal(signal.SIGTERM)
start = time.time()
assert run.wait(5) == 130, run.returncode
EOF
no_parts
# nohup: a SIGHUP that is ignored stays so.
trap '' HUP
"$twinwalk" cosim --check=state --state-every=1 --limit=20000 "$trace" > said 2>&1 & pid=$!
trap - HUP
while kill -HUP $pid 2> /dev/null && ! grep -q Equal said; do sleep 0.02; done
wait $pid || fail "a SIGHUP that was ignored ended the run"

[ "$mounts" ] || { echo "no file system can be mounted here: full ones were not tried"; exit 0; }
mkdir full
try_full() {
    # A waveform that does not fit: said, the verdict too, nothing left.
    status 6 "$twinwalk" cosim --limit=20000 --waves=full/w.fst "$trace"
    says "Equal: everything asked for was compared"
    says "full/w.fst: cannot be written: No space left on device"
    [ -z "$(find full -name 'w.*')" ] || fail "left of the waveform"
    # A finding with no room for its folder: the finding is said, and why the folder is not whole.
    dd if=/dev/zero of=full/stuff bs=1k 2> /dev/null || :
    mismatch full/out
    says "No space left on device"
    [ -z "$(find full -name '*.part-*')" ] || fail "left behind"
    # JSON and traces: what was there stays.
    status 6 "$twinwalk" storm --records=100000 full/storm
    [ ! -e full/storm ] || fail "half a storm"
    # Nearly none: what fits is there, whole.
    truncate -s -8k full/stuff
    mismatch full/out
    [ -s full/out/$folder/report.txt ] && [ -s full/out/$folder/rerun.txt ] || fail "report and rerun line would have fitted"
    [ -z "$(find full -name '*.part-*')" ] || fail "left behind"
    umount full
}
mount -t tmpfs -o size=200k tmpfs full
try_full
if head -c 2M /dev/zero > image && mkfs.ext4 -q image 2> /dev/null && mount -o loop image full 2> /dev/null; then
    dd if=/dev/zero of=full/ballast bs=1k count="$(($(df --output=avail full | tail -1) - 160))" 2> /dev/null
    try_full
fi
# Verilator's writer maps its notes from /tmp.
mount -t tmpfs -o size=2M tmpfs full
mount --bind full /tmp
head -c 1900k /dev/zero > /tmp/stuff
status 6 "$twinwalk" cosim --limit=20000 --waves=w.fst "$trace"
says "/tmp"
mismatch out/tmp
no_parts
