#!/usr/bin/env bash
# Traces through a Verilated board behind a pty and a socket, without faults and with: what `make fpga-sim` does.
#
#   scripts/fpga_sim.sh PRESET [TRACE…]     without traces: the corpus; LIMIT= accesses of each (100000), FAULTS= (fpga-sim --help), SEED=
#
# A row a run: bytes on the link for each access, cycles a second of wall time and of the host's CPU time, what was sent
# again. Exit status (tb/base/exits.h): 0 all were equal, 1 one was not, 7 the board did not come up.
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
    build/$preset/fpga-sim --seed="${SEED:-1}" "$@" > "$work/device" 2> "$work/board" &
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

printf '%-24s %-7s %-7s %10s %8s %9s %9s %6s %6s %6s  %s\n' trace link faults accesses 'bytes/a' 'kcyc/s' 'host M/s' again opened power verdict
for trace; do
    for link in --pty="$work/pty" --tcp; do
        for faults in "" "$FAULTS"; do
            begin $link ${faults:+--faults=$faults}
            began=$(date +%s.%N)
            TWINWALK_LINK=1 build/$preset/twinwalk-model cosim --brief --limit="${LIMIT:-100000}" --dut="$device" --json="$work/json" "$trace" > "$work/said" 2> "$work/link"
            run=$?
            python3 - "$trace" "$link" "${faults:+yes}" "$began" "$work/json" "$work/link" $run << 'EOP'
import json, re, sys, time
trace, link, faults, began, file, said, run = sys.argv[1:]
seconds = time.time() - float(began)
said = open(said).read()
n = dict(zip(("sent", "received", "frames", "again", "polls", "damaged", "opened", "power"), map(int, re.findall(r"\d+", (re.search(r"^link: .*", said, re.M) or [""])[0])))) or dict.fromkeys(("sent", "again", "opened", "power"), 0)
try:
    result = json.load(open(file))
except (OSError, ValueError):
    result = {}
accesses, cycles = result.get("replay", {}).get("accesses", 0), result.get("cycles_model", 0)
cpu = result.get("speed", {}).get("cpu_seconds", 0) or 1e-9
print(f"{trace.split('/')[-1]:24} {link.split('=')[0][2:]:7} {faults or 'no':7} {accesses:10,} {n['sent'] / max(accesses, 1):8.2f} {cycles / seconds / 1e3:9.0f} {cycles / cpu / 1e6:9.1f} {n['again']:6} {n['opened']:6} {n['power']:6}  {'equal' if run == '0' else 'status ' + run}")
EOP
            [ $run -eq 0 ] || { status=1; tail -n 5 "$work/said" "$work/link"; }
            end
        done
    done
done
exit $status
