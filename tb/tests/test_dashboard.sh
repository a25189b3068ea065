#!/usr/bin/env bash
# What regressions leave behind them: results that are not made twice, the history over commits, and the dashboard. A
# script plays the bench, in a checkout of its own: it says the commit it was built from, as the real one does, and as
# many cycles as it is told.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
    mkdir -p out/test
    work=$(mktemp -d "$PWD/out/test/dashboard.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/small"
    if unshare -m --propagation private mount -t tmpfs -o size=64k tmpfs "$work/small" 2> /dev/null; then
        unshare -m --propagation private "$0" inside "$work" mounts
    else
        "$0" inside "$work"
    fi
    exit
fi
work=$2 mounts=${3:-}
tree=$work/tree
mkdir -p "$tree/rtl" "$tree/config" "$work/my traces"
cp -r scripts VERSION "$tree/"
rm -rf "$tree/scripts/__pycache__"
touch "$tree/config/tiny.toml" "$tree/config/wide.toml" "$tree/rtl/a.sv"
printf '/build/\n/out/\n__pycache__/\n' > "$tree/.gitignore"
for name in one "a second"; do echo "$name" > "$work/my traces/$name.tw"; done
cd "$tree"
git init -q .
commit() { git add -A && git -c user.name=t -c user.email=t@localhost commit -qm "$1"; }
fail() { echo "$*"; cat "$work/said"; exit 1; }

# build CYCLES [STATUS [SECONDS]]: the programs, of the tree as it is.
build() {
    local preset
    for preset in tiny wide; do
        mkdir -p build/$preset
        cat > build/$preset/twinwalk <<PLAY
#!/bin/bash
# built $*
[ "\$1" = trace ] && exit 1
echo "\${!#}" >> "$work/played"
sleep ${3:-0}
echo >> "$work/ended"
for word; do case \$word in --json=*) json=\${word#*=} ;; esac; done
[ ${2:-0} = 0 ] && verdict=equal || { verdict=mismatch; echo "  MISMATCH (pin) in cycle 7"; }
printf '{"commit": "$(scripts/version.sh - | sed -n 's/.*COMMIT "\(.*\)"/\1/p')", "verdict": "%s", "cycles_dut": $1, "replay": {"accesses": 1000}, "speed": {"cpu_seconds": 0.001}}' \$verdict > "\$json"
exit ${2:-0}
PLAY
        chmod +x build/$preset/twinwalk
    done
}
# regress STATUS TEXT OPTION…
regress() {
    local status=$1 text=$2 got=0
    shift 2
    : > "$work/played"
    scripts/regress.py --corpus="$work/my traces" "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ $got -eq "$status" ] && grep -qF -- "$text" "$work/said" || fail "exit $got, not $status with '$text': $*"
}
played() { [ "$(wc -l < "$work/played")" -eq "$1" ] || fail "$(wc -l < "$work/played") runs were played, not $1"; }
page() { grep -qF -- "$1" out/dashboard.html || fail "the page does not say: $1"; }
asks() { # of the history
    python3 -c 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())' "${2:-out/history.db}" "$1"
}

# ---- nothing is done twice ----
commit "the first"
build 1000
regress 0 "4 passed, 0 failed, 0 skipped"
played 4
grep -q "dashboard: out/dashboard.html" "$work/said" || fail "no word of the page"
regress 0 "4 of them from before"
played 0
regress 0 "4 passed" --fresh
played 4
regress 0 "4 passed" --limit=500
played 4
echo more >> "$work/my traces/one.tw"
regress 0 "4 passed"
played 2
touch "$work/my traces/one.tw"
regress 0 "4 passed"
played 0
regress 0 "2 passed" --corpus="$work/my traces/a second.tw"
played 0
build 1000 0 0.3
regress 0 "4 passed" --jobs=1
played 4
# Killed without a word, with two runs done: the other two are made, and what was under way ends with it.
build 1000 0 0.4
: > "$work/played"
: > "$work/ended"
scripts/regress.py --corpus="$work/my traces" --jobs=1 > "$work/said" 2>&1 &
until [ "$(wc -l < "$work/played")" -ge 3 ]; do sleep 0.05; done
{ kill -9 $! && wait $!; } 2> /dev/null || :
regress 0 "2 of them from before"
played 2
[ "$(wc -l < "$work/ended")" = 4 ] || fail "what was under way has gone on"
[ "$(asks "SELECT count(*) FROM session WHERE status IS NULL")" = 1 ] || fail "the session that was killed is not in the history"
page "not ended"
# What a difference left behind is shown again; one whose folder is gone is run again. A crash is of no program alone.
build 1000 1
regress 1 "0 passed, 4 failed"
regress 1 "0 passed, 4 failed"
played 0
page "MISMATCH (pin) in cycle 7"
build 1000 139
regress 1 "0 passed, 4 failed"
regress 1 "0 passed, 4 failed"
played 4

