#!/usr/bin/env bash
# scripts/equal.py: both benches are equal in every byte; what differs, fails, is cut short or is not there is seen, and
# nothing is done twice. A script between it and a real bench plays what no bench does.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }
mkdir "$work/corpus"
for name in sqlite3-start memory-swap; do
    build/tiny/twinwalk trace cut --accesses traces/corpus/$name.tw 0 20000 "$work/corpus/$name.tw"
    { grep '^options' traces/corpus/$name.toml || :; } > "$work/corpus/$name.toml"
done
printf 'twinwalk-trace 1\nbits 57\nF 0x1000 4\n' > "$work/corpus/wide.tw" # which tiny has not

# equal STATUS TEXT SIDE|OPTION…: it must exit so and say so.
equal() {
    local status=$1 text=$2 got=0
    shift 2
    timeout 300 scripts/equal.py --presets=tiny --corpus="$work/corpus" --requests=5000 --out="$work/out" "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ $got -eq "$status" ] && grep -qE -- "$text" "$work/said" || fail "exit $got, not $status with '$text': $*"
}
# played: a bench that counts its runs; the words of $1 are put in place of what follows: a way to be wrong.
cc=build/PRESET/twinwalk sc=build/PRESET/twinwalk-sc
played() {
    printf '#!/bin/bash\necho "$*" >> %q/played\nreal() { build/tiny/twinwalk "$@"; }\n%s\n' "$work" "$1" > "$work/tiny"
    chmod +x "$work/tiny"
    : > "$work/played"
}
played 'real "$@"'

# Two real benches and a third side: 2 traces at four levels and random stimulus, beside the first; one trace none can.
equal 0 '^18 equal, 0 different, 0 failed, 8 skipped, 0 not compared \(0 of 39 ' $cc $sc "$work/PRESET"
grep -q '^only one of sides 1 and 2 has 3[0-9] counters' "$work/said" && ! grep -q '^only one of sides 1 and 3' "$work/said" || fail "what SystemC does not count"
grep -qE '^tiny +state +2 +1 +[0-9,]+ +all equal +all equal$' "$work/said" && grep -q '^  *systemc, SystemC .*, Verilator' "$work/said" || fail "the table"
[ "$(wc -l < "$work/played")" -eq 13 ] && grep -q -- '--check=state .*--swap=16M --signatures' "$work/played" || fail "what was played"
! grep -q -- '--check=arch .*--swap' "$work/played" || fail "an option that needs a clock at a level that has none"
# Again: nothing runs. With --fresh all does.
equal 0 '39 of 39 runs from before' $cc $sc "$work/PRESET"
[ "$(wc -l < "$work/played")" -eq 13 ] || fail "what was done is done again"
equal 0 '\(0 of 26 runs' $cc "$work/PRESET" --fresh
[ "$(wc -l < "$work/played")" -eq 26 ] || fail "--fresh does not run"
# Brought there by other words.
equal 0 '^4 equal' $cc "env -C $PWD $sc" --checks='cycle state' --requests=0

# One number of one run is another: which one, where, and how to see it again.
played 'case "$*" in *state*swap*) real "$@" | sed "s/\"table_frames\": /&1/" ;; *) real "$@" ;; esac'
equal 1 '^DIFFERENT: tiny, memory-swap, state, sides 1 and 2: replay.table_frames is [0-9]+ and 1[0-9]+$' $cc "$work/PRESET"
grep -q '^8 equal, 1 different, 0 failed, 4 skipped' "$work/said" && grep -qE '^tiny +state .* 1 of 3$' "$work/said" || fail "the sums"
! grep -q '^Equal' "$work/said" || fail "it says that it is equal"
equal 1 '^DIFFERENT: .* is 1?[0-9]+ and [0-9]+$' "$work/PRESET" $cc # also where it is the first
# A result less; results in another order.
played 'real "$@" | sed "/\"spurious\": /d"'
equal 1 'random, sides 1 and 2: random.spurious is [0-9]+ and "missing"' $cc "$work/PRESET" --checks=
played 'real "$@" | sed "s/\"minor_faults\": .*/\"minor_faults\": null,/"' # only a device's own counters may be
equal 1 'replay.minor_faults is [0-9]+ and null' $cc "$work/PRESET" --checks=cycle --requests=0
played 'real "$@" | sed "s/\"cow_faults\"/\"other\"/; s/\"minor_faults\"/\"cow_faults\"/; s/\"other\"/\"minor_faults\"/"'
equal 1 'DIFFERENT: tiny, sqlite3-start, cycle' $cc "$work/PRESET" --checks=cycle --requests=0
# A real machine that is another one: other latencies.
played 'real "$@" --latency=9'
equal 1 'DIFFERENT: tiny, sqlite3-start, cycle, .*: cycles_model is [0-9]+ and [0-9]+$' $cc "$work/PRESET" --checks=cycle --requests=0

