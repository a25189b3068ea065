#!/usr/bin/env bash
# A run with waves leaves an FST and a save file, and both become a picture; a mismatch leaves a folder with everything
# in it.
set -eu
cd "$(dirname "$0")/../.."
work=out/test/waves
rm -rf $work
mkdir -p $work
build/tiny/twinwalk cosim --waves=$work/run.fst --limit=20000 --out=$work traces/corpus/sqlite3.tw
[ -s $work/run.fst ] && [ -s $work/run.gtkw ]
scripts/wave_png.sh $work/run.fst $work/run.png
[ "$(identify -format %k $work/run.png)" -gt 8 ] || { echo "the picture is empty"; exit 1; }

if build/tiny/twinwalk cosim --dut=$(scripts/dut.py where tb/examples/blocking_walker build/tiny) --check=cycle --limit=3000 --out=$work traces/corpus/sqlite3.tw > $work/said; then exit 1; fi
folder=$(sed -n 's/^ *see *//p' $work/said)
for file in report.txt rerun.txt; do [ -s "$folder/$file" ] || { echo "$folder/$file is missing"; exit 1; }; done
if bash -c "$(grep -v '^#' "$folder/rerun.txt")" > $work/again; then echo "the rerun was green"; exit 1; fi
[ "$(grep -A4 MISMATCH $work/said | head -4)" = "$(grep -A4 MISMATCH $work/again | head -4)" ] || { echo "the rerun found something else"; exit 1; }

# The file is written in blocks of some thousand cycles, or it would take the more memory the longer it is; and each
# pin is there once.
python3 - $work/run.fst <<'END'
import struct, sys
data, at, blocks = open(sys.argv[1], "rb").read(), 0, 0
while at < len(data):
    blocks += data[at] in (1, 5, 8)  # value changes
    at += 1 + struct.unpack(">Q", data[at + 1:at + 9])[0]
sys.exit(f"{blocks} blocks of value changes, 3 expected" if blocks != 3 else 0)
END
fst2vcd -f $work/run.fst -o $work/run.vcd 2> /dev/null
[ "$(grep -cF ' req_va_i[0] ' $work/run.vcd)" -eq 1 ] || { grep -F req_va_i $work/run.vcd; echo "a pin is shown several times"; exit 1; }

# Nobody needs waves on: what matrix and sweep find is run again with a waveform of the cycles before it, in the folder or
# by the line that is printed; a directed case has one in its folder. And the device that is judged lives on behind it.
export TWINWALK_FAULT=1
faults=$(scripts/dut.py where tb/tests/faults build/tiny)
# ends FILE CYCLE: the waveform goes on to this cycle.
ends() {
    [ -s "${1%.fst}.gtkw" ] && fst2vcd -f "$1" -o $work/run.vcd 2> /dev/null
    [ "$(sed -n 's/^#//p' $work/run.vcd | tail -1)" = "$((1000 * $2 + 500))" ] || { tail -1 $work/run.vcd; echo "$1 does not end in cycle $2"; exit 1; }
}
for verb in matrix "sweep --only=levels"; do
    if build/tiny/twinwalk $verb --dut=$faults --check=arch --reduce=0 > $work/said 2> $work/stderr; then echo "$verb: green"; exit 1; fi
    cycle=$(sed -n 's/.*cycle \([0-9]*\)[,:].*/\1/p' $work/stderr | head -1)
    line=$(sed -n 's/^ *waves *//p' $work/said)
    if bash -c "${line/FILE/$work/offered}" > $work/said 2> $work/stderr; then echo "$verb: green again"; exit 1; fi
    ends $work/offered.fst $((cycle - 1))
    if build/tiny/twinwalk $verb --dut=$faults --check=arch --reduce=1 --out=$work/found > $work/said 2> $work/stderr; then echo "$verb: green"; exit 1; fi
    ends "$(sed -n 's/^ *see *//p' $work/said | head -1)waves.fst" $((cycle - 1))
done
if timeout 60 build/tiny/twinwalk vectors --on=$faults --failures=1 --reduce=1 --out=$work/found traces/vectors/keys.txt > $work/said 2> $work/stderr; then echo "vectors: green"; exit 1; fi
grep -q 'cases, .* failed' $work/said || { echo "it does not go on behind the first failure"; exit 1; }
folder=$(sed -n 's/^ *see *//p' $work/said | head -1)
[ -s "$folder/waves.fst" ] && [ -s "$folder/waves.gtkw" ] || { echo "no waves of a directed case"; exit 1; }
