#!/usr/bin/env python3
"""Measures every speed of a preset in one run, in CPU time, the median of seven rounds: the ratios are what counts.

  bench.py PRESET TRACE [BASE]

`make bench` builds what it runs. BASE is the folder of another revision, built there (build/PRESET/twinwalk, and
twinwalk-sc and twinwalk-model where they are): its programs run in the same rounds, and each speed is told as a
multiple of its own. Machines are noisy, so the rounds go through all programs in turn, and a ratio is taken between
medians of one run only; from least to most tells how noisy. At the end come the traces' own speeds (bench_traces.py),
without BASE. Exits 1 when a program fails; a missed aim is said, not fatal.
"""
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_traces

ROUNDS = 7
ACCESSES = 1_000_000


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def measured(command, work):
    """One run of a twinwalk command; its JSON."""
    path = work / "run.json"
    run([*command, f"--json={path}"])
    return json.loads(path.read_text())


def peak_mib(command):
    """Highest resident set of a command, MiB (getrusage of its own shell)."""
    code = "import resource, subprocess, sys; " \
           "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; " \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
    return int(run([sys.executable, "-c", code, *command])) / 1024


def rows_of(build, trace, work):
    """Name -> (command, takes the DUT-alone numbers of the run), of the programs that are there."""
    limit = f"--limit={ACCESSES}"
    cosim = [str(build / "twinwalk"), "cosim", limit, trace]
    rows = {
        "cycle model alone": ([str(build / "twinwalk-model"), "model", limit, trace], False),
        "RTL alone": ([*cosim, "--check=cycle", "--speed"], True),
        "RTL alone, no FST built in": ([str(build / "twinwalk-plain"), "cosim", limit, trace, "--check=cycle",
                                        "--speed"], True),
        "lockstep, arch": ([*cosim, "--check=arch"], False),
        "lockstep, events": ([*cosim, "--check=events"], False),
        "lockstep, cycle": ([*cosim, "--check=cycle"], False),
        "lockstep, state": ([*cosim, "--check=state"], False),
        "SystemC bench, cycle": ([str(build / "twinwalk-sc"), "cosim", limit, trace, "--check=cycle"], False),
        "lockstep, cycle, FST on": ([str(build / "twinwalk"), "cosim", limit, trace, "--check=cycle",
                                     f"--waves={work}/bench.fst"], False),
    }
    return {name: row for name, row in rows.items() if Path(row[0][0]).exists()}


class Speeds:
    """What a revision's programs did in every round: translations and cycles per second."""

    def __init__(self, build, trace, work):
        self.rows = rows_of(build, trace, work)
        self.accesses = {name: [] for name in self.rows}
        self.cycles = {name: [] for name in self.rows}

    def run(self, name, work):
        command, alone = self.rows[name]
        result = measured(command, work)
        seconds = result["speed"]["dut_alone_cpu_seconds" if alone else "cpu_seconds"]
        self.accesses[name].append(result["replay"]["accesses"] / seconds)
        self.cycles[name].append(result["cycles_model"] / seconds)

    def rate(self, name):
        return statistics.median(self.accesses[name])

    def clock(self, name):
        return statistics.median(self.cycles[name])


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    preset, trace = arguments[:2]
    root = Path(arguments[2]) if len(arguments) == 3 else None
    if root and not (root / "build" / preset / "twinwalk").exists():
        sys.exit(f"bench: BASE={root}: no build/{preset}/twinwalk there; BASE= is the folder of another revision in "
                 f"which `make build PRESET={preset}` was run")
    with tempfile.TemporaryDirectory() as folder:
        work, floor = Path(folder), []
        head = Speeds(Path("build") / preset, trace, work)
        base = Speeds(root / "build" / preset, trace, work) if root else None
        for turn in range(ROUNDS):
            floor.append(float(run(["build/floor/Vfloor"])))
            for name in head.rows:
                if sys.stderr.isatty():
                    print(f"\rround {turn + 1} of {ROUNDS}: {name:<30}", end="", file=sys.stderr)
                for speeds in (base, head):
                    if speeds and name in speeds.rows:
                        speeds.run(name, work)
        if sys.stderr.isatty():
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
        report(preset, trace, head, base, floor)
        if base:
            return 0
        long_trace = work / "long.tw"
        run(["scripts/capture.sh", "-o", str(long_trace), "-l", "40000000", "-z", "3", "-x", "/usr/bin/python3", "-S",
             "-c", "d = {}\nfor i in range(10**8): d[i * 7919 % 300007] = str(i)"])
        memory(preset, trace, long_trace, work)
    return bench_traces.main([f"build/{preset}/twinwalk-model"])


def report(preset, trace, head, base, floor):
    rate, clock = head.rate, head.clock
    bottom = statistics.median(floor)
    print(f"{preset}, {trace}, {ACCESSES:,} accesses, CPU time, median of {ROUNDS}")
    print(f"  {'':<30}{'M translations/s':>18}{'least to most':>16}{'M cycles/s':>12}{'of RTL alone':>14}"
          f"{'times the base' if base else '':>16}")
    for name in head.rows:
        noise = f"{min(head.accesses[name]) / 1e6:.2f} - {max(head.accesses[name]) / 1e6:.2f}"
        times = f"{rate(name) / base.rate(name):>16.2f}" if base and name in base.rows else ""
        print(f"  {name:<30}{rate(name) / 1e6:>18.2f}{noise:>16}{clock(name) / 1e6:>12.2f}"
              f"{rate(name) / rate('RTL alone'):>14.2f}{times}")
    print(f"  {'one-register module':<30}{'':>34}{bottom / 1e6:>12.2f}")
    cycle = "lockstep, cycle"
    aims = [
        ("lockstep at cycle, of RTL alone", rate(cycle) / rate("RTL alone"), 0.85, True),
        ("lockstep at arch, of cycle", rate("lockstep, arch") / rate(cycle), 0.95, True),
        ("lockstep at events, of cycle", rate("lockstep, events") / rate(cycle), 0.95, True),
        ("lockstep at state, of cycle", rate("lockstep, state") / rate(cycle), 0.95, True),
        ("cycle model alone, of RTL alone", rate("cycle model alone") / rate("RTL alone"), 8, True),
        ("one-register module, of RTL alone", bottom / clock("RTL alone"), 30, False),
        ("RTL without FST support, of RTL alone", rate("RTL alone, no FST built in") / rate("RTL alone"), 1.05, False),
        ("time with FST on, of off", rate(cycle) / rate("lockstep, cycle, FST on"), 6, False),
        ("SystemC bench, of --cc", rate("SystemC bench, cycle") / rate(cycle), 0.4, True),
    ]
    for name, ratio, aim, at_least in aims:
        met = ratio >= aim if at_least else ratio <= aim
        print(f"  {name:<40}{ratio:>8.2f}   aim {'at least' if at_least else 'at most'} {aim}: "
              f"{'met' if met else 'MISSED'}")


def memory(preset, trace, long_trace, work):
    print("  peak memory beyond the page tables (aim: at most 64 MiB, whatever the length)")
    for path in (trace, str(long_trace)):
        command = [f"build/{preset}/twinwalk", "cosim", "--check=cycle", path]
        peak = peak_mib([*command, f"--json={work / 'run.json'}"])
        result = json.loads((work / "run.json").read_text())["replay"]
        tables = result["table_bytes"] / 2**20
        print(f"    {result['accesses']:>12,} accesses{peak - tables:>8.1f} MiB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
