#!/usr/bin/env bash
# `make regress ON=slurm` on a Slurm of its own: built, run as an array, collected into the same report; a task that is
# killed is requeued, results are taken from before, jobs that are under way are joined. A script plays the bench.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
mkdir -p build/test-slurm
work=$(mktemp -d "$root/build/test-slurm/XXXXXX")
got=0
scripts/slurm_here.sh start "$work/slurm" 2> "$work/why" || got=$?
if [ $got -ne 0 ]; then
    why=$(tail -n 1 "$work/why")
    rm -rf "$work"
    [ $got -eq 4 ] && echo "SKIP: $why" && exit 77
    echo "$why"
    exit 1
fi
trap '"$root/scripts/slurm_here.sh" stop "$work/slurm"; rm -rf "$work"' EXIT
export SLURM_CONF=$work/slurm/slurm.conf SLURM_LOOKS=0.2
fail() { echo "$*"; cat "$work/said" "$work/played"; tail -n 5 "$tree"/out/regress/slurm/*.log; exit 1; }
tree="$work/a tree" mine="$work/my traces"
mkdir -p "$tree/config" "$mine"
cp -r scripts VERSION "$tree/"
touch "$tree/config/tiny.toml" "$tree/config/wide.toml"
for name in one "a second" third; do echo "$name" > "$mine/$name.tw"; done
cd "$tree"
# The build is a job, too.
cat > Makefile <<'MAKE'
build/$(PRESET)/twinwalk: play
	mkdir -p $(@D) && cp play $@
MAKE
# play SECONDS: the bench takes so long on the third trace.
play() {
    cat > play <<PLAY
#!/bin/bash
# takes $1
[ "\$1" = trace ] && exit 1
echo "\${!#} \$PPID" >> "$work/played"
case "\$*" in *third.tw*) sleep $1 || exit 130 ;; esac
for word; do case \$word in --json=*) json=\${word#*=} ;; esac; done
printf '{"commit": "", "verdict": "equal", "cycles_dut": 1000, "replay": {"accesses": 1000}}' > "\$json"
PLAY
    chmod +x play
}
regress() { # STATUS TEXT OPTION…
    local status=$1 text=$2 got=0
    shift 2
    timeout 100 scripts/regress.py --on=slurm --corpus="$mine" "$@" > "$work/said" 2>&1 < /dev/null || got=$?
    [ $got -eq "$status" ] && grep -qF -- "$text" "$work/said" || fail "exit $got, not $status with '$text': $*"
}
played() { [ "$(wc -l < "$work/played")" -eq "$1" ] || fail "$(wc -l < "$work/played") runs were played, not $1"; }
wait_for() { for _ in $(seq 300); do eval "$1" 2> /dev/null && return; sleep 0.1; done; fail "never so: $1"; }

play 0
regress 0 "3 passed, 0 failed, 0 skipped" --presets=tiny # the others are not built
played 3
regress 0 "6 passed, 0 failed, 0 skipped"
played 6
grep -q "passed .* a second" "$work/said" && grep -q "dashboard: out/dashboard.html" "$work/said" || fail "not the report of a regression"
[ -s out/regress/junit.xml ] && [ -s out/regress/results.json ] && [ -s out/dashboard.html ] || fail "not all results are there"
wait_for '[ -z "$(squeue -h -t R,PD)" ]'
# From before, also what was done on another machine.
regress 0 "6 of them from before"
timeout 60 scripts/regress.py --corpus="$mine" > "$work/said" 2>&1 || fail "local"
grep -q "6 of them from before" "$work/said" || fail "local results are others"
played 6

# One task is killed on its node, another is requeued by Slurm; both are made again, and only they.
play 3
: > "$work/played"
(regress 0 "6 passed, 0 failed, 0 skipped" --presets="tiny wide") &
front=$!
wait_for '[ "$(grep -c third "$work/played")" -eq 2 ]'
pid_of() { sed -n "s/.*$1-third.json //p" "$work/played"; }
index_of() { tr '\0' '\n' < "/proc/$1/environ" | sed -n 's/^SLURM_ARRAY_TASK_ID=//p'; }
killed=$(pid_of tiny) array=$(sed -n 2p out/regress/slurm/jobs) other=$(index_of "$(pid_of wide)")
kill -9 "$killed"
scontrol requeue "${array}_$other"
wait $front || { cat "$work/said"; exit 1; }
grep -q "handed in again, for they ended without a result: .*-third" "$work/said" || fail "nobody tells of the lost task"
[ "$(grep -c third "$work/played")" -eq 4 ] && [ "$(grep -vc third "$work/played")" -eq 4 ] || fail "not only the lost ones were made again: $(cat "$work/played")"

# Who waits is killed: the jobs go on, and who comes next waits for them.
play 2
: > "$work/played"
scripts/regress.py --on=slurm --corpus="$mine" > "$work/first" 2>&1 &
front=$!
wait_for 'grep -q third "$work/played"'
{ kill -9 $front && wait $front; } 2> /dev/null || :
regress 0 "6 passed, 0 failed, 0 skipped"
grep -q "are waited for" "$work/said" || fail "the jobs that were under way are not joined"
played 6

# A build that fails is the host's; Ctrl-C takes the jobs back.
printf 'build/$(PRESET)/twinwalk: force\n\t@echo no compiler tonight; exit 1\nforce:\n' > Makefile
regress 7 "the build failed: no compiler tonight" --fresh
printf 'build/$(PRESET)/twinwalk: play\n\tcp play $@\n' > Makefile
play 30
: > "$work/played"
scripts/regress.py --on=slurm --corpus="$mine" > "$work/said" 2>&1 &
front=$!
wait_for 'grep -q third "$work/played"'
kill -INT $front
got=0
wait $front || got=$?
[ $got -eq 130 ] && grep -q "INTERRUPTED" "$work/said" || fail "exit $got after SIGINT"
wait_for '[ -z "$(squeue -h -t R,PD)" ]'
# Somebody takes the jobs away: said, and no success.
: > "$work/played"
scripts/regress.py --on=slurm --corpus="$mine" > "$work/said" 2>&1 &
front=$!
wait_for 'grep -q third "$work/played"'
scancel $(cat out/regress/slurm/jobs)
got=0
wait $front || got=$?
[ $got -eq 7 ] && grep -q "nobody collected" "$work/said" || fail "exit $got after scancel"
mkdir "$work/bin"
printf '#!/bin/sh\necho "sbatch: error: nobody answers" >&2; exit 1\n' > "$work/bin/sbatch"
chmod +x "$work/bin/sbatch"
PATH=$work/bin:$PATH regress 7 "regress: sbatch: sbatch: error: nobody answers"
echo "regressions under Slurm: as they should be"
