#!/usr/bin/env python3
"""Constrained-random stimulus in lockstep, all state compared, for so many hours, with seeds that never ran before.

`make soak HOURS=8` builds what it runs. Every seed is entered into the history (out/history.db) before it runs, so that
none is given twice, not to two soaks at once either; the preset that has had the fewest cycles comes next. A failure is
cut down, told at once, and its folder kept. A line an hour says how far it is.

A soak that was interrupted or killed is taken up again by the next one of the same length and presets: seeds that were
under way run again, then what is left of its hours; --fresh begins a new one. Time in which nothing ran does not count.

Results: a table, out/soak/results.json, the history, the dashboard. Exit status (tb/base/exits.h): 0 all equal, 1 a
seed failed, 2 wrong usage, 5 nothing was compared, 6 an output could not be written, 7 the host failed, 130
interrupted.
"""

import argparse
import concurrent.futures
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import dashboard
import history
import regress
from outputs import said, write_whole

INCOMPLETE, OUTPUT, HOST, INTERRUPTED = 5, 6, 7, 130
EXPLAINS = 30  # lines of a failure, from its finding on


def arguments(words):
    presets = sorted(path.stem for path in Path("config").glob("*.toml"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0], allow_abbrev=False)
    parser.add_argument("--hours", type=float, default=1, help="how long, fractions too (1); seeds under way then end")
    parser.add_argument("--presets", default=" ".join(presets), help="only these, separated by blanks")
    parser.add_argument("--cycles", type=int, default=2_000_000, help="clock cycles of a seed (2000000)")
    parser.add_argument("--reduce", type=int, default=60, help="seconds in which a failure is cut down (60)")
    parser.add_argument("--args", default="", help="further options of `twinwalk random`")
    parser.add_argument("--tell", type=float, default=3600, help="seconds between lines that say how far it is (3600)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="seeds at a time (one for each processor)")
    parser.add_argument("--failures", type=int, default=20, help="end when so many seeds have failed (20)")
    parser.add_argument("--fresh", action="store_true", help="take up no soak that was interrupted")
    parser.add_argument("--out", type=Path, default=Path("out/soak"), help="folder of the results (out/soak)")
    parser.add_argument("--history", type=Path, help="the history (history.db beside the folder of results)")
    settings = parser.parse_args(words)
    settings.presets = settings.presets.split()
    settings.history = settings.history or settings.out.parent / "history.db"
    if (not settings.hours > 0 or settings.cycles < 1 or settings.jobs < 1 or settings.reduce < 0
        or not settings.tell > 0):
        parser.error("--hours, --cycles, --jobs, --tell are more than nothing, --reduce is not negative")
    for preset in settings.presets:
        if preset not in presets:
            parser.error(f"no file config/{preset}.toml; there are: {' '.join(presets)}")
        if not Path(f"build/{preset}/twinwalk").exists():
            parser.error(f"build/{preset}/twinwalk is not built; `make soak` builds it")
    if not settings.presets:
        parser.error("--presets names none")
    return settings


class Seed:
    """One seed on one preset."""

    def __init__(self, settings, preset, seed):
        self.preset, self.seed = preset, seed
        self.log, self.json = (settings.out / "runs" / f"{preset}-{seed}.{kind}" for kind in ("log", "json"))
        self.command = [
            f"build/{preset}/twinwalk", "random", "--check=state", f"--cycles={settings.cycles}", f"--seed={seed}",
            f"--reduce={settings.reduce}", *shlex.split(settings.args), f"--out={settings.out / 'mismatches'}",
        ]  # fmt: skip
        self.status, self.numbers, self.said = None, {}, ""

    def go(self, fleet):
        """Never raises: what the host refuses is this seed's result."""
        try:
            self.json.unlink(missing_ok=True)
            with open(self.log, "w") as log:
                process = fleet.start([*self.command, f"--json={self.json}"], stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=subprocess.STDOUT, start_new_session=True)
                if not process:
                    self.status = INTERRUPTED
                    return self
                process.wait()
            self.status = fleet.ended(process)
            self.said = self.log.read_text(errors="replace")
            self.numbers = json.loads(self.json.read_text())
        except OSError as error:
            self.status = self.status or OUTPUT
            self.said += f"\n{error.filename}: {error.strerror}"
        except ValueError:
            self.status = self.status or OUTPUT
        return self

    @property
    def cycles(self):
        return max(0, self.numbers.get("cycles_dut", 0) - self.numbers.get("cycles_skipped", 0))

    @property
    def result(self):
        if self.status == INTERRUPTED:
            return "running"  # it is run again
        if self.status == 0 and self.numbers.get("verdict") == "equal" and self.cycles:
            return "equal"
        return "broken" if 2 <= self.status <= HOST else "failed"

    def reason(self):
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        where = next((i for i, line in enumerate(lines) if line.startswith(("MISMATCH", "HANG"))), None)
        if self.status is not None and self.status < 0:
            return f"ended by {signal.Signals(-self.status).name}"
        return (" ".join(lines[where:where + 4]) if where is not None else lines[-1] if lines
                else f"status {self.status}, without a word")

    def explain(self):
        lines = self.said.splitlines()
        where = next((i for i, line in enumerate(lines) if line.strip().startswith(("MISMATCH", "HANG"))),
                     max(0, len(lines) - 5))
        return "\n".join(lines[where:where + EXPLAINS])

    def forget(self):
        """Of an equal one nothing but its entry is kept."""
        self.log.unlink(missing_ok=True)
        self.json.unlink(missing_ok=True)


class Soak:
    def __init__(self, settings):
        self.settings, self.fleet = settings, regress.Fleet()
        self.db = history.History(settings.history)
        self.again, self.done, self.running = [], [], {preset: 0 for preset in settings.presets}
        self.facts = {"hours": settings.hours, "presets": settings.presets, "cycles": settings.cycles,
                      "args": settings.args, "worked": 0.0}
        self.lock = None
        self.take_up()
        if not self.lock:
            self.db.begin("soak", "", f"{settings.hours:g} h of random stimulus on {' '.join(settings.presets)}",
                          settings.out, self.facts)
            self.claim(self.db.id)
        self.before, self.begun = self.facts["worked"], time.monotonic()

    def claim(self, session):
        """Holds a session's lock for as long as this process lives; False when another does."""
        lock = open(self.settings.out / f"session-{session}.lock", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self.lock = lock
        return True

    def take_up(self):
        """The latest of the soaks like this one that did not come to its end and that nobody is at; its seeds first."""
        if self.settings.fresh or self.db.lost:
            return
        folder = str(self.settings.out.resolve())
        for row in self.db.all("SELECT * FROM session WHERE kind = 'soak' AND (status IS NULL OR status = ?) AND "
                               "folder = ? ORDER BY id DESC", INTERRUPTED, folder):
            facts = json.loads(row["facts"])
            if (any(facts.get(name) != self.facts[name] for name in ("hours", "presets", "cycles", "args"))
                or not self.claim(row["id"])):
                continue
            self.db.id, self.facts = row["id"], facts
            self.again = [(r["preset"], r["seed"])
                          for r in self.db.all("SELECT * FROM seed WHERE session = ? AND result = 'running'",
                                               row["id"])]
            print(f"soak: goes on with what was interrupted: {facts['worked'] / 3600:.2f} of {facts['hours']:g} h are "
                  f"done, {len(self.again)} seeds run again", flush=True)
            return

    @property
    def worked(self):
        return self.before + time.monotonic() - self.begun

    def over(self):
        return (self.fleet.signals or self.count("failed") >= self.settings.failures
                or self.worked >= self.settings.hours * 3600)

    def next(self):
        if self.again:
            preset, seed = self.again.pop()
        else:
            had = {preset: self.running[preset] * self.settings.cycles for preset in self.settings.presets}
            for one in self.done:
                had[one.preset] += one.cycles
            preset = min(self.settings.presets, key=lambda name: had[name])
            seed = self.db.new_seed(preset)
        self.running[preset] += 1
        return Seed(self.settings, preset, seed)

    def ended(self, one):
        self.running[one.preset] -= 1
        self.done.append(one)
        bundle = one.numbers.get("finding", {}).get("bundle")
        link = str(Path(bundle, "report.html").resolve()) if bundle else str(one.log.resolve())
        bad = one.result in ("failed", "broken")
        self.db.end_seed(one.seed, result=one.result, reason=one.reason() if bad else "", cycles=one.cycles,
                         link=link if bad else "")
        self.keep()
        if bad:
            print(f"{one.result.upper()}: seed {one.seed} on {one.preset}\n{one.explain()}\n    again: "
                  f"{shlex.join(one.command)}", flush=True)
        elif one.result == "equal":
            one.forget()

    def keep(self):
        self.facts["worked"] = self.worked
        self.db.write("UPDATE session SET facts = ? WHERE id = ?", (json.dumps(self.facts), self.db.id))

    def count(self, *results):
        return sum(one.result in results for one in self.done)

    def tell(self):
        cycles = sum(one.cycles for one in self.done)
        print(f"{self.worked / 3600:.2f} h: {self.count('equal', 'failed')} seeds, {cycles:,} cycles, "
              f"{self.count('failed')} failed", flush=True)

    def run(self):
        pending, told = set(), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(self.settings.jobs) as pool:
            while pending or not self.over():
                while len(pending) < self.settings.jobs and not self.over():
                    pending.add(pool.submit(self.next().go, self.fleet))
                done, pending = concurrent.futures.wait(pending, timeout=1,
                                                        return_when=concurrent.futures.FIRST_COMPLETED)
                for each in done:
                    self.ended(each.result())
                if time.monotonic() - told >= self.settings.tell:
                    told = time.monotonic()
                    self.tell()
                if self.count("broken") and not self.fleet.signals:
                    self.fleet.stop()  # nothing will become better by going on
        if self.count("failed") >= self.settings.failures:
            print(f"soak: {self.count('failed')} failures, and so it ends here (--failures={self.settings.failures})")
        self.keep()

    def status(self):
        if self.count("failed"):
            return 1
        broken = next((one.status for one in self.done if one.result == "broken"), 0)
        if broken:
            return broken
        if self.worked < self.settings.hours * 3600:
            return INTERRUPTED
        return 0 if self.count("equal") else INCOMPLETE

    def table(self):
        rows = {}
        print(f"{'preset':12} {'seeds':>8} {'lockstep cycles':>16} {'requests':>14} {'failed':>8}  corners met")
        for preset in self.settings.presets:
            mine = [one for one in self.done if one.preset == preset]
            random = [one.numbers["random"] for one in mine if "random" in one.numbers]
            met = {name for r in random for name, n in r["corners"].items() if n}
            corners = len(random[0]["corners"]) if random else 0
            row = rows[preset] = {
                "seeds": sum(one.result in ("equal", "failed") for one in mine),
                "cycles": sum(one.cycles for one in mine),
                "requests": sum(r["answers"] for r in random), "failed": sum(one.result == "failed" for one in mine),
                "corners": sorted(met),
            }  # fmt: skip
            print(f"{preset:12} {row['seeds']:8,} {row['cycles']:16,} {row['requests']:14,} {row['failed']:8}  "
                  f"{len(met)} of {corners}")
        return rows


def main(words):
    settings = arguments(words)
    try:
        (settings.out / "runs").mkdir(parents=True, exist_ok=True)
        soak = Soak(settings)
    except OSError as error:
        print(f"soak: {error.filename}: {error.strerror}; --out=FOLDER gives another place for the results",
              file=sys.stderr)
        return OUTPUT
    soak.run()
    soak.tell()
    rows, status = soak.table(), soak.status()
    soak.db.end(status)
    results = {"status": status, "worked": round(soak.worked, 1), "presets": rows, "failed": [
        {"preset": one.preset, "seed": one.seed, "reason": one.reason(), "again": shlex.join(one.command)}
        for one in soak.done if one.result in ("failed", "broken")
    ]}  # fmt: skip
    page = settings.history.with_name("dashboard.html")
    written = said("soak", write_whole, settings.out / "results.json", json.dumps(results, indent=1) + "\n")
    written &= said("soak", dashboard.write, page, soak.db) and not soak.db.lost
    print(f"dashboard: {page}")
    if status == INTERRUPTED:
        print("INTERRUPTED: the same line goes on from here")
    if status == INCOMPLETE:
        print("INCOMPLETE: no seed compared anything")
    return status or (0 if written else OUTPUT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