# No result is none, whatever the status says; nor one that tells of a difference, or of nothing.
for way in 'kill -SEGV $$|ended by SIGSEGV' 'exit 0|without having compared' 'real "$@" | head -c 99|without having compared' \
    'real "$@" --dut=null --reduce=0; exit $?|status 1: ' 'real "$@" | sed "s/\"cycles_dut\": .*/\"cycles_dut\": 0,/"|without having compared'; do
    played "${way%|*}"
    equal 1 "^FAILED: tiny, sqlite3-start, cycle, sides 1 and 2: side 2: .*${way##*|}" $cc "$work/PRESET" --checks=cycle --requests=0 --limit=1000
done
# Only one of them says that it cannot.
played 'case "$*" in *swap*) echo "twinwalk: no such page" >&2; exit 4 ;; *) real "$@" ;; esac'
equal 1 'only side 2 cannot: no such page' $cc "$work/PRESET" --checks=cycle --requests=0
equal 5 '^INCOMPLETE' $cc $sc --corpus="$work/corpus/wide.tw" --requests=0

# What cannot be asked.
cp build/tiny/twinwalk "$work/tiny"
equal 2 'the same program, byte for byte' $cc "$work/PRESET"
equal 2 'sides are built before' $cc "$work/PRESET-sc"
equal 2 'nowhere.* No such file' $cc "nowhere/run $sc"
equal 2 'PRESET' $cc build/tiny/twinwalk-sc
equal 2 'one side alone' $cc
equal 2 'name what is compared' $cc $sc --checks= --requests=0
equal 2 'name what is compared' $cc $sc --checks=pins
equal 2 'no traces' $cc $sc --corpus=docs
mkdir -p "$work/there/traces"
printf 'twinwalk-trace 1\nF 0x1000 4\n' | tee "$work/there/traces/a.tw" > /dev/null
cp build/tiny/twinwalk-sc "$work/there/tiny"
mkdir -p out/test/equal && printf 'twinwalk-trace 1\nF 0x2000 4\n' > out/test/equal/a.tw && mkdir -p "$work/there/out/test/equal" && cp "$work/there/traces/a.tw" "$work/there/out/test/equal/"
equal 2 'its out/test/equal/a.tw is another one' $cc "env -C $work/there ./PRESET" --corpus=out/test/equal
# Nowhere to write.
played 'real "$@"'
: > "$work/file"
equal 6 'another place for the results' $cc "$work/PRESET" --out="$work/file/out"

# Ctrl-C: what is done is done, what was under way is made anew.
played 'case "$*" in *random*|*--check=state*) exec sleep 60 ;; esac; real "$@"'
scripts/equal.py --presets=tiny --corpus="$work/corpus" --requests=5000 --out="$work/cut" --jobs=2 $cc "$work/PRESET" > "$work/said" 2>&1 < /dev/null &
for _ in $(seq 300); do ! grep -q -- --check=state "$work/played" || break; sleep 0.1; done
kill -INT $!
got=0
wait $! || got=$?
[ $got -eq 130 ] && grep -qE '^6 equal, .* 3 skipped, 4 not compared' "$work/said" || fail "Ctrl-C: exit $got"
sed -i 's/exec sleep 60/:/' "$work/tiny" # another program: all of its runs again, none of the first side's
equal 0 '\((9|1[0-3]) of 26 runs from before' $cc "$work/PRESET" --out="$work/cut"
echo "equal: sees what is not"
