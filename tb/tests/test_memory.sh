#!/usr/bin/env bash
# Processes of a trace under the OS model: who has what, who ends how, what the accounts say; in `memory`, `model` and
# `cosim` alike.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk

fail() { echo "$*"; exit 1; }
# trace NAME: the body on standard input, below one program's layout.
trace() {
    { printf 'twinwalk-trace 1\nbits 48\nprogram /bin/first with arguments\n'
      printf 'map 0x400000 0x402000 r-xp file /bin/first\nmap 0x402000 0x404000 rw-p file offset=0x2000 /bin/first\n'
      printf 'map 0x7ff000 0x800000 rw-p stack growsdown [stack]\n'; cat; } > "$work/$1"
}
# says TEXT… : what the last run printed must hold every text.
says() { for text in "$@"; do grep -qF -- "$text" "$work/said" || { echo "not said: $text"; cat "$work/said"; exit 1; }; done; }
# bad NAME TEXT…: every way to replay it must refuse with the texts and the file.
bad() {
    local name=$1
    shift
    for verb in "memory" "model" "cosim --out=$work/out"; do
        if $twinwalk $verb "$work/$name" > "$work/said" 2>&1; then fail "$verb accepted $name"; fi
        says "$work/$name: record" "$@"
    done
}
# holds EXPRESSION…: of the last JSON's numbers of the OS model: k all of them, e its events, p its processes.
holds() { python3 - "$work/json" "$@" <<'END'
import json, sys
k = json.load(open(sys.argv[1]))["kernel"]
wrong = [text for text in sys.argv[2:] if not eval(text, {"k": k, "e": k["events"], "p": k["processes"]})]
sys.exit(f"does not hold: {wrong}\nin {k}" if wrong else 0)
END
}

# ---- fork, a thread, exec, files, ends: one number after the other is known ----
trace life.txt <<'END'
F 0x400000 4
S 0x402000 8
S 0x403000 8
S 0x7ff800 8
clone 1
L 0x402000 8
S 0x402008 8 thread=1
S 0x402010 8
clone 2 vm files thread thread=1
S 0x403000 8 thread=2
L 0x403000 8 thread=1 sup ac
exit thread=1
L 0x403000 8 thread=2
exec thread=2 /bin/other
map 0x400000 0x401000 r-xp file thread=2 /bin/other
map 0x402000 0x404000 rw-p file offset=0x2000 thread=2 /bin/first
F 0x400000 4 thread=2
L 0x402000 8 thread=2
open 3 thread=2 /bin/first
syscall mmap 0 0x1000 1 1 3 0x2000 = 0x600000 thread=2
L 0x600000 8 thread=2
exit_group thread=2
clone 1
S 0x402018 8 thread=1
exit thread=1
END
for verb in "memory --verify=1 --signatures" "model --signatures" "cosim --check=state --state-every=1 --signatures --out=$work/out"; do
    $twinwalk $verb --json="$work/json" "$work/life.txt" > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
    # by the rules of Linux: pages that were empty, pages copied, pages found to be nobody else's
    holds 'e["minor_faults"] == 7' 'e["cow_copies"] == 3' 'e["reuse_faults"] == 1' '[x["end"] for x in p] == ["runs", "exited", "exited"]' \
        '(p[1]["name"], p[1]["task"], p[1]["record"]) == ("/bin/other", 1, 24)' '(p[0]["rss"], p[1]["rss"]) == (16384, 12288)' \
        'k["memory"]["pss_sum"] == 16384'
done

$twinwalk memory --smaps="$work/smaps" --rollup="$work/rollup" --top="$work/top" "$work/life.txt" > /dev/null
grep -q '==== process 2, task 1, /bin/other: exits at record 24 ====' "$work/smaps" || fail "smaps says nothing of the end of process 2"
grep -q '==== process 1, task 0, /bin/first: at the end of the trace ====' "$work/smaps" || fail "smaps ends without process 1"
[ "$(grep -c '^Rss: ' "$work/rollup")" = 3 ] && grep -q '/bin/other' "$work/smaps" && [ "$(grep -c COMMAND "$work/top")" = 3 ] || fail "prints"

# ---- what one trace cannot mean ----
trace twice.txt <<< $'clone 1\nF 0x400000 4\nclone 1'
bad twice.txt "record 5: CLONE of task 1: a task of this number exists and has not ended"
trace dead.txt <<< $'clone 1\nexit thread=1\nexit thread=1'
bad dead.txt "record 5: task 1 has ended"
trace nobody.txt <<< $'clone 1\nF 0x400000 4 thread=3'
bad nobody.txt "record 4: task 3 is unknown: no CLONE before has made it"
trace bare.txt <<< $'exec /bin/other\nF 0x400000 4'
bad bare.txt "record 4: task 0 has executed /bin/other, whose mappings must follow at once"
trace rights.txt <<< $'S 0x400000 4 sup ac'
bad rights.txt "record 3: the program may not write 0x400000"
trace reopened.txt <<< $'open 3 /bin/a\nopen 3 /bin/b\nF 0x400000 4 thread=7\nF 0x400000 4'
$twinwalk memory "$work/reopened.txt" > /dev/null || fail "a file opened twice, or a thread of an older trace, was refused"
if $twinwalk memory traces/vectors/walk.txt > "$work/said" 2>&1; then fail "a trace with its own tables was accepted"; fi
says "brings its own page tables"
if $twinwalk memory --costs=fault=1,rent=2 "$work/life.txt" > "$work/said" 2>&1; then fail "--costs=rent was accepted"; fi
says 'is not KEY=CYCLES'
if $twinwalk cosim --check=arch --swap=1M "$work/life.txt" > "$work/said" 2>&1; then fail "--check=arch with --swap was accepted"; fi
says "--check=cycle or state"

# ---- memory runs out: the greedy child is killed, its records and its children's are skipped, the first process goes on ----
{ printf 'clone 1\nsyscall mmap 0 0x2000000 3 0x22 -1 0 = 0x10000000 thread=1\n'
  for i in $(seq 0 1999); do printf 'S 0x%x 8 thread=1\n' $((0x10000000 + i * 4096)); done
  printf 'clone 2 thread=1\nL 0x10000000 8 thread=2\nexit thread=2\nexit thread=1\nL 0x402000 8\nclone 1\nS 0x402000 8 thread=1\nexit thread=1\nexit\n'
} | trace greedy.txt
for verb in "memory --verify=100 --signatures" "model --signatures" "cosim --check=state --signatures --out=$work/out"; do
    $twinwalk $verb --ram=4M --pressure --json="$work/json" "$work/greedy.txt" > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
    says "Out of memory: Killed process 2 (first)"
    holds 'p[1]["end"] == "killed"' 'k["tasks_lost"] == 2' 'e["oom_kills"] == 1' '900 < k["records_skipped"] < 1300' 'k["memory"]["mapped_pages"] == 0'
done
$twinwalk memory --ram=4M --swap=8M --signatures --json="$work/json" "$work/greedy.txt" > /dev/null || fail "with swap there is room for all"
holds 'e["oom_kills"] == 0' 'e["swap_outs"] > 900' 
if $twinwalk memory --ram=4M --pressure --oom=stop "$work/greedy.txt" > "$work/said" 2>&1; then fail "--oom=stop did not stop"; fi
says "out of simulated memory (see --ram)"
