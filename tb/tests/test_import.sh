#!/usr/bin/env bash
# Imports of foreign traces: a real one of Valgrind's lackey, whose own counts must come out; the other formats as the generator of
# traces/tests/foreign.py writes them, record by record; all of them replay; merging; bad input; memory that does not grow.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=${TWINWALK:-build/tiny/twinwalk}
fail() { echo "$*"; exit 1; }
records() { $twinwalk trace text "$1" | grep -E '^[FLS] '; }
count() { sed -n "s/^$1 *\([0-9]*\).*/\1/p" "$work/said"; }
replay() { $twinwalk cosim --check=state --state-every=50000 --limit=30000 --out="$work/out" "$@" > "$work/cosim" || { cat "$work/cosim"; exit 1; }; }

# ---- lackey: the original tool. Its counts of loads and stores leave out helper functions, as of the XSAVE in lazy binding ----
LD_BIND_NOW=1 valgrind --tool=lackey --trace-mem=yes --basic-counts=yes --detailed-counts=yes --log-file="$work/lackey.log" /bin/true
$twinwalk trace import "$work/lackey.log" "$work/lackey.tw" > "$work/said"
said=$(sed -n 's/.*guest instrs: *\([0-9,]*\)$/\1/p' "$work/lackey.log" | tr -d ,)
[ "$(count instructions)" = "$said" ] || fail "lackey counted $said instructions, the import $(count instructions)"
for pair in "loads:^ L" "stores:^ S" "modifies:^ M"; do
    lines=$(grep -c "${pair#*:}" "$work/lackey.log")
    [ "$(count "${pair%%:*}")" = "$lines" ] || fail "${pair%%:*}: $lines lines, and $(count "${pair%%:*}")"
done
read -r loads stores < <(awk '/IR-level/ {on = 1} on && /==   +[IFVD][0-9]+ / {gsub(",", ""); loads += $3; stores += $4} END {print loads, stores}' "$work/lackey.log")
for pair in "loads $loads" "stores $stores"; do
    all=$(($(count "${pair% *}") + $(count modifies)))
    [ "$all" -eq "${pair#* }" ] || fail "${pair% *}: lackey counted ${pair#* }, the import $all"
done
$twinwalk trace info "$work/lackey.tw" | grep -q '^program  *.*/bin/true$' || fail "the program's name is lost"
for pages in 4k 2m thp; do replay --pages=$pages "$work/lackey.tw"; done
echo "lackey: $said instructions, $loads loads, $stores stores"

# ---- the others, from the generator ----
python3 traces/tests/foreign.py "$work/f"
same() { # FILE EXPECTED
    $twinwalk trace import "$1" "$work/o.tw" > "$work/said" || fail "$1 was refused"
    records "$work/o.tw" | cmp -s - "$2" || fail "$1 came out other than $2"
}
for file in "$work"/f/*.champsimtrace*; do same "$file" "$work/f/champsim.text"; done
$twinwalk trace check "$work/o.tw" > /dev/null || fail "trace check refuses an import"
replay "$work/o.tw"
for file in "$work"/f/drmemtrace.*.trace*; do
    same "$file" "$work/f/drmemtrace.text"
    while read -r name number; do [ "$(count "$name")" = "$number" ] || fail "$file: $name are $(count "$name"), not $number"; done < "$work/f/drmemtrace.counts"
done
replay "$work/o.tw"
for file in "$work"/f/*.pin; do same "$file" "$file.text"; done
$twinwalk trace import - "$work/p.tw" < "$work/f/drmemtrace.behind.trace.zip" > /dev/null
records "$work/p.tw" | cmp -s - "$work/f/drmemtrace.text" || fail "through a pipe it came out other"

# ---- merging: both are in it, each in its order, as threads of its own ----
$twinwalk trace import "$work/f/plain.champsimtrace" "$work/a.tw" > /dev/null
$twinwalk trace merge --quantum=100 "$work/a.tw" "$work/p.tw" "$work/m.tw" > "$work/said"
records "$work/m.tw" | grep -v thread= | cmp -s - "$work/f/champsim.text" || fail "the first of the merged traces is changed"
records "$work/m.tw" | grep thread= | sed 's/ thread=1$//; s/ thread=2$/ thread=1/; s/ thread=3$/ thread=2/' | cmp -s - "$work/f/drmemtrace.text" ||
    fail "the second of the merged traces is changed"
[ "$(records "$work/m.tw" | head -400 | grep -c thread=)" -gt 50 ] || fail "they do not take turns"
replay "$work/m.tw"

# ---- bad input: one line with file and place, exit 1, and no half file ----
refuse() { # TEXT ARGUMENT…
    local text=$1 got=0
    shift
    $twinwalk trace "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq 1 ] || { cat "$work/said"; fail "exit $got: $*"; }
    [ "$(grep -cv ': removed, since it is not complete' "$work/said")" -eq 1 ] || { cat "$work/said"; fail "not one line: $*"; }
    grep -qF -- "$text" "$work/said" || { cat "$work/said"; fail "no '$text': $*"; }
    [ ! -e "$work/bad.tw" ] || fail "a half file is left: $*"
}
cd "$work"
case $twinwalk in /*) ;; *) twinwalk=$OLDPWD/$twinwalk ;; esac
head -c 10000 f/plain.champsimtrace > torn
refuse "torn: record 157: torn: only 16 of its 64 bytes are there" import torn bad.tw
head -c 10000 f/one.champsimtrace.xz > torn
refuse "torn: offset 10000: torn: the file ends in the middle of its xz data (behind record" import torn bad.tw
head -c 9999 f/drmemtrace.chunks.trace.zip > torn
refuse "torn: offset 9999: torn: the file ends in file 1 of the zip archive (behind record" import torn bad.tw
head -c -1 f/drmemtrace.chunks.trace.zip > torn
refuse "in the zip directory" import torn bad.tw
head -n 900 lackey.log | head -c -2 > torn
refuse "torn: line 900: torn: the file ends in the middle of it" import torn bad.tw
head -c 5000 /dev/urandom > torn
refuse "looks like no trace" import torn bad.tw
refuse "torn: record 1: " import --from=drmemtrace torn bad.tw
printf 'R 0x10 8\nR 0x800000000000 8\n' > wide
refuse "wide: line 2: the load of 0x800000000000 is not canonical with 48 bits (it is with --bits=57)" import wide bad.tw
refuse "none: cannot open" import none bad.tw
refuse "lackey.tw: is a Twinwalk trace already" import lackey.tw bad.tw
refuse "its own page tables" merge a.tw "$OLDPWD/traces/vectors/walk.txt" bad.tw
got=0
$twinwalk trace import --from=gem5 > said 2>&1 < /dev/null || got=$?
[ $got -eq 2 ] || fail "wrong usage gives exit $got"

# ---- a bomb: half a gigabyte out of half a megabyte, in a few MiB ----
python3 - "$twinwalk" <<'PY'
import gzip, resource, subprocess, sys
record = (0x401000).to_bytes(8, "little") + bytes([1, 1]) + bytes(54)
with gzip.open("bomb.gz", "wb", 9) as file:
    for _ in range(512):
        file.write(record * (1 << 14))
subprocess.run([sys.argv[1], "trace", "import", "bomb.gz", "bomb.tw"], stdout=subprocess.DEVNULL, check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f"512 MiB of records: peak {peak} MiB")
sys.exit(peak > 48)
PY
