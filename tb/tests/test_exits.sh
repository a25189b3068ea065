#!/usr/bin/env bash
# Every way a run can end: docs/exits.md has the table, this test makes each of its rows come about whose test is
# `exits`, and sees status and message.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tiny=build/tiny/twinwalk
contrary=build/contrary/twinwalk
blocking=$(scripts/dut.py where tb/examples/blocking_walker build/tiny)
trace=traces/corpus/sqlite3.tw
: > "$work/tried"

fail() { echo "$*"; cat "$work/said"; exit 1; }

# The status that the table gives a row.
status_of() { awk -F ' *[|] *' -v name="$1" '$2 == name {print $4}' docs/exits.md; }

# ends NAME TEXT… -- COMMAND…: it ends with the status of that row of docs/exits.md, and says every text.
ends() {
    local name=$1 texts=() got=0 status
    shift
    while [ "$1" != -- ]; do texts+=("$1"); shift; done
    shift
    status=$(status_of "$name")
    [ -n "$status" ] || { echo "docs/exits.md has no row $name"; exit 1; }
    echo "$name" >> "$work/tried"
    timeout 60 "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ "$got" -eq "$status" ] || fail "$name: exit $got, expected $status: $*"
    for text in "${texts[@]}"; do
        grep -qF -- "$text" "$work/said" || fail "$name: not said: $text"
    done
}
full() { "$@" > /dev/full; }
export -f full
text() { printf 'twinwalk-trace 1\n%b' "$2" > "$work/$1"; }

# ---- what is compared and equal, or not ----
text good "bits 48\nmap 0x400000 0x401000 r-xp\nF 0x400000 4\n"
text wrong "tables own\nmov cr3 0x1000\nL 0x900000 8 -> ok\n"
ends equal "Equal: everything asked for was compared." -- $tiny cosim --limit=1000 $trace
ends agrees "Everything agrees with the oracle." -- $tiny model --limit=1000 $trace
ends expectation "MISMATCH (expectation) in cycle" "see  " -- $tiny cosim --out="$work/out" "$work/wrong"
ends hang "HANG (hang) in cycle" -- $tiny cosim --out="$work/out" --check=arch --dut=null --limit=1000 $trace

for verb in "sweep --only=keys" matrix "headline --quick"; do
    ends sweep-differs "MISMATCH (pin)" -- $tiny $verb --dut=null
done
ends form-fails "FAIL" "stopped in cycle" -- $tiny forms --only=reads --dut=null

# ---- what cannot be asked for ----
ends no-command "no such command" "Usage: twinwalk COMMAND" -- $tiny toast
ends no-command "Usage: twinwalk COMMAND" -- $tiny
ends bad-option "--window=1000: must be 1 to 256" -- $tiny cosim --window=1000 $trace
ends bad-option "--toast" -- $tiny memory --toast $trace
ends bad-option "--limit=0: must be 1" -- $tiny cosim --limit=0 $trace
ends no-trace "no trace given" -- $tiny cosim
ends no-device "--dut=toaster: this binary has no such device" -- $tiny cosim --dut=toaster $trace
ends from-after-to "--from=10 is after --to=5" -- $tiny cosim --from=10 --to=5 $trace
ends waves-without "--waves-from and --waves-to are for --waves=FILE, which is missing" -- $tiny cosim --waves-from=10 $trace
ends window-of-no-state "has no readable state" -- $tiny cosim --dut=$blocking --from=10 $trace
ends window-of-no-clock "need both twins on one clock" -- $tiny cosim --check=arch --from=10 $trace

ends window-of-pins "--from and --to are for --pins=FILE, which is missing" -- $tiny profile --from=10 $trace
ends state-every-of-no-state "--state-every is for --check=state" -- $tiny cosim --state-every=10 $trace
text own "tables own\npoke 0x1000 7\nmov cr3 0x1000\nL 0x900000 8 -> pf 0x4\n"
for verb in cosim "cosim --check=arch" model profile; do
    for option in smaps="$work/smaps" forget-flush=3 pages=4k ram=8M; do
        ends os-of-own-tables "--${option%=*} is for the OS model, and $work/own brings its own page tables" -- $tiny $verb "--$option" "$work/own"
    done
done
[ ! -e "$work/smaps" ] || fail "smaps of a trace with its own tables"
ends speed-of-random "--speed replays a trace" -- $tiny random --speed
for verb in forms sweep matrix headline; do
    ends no-part "twinwalk $verb: --only=typo: no part has such a name" -- $tiny $verb --only=typo
    ends bad-option "twinwalk $verb: toast: takes no argument" -- $tiny $verb toast
    ends no-device "twinwalk $verb: --dut=toaster: this binary has no such device" -- $tiny $verb --dut=toaster
