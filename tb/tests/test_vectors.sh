#!/usr/bin/env bash
# `twinwalk vectors`: the cases of traces/vectors pass on every engine of every preset; a wrong expectation, a defective
# file, a bad option are answered with place and reason; text and binary form say the same; the JSON is JSON and agrees.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk
fail() { echo "$*"; cat "$work/said" 2>/dev/null || true; exit 1; }

# Every preset: nothing fails, the oracle skips nothing, and the devices do not skip most.
for file in config/*.toml; do
    preset=$(basename "$file" .toml)
    [ -x "build/$preset/twinwalk" ] || fail "build/$preset/twinwalk is not built"
    "build/$preset/twinwalk" vectors traces/vectors/*.txt > "$work/said" 2>&1 || fail "$preset: a case failed"
    grep -qE '^oracle +[0-9]+ cases, [0-9]+ passed, 0 failed, 0 skipped;' "$work/said" || fail "$preset: no clean score of the oracle"
    for engine in model rtl; do
        least=390
        [ "$preset" != mini ] || least=350 # it has no feature
        passed=$(sed -nE "s/^$engine +[0-9]+ cases, ([0-9]+) passed, 0 failed, .*/\1/p" "$work/said")
        [ "${passed:-0}" -ge $least ] || fail "$preset: only ${passed:-0} cases passed on $engine"
    done
