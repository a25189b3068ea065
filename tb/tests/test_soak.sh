#!/usr/bin/env bash
# `make soak`: seeds that never ran before, also of two at once; taken up again after kill -9 and Ctrl-C; failures told
# and kept; how it ends. A script plays the bench, but for one failure of a real device.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }
soak() { # STATUS TEXT OPTION…
    local status=$1 text=$2 got=0
    shift 2
    timeout 60 scripts/soak.py "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ $got -eq "$status" ] && grep -qE -- "$text" "$work/said" || fail "exit $got, not $status with '$text': $*"
}
asks() { python3 -c 'import sqlite3, sys; print(*sqlite3.connect("out/history.db").execute(sys.argv[1]).fetchone())' "$1"; }

# A device that is wrong at once: told, kept, on the page.
soak 1 '^FAILED: seed [0-9]+ on tiny$' --hours=0.0001 --presets=tiny --jobs=1 --cycles=1000 --reduce=2 \
    --args="--check=cycle --dut=$(scripts/dut.py where tb/examples/blocking_walker build/tiny)" --out="$work/out/soak"
grep -q "^    again: build/tiny/twinwalk random " "$work/said" && grep -q "MISMATCH" "$work/said" || fail "the failure is not explained"
[ -n "$(find "$work/out/soak/mismatches" -name report.html)" ] || fail "no folder of it"
grep -q "report.html\">MISMATCH (pin)" "$work/out/dashboard.html" || fail "the page does not show it"

mkdir -p "$work/tree/config" "$work/tree/build/tiny" "$work/tree/build/wide"
cp -r scripts VERSION "$work/tree"
cd "$work/tree"
touch config/tiny.toml config/wide.toml
# play SECONDS STATUS
play() {
    local preset
    for preset in tiny wide; do
        cat > build/$preset/twinwalk <<PLAY
#!/bin/bash
echo "\$* " >> "$work/played"
sleep $1 || exit 130
for word; do case \$word in --json=*) json=\${word#*=} ;; esac; done
printf '{"verdict": "equal", "cycles_dut": 1100, "cycles_skipped": 100, "random": {"answers": 10, "corners": {"a": 1, "b": 0}}}' > "\$json"
exit $2
PLAY
        chmod +x build/$preset/twinwalk
    done
}
play 0.05 0
soak 0 '^tiny +[1-9][0-9]* +[0-9,]+000 +[0-9]+0 +0  1 of 2$' --hours=0.0005 --tell=0.5
[ "$(grep -c ' h: ' "$work/said")" -ge 3 ] || fail "it does not say how far it is"
# Both presets have their share.
read -r tiny wide < <(asks "SELECT sum(preset = 'tiny'), sum(preset = 'wide') FROM seed")
[ $((tiny - wide)) -le 2 ] && [ $((wide - tiny)) -le 2 ] || fail "$tiny seeds on tiny, $wide on wide"
# Two at once, and those before: no seed twice.
scripts/soak.py --hours=0.0005 > "$work/first" 2>&1 &
soak 0 ' 0 failed' --hours=0.0005
wait $!
[ -z "$(grep -o 'seed=[0-9]*' "$work/played" | sort | uniq -d)" ] || fail "a seed ran twice"
[ "$(asks "SELECT count(*) FROM seed")" = "$(wc -l < "$work/played")" ] || fail "the history lacks seeds"

# Killed: the next one makes what was under way, and what is left of the time.
play 0.3 0
: > "$work/played"
scripts/soak.py --hours=0.001 --jobs=2 > "$work/first" 2>&1 &
soaking=$!
until [ "$(wc -l < "$work/played")" -ge 6 ]; do sleep 0.05; done
{ kill -9 $soaking && wait $soaking; } 2> /dev/null || :
lost=$(python3 -c 'import sqlite3; print(*[row[0] for row in sqlite3.connect("out/history.db").execute("SELECT seed FROM seed WHERE result = \"running\"")])')
[ "$(wc -w <<< "$lost")" = 2 ] || fail "under way were: $lost"
: > "$work/played"
soak 0 'goes on with what was interrupted: 0.00 of 0.001 h are done, 2 seeds run again' --hours=0.001 --jobs=2
for seed in $lost; do grep -q -- "--seed=$seed " "$work/played" || fail "seed $seed did not run again"; done
[ "$(asks "SELECT count(*) FROM seed WHERE result = 'running'")" = 0 ] || fail "seeds are left over"
[ "$(asks "SELECT count(*) FROM session WHERE status IS NULL")" = 0 ] || fail "the session has not ended"
soak 0 ' 0 failed' --hours=0.0001 --jobs=2
! grep -q "goes on" "$work/said" || fail "it goes on with what has ended"
# Ctrl-C, and again, and another that begins anew.
for way in "" --fresh; do
    : > "$work/played"
    scripts/soak.py --hours=0.001 > "$work/said" 2>&1 &
    until [ -s "$work/played" ]; do sleep 0.05; done
    kill -INT $!
    got=0
    wait $! || got=$?
    [ $got -eq 130 ] && grep -q "INTERRUPTED: the same line goes on from here" "$work/said" || fail "exit $got after SIGINT"
    soak 0 ' 0 failed' --hours=0.001 $way
    grep -q "goes on" "$work/said" && [ -n "$way" ] && fail "--fresh goes on"
    grep -q "goes on" "$work/said" || [ -n "$way" ] || fail "it does not go on"
done

play 0 7
soak 7 '^BROKEN: seed' --hours=1
play 0 139
soak 1 '^FAILED: seed' --hours=0.0001 --fresh
soak 1 '^soak: [34] failures' --hours=1 --fresh --failures=3
soak 2 'more than nothing' --hours=0
soak 2 'no file config/huge.toml' --presets=huge
sed -i 's/"cycles_dut": 1100/"cycles_dut": 100/; s/exit 139/exit 5/' build/*/twinwalk
soak 5 '^BROKEN: seed' --hours=1 --fresh
soak 6 'gives another place for the results' --out=VERSION/soak
echo "soaks: as they should be"
