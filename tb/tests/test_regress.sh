#!/usr/bin/env bash
# The regression itself: its JUnit file is green, red or cut short when the runs are, and says how to run each again.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
twinwalk=build/tiny/twinwalk
$twinwalk trace cut --accesses traces/corpus/sqlite3-start.tw 0 20000 "$work/corpus/short.tw"
printf 'options = "--pages=thp --limit=15000"\nset = "small"\n' > "$work/corpus/short.toml"
cp "$work/corpus/short.tw" "$work/corpus/plain.tw"
printf 'twinwalk-trace 1\nbits 57\nF 0x1000 4\n' > "$work/corpus/wide.tw"

# regress STATUS TEXT OPTION…: it must exit so and say so.
regress() {
    local status=$1 text=$2 got=0
    shift 2
    scripts/regress.py --presets=tiny --corpus="$work/corpus" --out="$work/out" "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ $got -eq "$status" ] && grep -qF -- "$text" "$work/said" || { echo "exit $got, not $status with '$text': $*"; cat "$work/said"; exit 1; }
}

# junit EXPRESSION: true of the file, in Python: r is its root, cases its testcases by name.
junit() {
    python3 - "$work/out/junit.xml" "$1" <<'PY' || { echo "junit.xml: not so: $1"; cat "$work/out/junit.xml" "$work/said"; exit 1; }
import sys, xml.etree.ElementTree as xml
r = xml.parse(sys.argv[1]).getroot()
cases = {case.get("name"): case for case in r.iter("testcase")}
# The usual schema: what must be there, as numbers, and that the sums are those of the cases.
assert r.tag == "testsuites" and all(suite.tag == "testsuite" for suite in r)
for suite in r:
    assert suite.get("name") and suite.get("timestamp") and float(suite.get("time")) >= 0
    for key, tag in ("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"):
        assert int(suite.get(key)) == len(list(suite.iter(tag))), key
for case in cases.values():
    assert case.get("classname") and float(case.get("time")) >= 0
    assert case.find("system-out").text.startswith("again: build/tiny/twinwalk cosim ")
sys.exit(not eval(sys.argv[2]))
PY
}
has() { echo "cases['$1'].find('$2') is not None"; }

regress 0 "2 passed, 0 failed, 1 skipped"
junit "r.get('tests') == '3' and r.get('failures') == '0' and $(has wide skipped) and '57-bit' in cases['wide'].find('skipped').text"
python3 -c 'import json, sys; runs = {run["trace"].split("/")[-1]: run["numbers"] for run in json.load(open(sys.argv[1]))["runs"]}
sys.exit(runs["short.tw"]["replay"]["accesses"] != 15000 or runs["plain.tw"]["replay"]["accesses"] != 20000)' "$work/out/results.json"

# Where no run compared anything there is no success.
mkdir "$work/wide"
cp "$work"/corpus/wide.* "$work/wide/"
got=0
scripts/regress.py --presets=tiny --corpus="$work/wide" --out="$work/none" > "$work/said" || got=$?
[ $got -eq 5 ] && grep -q "INCOMPLETE: no run compared anything" "$work/said" || { echo "all skipped: exit $got"; cat "$work/said"; exit 1; }

# The line that runs it again does.
python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["runs"][0]["again"])' "$work/out/results.json" > "$work/again.sh"
sh "$work/again.sh" | grep -q "Equal: everything asked for was compared."

regress 0 "1 passed, 0 failed, 0 skipped" --set=small
regress 1 "0 passed, 2 failed, 1 skipped" --args=--dut=null
junit "r.get('failures') == '2' and $(has plain failure) and 'MISMATCH' in cases['plain'].find('failure').get('message')"

# A program that dies, or says that all is well and has compared nothing, is no pass.
mkdir -p "$work/dead/config" "$work/dead/build/tiny" "$work/dead/scripts"
touch "$work/dead/config/tiny.toml"
cp -r scripts VERSION "$work/dead/"
for way in 'kill -SEGV $$' 'exit 0'; do
    printf '#!/bin/sh\n%s\n' "$way" > "$work/dead/build/tiny/twinwalk"
    chmod +x "$work/dead/build/tiny/twinwalk"
    got=0
    "$work/dead/scripts/regress.py" --corpus="$work/corpus" --out="$work/out" > "$work/said" || got=$?
    [ $got -eq 1 ] || { echo "'$way' exits $got"; cat "$work/said"; exit 1; }
    grep -q "0 passed, 3 failed" "$work/said"
done

regress 2 "no traces" --corpus="$work"
regress 2 "no file config/huge.toml" --presets=huge
printf 'set = "large"\n' > "$work/corpus/plain.toml"
regress 2 "plain.toml" --set=small
rm "$work/corpus/plain.toml"

# Ctrl-C: what is under way reports, what is not does not begin.
cp traces/corpus/sqlite3.tw "$work/corpus/long.tw"
scripts/regress.py --presets=tiny --corpus="$work/corpus" --out="$work/out" --jobs=1 --check=state --args=--state-every=1 > "$work/said" 2>&1 &
for _ in $(seq 100); do # its first run is the long one
    [ -s "$work/out/runs/tiny-long.log" ] || [ -e "$work/out/runs/tiny-long.log" ] && break
    sleep 0.1
done
sleep 1
kill -INT $!
got=0
wait $! || got=$?
[ $got -eq 130 ] && grep -q "INTERRUPTED: 1 runs were cut short and 3 not begun" "$work/said" || { echo "exit $got after SIGINT"; cat "$work/said"; exit 1; }
junit "$(has long skipped) and 'equal until then' in cases['long'].find('skipped').text and 'before it began' in cases['plain'].find('skipped').text"

# A task's processes are all asked to end, in any order: who is killed just before his runner is asked was interrupted.
cat > "$work/asked.py" <<'PY'
import os, signal, sys, threading
sys.path.insert(0, "scripts")
import regress
fleet, asked = regress.Fleet(), len(sys.argv) > 1
killed = fleet.start(["sleep", "60"])
killed.terminate()
killed.wait()
if asked:
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
print(fleet.ended(killed))
PY
[ "$(python3 "$work/asked.py" too)" = 130 ] || { echo "killed before its runner was asked: crashed"; exit 1; }
[ "$(python3 "$work/asked.py")" = -15 ] || { echo "killed alone: interrupted"; exit 1; }
