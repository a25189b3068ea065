#!/usr/bin/env bash
# Imports of foreign traces: real ones of Valgrind's lackey, whose own counts must come out; the other formats as the
# generator of traces/tests/foreign.py writes them, record by record; all of them replay; merging; bad input; memory
# that does not grow.
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
# Its lines "SB ADDRESS" are no accesses, wherever the first of them stands.
LD_BIND_NOW=1 valgrind --tool=lackey --trace-mem=yes --trace-superblocks=yes --log-file="$work/sb.log" /bin/true
sed '/^==/d' "$work/sb.log" > "$work/bare.log"
head -1 "$work/bare.log" | grep -q '^SB ' || fail "lackey does not begin with a superblock"
for name in sb bare; do
    $twinwalk trace import "$work/$name.log" "$work/sb.tw" > "$work/said"
    for pair in "instructions:^I" "loads:^ L" "stores:^ S" "modifies:^ M"; do
        lines=$(grep -c "${pair#*:}" "$work/$name.log")
        [ "$(count "${pair%%:*}")" = "$lines" ] || fail "$name.log: ${pair%%:*}: $lines lines, and $(count "${pair%%:*}")"
    done
done
# Hands add blanks and comments, and leave out the last line's end: the same trace as without.
{ echo "# by hand"; head -2000 "$work/bare.log" | sed 's/$/  /' | head -c -1; } > "$work/hand.log"
head -2000 "$work/bare.log" > "$work/plain.log"
for name in hand plain; do $twinwalk trace import "$work/$name.log" "$work/$name.tw" > /dev/null; done
records "$work/plain.tw" | cmp -s - <(records "$work/hand.tw") || fail "a blank or a comment makes another trace of lackey's"

