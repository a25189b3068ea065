#!/usr/bin/env python3
"""Are benches that are built already the same machine?

Every trace of the corpus on every preset at every level, and random stimulus at `state`: the JSON of each side must be
that of the first, byte for byte, but for what ran, where, and how fast.

  scripts/equal.py build/PRESET/twinwalk build/PRESET/twinwalk-sc ../other/build/PRESET/twinwalk
  scripts/equal.py build/PRESET/twinwalk "chroot /trixie env -C /twinwalk build/PRESET/twinwalk"

A side is a program with PRESET where the name of a preset stands, after the words, if any, that bring it to run where
it runs; the traces lie there under the same names. `make equal` builds the first two.

What has run is kept in out/equal/kept by program, trace and options: after Ctrl-C the same line goes on where it was.
Results: a table, out/equal/results.json. Exit status (tb/base/exits.h): 0 all was compared and is equal, 1 something
differs or failed, 2 wrong usage, 5 nothing was compared, 6 an output could not be written, 7 the host failed, 130
interrupted.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import regress
from outputs import said, write_whole

USAGE, UNFIT, INCOMPLETE, OUTPUT, HOST, INTERRUPTED = 2, 4, 5, 6, 7, 130
LEVELS = ["arch", "events", "cycle", "state"]
CLOCKED = LEVELS[2:]  # where a trace is replayed with the options of its .toml, of which many need a clock
# Of the JSON: what ran, where and how, and how fast it was. All else is a result.
WHO = ("version", "commit", "command_line", "host", "dut", "simulator", "evaluations_per_clock", "speed")


def wrong(what):
    print(f"equal: {what}", file=sys.stderr)
    sys.exit(USAGE)


class Side:
    """A built bench: how it is called, and the digests of its programs and traces, as it sees them itself."""

    def __init__(self, number, text):
        self.number, self.text, self.who = number, text, {}
        try:
            self.words = shlex.split(text)
        except ValueError as error:
            wrong(f"{text}: {error}")
        if not self.words or "PRESET" not in self.words[-1]:
            wrong(f"{text!r}: the last word of a side is its program, with PRESET where the name of a preset stands")

    def program(self, preset):
        return self.words[-1].replace("PRESET", preset)

    def command(self, preset, words):
        return [*self.words[:-1], self.program(preset), *words]

    def look(self, presets, traces):
        files = [*map(self.program, presets), *(str(trace.path) for trace in traces)]
        try:
            looked = subprocess.run([*self.words[:-1], "sha256sum", "--zero", "--", *files], capture_output=True,
                                    text=True)
        except OSError as error:
            wrong(f"{self.text}: {error.filename}: {error.strerror}")
        if looked.returncode:
            wrong(f"{self.text}: {(looked.stderr.strip().splitlines() or ['nothing is said of its files'])[0]}; sides "
                  "are built before they are compared")
        self.digests = {line[66:]: line[:64] for line in looked.stdout.split("\0") if line}

    def saw(self, numbers):
        facts = [numbers.get("dut"), numbers.get("simulator"), numbers.get("commit")]
        if any(facts):
            self.who[", ".join(str(fact) for fact in facts if fact)] = True


class Stimulus:
    """What a side is given: a trace at a level, or random requests."""

    def __init__(self, group, name, words, trace=None):
        self.group, self.name, self.words, self.trace = group, name, words, trace


class Run:
    """One side of one stimulus on one preset. `result`: done, skipped, failed, cut."""

    def __init__(self, settings, side, preset, stimulus):
        self.side, self.preset, self.stimulus, self.out = side, preset, stimulus, settings.out
        self.result, self.text, self.from_before = "cut", "", False
        files = [side.program(preset), *([str(stimulus.trace)] if stimulus.trace else [])]
        facts = [1, WHO, preset, stimulus.words, [side.digests[file] for file in files]]
        self.file = settings.out / "kept" / f"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]}.json"
        self.fresh = settings.fresh

    def go(self, fleet):
        if not self.take():
            self.play(fleet)
            if self.result in ("done", "skipped"):
                write_whole(self.file, json.dumps([self.result, self.text, self.who]))
        self.side.saw(self.who)
        return self

    def take(self):
        try:
            self.result, self.text, self.who = [None] * 3 if self.fresh else json.loads(self.file.read_text())
            self.from_before = self.result in ("done", "skipped")
        except (OSError, ValueError):
            pass
        return self.from_before

    def play(self, fleet):
        self.result, self.text, self.who = "cut", "", {}
        words = [*self.stimulus.words, f"--out={self.out / 'mismatches'}", "--json=-",
                 *([str(self.stimulus.trace)] if self.stimulus.trace else [])]
        process = fleet.start(self.side.command(self.preset, words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace",
                              start_new_session=True)
        if not process:
            return
        output, complaint = process.communicate()
        status = fleet.ended(process)
        if status == INTERRUPTED:
            return
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        try:
            numbers = json.loads(output)
        except ValueError:
            numbers = {}
        self.who = {key: numbers.get(key) for key in ("dut", "simulator", "commit")}
        if status == UNFIT:
            self.result, self.text = "skipped", last.partition(": ")[2]
        elif status == 0 and numbers.get("verdict") == "equal" and numbers.get("cycles_dut"):
            self.result, self.text = "done", json.dumps({key: value for key, value in numbers.items()
                                                         if key not in WHO}, indent=1)
        else:
            how = f"ended by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
            self.result, self.text = ("failed", f"{how}: {last}" if status
                                      else "it ended well without having compared anything")

    def again(self):
        return shlex.join(self.side.command(self.preset,
                                            [*self.stimulus.words,
                                             *([str(self.stimulus.trace)] if self.stimulus.trace else [])]))


def leaves(value, name=""):
    """Pairs of path and value, in order."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield name, value
    for key, part in parts or ():
        yield from leaves(part, f"{name}.{key}" if name else str(key))


