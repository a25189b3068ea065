#!/usr/bin/env bash
# The timing drawings of docs/integration.md are what the RTL does today (scripts/timing.py), and show what the page says of
# them. A drawing that is another one is seen, and so is a stimulus with which the twins differ or that cannot be drawn.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"; rm -f docs/timing/scratch.*' EXIT
fail() { echo "$*"; cat "$work/said" 2> /dev/null || true; exit 1; }
got=0
scripts/timing.py --check > "$work/said" 2>&1 || got=$?
[ $got -ne 7 ] || { echo "SKIP: $(cat "$work/said")"; exit 77; }
[ $got -eq 0 ] && grep -qE '^timing: ([7-9]|[1-9][0-9]) drawings, 0 wrong' "$work/said" || fail "exit $got"
for drawing in docs/timing/*.svg; do
    grep -qF "](${drawing#docs/})" docs/integration.md || fail "docs/integration.md does not show $drawing"
done

# What the page says: cycles from the accept of the first request, at latency 5 of the STLB and 4 of memory.
shows() { # DRAWING ROW CELLS, from the first cycle of the drawing on
    scripts/timing.py --rows "docs/timing/$1.pins" > "$work/said"
    grep -qE -- "^$2 $3" "$work/said" || fail "$1: $2 is not $3"
}
shows walk resp_valid_o '(0 ){29}1'                       # t-1 … t+28: S + 3 + 4(L + 1) = 28
shows hits resp_valid_o '0 0 1 1 1 1 0'                   # each in the next cycle
shows hits resp_kind_o '- - OK OK OK GP -'
shows order resp_id_o '(- ){4}9 - a - (- ){6}8'           # the first one is answered last
shows squash req_id_i '- 8 (- ){7}8'                      # the id is free in the cycle behind the squash
shows squash resp_id_o '(- ){22}8 (- ){12}-'              # and answered once
shows control req_ready_o '(1 ){9}(0 ){15}1'              # none from the cycle behind the accept to done
shows control ctl_done_o '(0 ){23}1 0'
shows control mem_req_addr_o '(- ){7}1000 (- ){21}5000'   # begun again at the new root
shows fault resp_err_o '(- )+6 (- )+0'
shows dirty mem_req_cas_o '(0 )+1 (0 )+'
shows pressure mem_req_addr_o '(- ){7}(4010 ){9}-'        # unchanged while memory takes nothing

# Seen red.
cp docs/timing/walk.pins docs/timing/scratch.pins
scripts/timing.py scratch > /dev/null
scripts/timing.py --check scratch > "$work/said" || fail "a drawing just made is wrong"
sed -i 's/^30 req/31 req/' docs/timing/scratch.pins
if scripts/timing.py --check scratch > "$work/said"; then fail "another run, the same drawing"; fi
grep -q 'docs/timing/scratch.svg: is not what the RTL does today' "$work/said" || fail "another reason"
echo '10 req 9 1 load 0x10' >> docs/timing/scratch.pins
if scripts/timing.py scratch 2> "$work/said"; then fail "a port that is not there"; fi
grep -q 'timing: .*scratch.pins' "$work/said" || fail "another reason"
for wrong in "nothing: there is no such drawing; there are: control, dirty" "--rows: is for one file" "--rows $work/none: there is no such stimulus"; do
    got=0
    # shellcheck disable=SC2086
    scripts/timing.py ${wrong%%: *} > "$work/said" 2>&1 || got=$?
    [ $got -eq 2 ] && grep -qF -- "${wrong#*: }" "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ] || fail "$wrong: exit $got"
done
