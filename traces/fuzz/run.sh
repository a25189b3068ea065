#!/usr/bin/env bash
# Runs the fuzzers that `make fuzz` has built, two at a time.
#
#   traces/fuzz/run.sh RUNS NAME…
#
# A line each at the end, with the edges of the program that the whole corpus reaches; exit status 0 only when none found
# anything. FUZZ_BUILD is where the programs are (build/fuzz); FUZZ_JOBS how many run at once (2), at FUZZ_NICE (19), for
# at most FUZZ_SECONDS each. The corpus grows in build/fuzz/corpus, and build/fuzz/tally has a line a run: name, sanitizer,
# hash of what was fuzzed, executions, day; with FUZZ_RESUME those of the same sources count towards RUNS.
set -u
cd "$(dirname "$0")/../.."
runs=${1:?how many executions}
shift
[ $# -gt 0 ] || exit 0
mkdir -p out/fuzz

# What is fuzzed: changing it makes executions count from 0.
sources() {
    if [ "$1" = options ]; then
        cat tb/cli/options*.[ch] tb/base/arguments.[ch] tb/base/exits.[ch] tb/base/outfile.[ch] tb/session/setup.[ch]
    else
        cat traces/format/*.[ch] $(ls traces/import/*.[ch] | grep -v -e verbs -e output)
    fi | sha1sum | cut -c 1-12
}

# Most inputs are short, since a long one costs more and rarely tells more; the first fiftieth of a long run has them up
# to 8 KiB, which is more than the longest line of any format.
shorter() {
    case $1 in
    block) echo 256 ;;
    champsim | cloudsuite | drmemtrace | lackey | pin | options) echo 1024 ;;
    *) echo 2048 ;;
    esac
}

# No leak, no hang (60 s, since the machine may be busy), no growth (512 MiB); the kept corpus is read, never written to.
# Of AddressSanitizer's pains those that tell nothing here are left out: a stack trace and a fill for each allocation, and
# memory given back to the system.
leg() {
    local name=$1 runs=$2 most=$3 kept words build=${FUZZ_BUILD:-build/fuzz}
    for kept in traces/fuzz tb/fuzz; do [ ! -d "$kept/corpus/$name" ] || break; done
    words=$kept/$name.dict
    mkdir -p "build/fuzz/corpus/$name"
    ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=${FUZZ_STACKS:-2}:max_malloc_fill_size=0:allocator_release_to_os_interval_ms=-1 \
        nice -n "${FUZZ_NICE:-19}" "$build/fuzz_$name" -runs="$runs" -max_len="$most" -entropic=0 -reduce_inputs=0 -timeout=60 -rss_limit_mb=512 \
        ${FUZZ_SECONDS:+-max_total_time="$FUZZ_SECONDS"} $([ ! -r "$words" ] || echo "-dict=$words") \
        -print_final_stats=1 -artifact_prefix="out/fuzz/$name-" "build/fuzz/corpus/$name" "$kept/corpus/$name" > "$log" 2>&1 < /dev/null
}

one() {
    local name=$1 runs=$2 log=out/fuzz/$1.log begin=$SECONDS status=0 all=0 executed edges what most upto
    what=$(sources "$name")
    [ -z "${FUZZ_RESUME:-}" ] || [ ! -r build/fuzz/tally ] ||
        all=$(awk -v n="$name" -v s="$FUZZ_SANITIZER" -v w="$what" '$1 == n && $2 == s && $3 == w { all += $4 } END { print all + 0 }' build/fuzz/tally)
    for most in 8192 "$(shorter "$name")"; do
        upto=$runs
        [ "$most" != 8192 ] || upto=$((runs / 50))
        [ "$upto" -gt $all ] || continue
        leg "$name" $((upto - all)) "$most" || status=$?
        executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        edges=$(sed -n 's/^#[0-9]*[[:space:]]*DONE *cov: \([0-9]*\) .*/\1/p' "$log")
        all=$((all + ${executed:-0}))
        [ -z "$executed" ] || printf '%s %s %s %s %s\n' "$name" "$FUZZ_SANITIZER" "$what" "$executed" "$(date -u +%F)" >> build/fuzz/tally
        [ $status -eq 0 ] || break
    done
    if [ $status -eq 0 ]; then
        printf 'ok    %-12s %9s executions, %s edges, %s s, peak %s MiB\n' "$name" "$all" "${edges:-?}" $((SECONDS - begin)) "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
    elif [ $status -eq 72 ]; then # libFuzzer's own, of a signal
        printf 'stop  %-12s %9s executions, interrupted; %s\n' "$name" "$all" "$log"
        status=255 # xargs begins no other
    else
        printf 'FAIL  %-12s exit %d after %s executions; %s\n' "$name" $status "$all" "$log"
        grep -m 3 -E 'ERROR|SUMMARY|does not hold|Test unit written' "$log" | sed 's/^/        /'
    fi
    return $status
}
export FUZZ_SANITIZER=${FUZZ_SANITIZER:-address}
export -f one leg sources shorter
printf '%s\n' "$@" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -c 'one "$1" "$2"' _ {} "$runs"
