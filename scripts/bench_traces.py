#!/usr/bin/env python3
"""Measures how fast traces are read, recorded and imported: part of `make bench`.

  bench_traces.py [PROGRAM]      PROGRAM: a twinwalk of any preset (build/skylake/twinwalk-model)

Decoding and importing: processor time, the best of some passes. Recording: wall-clock time too, since the emulator and
the recorder run beside each other; the same command runs in the emulator alone in the same run. A missed aim is said,
not fatal.
"""
import os
import re
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.chdir(Path(__file__).resolve().parent.parent)

DECODE_AIM, CAPTURE_AIM = 150, 5     # M accesses/s
IMPORTED, PASSES = 500_000, 3
FIXED = ["/usr/bin/python3", "-S", "-E", "-c", "d = {}\nfor i in range(10000): d[i * 7919 % 30011] = str(i)"]


def run(command, **how):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace", **how)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def timed(command, **how):
    """Wall-clock and processor seconds of a command and all it starts."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run(command, **how)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    return end - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def met(value, aim):
    return f"   aim at least {aim}: {'met' if value >= aim else 'MISSED'}"


def accesses_of(program, trace):
    return int(re.search(r"^accesses\s+(\d+)", run([program, "trace", "info", trace]), re.MULTILINE)[1])


def decoding(program):
    print(f"  {'decoding':<30}{'M accesses/s':>14}{'bytes/access':>14}{'accesses':>14}")
    for trace in sorted(Path("traces/corpus").glob("*.tw")):
        said = run([program, "trace", "bench", trace])
        rate, count = float(re.search(r"([\d.]+) M accesses/s", said)[1]), accesses_of(program, trace)
        print(f"  {trace.name:<30}{rate:>14.1f}{trace.stat().st_size / count:>14.3f}{count:>14,}"
              f"{met(rate, DECODE_AIM)}")


def capturing(program, work):
    found, out = subprocess.run(["scripts/qemu.sh", "user"], capture_output=True, text=True), work / "captured.tw"
    qemu = found.stdout.strip()
    if found.returncode:
        print(f"  recording a program: not measured, {found.stderr.strip()}")
        return
    bare, recorded = [], []
    for _ in range(PASSES):
        bare.append(timed([qemu, *FIXED], env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}))
        recorded.append(timed(["scripts/capture.sh", "-o", out, *FIXED]))
    wall, cpu = (statistics.median(times) for times in zip(*recorded))
    bare_wall = statistics.median(wall for wall, _ in bare)
    count = accesses_of(program, out)
    print(f"  {'recording a program':<30}{'M accesses/s':>14}{'bytes/access':>14}{'accesses':>14}")
    print(f"  {'CPython, wall clock':<30}{count / wall / 1e6:>14.1f}{out.stat().st_size / count:>14.3f}{count:>14,}"
          f"{met(count / wall / 1e6, CAPTURE_AIM)}")
    print(f"  {'  processor time':<30}{count / cpu / 1e6:>14.1f}")
    print(f"  {'  times the emulator alone':<30}{wall / bare_wall:>14.1f}")


def capturing_system(program, work):
    """Two lengths, so that what comes before the recording begins drops out; before them a run that makes the guest, if
    need be."""
    plugin, lengths, times = Path("build/system/twinwalk_system.so"), (5_000_000, 45_000_000), []
    if not plugin.exists() or not list(Path("build/system/root/boot").glob("vmlinuz-*")):
        print("  recording a whole Linux: not measured, `make capture-system` has not fetched its guest yet")
        return
    out = work / "system.tw"
    for length in (1000, *lengths):
        times.append(timed(["scripts/capture_system.sh", "-o", out, "-w", "programs", "-a", "user", "-l", length]))
    count = lengths[1] - lengths[0]
    wall, cpu = (f"{count / (times[2][n] - times[1][n]) / 1e6:.1f}" if times[2][n] > times[1][n] else "busy machine"
                 for n in (0, 1))
    print(f"  {'a whole Linux, wall clock':<30}{wall:>14}{out.stat().st_size / lengths[1]:>14.3f}{lengths[1]:>14,}")
    print(f"  {'  processor time':<30}{cpu:>14}")
    said = run([program, "trace", "bench", out])
    rate = float(re.search(r"([\d.]+) M accesses/s", said)[1])
    print(f"  {'  decoding it':<30}{rate:>14.1f}{met(rate, DECODE_AIM):>14}")


def foreign_files(program, work):
    """The same accesses in the formats that are imported; name and path of each."""
    text = work / "text"
    run([program, "trace", "cut", "--accesses", "--text", "traces/corpus/sqlite3.tw", "0", IMPORTED, text])
    lackey, pin, champsim, memtrace = [], [], bytearray(), bytearray()

    def entry(kind, size, value):
        memtrace.extend(struct.pack("<HHQ", kind, size, value))

    # header, version, file type, thread, process, time
    for said in (25, 0, 6), (28, 17, 6), (28, 15, 0xe40), (22, 8, 7001), (24, 8, 7001), (28, 2, 0):
        entry(*said)
    ip, loads, stores, kind = 0, [], [], {"F": 10, "L": 0, "S": 1}

    def instruction():
        for n in range(0, max(len(loads), 2 * len(stores), 1), 4):
            written, read = stores[n // 2:n // 2 + 2], loads[n:n + 4]
            champsim.extend(struct.pack("<Q2B2B4B2Q4Q", ip, 0, 0, 0, 0, 0, 0, 0, 0, *written, *[0] * (2 - len(written)),
                                        *read, *[0] * (4 - len(read))))

    for line in text.read_text().splitlines():
        if line[:2] not in ("F ", "L ", "S "):
            continue
        letter, address, size = line.split()[:3]
        address, size = int(address, 0), int(size)
        entry(kind[letter], size, address)
        lackey.append(f"I  {address:08x},{size}" if letter == "F" else f" {letter} {address:08x},{size}")
        if letter == "F":
            if ip:
                instruction()
            ip, loads, stores = address, [], []
        else:
            (loads if letter == "L" else stores).append(address)
            pin.append(f"0x{ip:x}: {'R' if letter == 'L' else 'W'} 0x{address:x} {size}")
    entry(23, 8, 7001)
    entry(26, 0, 0)
    files = {"champsim": bytes(champsim), "drmemtrace": bytes(memtrace), "lackey": ("\n".join(lackey) + "\n").encode(),
             "pin": ("\n".join(pin) + "\n").encode()}
    for name, content in files.items():
        (work / name).write_bytes(content)
    run(["xz", "-1", "-k", work / "champsim"])
    return [*[(name, name, work / name) for name in files], ("champsim, xz", "champsim", work / "champsim.xz")]


def importing(program, work):
    print(f"  {'importing':<30}{'M accesses/s':>14}{'MB/s read':>14}{'accesses':>14}")
    for name, form, path in foreign_files(program, work):
        out = work / "imported.tw"
        cpu = min(timed([program, "trace", "import", f"--from={form}", path, out])[1] for _ in range(PASSES))
        count = accesses_of(program, out)
        print(f"  {name:<30}{count / cpu / 1e6:>14.1f}{path.stat().st_size / cpu / 1e6:>14.1f}{count:>14,}")


def main(words):
    if len(words) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    program = words[0] if words else "build/skylake/twinwalk-model"
    with tempfile.TemporaryDirectory() as folder:
        decoding(program)
        capturing(program, Path(folder))
        capturing_system(program, Path(folder))
        importing(program, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