def difference(first, other):
    """The first result that two texts do not share; and how many only one has: a device's own counters, which not every
    device has, are null then."""
    a, b = (dict(leaves(json.loads(text))) for text in (first, other))
    lacks = [name for name in a if name in b and name.startswith("device.") and (a[name] is None) != (b[name] is None)]
    for name in lacks:
        del a[name], b[name]
    if json.dumps(a) == json.dumps(b):
        return "", len(lacks)
    return where(a, b), len(lacks)


def where(a, b):
    for name in [*a, *(name for name in b if name not in a)]:
        if name not in a or name not in b or json.dumps(a[name]) != json.dumps(b[name]):
            return f"{name} is {json.dumps(a.get(name, 'missing'))} and {json.dumps(b.get(name, 'missing'))}"
    return "the same results in another order"


class Cell:
    """One stimulus on one preset, on all sides."""

    def __init__(self, settings, sides, preset, stimulus):
        self.preset, self.stimulus, self.lacks = preset, stimulus, {}
        self.runs = [Run(settings, side, preset, stimulus) for side in sides]

    def judge(self, side):
        """Of a side: equal, different, skipped, failed or cut, and why."""
        first, run = self.runs[0], self.runs[side]
        for one in (first, run):
            if one.result in ("failed", "cut"):
                return one.result, f"side {one.side.number}: {one.text}"
        if first.result != run.result:
            skips = first if first.result == "skipped" else run
            return "different", f"only side {skips.side.number} cannot: {skips.text}"
        if first.result == "skipped":
            return ("skipped", first.text) if first.text == run.text else ("different", f"{first.text}; {run.text}")
        if first.text == run.text:
            return "equal", ""
        why, self.lacks[side] = difference(first.text, run.text)
        return "different" if why else "equal", why

    @property
    def cycles(self):
        return json.loads(self.runs[0].text)["cycles_dut"] if self.runs[0].result == "done" else 0