# ---- commits ----
build 1000
regress 0 "4 passed"
! grep -q '<polyline' out/dashboard.html || fail "a line through one commit"
echo 2 > rtl/a.sv
commit "slower <by a tenth>"
build 1100
regress 0 "4 passed"
grep -q '<polyline' out/dashboard.html || fail "no line through two commits"
page '+10.00 %'
page "slower &lt;by a tenth&gt;</b>" # the last green one
two=$(git rev-parse --short HEAD)
echo 3 > rtl/a.sv
build 1500
regress 0 "4 passed"
page '+36.36 %'
page ">dirty<"
git checkout -q rtl
touch rtl/unknown.sv # git does not know it, the Makefile would build it
build 1600
regress 0 "4 passed"
[ "$(asks "SELECT min(dirty), max(cycles) FROM run WHERE cycles >= 1500")" = "1 1600" ] || fail "a dirty tree counts as a commit"
rm rtl/unknown.sv
grep -q "Last green commit of this: <b class=\"good\">$two " out/dashboard.html || fail "the last green commit is another"
echo 4 > rtl/a.sv
commit "wrong"
build 1100 1
cp build/wide/twinwalk "$work/old"
build 1100
cp "$work/old" build/wide/twinwalk
regress 1 "2 passed, 2 failed"
grep -q "Last green commit of this: <b class=\"good\">$two " out/dashboard.html || fail "a red commit is the last green one"
page '<b class="bad">Red</b>'
# Programs of two commits, of which one was not built anew, are of none.
cp build/tiny/twinwalk "$work/old"
echo 5 > rtl/a.sv
commit "half built"
build 1300
cp "$work/old" build/tiny/twinwalk
regress 0 "4 passed"
[ "$(asks "SELECT dirty FROM session ORDER BY id DESC LIMIT 1")" = 1 ] || fail "programs of two commits are one's"
! grep -qE 'src=|href="http|@import|url\(' out/dashboard.html || fail "the page wants more than itself"

# ---- two at once: each has its folder, both are in the history ----
build 1300 0 0.3
before=$(asks "SELECT count(*) FROM session WHERE status = 0")
scripts/regress.py --corpus="$work/my traces" --fresh --jobs=2 > "$work/first" 2>&1 &
sleep 0.3
regress 0 "another regression writes into out/regress" --fresh
wait $!
[ "$(asks "SELECT count(*) FROM session WHERE status = 0")" = $((before + 2)) ] || fail "not both are in the history"
[ -s out/regress-2/results.json ] || fail "the second has no folder of its own"

# ---- a history that is damaged, of later days, on a full disk, out of reach ----
printf 'no database at all, and long enough to be seen as none %01000d' 0 > out/history.db
regress 0 "out/history.db.damaged-1"
played 0
head -c 30 out/history.db.damaged-1 | grep -q "no database" || fail "what was damaged is not kept"
[ "$(asks "SELECT count(*) FROM run")" = 4 ] || fail "the run is not in the new history"
python3 -c 'import sqlite3; sqlite3.connect("out/history.db").execute("PRAGMA user_version = 99")'
regress 6 "written by a later Twinwalk"
page "This session is not recorded"
grep -q "4 passed, 0 failed" "$work/said" || fail "the run is lost"
rm out/history.db
regress 6 "Not a directory" --history=VERSION/history.db
grep -q "4 passed, 0 failed" "$work/said" && ! grep -q Traceback "$work/said" || fail "the run is lost"
regress 6 "--out=FOLDER gives another place" --out=VERSION/out
regress 2 "no traces" --corpus="$work"
if [ "$mounts" ]; then
    mount -t tmpfs -o size=64k tmpfs "$work/small"
    dd if=/dev/zero of="$work/small/rest" bs=1k count=60 2> /dev/null || :
    regress 6 "this session is not recorded" --history="$work/small/history.db"
    grep -q "4 passed, 0 failed" "$work/said" && ! grep -q Traceback "$work/said" || fail "the run is lost"
    mount -o remount,ro "$work/small"
    regress 6 "Read-only file system" --history="$work/small/sub/history.db"
    regress 6 "Read-only file system" --out="$work/small/regress"
fi
echo "history and dashboard: as they should be"
