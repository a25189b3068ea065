#!/usr/bin/env bash
# Runs the fuzzers that `make fuzz` has built, two at a time.
#
#   traces/fuzz/run.sh RUNS NAME…
#
# A line each at the end; exit status 0 only when none found anything.
set -u
cd "$(dirname "$0")/../.."
runs=${1:?how many executions}
shift
mkdir -p out/fuzz

# No leak, no hang (60 s, since the machine may be busy), no growth (512 MiB); the kept corpus is read, never written
# to.
one() {
    local name=$1 runs=$2 log=out/fuzz/$1.log begin=$SECONDS status=0
    mkdir -p "build/fuzz/corpus/$name"
    ASAN_OPTIONS=quarantine_size_mb=8 nice -n 19 "build/fuzz/fuzz_$name" -runs="$runs" -max_len=4096 -timeout=60 -rss_limit_mb=512 \
        -print_final_stats=1 -artifact_prefix="out/fuzz/$name-" "build/fuzz/corpus/$name" "traces/fuzz/corpus/$name" > "$log" 2>&1 < /dev/null || status=$?
    local executed
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status -eq 0 ]; then
        printf 'ok    %-12s %9s executions, %s s, peak %s MiB\n' "$name" "$executed" $((SECONDS - begin)) "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
    else
        printf 'FAIL  %-12s exit %d after %s executions; %s\n' "$name" $status "${executed:-?}" "$log"
        grep -m 3 -E 'ERROR|SUMMARY|does not hold|Test unit written' "$log" | sed 's/^/        /'
    fi
    return $status
}
export -f one
printf '%s\n' "$@" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -c 'one "$1" "$2"' _ {} "$runs"
