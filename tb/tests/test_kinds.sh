#!/usr/bin/env bash
# Kinds of memory that outlive a mapping or that mappings share (segments, memory files, pages of MAP_HUGETLB), and calls on them that Linux does not
# grant: right in `memory`, with contents and accounts checked all the time, and in `cosim`; on hand-written traces and on recorded programs. What Linux
# does is asked of the kernel that runs here.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=${TWINWALK:-build/tiny/twinwalk}
fail() { echo "$*"; cat "$work/said"; exit 1; }

# trace NAME: the body on standard input, below one program's layout.
trace() {
    { printf 'twinwalk-trace 1\nbits 48\nprogram /bin/first\nmap 0x400000 0x410000 r-xp file /bin/first\n'; cat; } > "$work/$1"
}
ways=("memory --verify=1 --signatures" "memory --verify=1 --signatures --pressure --ram=64M" "cosim --check=state --signatures --pressure --out=$work/out")
# right NAME: every access finds what its page must hold, and nothing is left over.
right() {
    for way in "${ways[@]}"; do
        timeout -k 1 20 $twinwalk $way "$work/$1" > "$work/said" 2>&1 || fail "$way refuses $1"
    done
}
# wrong NAME TEXT: refused, in words.
wrong() {
    for way in "${ways[@]}"; do
        if timeout -k 1 20 $twinwalk $way "$work/$1" > "$work/said" 2>&1; then fail "$way accepts $1"; fi
        grep -qF -- "$2" "$work/said" || fail "$way does not say: $2"
    done
}

# ---- segments: contents stay when nobody has them attached, until IPC_RMID ----
trace segment <<'END'
clone 1
syscall shmat 7 0 0 0x3000 0 0 = 0x7f0000000000
S 0x7f0000000000 8
S 0x7f0000002000 8
syscall shmdt 0x7f0000000000 0 0 0 0 0 = 0
syscall shmat 7 0 0 0x3000 0 0 = 0x7f0000010000 thread=1
L 0x7f0000010000 8 thread=1
S 0x7f0000012000 8 thread=1
syscall munmap 0x7f0000011000 0x1000 0 0 0 0 = 0 thread=1
syscall shmdt 0x7f0000010000 0 0 0 0 0 = 0 thread=1
syscall mmap 0x7f0000012000 0x1000 3 0x100022 -1 0 = 0x7f0000012000 thread=1
syscall shmat 7 0 0 0x3000 0 0 = 0x7f0000000000
L 0x7f0000002000 8
syscall shmctl 7 0 0 0 0 0 = 0
L 0x7f0000000000 8
syscall shmdt 0x7f0000000000 0 0 0 0 0 = 0
syscall shmat 7 0 0 0x3000 0 0 = 0x7f0000000000
L 0x7f0000000000 8
exit_group thread=1
exit_group
END
right segment
trace nowhere <<< $'syscall shmdt 0x400000 0 0 0 0 0 = 0'
wrong nowhere "where no segment begins"

# ---- one memory file by two descriptors, in two processes, and when nobody has mapped it for a while ----
trace memfd <<'END'
clone 1
open 3 nofile memfd:x:12
syscall mmap 0 0x1000 3 1 3 0 = 0x7f0000000000
S 0x7f0000000000 8
open 3 nofile memfd:x:12
syscall mmap 0 0x1000 3 1 3 0 = 0x7f0000010000
L 0x7f0000010000 8
open 9 nofile thread=1 memfd:x:12
syscall mmap 0 0x1000 3 2 9 0 = 0x7f0000000000 thread=1
L 0x7f0000000000 8 thread=1
S 0x7f0000000000 8 thread=1
L 0x7f0000010000 8
open 4 nofile memfd:y:13
syscall mmap 0 0x1000 3 1 4 0 = 0x7f0000020000
L 0x7f0000020000 8
open 3 /bin/first
open 9 /bin/first thread=1
syscall munmap 0x7f0000000000 0x20000 0 0 0 0 = 0
syscall munmap 0x7f0000000000 0x1000 0 0 0 0 = 0 thread=1
open 5 nofile thread=1 memfd:x:12
syscall mmap 0 0x1000 1 1 5 0 = 0x7f0000000000 thread=1
L 0x7f0000000000 8 thread=1
exit_group thread=1
exit_group
END
sed -i 's/^open 9 \/bin\/first thread=1/open 9 thread=1 \/bin\/first/' "$work/memfd"
right memfd
# That the pages are the same, and not only both new: the shared ones take one frame.
$twinwalk memory --json="$work/json" <(sed '/^open 9/,$d' "$work/memfd") > /dev/null
python3 -c 'import json, sys; k = json.load(open(sys.argv[1]))["kernel"]; sys.exit(k["memory"]["mapped_pages"] != 1)' "$work/json" ||
    { echo "a memfd mapped twice has not one page"; exit 1; }
trace written <<'END'
open 3 /data
syscall mmap 0 0x1000 3 1 3 0 = 0x7f0000000000
S 0x7f0000000000 8
syscall munmap 0x7f0000000000 0x1000 0 0 0 0 = 0
syscall mmap 0 0x1000 3 1 3 0 = 0x7f0000000000
L 0x7f0000000000 8
syscall mmap 0 0x1000 3 2 3 0 = 0x7f0000010000
S 0x7f0000000000 8
S 0x7f0000010000 8
syscall mmap 0 0x1000 3 1 3 0x100000000000 = 0x7f0000020000
L 0x7f0000020000 8
END
right written

