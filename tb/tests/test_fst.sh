#!/usr/bin/env bash
# tb/dut/fst_writer.h: GTKWave's own reader finds in its files what was told to it, whatever the widths, equal rows and
# blocks; a full disk leaves a file that is known not to be whole.
set -eu
cd "$(dirname "$0")/../.."
work=out/test/fst
rm -rf $work
mkdir -p $work
gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover -I tb/dut \
    tb/tests/fst/random_waves.c tb/dut/fst_writer.c tb/dut/fst_changes.c -llz4 -lz -o $work/random_waves
for seed in 1 2 3; do
    $work/random_waves $work/$seed.fst $seed > $work/told
    fst2vcd -f $work/$seed.fst -o $work/$seed.vcd 2> $work/said || { cat $work/said; exit 1; }
    python3 - $work/told $work/$seed.vcd $work/$seed.fst <<'END'
import re, struct, sys, zlib
told, read, widths, known = {}, {}, {}, {}
for words in (line.split() for line in open(sys.argv[1])):
    if len(words) == 2:
        widths[words[0]] = int(words[1])
    elif known.get(words[1]) != words[2]:  # that it is what it was is no change
        known[words[1]] = words[2]
        told[int(words[0]), words[1]] = words[2]
names, time, seen = {}, None, {}
for line in open(sys.argv[2]):
    var = re.match(r"\$var (\w+) (\d+) (\S+) (\S+)", line)
    if var:
        names.setdefault(var[3], []).append(var[4])
        if widths.get(var[4]) != int(var[2]) and var[1] != "real":
            sys.exit(f"{var[4]} is {var[2]} wide")
    elif line[0] == "#":
        time = int(line[1:])
    elif change := re.match(r"[br](\S+) (\S+)$|([01x])(\S+)$", line):
        value, key = change[1] or change[3], change[2] or change[4]
        for name in names[key]:
            if "x" not in value and value != "nan" and seen.get(name) != value:
                seen[name] = value
                read[time, name] = value.zfill(widths[name]) if name not in ("real",) else value
told |= {(at, "alias"): value for (at, name), value in told.items() if name == "s0"}
if sorted(set(sum(names.values(), []))) != sorted(widths):
    sys.exit("other names")
for key in sorted(set(told) | set(read)):
    if told.get(key) != read.get(key):
        sys.exit(f"time {key[0]}, {key[1]}: told {told.get(key)}, read {read.get(key)}")
if len(told) < 3000:
    sys.exit(f"only {len(told)} changes")

# Who begins to read in the middle takes the values of all signals from the begin of a block.
def number(at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
data, at, blocks, end = open(sys.argv[3], "rb").read(), 0, 0, 0
while at < len(data):
    length = struct.unpack(">Q", data[at + 1:at + 9])[0]
    if data[at] == 8:
        begin, until = struct.unpack(">QQ", data[at + 9:at + 25])
        (size, place), blocks = number(at + 33), blocks + 1
        packed, place = number(place)
        place = number(place)[1]
        values = data[place:place + packed]
        values = zlib.decompress(values) if packed < size else values
        if begin != end or len(values) != size:
            sys.exit(f"a block from {begin} on, after one until {end}; {len(values)} of {size} values")
        place, last = 0, {name: value for (time, name), value in sorted(told.items()) if time <= begin and blocks > 1}
        for name in (name for name in widths if name != "alias"):
            value = values[place:place + widths[name]]
            value = "%.16g" % struct.unpack("d", value) if name == "real" else value.decode()
            place += widths[name]
            if value != last.get(name, "nan" if name == "real" else "x" * widths[name]):
                sys.exit(f"block {blocks}, {name}: {value} at its begin, not {last.get(name)}")
        end = until
    at += 1 + length
if blocks < 5:
    sys.exit(f"only {blocks} blocks")
END
done
$work/random_waves $work/none.fst 1 0 > $work/told
fst2vcd -f $work/none.fst -o $work/none.vcd 2> $work/said || { cat $work/said; exit 1; }
grep -q ' s63 ' $work/none.vcd || { echo "no names without a time"; exit 1; }
status=0
$work/random_waves /dev/full 1 > $work/told || status=$?
[ $status -eq 0 ] || { echo "a full disk: exit $status"; exit 1; }
