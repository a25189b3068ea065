#!/usr/bin/env bash
# Runs a list of jobs, one for each processor at a time, and counts.
#
#   scripts/jobs.sh LOG_DIR < list      each line: name, a tab, a shell command
#
# A job that this host cannot do ends with status 77 and says `SKIP: reason` on a line of its own: it counts as skipped,
# and the reason is shown. One without the other is a failure: a job that says SKIP and ends with 0 has passed without
# having looked.
#
# Prints a line a job as it ends (the end of its output too when it failed), once a minute those that still run when
# none has ended, where the time went, and last `N passed, N failed, N skipped`. Exit status (tb/base/exits.h): 0 none
# failed, 1 some did, 5 there is none in the list. The output of each job stays in LOG_DIR/name.log.
set -u
logs=${1:?where the logs go}
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.failed "$logs"/*.skipped "$logs"/*.seconds "$logs"/*.running "$logs"/*.time

one() {
    local name=${1%%$'\t'*} command=${1#*$'\t'} log status reason end cpu TIMEFORMAT='%1R %1U %1S'
    log=$logs/$name.log
    : > "$logs/$name.running"
    # A job that hangs ends with 124.
    { time timeout -k 10 "${JOB_SECONDS:-3600}" bash -c "$command" > "$log" 2>&1 < /dev/null; } 2> "$logs/$name.time"
    status=$?
    rm -f "$logs/$name.running"
    read -r end cpu < <(tr , . < "$logs/$name.time" | awk '{ print $1, $2 + $3 }')
    echo "$cpu $end $name" > "$logs/$name.seconds"
    reason=$(sed -n 's/^SKIP: //p' "$log" | tail -n 1)
    if [ $status -eq 77 ] && [ -n "$reason" ]; then
        : > "$logs/$name.skipped"
        printf 'skip  %6s s  %s: %s\n' "$end" "$name" "$reason"
        return
    fi
    if [ $status -eq 0 ] && [ -z "$reason" ]; then
        printf 'ok    %6s s  %s\n' "$end" "$name"
        return
    fi
    : > "$logs/$name.failed"
    case $status in
    0) status='exit 0, but it says SKIP: what is skipped ends with 77' ;;
    77) status='exit 77, but without a line "SKIP: reason"' ;;
    *) status="exit $status" ;;
    esac
    printf 'FAIL  %6s s  %s (%s; %s)\n%s\n' "$end" "$name" "$status" "$log" "$(tail -n 25 "$log" | sed 's/^/        /')"
}
export -f one
export logs

# A line a minute, when no job has ended in it.
say_what_runs() {
    local ended=0 now running never
    exec {never}<> <(:) # nothing ever comes from there: a wait that leaves no process behind
    while ! read -rt 60 -u "$never" && kill -0 "$1" 2> /dev/null; do
        now=$(find "$logs" -name '*.seconds' | wc -l)
        running=$(cd "$logs" && echo *.running)
        [ "$now" -gt "$ended" ] || printf '      still running: %s\n' "${running//.running/}"
        ended=$now
    done
}

list=$(grep -v '^$')
twice=$(printf '%s\n' "$list" | cut -f 1 | sort | uniq -d | paste -sd' ')
[ -z "$twice" ] || { echo "jobs: two jobs of one name, which would share a log: $twice" >&2; exit 2; }
[ -n "$list" ] || { echo "jobs: the list is empty: there is nothing to run" >&2; exit 5; }
say_what_runs $$ &
watch=$!
disown
trap 'kill "$watch"' EXIT
printf '%s\n' "$list" | tr '\n' '\0' | xargs -0 -P "$(nproc)" -I{} bash -c 'one "$1"' _ {}
total=$(printf '%s\n' "$list" | wc -l)
failed=$(find "$logs" -name '*.failed' | wc -l)
skipped=$(find "$logs" -name '*.skipped' | wc -l)
if [ "$total" -gt 8 ]; then
    cat "$logs"/*.seconds | awk '{ cpu += $1; sum += $2 } END { printf "where the time went: %d s in all jobs, %d s of them on a processor; most of it in\n", sum, cpu }'
    cat "$logs"/*.seconds | sort -rn | head -n 12 | awk '{ printf "      %7.1f s, on a processor %7.1f s  %s\n", $2, $1, $3 }'
fi
# A job that left no trace of its end (killed with its shell) has not passed.
ended=$(find "$logs" -name '*.seconds' | wc -l)
echo "$((ended - failed - skipped)) passed, $((failed + total - ended)) failed, $skipped skipped"
[ $((failed + total - ended)) -eq 0 ]
