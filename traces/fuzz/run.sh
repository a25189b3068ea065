#!/usr/bin/env bash
# Runs the fuzzers that `make fuzz` has built, two at a time.
#
#   traces/fuzz/run.sh RUNS NAME…
#
# A line each at the end, with the edges of the program that the whole corpus reaches; exit status 0 only when none found
# anything. FUZZ_BUILD is where the programs are, and the corpus that grows (build/fuzz); FUZZ_JOBS how many run at once (2),
# at FUZZ_NICE (19), for at most FUZZ_SECONDS each.
set -u
cd "$(dirname "$0")/../.."
runs=${1:?how many executions}
shift
[ $# -gt 0 ] || exit 0
mkdir -p out/fuzz

# No leak, no hang (60 s, since the machine may be busy), no growth (512 MiB); the kept corpus is read, never written
# to.
one() {
    local name=$1 runs=$2 log=out/fuzz/$1.log begin=$SECONDS status=0 build=${FUZZ_BUILD:-build/fuzz} kept words
    for kept in traces/fuzz tb/fuzz; do [ ! -d "$kept/corpus/$name" ] || break; done
    words=$kept/$name.dict
    mkdir -p "$build/corpus/$name"
    ASAN_OPTIONS=quarantine_size_mb=8 nice -n "${FUZZ_NICE:-19}" "$build/fuzz_$name" -runs="$runs" -max_len=4096 -timeout=60 -rss_limit_mb=512 \
        ${FUZZ_SECONDS:+-max_total_time="$FUZZ_SECONDS"} $([ ! -r "$words" ] || echo "-dict=$words") \
        -print_final_stats=1 -artifact_prefix="out/fuzz/$name-" "$build/corpus/$name" "$kept/corpus/$name" > "$log" 2>&1 < /dev/null || status=$?
    local executed edges
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/^#[0-9]*[[:space:]]*DONE *cov: \([0-9]*\) .*/\1/p' "$log")
    if [ $status -eq 0 ]; then
        printf 'ok    %-12s %9s executions, %s edges, %s s, peak %s MiB\n' "$name" "$executed" "${edges:-?}" $((SECONDS - begin)) "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
    elif [ $status -eq 72 ]; then # libFuzzer's own, of a signal
        printf 'stop  %-12s %9s executions, interrupted; %s\n' "$name" "${executed:-?}" "$log"
        status=255 # xargs begins no other
    else
        printf 'FAIL  %-12s exit %d after %s executions; %s\n' "$name" $status "${executed:-?}" "$log"
        grep -m 3 -E 'ERROR|SUMMARY|does not hold|Test unit written' "$log" | sed 's/^/        /'
    fi
    return $status
}
export -f one
printf '%s\n' "$@" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -c 'one "$1" "$2"' _ {} "$runs"
