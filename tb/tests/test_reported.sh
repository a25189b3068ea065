#!/usr/bin/env bash
# What went wrong in kernels and in other simulators, by their public reports, as small traces: old translations that
# live on until the flush, a page that is moved, an address that is unmapped and mapped again, a mapping that a child
# must not have. Each must come out right here, and red when the flush or the move that matters is lost.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk
fail() { echo "$*"; cat "$work/said"; exit 1; }
# equal ARGUMENT…: a replay that must compare everything, and find it equal.
equal() { $twinwalk cosim --check=state --out="$work/out" "$@" > "$work/said" 2>&1 || fail "not equal: $*"; grep -q '^  Equal: everything asked for was compared' "$work/said" || fail "no verdict: $*"; }
# red TEXT ARGUMENT…: one that must not.
red() { local text=$1; shift; if $twinwalk cosim --out="$work/out" "$@" > "$work/said" 2>&1; then fail "green: $*"; fi; grep -qF -- "$text" "$work/said" || fail "no '$text': $*"; }

# ---- A page is made PROT_NONE (P clear, G set, as Linux writes it) and moved; until INVLPG the old translation may
# serve on
# either side, whatever the recorded machine did; afterwards only the new one may. ----
own() { printf 'twinwalk-trace 1\nbits 48\ntables own\npoke 0x1000 0x2067\npoke 0x2000 0x3067\npoke 0x3038 0x4067\npoke 0x4028 0x900067\n'
        printf 'mov cr0 0x80050033 -> ok\nmov cr4 0x1000a0 -> ok\nwrmsr efer 0xd01 -> ok\nmov cr3 0x1000 -> ok\n'; cat; }
own > "$work/moved.txt" <<'END'
L 0xe05000 8 -> ok pa=0x900000 4k
poke 0x4028 0x900166
L 0xe05010 8 -> ok pa=0x900010 4k
L 0xe05018 8 -> pf 0x4 cr2=0xe05018
poke 0x4028 0xa00067
S 0xe05020 8 -> ok pa=0xa00020 4k
poke 0x4028 0xa00166
S 0xe05028 8 -> ok pa=0xa00028 4k
poke 0x4028 0xb00067
L 0xe05030 8 -> ok pa=0xa00030 4k
invlpg 0xe05000
L 0xe05038 8 -> ok pa=0xb00038 4k
END
equal "$work/moved.txt"
grep -Eq 'unexplained +0' "$work/said" || fail "something stale is unexplained"
# After the flush the old page is a mismatch.
sed '$s/0xb00038/0xa00038/' "$work/moved.txt" > "$work/late.txt"
red "0xa00038" "$work/late.txt"

# ---- mremap: the contents are at the new place, and nothing at the old one; a new mapping there has fresh pages ----
layout() { printf 'twinwalk-trace 1\nbits 48\nmap 0x400000 0x402000 r-xp file /bin/x\nmap 0x10000000 0x10020000 rw-p\nF 0x400010 3\n'; cat; }
layout > "$work/mremap.txt" <<'END'
S 0x10004000 8
S 0x10005000 8
S 0x10006000 8
L 0x10005008 8
syscall mremap 0x10004000 0x3000 0x3000 3 0x20000000 0 = 0x20000000
L 0x20001000 8
S 0x20002000 8
syscall mmap 0x10004000 0x3000 3 0x32 -1 0 = 0x10004000
L 0x10005000 8
S 0x10006000 8
L 0x20000000 8
L 0x20002000 8
END
equal --signatures "$work/mremap.txt"
red "record" --signatures --forget-flush=1 "$work/mremap.txt"
red "record" --signatures --lose-move=1 "$work/mremap.txt"

# ---- munmap and mmap of one place: the page is fresh; mprotect holds from the next access on ----
layout > "$work/again.txt" <<'END'
S 0x10008000 8
L 0x10009000 8
syscall munmap 0x10000000 0x20000 0 0 0 0 = 0
syscall mmap 0x10000000 0x20000 3 0x32 -1 0 = 0x10000000
L 0x10008000 8
S 0x10009000 8
syscall mprotect 0x10009000 0x2000 1 0 0 0 = 0
L 0x10009000 8
syscall mprotect 0x10009000 0x2000 3 0 0 0 = 0
S 0x10009000 8
S 0x1000a000 8
END
equal --signatures "$work/again.txt"
red "record" --signatures --forget-flush=1 "$work/again.txt"
$twinwalk trace check "$work/again.txt" > /dev/null || fail "trace check refuses again.txt"
# A write while it is read-only has no right to be: check and replay say so of the same record.
sed '/mprotect .* 1 0/a S 0x10009000 8' "$work/again.txt" > "$work/readonly.txt"

# ---- MADV_DONTFORK: the child does not have the pages; check and replay agree where ----
layout > "$work/dontfork.txt" <<'END'
S 0x10002000 8
S 0x10003000 8
syscall madvise 0x10002000 0x1000 10 0 0 0 = 0
clone 1
L 0x10003000 8 thread=1
S 0x10002000 8
L 0x10002000 8 thread=1
END
for name in readonly:10 dontfork:9; do
    if $twinwalk trace check "$work/${name%:*}.txt" > "$work/said" 2>&1; then fail "trace check finds ${name%:*} good"; fi
    grep -q "record ${name#*:} " "$work/said" || fail "trace check names another record of ${name%:*}"
    red "record ${name#*:}:" "$work/${name%:*}.txt"
done
sed '$d' "$work/dontfork.txt" > "$work/forked.txt"
equal "$work/forked.txt"
$twinwalk trace check "$work/forked.txt" > /dev/null || fail "trace check refuses what the child has"
