#!/usr/bin/env bash
# Whole systems, in small (tb/tests/kernels/: what Linux does to its page tables; random_tables.py: what no kernel
# should), in lockstep: what is counted as legally stale; the same from a file, a pipe and a named pipe; what a pipe
# cannot do; traces that a preset cannot run.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tiny=build/tiny/twinwalk
contrary=build/contrary/twinwalk

# counts NAME PROGRAM COMPARED EQUAL OURS THEIRS AGAIN FLAGS: the figures of its run.
counts() {
    "$2" cosim --check=state --json="$work/json" --out="$work/out" "tb/tests/kernels/$1.txt" > "$work/said" || { cat "$work/said"; exit 1; }
    python3 - "$work/json" "$@" <<'PY'
import json, sys
own = json.load(open(sys.argv[1]))["own_tables"]
got = [own[key] for key in ("compared", "equal", "ours_was_stale", "theirs_was_stale", "made_again", "flags_not_set")]
if got != [int(n) for n in sys.argv[4:]] or own["unexplained"] or own["compared"] != own["equal"] + own["ours_was_stale"] + own["theirs_was_stale"]:
    sys.exit(f"{sys.argv[3]} {sys.argv[2]}: {own}")
PY
}
for program in $tiny $contrary; do
    counts pti $program 6 6 0 0 0 0
    counts cow $program 5 5 0 0 0 0
    counts fork $program 7 6 1 0 0 0
    counts unmap $program 6 5 1 0 0 0
    counts tables $program 5 5 0 0 0 0
    counts young $program 5 5 0 0 0 2
    counts global $program 3 2 1 0 0 0
done
# A relaxed right: AMD and policy.fault_rewalk = 1 never fault for nothing; contrary does, once, and the access is made
# again.
counts relax $tiny 4 4 0 0 0 0
counts relax $contrary 4 4 0 0 1 0
counts pcid $tiny 8 7 1 0 0 0

# An unruly kernel: whatever comes out is explained.
for seed in 1 2 3; do
    tb/tests/random_tables.py $seed 6000 pcid > "$work/unruly.txt"
    $tiny cosim --check=state --out="$work/out" "$work/unruly.txt" > "$work/said" || { echo "seed $seed:"; cat "$work/said"; exit 1; }
    tb/tests/random_tables.py $seed 6000 > "$work/unruly.txt"
    $contrary cosim --check=state --out="$work/out" "$work/unruly.txt" > "$work/said" || { echo "seed $seed:"; cat "$work/said"; exit 1; }
done

# The same results from a file, from standard input and from a named pipe, text and binary.
bare() { sed -e '/"command_line": \[/,/\]/d; /"trace":\|seconds\|records_in_trace/d' "$1" > "$1.bare"; }
same() {
    bare "$1"
    cmp "$work/file.json.bare" "$1.bare" || { echo "$2 gave other results"; exit 1; }
}
for form in txt tw; do
    trace=$work/fork.$form
    if [ $form = tw ]; then $tiny trace pack tb/tests/kernels/fork.txt "$trace"; else cp tb/tests/kernels/fork.txt "$trace"; fi > "$work/said"
    $tiny cosim --json="$work/file.json" --out="$work/out" "$trace" > "$work/said"
    bare "$work/file.json"
    cat "$trace" | $tiny cosim --json="$work/pipe.json" --out="$work/out" - > "$work/said"
    same "$work/pipe.json" "a pipe"
    mkfifo "$work/fifo.$form"
    cat "$trace" > "$work/fifo.$form" &
    $tiny cosim --json="$work/fifo.json" --out="$work/out" "$work/fifo.$form" > "$work/said"
    same "$work/fifo.json" "a named pipe"
done

# refuse STATUS TEXT -- COMMAND…
refuse() {
    local status=$1 text=$2 got=0
    shift 3
    timeout 60 "$@" --out="$work/out" > "$work/said" 2>&1 || got=$?
    [ "$got" -eq "$status" ] && grep -qF -- "$text" "$work/said" || { echo "exit $got, expected $status and '$text': $*"; cat "$work/said"; exit 1; }
}

# A mismatch from a pipe: what was found is reported, and what a pipe cannot give is said.
sed 's/pa=0x32010/pa=0x32011/' tb/tests/kernels/cow.txt > "$work/wrong.txt"
refuse 1 "MISMATCH (expectation)" -- $tiny cosim "$work/wrong.txt"
mkfifo "$work/wrong"
cat "$work/wrong.txt" > "$work/wrong" &
refuse 1 "came through a pipe" -- $tiny cosim "$work/wrong"
refuse 1 "MISMATCH (expectation)" -- $tiny cosim - < "$work/wrong.txt"
refuse 2 "a pipe can be read only once" -- $tiny cosim --check=arch - < "$work/wrong.txt"
refuse 2 "a pipe can be read only once" -- $tiny cosim --speed - < "$work/wrong.txt"
head -c $(($(stat -c %s "$work/fork.tw") / 2)) "$work/fork.tw" > "$work/torn.tw"
refuse 3 "torn" -- $tiny cosim - < "$work/torn.tw"

# What a preset does not have is no mismatch: one line, exit status 4.
head="twinwalk-trace 1\nbits 48\ntables own\n"
printf "twinwalk-trace 1\nbits 57\ntables own\nmov cr4 0x1020 -> ok\n" > "$work/la57.txt"
refuse 4 "57-bit linear addresses (arch.la57 = false), which preset tiny" -- $tiny cosim "$work/la57.txt"
[ "$(wc -l < "$work/said")" -eq 1 ] || { echo "more than one line:"; cat "$work/said"; exit 1; }
refuse 4 "process-context identifiers (arch.pcid = false), which preset contrary" -- $contrary cosim tb/tests/kernels/pcid.txt
printf "${head}mov cr4 0x400020 -> ok\n" > "$work/pku.txt"
refuse 4 "protection keys for user pages (arch.pku = false)" -- $contrary cosim "$work/pku.txt"
printf "${head}poke 0x1000 0x2007\npoke 0x2000 0x40000087\nmov cr0 0x80010001\nmov cr4 0x20\nmov cr3 0x1000\nL 0x1008 8 -> ok pa=0x40001008 1g\n" > "$work/1g.txt"
refuse 4 "1-GByte pages (arch.page_1g = false)" -- $contrary cosim "$work/1g.txt"
$tiny cosim --out="$work/out" "$work/1g.txt" > "$work/said"
printf "${head}poke 0x1000000000 0x7\n" > "$work/high.txt"
refuse 4 "arch.paddr_bits = 36" -- $tiny cosim "$work/high.txt"
printf "${head}mov cr3 0x1000000000 -> ok\n" > "$work/cr3.txt"
refuse 4 "wider physical addresses" -- $tiny cosim "$work/cr3.txt"
# But what no processor would do is a mismatch.
printf "${head}mov cr4 0x0 -> ok\n" > "$work/pae.txt"
refuse 1 "MISMATCH (expectation)" -- $tiny cosim "$work/pae.txt"