# ---- pages of MAP_HUGETLB: private copies are whole, files keep theirs ----
trace huge <<'END'
clone 1
open 5 /hugetlbfs/f
syscall mmap 0 0x200000 3 0x40002 5 0 = 0x7f0000000000
syscall mmap 0 0x1000 3 0x40001 5 0 = 0x7f0000200000
S 0x7f0000200000 8
syscall mmap 0 0x200000 3 2 5 0 = 0x7f0000400000
L 0x7f0000400000 8
S 0x7f0000401000 8
L 0x7f0000200000 8
L 0x7f0000201000 8
L 0x7f0000000000 8
S 0x7f0000000000 8
S 0x7f00003ff000 8
L 0x7f00001ff000 8
L 0x7f0000200000 8
syscall mremap 0x7f0000200000 0x1000 0x2000 3 0x7f0000a00000 0 = 0x7f0000a00000
L 0x7f0000bff000 8
syscall munmap 0x7f0000a00000 0x200000 0 0 0 0 = 0
syscall madvise 0x7f0000000000 0x5ff000 4 0 0 0 = -12
L 0x7f0000000000 8
exit_group
exit_group thread=1
END
right huge
trace rounded <<'END'
syscall mmap 0 0x400000 3 0x40022 -1 0 = 0x7f0000000000
S 0x7f0000000000 8
S 0x7f0000200000 8
syscall madvise 0x7f0000000000 0x201000 4 0 0 0 = 0
L 0x7f0000000000 8
L 0x7f0000200000 8
syscall mremap 0x7f0000000000 0x400000 0x1000 0 0 0 = 0x7f0000000000
L 0x7f00001ff000 8
END
right rounded

# ---- what Linux does not grant ----
refused=0
# not TEXT CALL…: the last call is refused with the text.
not() {
    local text=$1
    shift
    refused=$((refused + 1))
    printf 'syscall %s\n' "$@" | trace "refused$refused"
    wrong "refused$refused" "$text"
}
page="mmap 0 0x200000 3 0x40022 -1 0 = 0x7f0000000000"
not "succeeded, and grew" "$page" "mremap 0x7f0000000000 0x200000 0x201000 0 0 0 = 0x7f0000000000"
not "not aligned to them" "$page" "mremap 0x7f0000000000 0x200000 0x200000 1 0 0 = 0x7f0000301000"
not "not aligned to them" "$page" "mremap 0x7f0000001000 0x1000 0x1000 1 0 0 = 0x7f0000400000"
not "left the old mapping in place" "$page" "mremap 0x7f0000000000 0x200000 0x200000 5 0 0 = 0x7f0000400000"
not "succeeded, and" "mmap 0 0x200000 3 0x40021 -1 0 = 0x10000000" "mremap 0x10000000 0 0x1000 1 0 0 = 0x801ff000"
not "beyond user space" "mmap 0 0x1000 3 0x40022 -1 0 = 0x7fffffe00000"
not "file offset of 0x1000" "mmap 0 0x200000 1 0x40001 5 0x1000 = 0x7f0000000000"
not "not aligned to them" "mmap 0 0x200000 1 0x40022 -1 0 = 0x7f0000001000"
not "cannot be split" "$page" "munmap 0x7f0000000000 0x1000 0 0 0 0 = 0"
not "cannot be split" "$page" "mprotect 0x7f0000000000 0x1000 1 0 0 0 = 0"
not "cannot be split" "$page" "mmap 0x7f0000001000 0x1000 1 0x32 -1 0 = 0x7f0000001000"
not "lies inside a page of MAP_HUGETLB" "$page" "madvise 0x7f0000001000 0x1ff000 4 0 0 0 = 0"

# ---- enormous ranges and offsets take no time ----
trace giant <<'END'
open 3 nofile memfd:far:1
syscall mmap 0 0x1000 3 1 3 0x7ffffffff000 = 0x7f0000000000
S 0x7f0000000000 8
syscall mmap 0 0x200000000000 0 0x8022 -1 0 = 0x100000000000
syscall mprotect 0x100000000000 0x200000000000 3 0 0 0 = 0
S 0x100000000000 8
syscall madvise 0x100000000000 0x200000000000 25 0 0 0 = 0
syscall mremap 0x100000000000 0x200000000000 0x200000000000 3 0x400000000000 0 = 0x400000000000
L 0x400000000000 8
syscall madvise 0x400000000000 0x200000000000 4 0 0 0 = 0
L 0x400000000000 8
exit_group
END
right giant

# ---- programs ----
for kind in memfd posixshm sysv hugetlb; do
    $twinwalk memory --signatures --verify=20 --pressure --ram=64M traces/corpus/$kind.tw > "$work/said" || fail "the program $kind"
done

# ---- the kernel that runs here ----
${CC:-cc} -O1 -o "$work/rules" traces/truth/programs/rules.c
"$work/rules" > "$work/said" || fail "this kernel does otherwise:"
tail -n 1 "$work/said"