class Progress:
    """One line that stands still on a terminal; in a pipe a line for each preset and level. What is wrong at once."""

    def __init__(self, cells):
        self.left = {id(cell): len(cell.runs) for cell in cells}
        self.groups = {}
        for cell in cells:
            self.groups[cell.preset, cell.stimulus.group] = self.groups.get((cell.preset, cell.stimulus.group), 0) + 1
        self.total, self.done, self.wrong, self.begin = sum(self.left.values()), 0, 0, time.monotonic()
        self.terminal = sys.stdout.isatty()

    def ended(self, cell, run):
        self.done += run.result != "cut"
        self.left[id(cell)] -= 1
        if not self.left[id(cell)]:
            self.whole(cell)
        if self.terminal:
            spent = time.monotonic() - self.begin
            left = spent / max(self.done, 1) * (self.total - self.done)
            print(f"\r\033[K{self.done}/{self.total} runs, {self.wrong} wrong, about "
                  f"{int(left) // 60}:{int(left) % 60:02} left", end="", flush=True)

    def whole(self, cell):
        for side in range(1, len(cell.runs)):
            verdict, why = cell.judge(side)
            if verdict in ("different", "failed"):
                self.wrong += 1
                print(f"{self.clear()}{verdict.upper()}: {cell.preset}, {cell.stimulus.name}, {cell.stimulus.group}, "
                      f"sides 1 and {side + 1}: {why}", flush=True)
                for run in (cell.runs[0], cell.runs[side]):
                    print(f"    {run.again()}", flush=True)
        key = cell.preset, cell.stimulus.group
        self.groups[key] -= 1
        if not self.groups[key] and not self.terminal:
            print(f"{self.done:6}/{self.total}  {time.monotonic() - self.begin:7.0f} s  {' '.join(key)}", flush=True)

    def clear(self):
        return "\r\033[K" if self.terminal else ""


def play(cells, settings):
    """All runs, so many at a time; False when they were interrupted. What the host refuses ends them."""
    fleet, progress, lock = regress.Fleet(), Progress(cells), threading.Lock()

    def one(cell, run):
        run.go(fleet)
        with lock:
            progress.ended(cell, run)

    with concurrent.futures.ThreadPoolExecutor(settings.jobs) as pool:
        jobs = [pool.submit(one, cell, run) for cell in cells for run in cell.runs]
        try:
            for job in concurrent.futures.as_completed(jobs):
                job.result()
        except OSError:
            fleet.stop()
            raise
        finally:
            print(progress.clear(), end="", flush=True)
    return not fleet.signals


def table(cells, sides):
    """Counts of verdicts by preset and level; the rows, and all verdicts."""
    for side in sides:
        print(f"side {side.number}: {side.text}\n        {'; '.join(side.who) or 'nothing of it ran'}")
    print(f"\n{'preset':<14}{'stimulus':<9}{'runs':>6}{'skipped':>9}{'cycles':>16}"
          + "".join(f"{f'1 = {side.number}':>14}" for side in sides[1:]))
    verdicts, groups = [], {}
    for cell in cells:
        groups.setdefault((cell.preset, cell.stimulus.group), []).append(cell)
    for (preset, group), some in groups.items():
        ran, without = (sum(cell.runs[0].result == result for cell in some) for result in ("done", "skipped"))
        row = f"{preset:<14}{group:<9}{ran:>6}{without:>9}{sum(cell.cycles for cell in some):>16,}"
        for side in range(1, len(sides)):
            told = [cell.judge(side)[0] for cell in some]
            verdicts += told
            equal, skipped = told.count("equal"), told.count("skipped")
            row += f"{'all equal' if equal and equal + skipped == len(told) else f'{equal} of {len(told)}':>14}"
        print(row)
    return verdicts


def report(cells, sides, settings, whole):
    verdicts = table(cells, sides)
    print()
    count = {name: verdicts.count(name) for name in ("equal", "different", "failed", "skipped", "cut")}
    results = {"sides": [{"side": side.text, "who": list(side.who)} for side in sides], **count,
               "cells": [{"preset": cell.preset, "stimulus": cell.stimulus.group, "name": cell.stimulus.name,
                          "cycles": cell.cycles, "verdicts": [cell.judge(side)[0] for side in range(1, len(sides))],
                          "sha256": [hashlib.sha256(run.text.encode()).hexdigest() if run.result == "done" else None
                                     for run in cell.runs]} for cell in cells]}
    written = said("equal", write_whole, settings.out / "results.json", json.dumps(results, indent=1) + "\n")
    before = sum(run.from_before for cell in cells for run in cell.runs)
    for side in range(1, len(sides)):
        lacks = sum(cell.lacks.get(side, 0) for cell in cells)
        if lacks:
            print(f"only one of sides 1 and {side + 1} has {lacks:,} counters of devices' own (null in `device`)")
    reasons = [cell.runs[0].text for cell in cells if cell.runs[0].result == "skipped"]
    for reason in dict.fromkeys(reasons):
        print(f"{'skipped' if reason == reasons[0] else '':<9}{reasons.count(reason)}: {reason}")
    print(f"{count['equal']} equal, {count['different']} different, {count['failed']} failed, {count['skipped']} "
          f"skipped, {count['cut']} not compared"
          f" ({before} of {sum(len(cell.runs) for cell in cells)} runs from before)")
    if count["different"] or count["failed"]:
        return 1
    if not whole:
        return INTERRUPTED
    if not count["equal"] or count["cut"]:
        print("INCOMPLETE: nothing, or less than was asked for, was compared")
        return INCOMPLETE
    print("Equal: everything asked for was compared.")
    return 0 if written else OUTPUT


