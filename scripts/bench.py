#!/usr/bin/env python3
"""Measures every speed of a preset in one run, in CPU time, the median of five rounds: the ratios are what counts.

  bench.py PRESET TRACE

`make bench` builds what it runs. Machines are noisy, so the rounds go through all programs in turn, and a ratio is taken
between medians of one run only. At the end come the traces' own speeds (bench_traces.py). Exits 1 when a program fails; a missed aim is said, not fatal.
"""
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_traces

ROUNDS = 5
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
    code = "import resource, subprocess, sys; status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; " \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
    return int(run([sys.executable, "-c", code, *command])) / 1024


def rows_of(preset, trace, work):
    build = Path("build") / preset
    limit = f"--limit={ACCESSES}"
    cosim = [str(build / "twinwalk"), "cosim", limit, trace]
    # name -> (command, takes the DUT-alone numbers of the run)
    return {
        "cycle model alone": ([str(build / "twinwalk-model"), "model", limit, trace], False),
        "RTL alone": ([*cosim, "--check=cycle", "--speed"], True),
        "RTL alone, no FST built in": ([str(build / "twinwalk-plain"), "cosim", limit, trace, "--check=cycle", "--speed"], True),
        "lockstep, arch": ([*cosim, "--check=arch"], False),
        "lockstep, events": ([*cosim, "--check=events"], False),
        "lockstep, cycle": ([*cosim, "--check=cycle"], False),
        "lockstep, state": ([*cosim, "--check=state"], False),
        "SystemC bench, cycle": ([str(build / "twinwalk-sc"), "cosim", limit, trace, "--check=cycle"], False),
        "lockstep, cycle, FST on": ([str(build / "twinwalk"), "cosim", f"--limit={ACCESSES // 10}", trace, "--check=cycle",
                                     f"--waves={work}/bench.fst"], False),
    }


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    preset, trace = arguments
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        rows = rows_of(preset, trace, work)
        speeds, cycles, floor = {name: [] for name in rows}, {name: [] for name in rows}, []
        for turn in range(ROUNDS):
            floor.append(float(run(["build/floor/Vfloor"])))
            for name, (command, alone) in rows.items():
                if sys.stderr.isatty():
                    print(f"\rround {turn + 1} of {ROUNDS}: {name:<30}", end="", file=sys.stderr)
                result = measured(command, work)
                speed = result["speed"]
                seconds = speed["dut_alone_cpu_seconds"] if alone else speed["cpu_seconds"]
                speeds[name].append(result["replay"]["accesses"] / seconds)
                cycles[name].append(result["cycles_model"] / seconds)
        if sys.stderr.isatty():
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
        long_trace = work / "long.tw"
        run(["scripts/capture.sh", "-o", str(long_trace), "-l", "40000000", "-z", "3", "-x", "/usr/bin/python3", "-S", "-c",
             "d = {}\nfor i in range(10**8): d[i * 7919 % 300007] = str(i)"])
        report(preset, trace, speeds, cycles, floor)
        memory(preset, trace, long_trace, work)
    return bench_traces.main([f"build/{preset}/twinwalk-model"])


def report(preset, trace, speeds, cycles, floor):
    rate = {name: statistics.median(values) for name, values in speeds.items()}
    clock = {name: statistics.median(values) for name, values in cycles.items()}
    bottom = statistics.median(floor)
    print(f"{preset}, {trace}, {ACCESSES:,} accesses, CPU time, median of {ROUNDS}")
    print(f"  {'':<30}{'M translations/s':>18}{'M cycles/s':>12}{'of RTL alone':>14}")
    for name in rate:
        print(f"  {name:<30}{rate[name] / 1e6:>18.2f}{clock[name] / 1e6:>12.2f}{rate[name] / rate['RTL alone']:>14.2f}")
    print(f"  {'one-register module':<30}{'':>18}{bottom / 1e6:>12.2f}")
    aims = [
        ("lockstep at cycle, of RTL alone", rate["lockstep, cycle"] / rate["RTL alone"], 0.75, True),
        ("cycle model alone, of RTL alone", rate["cycle model alone"] / rate["RTL alone"], 3, True),
        ("one-register module, of RTL alone", bottom / clock["RTL alone"], 40, False),
        ("RTL without FST support, of RTL alone", rate["RTL alone, no FST built in"] / rate["RTL alone"], 1.05, False),
    ]
    for name, ratio, aim, at_least in aims:
        met = ratio >= aim if at_least else ratio <= aim
        print(f"  {name:<40}{ratio:>8.2f}   aim {'at least' if at_least else 'at most'} {aim}: {'met' if met else 'MISSED'}")


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