done
ends no-part "no part has such a name" -- $tiny matrix --op=typo
ends no-name "--json=: names no file" -- $tiny cosim --limit=10 --json= $trace
for list in "" , 1, 1-2 -1 x 99999999999999999999; do
    ends no-number "--explain=$list: must be numbers of accesses" -- $tiny profile --limit=1000 --explain="$list" $trace
done
ends no-case "no case has a name that matches --case" -- $tiny vectors --case=typo traces/vectors/walk.txt
for share in 1 3/2 1/0 -1/2 1/2x; do
    ends bad-share "--share=$share: must be I/N with I less than N" -- $tiny sweep --share=$share
done
for verb in sweep matrix; do
    ends bad-option "--state-every compares the state of a device, and --dut is missing" -- $tiny $verb --state-every=5
    ends bad-option "--state-every: blocking has no readable state" -- $tiny $verb --state-every=5 --dut=$blocking
    ends bad-option "--state-every=often: not a number" -- $tiny $verb --dut=rtl --state-every=often
done
for judge in kvm qemu; do
    ends judge-usage "$judge: --bits=99: must be 36 to 52" -- build/judges/$judge --bits=99
    ends judge-usage "--cases=0: must be 1 to" -- build/judges/$judge --cases=0
    ends judge-usage "--toast" -- build/judges/$judge --toast
done

# ---- inputs ----
ends no-file "none.tw: " "No such file or directory" -- $tiny cosim none.tw
text empty ""
ends empty "the trace is empty" -- $tiny cosim "$work/empty"
for line in "map 0x400000 0x401000 r-xp" "syscall mmap 0 0x1000 3 0x22 -1 0 = 0x7f0000000000" exit; do
    text own "tables own\n$line\nL 0x1000 8\n"
    text no-case "tables own\n"
text silent-case "tables own\ncase a\nL 0 1 -> pf 0x4 cr2=0\ncase b\nmov cr3 0x1000\nL 0 1\n"
ends says-nothing "no-case: holds no case" -- $tiny vectors "$work/no-case" traces/vectors/walk.txt
ends says-nothing "silent-case:5: the case b says nowhere what is right" -- $tiny vectors "$work/silent-case"
ends misplaced-map "BAD INPUT: record 0: a trace with its own tables has no OS" -- $tiny cosim "$work/own"
done
for line in "mov cr3 0x1000" "wrpkru 0" "poke 0x1000 7" "entry 0x1000 7"; do
    text os "bits 48\nmap 0x400000 0x401000 r-xp\n$line\nF 0x400000 4\n"
    ends misplaced-control "BAD INPUT: record 1: only traces with their own tables" -- $tiny cosim "$work/os"
    ends misplaced-in-memory "BAD INPUT: " "record 1: only traces with their own tables" -- $tiny memory "$work/os"
done

ends trace-bad "none.tw: cannot open" -- $tiny trace info none.tw
ends trace-bad 'expected "twinwalk-trace 1"' -- $tiny trace text docs/exits.md
ends trace-bad "only traces with their own tables" -- $tiny trace check "$work/os"
ends trace-onto-itself "is the trace being read; write to another file" -- $tiny trace pack "$work/good" "$work/good"
ends no-command "unknown verb toast" -- $tiny trace toast

# ---- what the preset does not have, or should not have ----
own="tables own\npoke 0x1000 0x2067\npoke 0x2000 0x3067\nmov cr0 0x80010001\nmov cr4 0x20\nwrmsr efer 0xd00\n"
text 57 "bits 57\ntables own\nmov cr4 0x1020 -> ok\n"
ends needs-more "cannot run on this preset: " "57-bit linear addresses (arch.la57 = false), which preset tiny does not have" -- $tiny cosim "$work/57"
text wider "${own}poke 0x3000 0x4067\npoke 0x4000 0x1000005067\nmov cr3 0x1000\nL 0x0 8 -> ok pa=0x1000005000 4k\n"
ends needs-wider "wider physical addresses, of at least 37 bits, and preset tiny has 36 (arch.paddr_bits)" -- $tiny cosim "$work/wider"
text narrower "${own}poke 0x3000 0x4067\npoke 0x4000 0x10000005067\nmov cr3 0x1000\nL 0x0 8 -> pf 0xd\n"
ends needs-narrower "narrower physical addresses, of at most 40 bits, and preset contrary has 52 (arch.paddr_bits)" -- $contrary cosim "$work/narrower"
ends needs-narrower "narrower physical addresses, of at most 40 bits" -- $contrary model "$work/narrower"
text no-cr3 "tables own\nmov cr3 0x10000000000 -> gp\n"
ends needs-narrower "narrower physical addresses, of at most 40 bits" -- $contrary cosim "$work/no-cr3"
text no-1g "tables own\npoke 0x1000 0x2067\npoke 0x2000 0x400000e7\nmov cr0 0x80010001\nmov cr4 0x20\nmov cr3 0x1000\nL 0x0 8 -> pf 0xd\n"
ends needs-less "a processor without 1-GByte pages (arch.page_1g = true), which preset tiny does not have" -- $tiny cosim "$work/no-1g"
text no-pku "tables own\nmov cr4 0x400020 -> gp\n"
ends needs-less "a processor without protection keys for user pages" -- $tiny cosim "$work/no-pku"