# ---- the others, from the generator ----
python3 traces/tests/foreign.py "$work/f"
same() { # FILE EXPECTED
    $twinwalk trace import "$1" "$work/o.tw" > "$work/said" || fail "$1 was refused"
    records "$work/o.tw" | cmp -s - "$2" || fail "$1 came out other than $2"
}
for file in "$work"/f/*.champsimtrace*; do same "$file" "$work/f/champsim.text"; done
grep -q "^from .*ChampSim, packed: tar, xz" <($twinwalk trace import "$work/f/packed.champsimtrace.tar.xz" "$work/o.tw") || fail "the packers are not named"
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

same "$work/f/shards" "$work/f/shards.text"
grep -q '^files  *3 ' "$work/said" || fail "not three files: $(cat "$work/said")"
[ "$(count kernel)" = "$(grep -c '^F .*sup' "$work/f/shards.text")" ] || fail "the kernel's instructions are $(count kernel)"
$twinwalk trace check "$work/o.tw" > /dev/null || fail "trace check refuses a folder"
replay "$work/o.tw"

# ---- thousands of threads: a text never says that one has ended; --fold makes do with fewer numbers ----
for ((i = 0; i < 3000; i++)); do echo "0x401000: R 0x$((70000 + i))000 8; TID: $((i + 5000))"; echo "0x401003: W 0x$((70000 + i))000 8; TID: $((i + 5000))"; done > "$work/tids.out"
$twinwalk trace import "$work/tids.out" "$work/tids.tw" > "$work/said"
[ "$(count threads)" = 3000 ] || fail "there are 3000 threads, not $(count threads)"
records "$work/tids.tw" | tail -1 | grep -q ' thread=2999$' || fail "the last thread is not number 2999"
$twinwalk trace check "$work/tids.tw" > /dev/null
replay "$work/tids.tw"
grep -Eq 'context switches +2,999 ' "$work/cosim" || fail "not every thread had its turn"
$twinwalk trace import --fold=20 "$work/tids.out" "$work/tids.tw" > "$work/said"
[ "$(count threads) $(count folded)" = "3000 2980" ] || fail "folded: $(count folded) of $(count threads)"
records "$work/tids.tw" | grep -Eo 'thread=[0-9]+' | sort -u | wc -l | grep -qx 19 || fail "twenty numbers are more, or fewer"

# The same where the trace makes its tasks: two thousand alive at a time, a large number, one used again.
{ printf 'twinwalk-trace 1\nmap 0x400000 0x402000 r-xp file /bin/x\nmap 0x600000 0x700000 rw-p\nF 0x400000 4\n'
  for ((i = 1; i < 2000; i++)); do printf 'clone %d vm files thread\nS 0x6%02x000 8 thread=%d\n' $i $((i % 200)) $i; done
  printf 'clone 15000 thread=1999\nS 0x600000 8 thread=15000\nexit_group thread=15000\nclone 15000\nL 0x600000 8 thread=15000\n'
  printf 'exit thread=%d\n' {1..1999}
  printf 'exit_group thread=15000\nexit_group\n'; } > "$work/tasks.txt"
$twinwalk trace check "$work/tasks.txt" > "$work/said" || { cat "$work/said"; fail "trace check refuses two thousand tasks"; }
grep -q '^tasks  *2001 ' "$work/said" || fail "not 2001 tasks: $(cat "$work/said")"
replay --signatures "$work/tasks.txt"

# ---- merging: both are in it, each in its order, as threads of its own ----
$twinwalk trace import "$work/f/plain.champsimtrace" "$work/a.tw" > /dev/null
$twinwalk trace merge --quantum=100 "$work/a.tw" "$work/p.tw" "$work/m.tw" > "$work/said"
records "$work/m.tw" | grep -v thread= | cmp -s - "$work/f/champsim.text" || fail "the first of the merged traces is changed"
records "$work/m.tw" | grep thread= | sed 's/ thread=1$//; s/ thread=2$/ thread=1/; s/ thread=3$/ thread=2/' | cmp -s - "$work/f/drmemtrace.text" ||
    fail "the second of the merged traces is changed"
[ "$(records "$work/m.tw" | head -400 | grep -c thread=)" -gt 50 ] || fail "they do not take turns"
replay "$work/m.tw"

# ---- bad input: one line with file and place, exit 3 (status=: another), and no half file ----
refuse() { # TEXT ARGUMENT…
    local text=$1 got=0
    shift
    $twinwalk trace "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq "${status:-3}" ] || { cat "$work/said"; fail "exit $got: $*"; }
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
refuse "torn: line 900: torn: the file ends in the middle of it: no line of lackey's" import torn bad.tw
head -c 9000 f/packed.champsimtrace.tar > torn
refuse "torn: offset 9000: torn: the file ends in the middle of its tar archive (behind record" import torn bad.tw
head -c -9 f/packed.champsimtrace.tar.bz2 > torn
refuse "torn: the file ends in the middle of its bzip2 data" import torn bad.tw
head -c 100000 f/snappy.champsimtrace.sz > torn
refuse "torn: offset 100000: torn: the file ends in the middle of its Snappy data (behind record" import torn bad.tw
printf '7z\xbc\xaf\x27\x1c\0\4' > seven.champsimtrace
refuse "seven.champsimtrace: offset 0: is packed by 7-Zip, which is not understood here: unpack it first" import seven.champsimtrace bad.tw
head -c 5000 /dev/urandom > torn
cp torn torn.champsimtrace # a name is no proof
refuse "looks like no trace" import torn bad.tw
refuse "looks like no trace" import torn.champsimtrace bad.tw
for format in champsim cloudsuite drmemtrace; do refuse "does not begin as a trace of" import --from=$format torn bad.tw; done
refuse "looks like a trace of ChampSim's CloudSuite (--from=cloudsuite), not of ChampSim" import --from=champsim f/cloudsuite.champsimtrace bad.tw
refuse "looks like a trace of Valgrind lackey (--from=lackey), not of Pin" import --from=pin lackey.log bad.tw
printf 'R 0x5a007ffe00001000 8\n' > tagged
refuse "(with --lam=57 it is: bits 62:57 may be a tag)" import tagged bad.tw
$twinwalk trace import --lam=57 tagged tagged.tw > /dev/null && $twinwalk trace text tagged.tw | grep -qx 'L 0x7ffe00001000 8' || fail "a tag stays"
mkdir -p empty raw/raw
refuse "empty: is a folder, and none of its 0 files is one of drmemtrace's" import empty bad.tw
refuse "raw: holds raw files of DynamoRIO's drmemtrace" import raw bad.tw
cp -r f/shards s
head -c 300 s/trace/drmemtrace.app.9002.0001.trace.gz > s/trace/cut && mv s/trace/cut s/trace/drmemtrace.app.9002.0001.trace.gz
refuse "9002.0001.trace.gz: offset 300: torn: the file ends in the middle of its gzip data (behind record" import s bad.tw
cp f/shards/trace/drmemtrace.app.9001.0001.trace s/before
status=2 refuse "is a trace being read; write to another file" import f/shards f/shards/trace/drmemtrace.app.9001.0001.trace
cmp -s s/before f/shards/trace/drmemtrace.app.9001.0001.trace || fail "an import has written over a file of its own folder"
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