done
cases=$(cat traces/vectors/*.txt | grep -c '^case ')
[ "$cases" -ge 610 ] || fail "only $cases cases"
[ "$(cat traces/vectors/*.txt | sed -n 's/^case \([^ ]*\).*/\1/p' | sort | uniq -d | wc -l)" -eq 0 ] || fail "two cases have the same name"

# Every pattern of the table in traces/vectors/README.md names a case.
sed -n 's/^| [SP][0-9]* |.*| \(.*\) |$/\1/p' traces/vectors/README.md | tr -d '`' | tr ' ' '\n' | sort -u > "$work/patterns"
[ "$(wc -l < "$work/patterns")" -ge 100 ] || fail "the table of traces/vectors/README.md is gone"
cat traces/vectors/*.txt | sed -n 's/^case \([^ ]*\).*/\1/p' > "$work/names"
while read -r pattern; do
    regex="^$(printf '%s' "$pattern" | sed 's/\*/.*/g')$"
    grep -qE "$regex" "$work/names" || fail "traces/vectors/README.md: no case matches $pattern"
done < "$work/patterns"

# Text and binary are the same cases.
for file in traces/vectors/*.txt; do
    $twinwalk trace check "$file" > "$work/said" || fail "$file is not a good trace"
    $twinwalk trace pack "$file" "$work/packed.tw"
    $twinwalk trace text "$work/packed.tw" "$work/a.txt"
    $twinwalk trace text "$file" "$work/b.txt"
    cmp "$work/a.txt" "$work/b.txt" || fail "$file changes on its way through the binary form"
    $twinwalk vectors --on=oracle "$work/packed.tw" > "$work/said" || fail "$file fails in binary form"
done

# A wrong expectation: name, place, what was expected, what came, and the walk. The other cases still run.
sed 's/ pa=0x5abc 4k/ pa=0x5abd 4k/' traces/vectors/walk.txt > "$work/wrong.txt"
cmp -s "$work/wrong.txt" traces/vectors/walk.txt && fail "nothing was made wrong"
line=$(grep -n 'pa=0x5abd' "$work/wrong.txt" | cut -d: -f1)
got=0
$twinwalk vectors --json="$work/r.json" "$work/wrong.txt" > "$work/said" 2>&1 || got=$?
[ "$got" -eq 1 ] || fail "exit $got for a wrong expectation"
for text in "FAILED on oracle: walk-4-level-indices" "FAILED on model: walk-4-level-indices" "FAILED on rtl: walk-4-level-indices" "wrong.txt:$line: L 0x" \
            "expected  ok pa=0x5abd 4k" "got       ok pa=0x5abc 4k mt=wb" "PML4E" "1 failed"; do
    grep -qF -- "$text" "$work/said" || fail "not said: $text"
done
python3 - "$work/r.json" <<'PY' || fail "the JSON is not right"
import json, sys
r = json.load(open(sys.argv[1]))
suites = {s["name"]: s for s in r["testsuites"]}
assert set(suites) == {"oracle", "model", "rtl"}
for name, s in suites.items():
    mine = [c for c in r["testcases"] if c["engine"] == name]
    count = lambda status: sum(c["status"] == status for c in mine)
    assert s["tests"] == len(mine) and s["failures"] == count("failed") == 1 and s["skipped"] == count("skipped") and s["passed"] == count("passed")
bad = [c for c in r["testcases"] if c["status"] == "failed"]
assert all(c["expected"] == "ok pa=0x5abd 4k" and c["name"] == "walk-4-level-indices" and c["at"]["line"] > c["line"] for c in bad)
assert any(c["status"] == "skipped" and c["needs"] for c in r["testcases"])
PY
$twinwalk trace pack "$work/wrong.txt" "$work/wrong.tw"
$twinwalk vectors --on=model "$work/wrong.tw" > "$work/said" 2>&1 && fail "a wrong expectation passed in binary form"
grep -qE 'wrong.tw: record [0-9]+: L 0x' "$work/said" || fail "no record number"

# A device that hangs is asked once; what it was not asked is said. Of many failures some are told, all are counted.
got=0
$twinwalk vectors --on=oracle,null --json="$work/r.json" traces/vectors/*.txt > "$work/said" 2>&1 || got=$?
[ "$got" -eq 1 ] || fail "exit $got for a device that hangs"
grep -qE "^null +$cases cases, 0 passed, 1 failed, [0-9]+ skipped \(.*\), [0-9]+ not run since it hung" "$work/said" || fail "it was not said what was not run"
[ "$(wc -l < "$work/said")" -lt 20 ] || fail "a device that hangs says too much"
python3 - "$work/r.json" <<'PY' || fail "the JSON of a device that hangs is not right"
import json, sys
r = json.load(open(sys.argv[1]))
null = {s["name"]: s for s in r["testsuites"]}["null"]
count = lambda status: sum(c["status"] == status for c in r["testcases"] if c["engine"] == "null")
assert null["failures"] == count("failed") == 1 and null["not_run"] == count("not run") > 400 and null["skipped"] == count("skipped")
assert null["tests"] == 1 + null["not_run"] + null["skipped"]
PY
{ printf 'twinwalk-trace 1\ntables own\n'; for i in $(seq 30); do printf 'case wrong-%d\nL 0x0 1 -> ok\n' "$i"; done; } > "$work/many.txt"
for most in '' 2 0; do
    got=0
    $twinwalk vectors --on=oracle,model ${most:+--failures=$most} "$work/many.txt" > "$work/said" 2>&1 || got=$?
    told=$(grep -c '^  expected ' "$work/said")
    want=$((2 * ${most:-10})) notes=2
    [ "$most" != 0 ] || { want=60 notes=0; }
    [ "$got" -eq 1 ] && [ "$told" -eq "$want" ] && [ "$(grep -c 'only counted' "$work/said")" -eq "$notes" ] && [ "$(grep -c '30 failed' "$work/said")" -eq 2 ] ||
        fail "--failures=$most: $told told, exit $got"
done

# On a terminal it shows how far it is, and nothing of that remains; in a pipe it never does.
cat traces/vectors/invalidation.txt > "$work/long.txt"
for i in $(seq 600); do sed -n '/^case/,$p' traces/vectors/invalidation.txt; done >> "$work/long.txt"
python3 - $twinwalk vectors "$work/long.txt" > "$work/said" <<'PY' || fail "no progress on a terminal"
import os, pty, re, sys
try:
    for end in pty.openpty():
        os.close(end)
except OSError as why:
    print(f"no terminal can be had here ({why}): its progress line is not looked at")
    sys.exit(0)
shown = b""
def read(fd):
    global shown
    data = os.read(fd, 65536)
    shown += data
    return data
status = os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read, lambda fd: b""))
lines = re.findall(rb"\r\x1b\[K([0-9]+) cases, ([!-~]+) on (oracle|model|rtl)", shown)
assert status == 0 and lines and b"\r\x1b[K" in shown.split(lines[-1][1])[-1], (status, shown[-300:])
PY
$twinwalk vectors "$work/long.txt" 2>&1 | grep -q "$(printf '\r')" && fail "progress in a pipe"

# Which engines and cases.
$twinwalk vectors --on=oracle --case='lam-*' traces/vectors/*.txt > "$work/said" || fail "--case"
grep -qE '^oracle +2[0-9] cases' "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "--on and --case did not choose"

# refuse STATUS TEXT -- ARGUMENT…
refuse() {
    local status=$1 text=$2 got=0
    shift 3
    $twinwalk vectors "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ "$got" -eq "$status" ] || fail "exit $got, expected $status: $*"
    grep -qF -- "$text" "$work/said" || fail "$* did not say '$text'"
}
bad() { printf 'twinwalk-trace 1\ntables own\n%b' "$2" > "$work/bad.txt"; refuse 3 "$1" -- "$work/bad.txt"; }
refuse 2 "no file of cases given" --
refuse 2 "--on=toaster: this binary has no such device" -- --on=oracle,toaster traces/vectors/walk.txt
refuse 2 "model: named twice" -- --on=model,model traces/vectors/walk.txt
refuse 3 "none.txt: cannot open: No such file" -- none.txt
refuse 2 "no case has a name that matches --case" -- --case=nothing traces/vectors/walk.txt
refuse 3 "directed cases bring their own page tables" -- traces/corpus/sqlite3.tw
refuse 6 "--json=/nowhere/x: cannot be written: No such file" -- --json=/nowhere/x traces/vectors/walk.txt
refuse 6 "--json=/dev/full: cannot be written: No space left" -- --json=/dev/full traces/vectors/walk.txt
bad "bad.txt:3: a record before the first case" 'L 0 1\ncase x\n'
bad "bad.txt:4: a directed case has no operating system" 'case x\nmap 0x1000 0x2000 r--p\n'
bad "bad.txt:5: physical address 0x10000000000000 has more than 52 bits" 'case x\nL 0 1\npoke 0x10000000000000 1\n'
bad "bad.txt:4: expected a record" 'case x\nquack\n'
bad "bad.txt:5: expected a result: ok or gp" 'case x\n\nmov cr3 0 -> pf\n'
# What would compare nothing: a file without a case beside one that has some, a case that says of nothing what is right.
bad "bad.txt: holds no case" ''
refuse 3 "bad.txt: holds no case" -- "$work/bad.txt" traces/vectors/walk.txt
bad "bad.txt:5: the case x says nowhere what is right" 'case a\nL 0 1 -> pf 0x4 cr2=0\ncase x\nmov cr3 0x1000\nL 0 1\n'
bad "bad.txt:5: the case x says nowhere what is right" 'case a\nentry 0x1000 0\ncase x\ncase b\nentry 0x1000 0\n'
head -c 600 "$work/packed.tw" > "$work/torn.tw"
refuse 3 "torn.tw" -- "$work/torn.tw"