text vector "tables own\ncase only-m40 m=40\npoke 0x1000 0x2007\nmov cr3 0x1000\nL 0x0 1 sup -> pf 0x0 cr2=0x0\n"
ends no-engine-ran "model: preset tiny can run none of the 1 cases" "rtl: preset tiny can run none" -- $tiny vectors --on=model,rtl "$work/vector"
ends no-engine-ran "model: preset tiny can run none of the 1 cases" "oracle   1 cases, 1 passed" -- $tiny vectors "$work/vector"
ends judge-not-here "SKIP: /dev/null: " -- build/judges/kvm --device=/dev/null

# ---- nothing, or less than was asked for ----
ends nothing-in-share "no combination falls into this share" "nothing compared" -- $tiny sweep --share=99999999999/999999999999
ends nothing-to-cut "nothing to cut" -- $tiny trace cut "$work/good" 100 1 "$work/cut.tw"
ends no-answer "INCOMPLETE: no request was answered, so nothing was compared" -- $tiny random --cycles=1
ends no-cell "every cell that is asked for cannot be on this preset" -- $tiny matrix --only="INVLPG, TCE"
ends access-not-reached "the run ended before access 5000" -- $tiny profile --limit=1000 --explain=5000,3 $trace
ends equal "walk of access 3:" "walk of access 20:" -- $tiny profile --limit=1000 --explain=20,3,3 $trace
ends profile-not-reached "no cycle of those for --pins was stepped through" -- $tiny profile --limit=100 --pins="$work/pins" --from=99999999 $trace
ends profile-not-reached "no cycle of those for --waves was stepped through" -- $tiny profile --limit=100 --waves="$work/p.fst" --waves-from=99999999 $trace
text idle "bits 48\nmap 0x400000 0x401000 r-xp\n"
for verb in cosim "cosim --check=arch" model; do
    ends no-access "INCOMPLETE: the trace has no access, so nothing was compared" -- $tiny $verb "$work/idle"
done
ends no-access-in-memory "INCOMPLETE: " "the trace has no access" -- $tiny memory "$work/idle"
ends window-not-reached "INCOMPLETE: --from=99999999: the run ended in cycle" -- $tiny cosim --limit=1000 --from=99999999 $trace
ends window-not-reached "no state was compared there" -- $tiny cosim --limit=1000 --from=99999998 --to=99999999 $trace
ends waves-not-reached "INCOMPLETE: --waves-from=99999999: the run ended in cycle" -- $tiny cosim --limit=1000 --waves="$work/w.fst" --waves-from=99999999 $trace

# A window is compared whole: also with one end only, and where everything waits for memory and cycles are jumped over.
compared() { sed -n 's/.*states compared *\([0-9,]*\).*/\1/p' "$work/said" | tr -d ,; }
ends equal "Equal" -- $tiny cosim --limit=1000 --from=1000 $trace
[ "$(compared)" -gt 1000 ] || fail "--from=1000 compared $(compared) states"
ends equal "Equal" -- $tiny cosim --limit=1000 --to=1000 $trace
[ "$(compared)" -eq 1001 ] || fail "--to=1000 compared $(compared) states"
for from in 500 501 502 503 504 505 506 507 508 509; do
    ends equal "Equal" -- $tiny cosim --latency=1000 --limit=10 --from=$from --to=$from $trace
    [ "$(compared)" -eq 1 ] || fail "--from=$from --to=$from compared $(compared) states"
done
ends equal "Equal" -- $tiny cosim --latency=1000 --limit=10 --waves="$work/narrow.fst" --waves-from=500 --waves-to=501 $trace
[ -s "$work/narrow.fst" ] || fail "no waveform of a window in which everything waits"

