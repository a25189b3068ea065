#!/usr/bin/env python3
"""Is every failure cut down to a case that a person can read? Tried on every planted defect (tb/defects/).

  scripts/reduce_defects.py [--preset=PRESET] [--seconds=N] [--out=FOLDER] [--jobs=N] [PATTERN]

Each defect of the preset whose line of `scripts/plant_defects.py list` matches the pattern is planted, found by the
stimulus that its list names (trace, random, vectors, matrix, sweep) at the level it names, and reduced, in at most so
many seconds. The case that comes out is run alone, by the line in its head: it must be red in the same comparator and
in the same field but for numbers, and green without the defect. Prints a line a defect, then median, 90 % and the most
of records and of seconds. The cases stay in --out (out/reduce-defects), one folder a defect.

Exit status 0: all of that for every defect, a median of at most 12 records, and 90 % with at most 30; 1: not; 2: no
such defect; 7: the program with the defects does not build.
"""

import argparse
import concurrent.futures
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plant_defects  # noqa: E402  (beside this file)

MISMATCH, USAGE, HOST = 1, 2, 7
MEDIAN_MOST, NINETY_MOST = 12, 30
PATIENCE = 120  # seconds in which a defect must be found, and for each run of its case


def without_numbers(text):
    return re.sub(r"0x[0-9a-f]+|\d+", "#", text)


def finding(said):
    """(comparator, field) of what a verb has printed; None: it is green."""
    failed = re.search(r"^FAILED on .*\n.*\n +differs +(.*)$", said, re.MULTILINE)
    if failed:
        return "expectation", failed[1]
    inline = re.search(r"^MISMATCH \((\w+)\).* cycle \d+[:,] (.*): expected ", said, re.MULTILINE)
    if inline:
        return inline[1], inline[2]
    table = re.search(r"^ *(?:MISMATCH|HANG) \((\w+)\).*\n +(.*)$", said, re.MULTILINE)
    return (table[1], table[2]) if table else None


