#!/usr/bin/env bash
# The programs of build/sanitize/ (`make sanitize`), each of which ends at the first finding of ASan or UBSan: traces through model and OS model,
# the directed cases, storms, and nearly legal system calls.
#
#   scripts/sanitize.sh all|ci FIRST CALLS     ci: a share of about a minute
set -eu
cd "$(dirname "$0")/.."
share=${1:?all or ci}
first=${2:?the first seed}
calls=${3:?how many traces of system calls}
twinwalk=build/sanitize/tiny/twinwalk-model
out=out/sanitize
rm -rf "$out"
mkdir -p "$out"
failed=0
passed=0
export ASAN_OPTIONS=abort_on_error=0:quarantine_size_mb=16 UBSAN_OPTIONS=print_stacktrace=1

# run NAME COMMAND…: exit status 0, and no word of a sanitizer.
run() {
    local name=$1 log=$out/$1.log status=0 begin=$SECONDS
    shift
    nice -n 10 "$@" > "$log" 2>&1 < /dev/null || status=$?
    if [ $status = 0 ] && ! grep -qE 'runtime error|Sanitizer' "$log"; then
        printf 'ok    %-24s %4d s  %s\n' "$name" $((SECONDS - begin)) "$(grep -E '^[0-9]+ traces' "$log" | tail -1)"
        passed=$((passed + 1))
    else
        printf 'FAIL  %-24s exit %d; %s\n' "$name" $status "$log"
        grep -m 4 -E 'runtime error|ERROR|SUMMARY|^seed|MISMATCH|INCOMPLETE' "$log" | sed 's/^/        /' || true
        failed=$((failed + 1))
    fi
}

run calls build/sanitize/tiny/fuzz_calls "$first" "$calls" "$out"
for seed in 1 2; do
    "$twinwalk" storm --seed=$seed --records=15K "$out/storm.tw"
    run "storm-$seed" "$twinwalk" memory --ram=5M --swap=8M --signatures --verify=1000 "$out/storm.tw"
    run "storm-$seed-model" "$twinwalk" model --ram=5M --swap=8M --signatures "$out/storm.tw"
    "$twinwalk" storm --seed=$seed --records=10K --huge --near=20 "$out/huge.tw"
    run "huge-$seed" "$twinwalk" memory --ram=1G --signatures --verify=1000 "$out/huge.tw"
done
run vectors "$twinwalk" vectors --on=oracle,model traces/vectors/*.txt
traces=traces/corpus/*.tw
[ "$share" = all ] || traces="traces/corpus/jit.tw"
for trace in $traces; do
    run "check-$(basename "$trace" .tw)" "$twinwalk" trace check "$trace"
    run "model-$(basename "$trace" .tw)" "$twinwalk" model "$trace"
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed = 0 ]