def arguments(words):
    presets = sorted(path.stem for path in Path("config").glob("*.toml"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0], allow_abbrev=False)
    parser.add_argument("sides", nargs="+", metavar="SIDE",
                        help="a program, with PRESET where the name of a preset stands")
    parser.add_argument("--presets", default=" ".join(presets), help="only these, separated by blanks")
    parser.add_argument("--checks", default=" ".join(LEVELS),
                        help="levels at which the corpus is replayed; none for random stimulus alone (%(default)s)")
    parser.add_argument("--corpus", type=Path, default=Path("traces/corpus"),
                        help="folder of the traces, or one trace (traces/corpus)")
    parser.add_argument("--limit", type=int, default=60_000, help="accesses of each trace, 0 for all (60000)")
    parser.add_argument("--requests", type=int, default=1_000_000,
                        help="random requests at state, 0 for none (1000000)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time (one for each processor)")
    parser.add_argument("--out", type=Path, default=Path("out/equal"), help="folder of the results (out/equal)")
    parser.add_argument("--fresh", action="store_true", help="run everything anew, also what is done already")
    settings = parser.parse_args(words)
    settings.presets, settings.checks, settings.set = settings.presets.split(), settings.checks.split(), "full"
    if len(settings.sides) < 2:
        parser.error("one side alone is equal to nothing")
    if not settings.presets or not set(settings.checks) <= set(LEVELS) or not (settings.checks or settings.requests):
        parser.error(f"--presets and --checks ({' '.join(LEVELS)}) or --requests name what is compared")
    if settings.limit < 0 or settings.requests < 0 or settings.jobs < 1:
        parser.error("--jobs is at least 1, --limit and --requests are not negative")
    return settings


def stimuli(settings, traces):
    limit = [f"--limit={settings.limit}"] if settings.limit else []
    for check in settings.checks:
        for trace in traces:
            options = shlex.split(trace.options) if check in CLOCKED else []
            yield Stimulus(check, trace.name,
                           ["cosim", f"--check={check}", *limit, f"--seed={settings.seed}", *options], trace.path)
    if settings.requests:
        yield Stimulus("random", f"{settings.requests} requests",
                       ["random", "--check=state", f"--requests={settings.requests}", f"--seed={settings.seed}"])


def look(sides, settings, traces):
    """Every side has what it needs, the same traces, and programs of its own."""
    for side in sides:
        side.look(settings.presets, traces)
        for trace in traces:
            if side.digests[str(trace.path)] != sides[0].digests[str(trace.path)]:
                wrong(f"{side.text}: its {trace.path} is another one")
        for other in sides[:side.number - 1]:
            for preset in settings.presets:
                if side.digests[side.program(preset)] == other.digests[other.program(preset)]:
                    wrong(f"{side.text}: for {preset} the same program, byte for byte, as that of {other.text}")


def main(words):
    settings = arguments(words)
    traces = regress.find_traces(settings) if settings.checks else []
    sides = [Side(number, text) for number, text in enumerate(settings.sides, 1)]
    look(sides, settings, traces)
    try:
        (settings.out / "kept").mkdir(parents=True, exist_ok=True)
        cells = [Cell(settings, sides, preset, stimulus) for preset in settings.presets
                 for stimulus in stimuli(settings, traces)]
        whole = play(cells, settings)
    except OSError as error:
        print(f"equal: {error.filename}: {error.strerror}; --out=FOLDER gives another place for the results",
              file=sys.stderr)
        return OUTPUT if error.filename and Path(error.filename).is_relative_to(settings.out) else HOST
    return report(cells, sides, settings, whole)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
