#!/usr/bin/env bash
# `twinwalk tlb` counts what `twinwalk model --serial` counts, whatever the shapes, and its table of shapes says of each
# what a run with that shape counts.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=${TWINWALK:-build/tiny/twinwalk}
limit=${LIMIT:-60000}
fail() { echo "$*"; tail -n 20 "$work/said" 2>/dev/null || true; exit 1; }
run() { "$twinwalk" "$@" > "$work/said" 2>&1 || { local status=$?; [ $status = 4 ] && return 4; fail "exit $status: $*"; }; }
counts() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(*(f"{k}={r[k]}" for k in sorted(r) if k.split("_")[-1] in ("hit", "miss", "accesses", "fetches", "loads", "stores", "taken", "results", "ops")))' "$1"; }

traces=0
for trace in ${TRACES:-traces/corpus/*.tw}; do
    for shape in "" "--map-first" "--replacement=lru --dtlb=8x8 --itlb=6x3 --stlb=4k:32x4,2m+1g:4x4" "--replacement=plru --dtlb=2x1 --itlb=16x16 --stlb=48x3 --pcids=1"; do
        # shellcheck disable=SC2086
        run tlb --limit="$limit" --json="$work/quick.json" $shape "$trace" || continue 2
        # shellcheck disable=SC2086
        run model --serial --limit="$limit" --json="$work/slow.json" $shape "$trace"
        [ "$(counts "$work/quick.json")" = "$(counts "$work/slow.json")" ] || fail "$trace $shape: $(counts "$work/quick.json"), and model --serial $(counts "$work/slow.json")"
    done
    traces=$((traces + 1))
done
[ $traces -ge "${LEAST:-12}" ] || fail "only $traces traces"

# The table: what it says of a shape is what a run of that shape counts, behind an L1 that stays for the STLB.
cat > "$work/hold.py" <<'PY'
import json, subprocess, sys
twinwalk, trace, limit, work = sys.argv[1:]
def run(*more):
    subprocess.run([twinwalk, "tlb", "--replacement=lru", f"--limit={limit}", f"--json={work}/t.json", *more, trace], check=True, stdout=subprocess.DEVNULL)
    return json.load(open(f"{work}/t.json"))
said = run("--shapes", "--itlb=8x4", "--dtlb=8x4")["lru"]
misses = {(name, s["entries"], s["ways"]): s["misses"] for name in said for s in said[name]["shapes"]}
assert len(misses) == 3 * (512 + 10 * 32), len(misses)
different = set()
for entries, ways in ((1, 1), (4, 4), (6, 6), (8, 1), (16, 4), (24, 3), (64, 2), (96, 96), (160, 5), (512, 32), (512, 512), (1024, 1), (4096, 16)):
    l1 = run(f"--itlb={entries}x{ways}", f"--dtlb={entries}x{ways}")
    l2 = run("--itlb=8x4", "--dtlb=8x4", f"--stlb={entries}x{ways}")
    for name, want in (("itlb", l1["itlb_miss"]), ("dtlb", l1["dtlb_miss"]), ("stlb", l2["stlb_miss"])):
        assert misses[name, entries, ways] == want, (trace, name, entries, ways, misses[name, entries, ways], want)
        different.add((name, want))
assert len(different) > 12, different
PY
for trace in ${TABLES:-traces/corpus/sqlite3.tw traces/corpus/linux-4level.tw traces/corpus/memory-swap.tw}; do
    python3 "$work/hold.py" "$twinwalk" "$trace" "$limit" "$work" > "$work/said" 2>&1 || fail "$trace: the table of shapes is not right"
done

# A page is read, then written: the write misses, whatever the shape, and once only.
printf 'twinwalk-trace 1\nL 0x10000 8\nS 0x10008 8\nS 0x10010 8\nL 0x20000 8\nL 0x10010 8\n' > "$work/zero.txt"
run tlb --shapes --replacement=lru --dtlb=1x1 --json="$work/t.json" "$work/zero.txt"
python3 - "$work/t.json" > "$work/said" 2>&1 <<'PY' || fail "a page that is written after it was read"
import json, sys
r = json.load(open(sys.argv[1]))
misses = {(s["entries"], s["ways"]): s["misses"] for s in r["lru"]["dtlb"]["shapes"]}
assert (misses[1, 1], misses[2, 2], misses[1024, 1]) == (4, 3, 3), misses
assert r["dtlb_miss"] == 4 and r["lru"]["dtlb"]["accesses"] == 5, r
PY

# The plots: what cannot be read or written is one line.
plots() {
    local got=0
    scripts/tlb_plot.py "$2" "$3" > "$work/said" 2>&1 || got=$?
    [ "$got" -eq "$1" ] && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "plots of $2 in $3: exit $got"
}
plots 0 "$work/t.json" "$work/plots"
grep -q '<svg' "$work/plots/dtlb.svg" || fail "no plot"
plots 3 "$work/zero.txt" "$work/plots"
plots 6 "$work/t.json" "$work/zero.txt/plots"
