#!/usr/bin/env bash
# Traces through a Verilated board behind a pty and a socket, without faults and with: what `make fpga-sim` does.
#
#   scripts/fpga_sim.sh PRESET [TRACE…]     without traces: the corpus; LIMIT= accesses of each (100000), FAULTS= (fpga-sim --help), SEED=,
#                                           BOARD=ulx3s: at the UART of its top, instead of a byte a clock
#
# A row a run: bytes on the link for each access, cycles a second of wall time and of the host's CPU time, faults of the
# line, frames sent again, times the cable was plugged in again, and the board had lost its memory. Exit status (tb/base/exits.h): 0 all were equal, 1 one was not, 7 the board did not come up.
set -u
cd "$(dirname "$0")/.."
preset=$1
shift
[ $# -gt 0 ] || set -- traces/corpus/*.tw
FAULTS=${FAULTS:-flips=1e-5,drops=1e-5,twice=1e-5,stalls=1e-5,cuts=2e-6,power=5e-7}
work=$(mktemp -d)
board=
trap '[ -z "$board" ] || kill $board; rm -rf "$work"' EXIT
status=0

# begin OPTION…: a board; its device is in $device.
begin() {
    : > "$work/device" # that of the last one
    build/$preset/fpga-sim${BOARD:+-$BOARD} --seed="${SEED:-1}" "$@" > "$work/device" 2> "$work/board" &
    board=$!
    for _ in $(seq 100); do
        device=$(sed -n 's/--dut=//p' "$work/device")
        [ -z "$device" ] || return 0
        sleep 0.1
    done
    echo "fpga-sim: the board did not come up" >&2
    exit 7
}
end() {
    kill $board
    wait $board 2> "$work/null"
    board=
}

printf '%-24s %-7s %10s %8s %9s %9s %7s %6s %6s %6s  %s\n' trace link accesses 'bytes/a' 'kcyc/s' 'host M/s' faults again opened power verdict
for trace; do
    for link in --pty="$work/pty" --tcp; do
        for faults in "" "$FAULTS"; do
            begin $link ${faults:+--faults=$faults}
            began=$(date +%s.%N)
            TWINWALK_LINK=1 build/$preset/twinwalk-model cosim --brief --limit="${LIMIT:-100000}" --dut="$device" --json="$work/json" "$trace" > "$work/said" 2> "$work/link"
            run=$?
            ended=$(date +%s.%N)
            end
            python3 - "$trace" "$link" "${faults:+yes}" "$began" "$ended" "$work" $run << 'EOP'
import json, re, sys
trace, link, faults, began, ended, work, run = sys.argv[1:]
seconds = float(ended) - float(began)
counts = [int(one) for one in re.findall(r"\d+", (re.search(r"^link: .*", open(f"{work}/link").read(), re.M) or [""])[0])]
n = dict(zip(("sent", "received", "frames", "again", "polls", "damaged", "opened", "power"), counts or [0] * 8))
injected = sum(int(one) for one in re.findall(r"(\d+) (?:flips|drops|twice|stalls|cuts|without power)", open(f"{work}/board").read()))
try:
    result = json.load(open(f"{work}/json"))
except (OSError, ValueError):
    result = {}
accesses, cycles = result.get("replay", {}).get("accesses", 0), result.get("cycles_model", 0)
cpu = result.get("speed", {}).get("cpu_seconds", 0) or 1e-9
print(f"{trace.split('/')[-1]:24} {link.split('=')[0][2:]:7} {accesses:10,} {n['sent'] / max(accesses, 1):8.2f} {cycles / seconds / 1e3:9.0f} {cycles / cpu / 1e6:9.1f} {injected if faults else 'none':>7} {n['again']:6} {n['opened']:6} {n['power']:6}  {dict([('0', 'equal'), ('4', 'not of this preset')]).get(run, 'status ' + run)}")
EOP
            [ $run -eq 0 ] || [ $run -eq 4 ] || { status=1; tail -n 5 "$work/said" "$work/link"; }
        done
    done
done
exit $status
