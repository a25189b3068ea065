#!/usr/bin/env bash
# Runs a list of jobs, one for each processor at a time, and counts.
#
#   scripts/jobs.sh LOG_DIR < list      each line: name, a tab, a shell command
#
# Prints a line a job as it ends (the end of its output too when it failed) and last `N passed, N failed`. Exit status 0 only
# when none failed. The output of each job stays in LOG_DIR/name.log.
set -u
logs=${1:?where the logs go}
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.failed

one() {
    local name=${1%%$'\t'*} command=${1#*$'\t'} log begin status
    log=$logs/$name.log
    begin=$(date +%s%N)
    bash -c "$command" > "$log" 2>&1 < /dev/null
    status=$?
    seconds=$((($(date +%s%N) - begin) / 100000000))
    if [ $status -eq 0 ]; then
        printf 'ok    %4d.%d s  %s\n' $((seconds / 10)) $((seconds % 10)) "$name"
    else
        touch "$logs/$name.failed"
        printf 'FAIL  %4d.%d s  %s (exit %d; %s)\n%s\n' $((seconds / 10)) $((seconds % 10)) "$name" $status "$log" \
            "$(tail -n 25 "$log" | sed 's/^/        /')"
    fi
}
export -f one
export logs

list=$(cat)
printf '%s\n' "$list" | grep -v '^$' | tr '\n' '\0' | xargs -0 -P "$(nproc)" -I{} bash -c 'one "$1"' _ {}
total=$(printf '%s\n' "$list" | grep -vc '^$')
failed=$(find "$logs" -name '*.failed' | wc -l)
echo "$((total - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