class Trial:
    def __init__(self, number, defect, settings):
        self.number, self.defect, self.settings = number, defect, settings
        self.folder = settings.out / f"{number}-{defect['name']}"
        self.program = Path("build") / settings.preset / "twinwalk-defects"
        self.records = self.entries = self.lines = 0
        self.seconds = self.whole = 0.0
        self.case, self.wrong = None, ""

    def bash(self, line, number):
        environment = os.environ | {"TWINWALK_DEFECT": str(number)}
        try:
            ran = subprocess.run(
                ["bash", "-c", line],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE + self.settings.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 124, ""
        return ran.returncode, ran.stderr + ran.stdout

    def command(self):
        run, level = self.defect["run"], self.defect["level"]
        verb = run.split()[0]
        if verb in ("cosim", "random"):
            run += f" --check={level}"
        elif verb == "vectors":
            run += " --on=defective --failures=1"
        else:
            run += " --dut=defective"
        return f"{self.program} {run} --reduce={self.settings.seconds} --out={self.folder}"

    def go(self):
        begin = time.monotonic()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        status, said = self.bash(self.command(), self.number)
        (self.folder / "said.txt").write_text(said)
        self.wrong = self.judge(status, said)
        self.whole = time.monotonic() - begin
        return self

    def judge(self, status, said):
        found = finding(said)
        if status != MISMATCH or not found:
            return f"not found: status {status}"
        if found[0] != self.defect["sees"]:
            return f"found by {found[0]}, not by {self.defect['sees']}"
        reduced = re.search(r"^ *reduced +to (\d+) records and (\d+) entries: (.*) \(\d+ tries, ([\d.]+) s\)$", said,
                            re.M)
        if not reduced:
            why = re.search(r"^ *reduced +(.*)$", said, re.MULTILINE)
            return f"not reduced: {why[1] if why else 'nothing was said of it'}"
        self.records, self.entries, self.case = int(reduced[1]), int(reduced[2]), Path(reduced[3])
        self.seconds = float(reduced[4])
        return self.judge_case(found)

    def judge_case(self, found):
        line = re.search(r"^# Run it: (.*)$", self.case.read_text(), re.MULTILINE)
        if not line:
            return "the case does not say how it is run"
        line = line[1] + (f" --out={self.folder}/again" if self.case.suffix == ".txt" and " cosim " in line[1] else "")
        status, said = self.bash(line, self.number)
        again = finding(said)
        if status != MISMATCH or not again:
            return f"the case is not red: status {status}"
        if again[0] != found[0]:
            return f"the case is red in {again[0]}, not in {found[0]}"
        if without_numbers(again[1]) != without_numbers(found[1]):
            return f"the case differs in {again[1]}, not in {found[1]}"
        status, said = self.bash(line, 0)
        return "" if status == 0 else f"the case is red without the defect: status {status}"

    def line(self):
        d = self.defect
        case = self.case.suffix if self.case else "-"
        return (
            f"{self.number:3} {d['name']:32} {d['run'].split()[0]:8} {d['level']:6} {d['sees']:11} {self.records:4} "
            f"{self.entries:4} {case:5} {self.seconds:6.1f} s {self.whole:6.1f} s  "
            f"{'FAIL: ' + self.wrong if self.wrong else 'ok'}"
        )


def spread(values):
    """Median, 90 %, most."""
    ordered = sorted(values)
    at = [ordered[max(0, math.ceil(part * len(ordered)) - 1)] for part in (0.5, 0.9)]
    return *at, ordered[-1]


def summary(trials):
    """Prints the figures; True when all is as it should be."""
    good = [t for t in trials if not t.wrong]
    print(f"\n{len(trials)} defects, {len(good)} reduced, {len(trials) - len(good)} not")
    if not good:
        return False
    median, ninety, most = spread([t.records for t in good])
    print(f"  records   median {median}, 90 % at most {ninety}, the most {most}")
    print("  seconds   median {:.1f}, 90 % at most {:.1f}, the most {:.1f}".format(*spread([t.seconds for t in good])))
    for verb in sorted({t.defect["run"].split()[0] for t in good}):
        some = [t for t in good if t.defect["run"].split()[0] == verb]
        print("  {:9} {:3}: records median {}, 90 % at most {}, the most "
              "{}".format(verb, len(some), *spread([t.records for t in some])))
    return len(good) == len(trials) and median <= MEDIAN_MOST and ninety <= NINETY_MOST


def arguments(words):
    parser = argparse.ArgumentParser(prog="reduce_defects", description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--preset", default="tiny", help="whose defects (tiny)")
    parser.add_argument("--seconds", type=int, default=60, help="for the reduction of one (60)")
    parser.add_argument("--out", type=Path, default=Path("out/reduce-defects"),
                        help="folder of the cases (out/reduce-defects)")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (1)")
    parser.add_argument("pattern", nargs="?", default="",
                        help="only defects whose line of plant_defects.py list matches")
    return parser.parse_args(words)


def main(words):
    settings = arguments(words)
    os.chdir(Path(__file__).resolve().parent.parent)
    defects = [
        (number, d)
        for number, d in enumerate(plant_defects.load(Path("tb/defects")), 1)
        if d["preset"] == settings.preset and re.search(settings.pattern, plant_defects.line(number, d))
    ]
    if not defects:
        print(f"reduce_defects: no defect of {settings.preset} matches \"{settings.pattern}\"", file=sys.stderr)
        return USAGE
    program = f"build/{settings.preset}/twinwalk-defects"
    rules = ["-f", "Makefile", "-f", "tb/defects/rules.mk", f"PRESET={settings.preset}", f"B=build/{settings.preset}"]
    if subprocess.run(["make", "-s", "-j2", *rules, program], env=os.environ | {"MAKEFLAGS": ""},
                      check=False).returncode:
        return HOST
    trials = []
    with concurrent.futures.ThreadPoolExecutor(settings.jobs) as pool:
        for trial in pool.map(lambda one: Trial(*one, settings).go(), defects):
            print(trial.line(), flush=True)
            trials.append(trial)
    return 0 if summary(trials) else MISMATCH


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
