#!/usr/bin/env bash
# `twinwalk model --serial`: plain counts of the TLBs. They are those of a TLB written here anew, in Python, for shapes
# that no preset has; the hits are those of the cycle model when it has one access at a time; what drops entries is
# counted by hand; what cannot be is refused.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk
fail() { echo "$*"; tail -n 20 "$work/said" 2>/dev/null || true; exit 1; }

# An LRU TLB hierarchy as anyone would write it, and a program that visits few pages often and many seldom.
cat > "$work/reference.py" <<'PY'
import json, random, subprocess, sys
twinwalk, work = sys.argv[1:]
random.seed(5)
class Tlb:
    def __init__(self, shape):
        entries, self.ways = map(int, shape.split("x"))
        self.sets = [[] for _ in range(entries // self.ways)]
        self.hits = self.misses = 0
    def access(self, page, below=None):
        pages = self.sets[page % len(self.sets)]
        if page in pages:
            pages.remove(page)
            self.hits += 1
        else:
            self.misses += 1
            if below:
                below.access(page)
            if len(pages) == self.ways:
                pages.pop()
        pages.insert(0, page)
accesses = []
with open(work + "/t.txt", "w") as file:
    file.write("twinwalk-trace 1\n")
    for _ in range(40000):
        kind = random.choice("FFFLLS")
        page = int(random.expovariate(1 / 40)) if random.random() < 0.95 else random.randrange(4000)
        page += 0x400 if kind == "F" else 0x10000
        accesses.append((kind, page))
        file.write(f"{kind} {page << 12 | random.randrange(4000) & ~7:#x} 4\n")
for itlb, dtlb, stlb in (("32x32", "32x32", "1024x4"), ("40x40", "96x3", "1536x12"), ("64x64", "4x1", "300x300"), ("8x4", "160x20", "128x64")):
    i, d, s = Tlb(itlb), Tlb(dtlb), Tlb(stlb)
    for kind, page in accesses:
        (i if kind == "F" else d).access(page, s)
    said = json.loads(subprocess.check_output([twinwalk, "model", "--serial", "--map-first", "--replacement=lru", "--itlb=" + itlb,
                                               "--dtlb=" + dtlb, "--stlb=" + stlb, "--json=-", work + "/t.txt"], stderr=subprocess.DEVNULL))
    for name, tlb in (("itlb", i), ("dtlb", d), ("stlb", s)):
        assert (said[name + "_hit"], said[name + "_miss"]) == (tlb.hits, tlb.misses), (itlb, dtlb, stlb, name, said, tlb.hits, tlb.misses)
    assert said["accesses"] == len(accesses) and s.hits and i.misses, said
PY
python3 "$work/reference.py" $twinwalk "$work" > "$work/said" 2>&1 || fail "the counts are not those of the reference"

# One access at a time in the cycle model: other misses (what faults is made again), the same hits. Tasks, PCIDs and a
# whole kernel too.
hits() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); r = r.get("mmu", r); print(r["itlb_hit"], r["dtlb_hit"], r["stlb_hit"])' "$1"; }
for trace in sqlite3 pipeline linux-pcid; do
    $twinwalk model --serial --limit=200000 --json="$work/serial.json" traces/corpus/$trace.tw > "$work/said" || fail "$trace: exit $?"
    $twinwalk model --window=1 --limit=200000 --json="$work/cycle.json" traces/corpus/$trace.tw > "$work/said" || fail "$trace: exit $?"
    [ "$(hits "$work/serial.json")" = "$(hits "$work/cycle.json")" ] || fail "$trace: $(hits "$work/serial.json") hits, and $(hits "$work/cycle.json") in the cycle model"
done

# counts NAME OPTION… : itlb hits and misses, dtlb's, stlb's
counts() { $twinwalk model --serial --json="$work/c.json" "$@" > "$work/said" 2>&1 || fail "exit $?: $*"
           python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(*(r[t + k] for t in ("itlb", "dtlb", "stlb") for k in ("_hit", "_miss")))' "$work/c.json"; }
expect() { local want=$1; shift; local got; got=$(counts "$@"); [ "$got" = "$want" ] || fail "$*: $got, not $want"; }

# A page is read, which maps the page of zeros, and written, which maps another: a fault drops the entry, unless all was
# there before.
printf 'twinwalk-trace 1\nL 0x10000 8\nS 0x10008 8\nL 0x10010 8\nF 0x400000 4\nF 0x400004 4\n' > "$work/zero.txt"
expect "1 1 1 2 0 3" "$work/zero.txt"
expect "1 1 2 1 0 2" --map-first "$work/zero.txt"

# Own tables: MOV CR3, INVLPG, global pages, a clean page that is written, a fault, an address that is no access to a
# page.
cat > "$work/own.txt" <<'TEXT'
twinwalk-trace 1
tables own
mov cr4 0xa0
mov cr3 0x1000
poke 0x1000 0x2067
poke 0x2000 0x3067
poke 0x3010 0x4067
poke 0x4000 0x5027
poke 0x4008 0x6167
poke 0x4018 0x7025
L 0x400000 8     # misses
L 0x401000 8     # misses; global
L 0x400008 8     # hits
S 0x400000 8     # D is 0: misses everywhere
S 0x400000 8     # hits
mov cr3 0x1000
L 0x401008 8     # hits
L 0x400000 8     # misses
F 0x400000 4     # the STLB has it
invlpg 0x401000
L 0x401000 8     # misses
L 0x402000 8     # faults: misses, and a fault
L 0x8000000000000000 8
L 0x403000 8     # misses
S 0x403000 8     # faults: the page is read only
L 0x403000 8     # misses
TEXT
expect "0 1 3 9 1 9" --itlb=4x4 --dtlb=8x4 --stlb=32x4 "$work/own.txt"
grep -qF '2 #PF, 1 #GP' "$work/said" || fail "the faults were not counted"
expect "0 1 5 7 1 7" --map-first --itlb=4x4 --dtlb=8x4 --stlb=32x4 "$work/own.txt"
# A page size that the L1 does not hold is looked for in the STLB.
expect "0 1 0 12 6 7" --dtlb=2m:4x4 --map-first "$work/own.txt"

# What cannot be.
refuse() {
    local status=$1 text=$2 got=0
    shift 3
    $twinwalk model "$@" > "$work/said" 2>&1 || got=$?
    [ "$got" -eq "$status" ] || fail "exit $got, expected $status: $*"
    grep -qF -- "$text" "$work/said" || fail "$* did not say '$text'"
}
refuse 2 "--itlb is for --serial, which is missing" -- --itlb=64x4 "$work/zero.txt"
refuse 2 "--map-first is for --serial, which is missing" -- --map-first "$work/zero.txt"
refuse 2 "--window is about the clock" -- --serial --window=4 "$work/zero.txt"
refuse 2 "--dtlb=64: an array is ENTRIESxWAYS" -- --serial --dtlb=64 "$work/zero.txt"
refuse 2 "--dtlb=64x4y: an array is ENTRIESxWAYS" -- --serial --dtlb=64x4y "$work/zero.txt"
refuse 2 "--dtlb=64x5: the entries" -- --serial --dtlb=64x5 "$work/zero.txt"
refuse 2 "--dtlb=0x0: the entries" -- --serial --dtlb=0x0 "$work/zero.txt"
refuse 2 "is a power of two" -- --serial --stlb=1536x8 "$work/zero.txt"
refuse 2 "the page sizes of an array are 4k, 2m, 1g" -- --serial --itlb=8k:64x4 "$work/zero.txt"
refuse 2 "a page size is held by one array" -- --serial --itlb=4k:64x4,4k+2m:8x8 "$work/zero.txt"
refuse 2 "have the same number of sets" -- --serial --stlb=4k+2m:64x4,4k+1g:64x8 "$work/zero.txt"
refuse 2 "tree-PLRU is kept for at most 128 ways" -- --serial --replacement=plru --itlb=256x256 "$work/zero.txt"
refuse 2 "must be one of plru, lru" -- --serial --replacement=fifo "$work/zero.txt"
printf 'twinwalk-trace 1\ntables own\nmov cr4 0x1020\nL 0 8\n' > "$work/unfit.txt"
refuse 4 "raises #GP(0) on this preset" -- --serial "$work/unfit.txt"
refuse 3 "twinwalk vectors" -- --serial traces/vectors/walk.txt
refuse 5 "no access" -- --serial <(printf 'twinwalk-trace 1\ntables own\nmov cr3 0x1000\n')