# ---- outputs ----
ends table-to-full-disk "twinwalk: standard output cannot be written" -- bash -c 'full "$@"' - $tiny cosim --limit=1000 $trace
for verb in "cosim" "model" "memory" "random" "sweep" "matrix" "forms" "headline" "vectors" "storm"; do
    ends help-to-full-disk "twinwalk: standard output cannot be written" -- bash -c 'full "$@"' - $tiny $verb --help
done
ends help-to-full-disk "twinwalk: standard output cannot be written" -- bash -c 'full "$@"' - $tiny version
ends trace-to-full-disk "No space left on device" -- $tiny trace pack $trace /dev/full
ends trace-to-full-disk "No space left on device" -- $tiny storm --records=5000 /dev/full
ends table-to-full-disk "twinwalk: standard output cannot be written" -- bash -c 'full "$@"' - $tiny trace info $trace
ends json-to-full-disk "cannot be written: No space left on device" -- $tiny cosim --limit=1000 --json=/dev/full $trace
for verb in "sweep --only=types" "matrix --only=wrpkru" "forms --only=reads" "headline --quick --only=reach"; do
    ends json-to-full-disk "--json=/dev/full: cannot be written" -- $tiny $verb --json=/dev/full
    ends table-to-full-disk "twinwalk" "cannot be written" -- bash -c 'full "$@"' - $tiny $verb
done
ends json-to-full-disk "cannot be written" -- $tiny memory --limit=1000 --json=/dev/full $trace
ends mismatch-to-full-disk "MISMATCH (expectation)" "cannot be written" -- $tiny cosim --out="$work/out" --json=/dev/full "$work/wrong"

# ---- signals ----
# signalled SIGNAL COMMAND…: gets the signal as soon as it listens, and ends as it ends.
signalled() {
    local caught=0 signal=$1
    shift
    "$@" &
    while [ $((caught & 0x4003)) -ne $((0x4003)) ]; do # HUP, INT, TERM
        caught=0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$!/status" 2> /dev/null) || return 99
        [ "$caught" != 0x ] || return 99
    done
    kill "-$signal" $!
    wait $!
}
export -f signalled
for file in traces/vectors/*.txt; do for _ in $(seq 100); do set -- "$@" "$file"; done; done
ends bench-interrupted "INTERRUPTED: " -- bash -c 'signalled "$@"' - INT $tiny sweep --dut=rtl
ends bench-interrupted "INTERRUPTED: " -- bash -c 'signalled "$@"' - TERM $tiny matrix --dut=rtl
ends bench-interrupted "INTERRUPTED: " -- bash -c 'signalled "$@"' - HUP $tiny forms --dut=rtl
printf 'twinwalk-pins 1\n%s req 1 3 load 0x1238 user\n' 18446744073709551000 > "$work/late.pins"
ends bench-interrupted "INTERRUPTED: " -- bash -c 'signalled "$@"' - TERM $tiny pins "$work/late.pins"
ends bench-interrupted "INTERRUPTED: " -- bash -c 'signalled "$@"' - TERM $tiny headline --dut=rtl
ends bench-interrupted "INTERRUPTED: " -- bash -c 'signalled "$@"' - HUP $tiny vectors "$@"

# ---- the statuses in the code, and the first table ----
tr -d '\n' < tb/base/exits.h | grep -o 'STATUS_[A-Z]* *= *[0-9]*' | sed 's/STATUS_\([A-Z]*\) *= */\L\1 /' > "$work/wanted"
sed -n 's/^| \([0-9]*\) | \([a-z]*\) | [^|]* |$/\2 \1/p' docs/exits.md > "$work/have"
cmp -s "$work/wanted" "$work/have" || { echo "tb/base/exits.h and the first table of docs/exits.md differ:"; diff "$work/wanted" "$work/have"; exit 1; }

# ---- the table and this test tell of the same ----
rows() { sed -n '/exits: begin/,/exits: end/s/^| \([a-z0-9-]*\) |.*| \([a-z_]*\) |$/\1 \2/p' docs/exits.md | grep -v '^name test$'; }
rows | awk '$2 == "exits" {print $1}' | sort -u > "$work/wanted"
sort -u "$work/tried" > "$work/have"
cmp -s "$work/wanted" "$work/have" || { echo "docs/exits.md and what was tried differ:"; diff "$work/wanted" "$work/have"; exit 1; }
[ "$(rows | cut -d ' ' -f 1 | sort | uniq -d | wc -l)" -eq 0 ] || { echo "two rows of docs/exits.md have one name"; exit 1; }
for test in $(rows | cut -d ' ' -f 2 | sort -u); do
    [ -x "tb/tests/test_$test.sh" ] || { echo "docs/exits.md names the test $test, which is not there"; exit 1; }
done
