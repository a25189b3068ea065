#!/usr/bin/env python3
"""Replays every trace of the corpus on every preset, in parallel, and compares all of it.

`make regress` builds what it runs.

A trace is any *.tw of the corpus. Its .toml may say
  options = "--pages=thp --ram=64M"   for the bench, when it is replayed here
  set = "small"                       it belongs to the small set, of which each trace counts with its first accesses
                                      only
Exit status 4 of the bench means that the preset lacks what the trace needs: that is counted as skipped, with the
reason.

Results: a table, out/regress/junit.xml, out/regress/results.json, the log and JSON of each run beside them, a session
in the history (out/history.db) and the dashboard that is drawn from it (out/dashboard.html). What is done already, by
the same program on the same trace with the same options, is taken from out/regress/kept (regress_keep.py), unless
--fresh. Ctrl-C ends the runs under way, and reports what was compared until then; the same line again goes on there.
docs/regress.md tells more. Exit status (docs/exits.md): 0 nothing failed, 1 something did, 2 wrong usage, 5 nothing was
compared at all, 6 an output could not be written, 7 the host failed, 130 interrupted.
"""
import argparse
import concurrent.futures
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import dashboard
import history
import regress_keep
import regress_report
import regress_slurm
from outputs import said, write_whole

SMALL = 200_000          # accesses of each trace in the small set
USAGE = 2
NEEDS_MORE = 4           # exit status of the bench
INCOMPLETE, OUTPUT, HOST = 5, 6, 7
INTERRUPTED = 130
BENCHES = {"cc": "twinwalk", "systemc": "twinwalk-sc"}
os.chdir(Path(__file__).resolve().parent.parent)


def wrong(what):
    print(f"regress: {what}", file=sys.stderr)
    sys.exit(2)


class Trace:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.facts = {}
        toml = path.with_suffix(".toml")
        if toml.exists():
            try:
                self.facts = tomllib.loads(toml.read_text())
            except tomllib.TOMLDecodeError as error:
                wrong(f"{toml}: {error}")
        self.options, self.set = self.facts.get("options", ""), self.facts.get("set", "")
        if not isinstance(self.options, str) or self.set not in ("", "small"):
            wrong(f'{toml}: `options` must be a string, and `set`, if it is there, "small"')

    def accesses(self, program):
        """How many it has; a guess by its length when nobody says."""
        if "accesses" not in self.facts:
            built = os.path.exists(program)
            info = (subprocess.run([program, "trace", "info", self.path], capture_output=True, text=True).stdout
                    if built else "")
            said = re.search(r"^accesses\s+(\d+)$", info, re.MULTILINE)
            self.facts["accesses"] = int(said[1]) if said else self.path.stat().st_size * 5
        return self.facts["accesses"]


class Run:
    """One trace on one preset."""
    def __init__(self, settings, trace, preset, kept=None):
        out = settings.out
        self.trace, self.preset, self.name, self.kept = trace, preset, f"{preset}-{trace.name}", kept
        self.log, self.json = out / "runs" / f"{self.name}.log", out / "runs" / f"{self.name}.json"
        self.program = settings.program or f"build/{preset}/{BENCHES[settings.bench]}"
        limit = settings.limit or (SMALL if settings.set == "small" else 0)
        self.weight = min(trace.accesses(self.program), limit or sys.maxsize)
        self.words = [*([f"--check={settings.check}"] if settings.check != "own" else []),
                      *([f"--limit={limit}"] if limit else []), *shlex.split(trace.options),
                      *shlex.split(settings.args)]
        self.command = [self.program, "cosim", *self.words, f"--out={out / 'mismatches' / self.name}", str(trace.path)]
        self.result, self.reason = "not run", "interrupted before it began"
        self.seconds, self.numbers, self.said = 0.0, {}, ""
        self.status, self.again, self.from_before = None, shlex.join(self.command), False

    def go(self, fleet):
        try:
            key = self.kept and self.kept.key(self)
            state = self.kept and self.kept.load(self, key)
            if state:
                self.take(state)
                self.from_before = True
            elif self.play(fleet) and self.kept:
                self.kept.save(self, key, self.state())
        except OSError as error:
            self.status, self.result, self.reason = OUTPUT, "failed", f"{error.filename}: {error.strerror}"
        return self

    def play(self, fleet):
        self.json.unlink(missing_ok=True)
        begin = time.monotonic()
        with open(self.log, "w") as log:
            # In a session of its own, so that Ctrl-C at a terminal comes to it once, from here.
            process = fleet.start([*self.command, f"--json={self.json}"], stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT, start_new_session=True)
            if not process:
                return False
            process.wait()
        self.status = fleet.ended(process)
        self.seconds = time.monotonic() - begin
        self.said = self.log.read_text(errors="replace")
        try:
            self.numbers = json.loads(self.json.read_text())
        except (OSError, ValueError):
            self.numbers = {}
        self.result, self.reason = self.judge(self.status)
        return True

    def state(self):
        """All that a report needs: what is kept, and what a task elsewhere sends."""
        return {"status": self.status, "result": self.result, "reason": self.reason, "seconds": round(self.seconds, 3),
                "again": self.again,
                "bundle": self.numbers.get("finding", {}).get("bundle"), "numbers": self.numbers,
                "said": "\n".join(self.said.splitlines()[-30:])}

    def take(self, state):
        for name in ("status", "result", "reason", "seconds", "again", "numbers", "said"):
            setattr(self, name, state[name])

    def judge(self, status):
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        last = lines[-1] if lines else "it said nothing"
        verdict, compared = self.numbers.get("verdict"), self.numbers.get("replay", {}).get("accesses", 0)
        if status == 0 and verdict == "equal" and compared:
            return "passed", ""
        if status == 0:
            return "failed", "it ended well without having compared anything"
        if status == NEEDS_MORE:
            return "skipped", re.sub(r"^\S*twinwalk\S*: ", "", last)
        if status == USAGE and "need both twins on one clock" in last:
            return "skipped", "its options need a clock that both twins have in common"
        if status == INTERRUPTED:
            return "interrupted", f"interrupted; {compared:,} accesses were equal until then"
        if status < 0:
            return "crashed", f"ended by {signal.Signals(-status).name}"
        where = next((i for i, line in enumerate(lines)
                      if re.match("MISMATCH|HANG|BAD INPUT|INCOMPLETE|THE HOST FAILED", line)), None)
        return "failed", last if where is None else " ".join(lines[where:where + 4])


class Fleet:
    """The processes under way, and the end of them by a signal: once asks them to report, twice kills them."""
    def __init__(self):
        self.running, self.signals = set(), 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)

    def start(self, command, **how):
        if self.signals:
            return None
        if shutil.which("setpriv"):  # who is killed without a word takes what he started along
            command = ["setpriv", "--pdeathsig=KILL", "--", *command]
        process = subprocess.Popen(command, **how)
        self.running.add(process)
        if self.signals:  # between the look above and the list
            process.send_signal(signal.SIGINT)
        return process

    def ended(self, process):
        """Its status; who was killed when all were asked to stop was interrupted."""
        self.running.discard(process)
        if process.returncode in (-signal.SIGINT, -signal.SIGTERM) and not self.signals:
            time.sleep(1)  # Slurm and terminals ask every process, and perhaps us a moment later
        return INTERRUPTED if process.returncode < 0 and self.signals else process.returncode

    def stop(self, *_):
        self.signals += 1
        for process in list(self.running):
            process.send_signal(signal.SIGINT if self.signals == 1 else signal.SIGKILL)


def arguments(words):
    presets = sorted(path.stem for path in Path("config").glob("*.toml"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--set", choices=["full", "small"], default="full",
                        help="small: the traces of the small set, their first accesses (full)")
    parser.add_argument("--check", choices=["arch", "events", "cycle", "state", "own"], default="cycle",
                        help="own: what the device of --args asks for (cycle)")
    parser.add_argument("--bench", choices=sorted(BENCHES), default="cc")
    parser.add_argument("--program", default=None,
                        help="the bench to run, for one preset of any name (build/PRESET/twinwalk)")
    parser.add_argument("--presets", default=" ".join(presets), help="only these, separated by blanks")
    parser.add_argument("--corpus", type=Path, default=Path("traces/corpus"),
                        help="folder of the traces, or one trace (traces/corpus)")
    parser.add_argument("--limit", type=int, default=0,
                        help="accesses of each trace (all; of the small set %d)" % SMALL)
    parser.add_argument("--args", default="", help="further options of the bench")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time (one for each processor)")
    parser.add_argument("--out", type=Path, default=None,
                        help="folder of the results (out/regress, of the small set out/regress-small)")
    parser.add_argument("--on", choices=["local", "slurm"], default="local",
                        help="where: on this machine, or as jobs of Slurm, which also build (local)")
    parser.add_argument("--task", type=Path, help=argparse.SUPPRESS)  # the inside of such jobs
    parser.add_argument("--collect", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--fresh", action="store_true", help="make every run anew, also what is done already")
    parser.add_argument("--history", type=Path, default=None,
                        help="the history (history.db beside the folder of results)")
    parser.add_argument("--no-history", action="store_true", help="leave no session in it, and draw no dashboard")
    settings = parser.parse_args(words)
    if settings.task or settings.collect:
        return settings  # the plan says the rest
    settings.presets = settings.presets.split()
    settings.out = settings.out or Path("out/regress" if settings.set == "full" else "out/regress-small")
    settings.kept = settings.out / "kept"
    settings.history = None if settings.no_history else settings.history or settings.out.parent / "history.db"
    for preset in settings.presets if not settings.program else []:
        program = Path(f"build/{preset}/{BENCHES[settings.bench]}")
        if preset not in presets:
            wrong(f"no file config/{preset}.toml; there are: {' '.join(presets)}")
        if not program.exists() and settings.on == "local":
            wrong(f"{program} is not built; `make regress` builds it")
    if settings.jobs < 1 or settings.limit < 0:
        wrong("--jobs is at least 1, --limit not negative")
    return settings


def find_traces(settings):
    one = settings.corpus.is_file()
    traces = [Trace(path) for path in ([settings.corpus] if one else sorted(settings.corpus.glob("*.tw")))]
    if not traces:
        wrong(f"{settings.corpus}: no traces (*.tw) here")
    if settings.set == "small":
        traces = [trace for trace in traces if trace.set == "small"]
        if not traces:
            wrong(f'{settings.corpus}: no trace says `set = "small"` in its .toml')
    return traces


def own_folder(out):
    """The folder of results, or, while another regression writes into it, one beside it; and the lock that says so."""
    for number in range(1, sys.maxsize):
        folder = out if number == 1 else out.with_name(f"{out.name}-{number}")
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return folder, lock
        except BlockingIOError:
            lock.close()
            print(f"regress: another regression writes into {folder}", flush=True)


def play_here(runs, settings, progress, record):
    """All runs, so many at a time; the long ones first, so that all processors stay busy to the end."""
    fleet = Fleet()
    order = sorted(runs, key=lambda run: -run.weight)
    with concurrent.futures.ThreadPoolExecutor(settings.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run.go, fleet) for run in order]):
            progress.ended(done.result())
            record.ended(done.result())
    return fleet.signals


def status_of(runs, interrupted, outputs):
    bad = [run for run in runs if run.result in ("failed", "crashed")]
    if any(run.status not in (OUTPUT, HOST) for run in bad):
        return 1
    if interrupted:
        return INTERRUPTED
    if bad:
        return bad[0].status
    if not any(run.result == "passed" for run in runs):
        print("INCOMPLETE: no run compared anything")
        return INCOMPLETE
    return 0 if outputs else OUTPUT


def report(runs, settings, begin, interrupted, record, kept):
    """Table, files, history, dashboard, and how it ended."""
    regress_report.table(runs)
    outputs = said("regress", regress_report.junit, settings.out / "junit.xml", runs, begin)
    outputs &= said("regress", regress_report.results, settings.out / "results.json", runs, settings, begin)
    if kept.trouble:
        print(f"regress: {kept.trouble}: results are not kept there, and will be made again", file=sys.stderr)
    status = status_of(runs, interrupted, outputs)
    outputs &= record.end(status)
    if record.page:
        outputs &= said("regress", dashboard.write, record.page, record.history)
    regress_report.total(runs, settings, time.time() - begin, record.page)
    return status or (0 if outputs else OUTPUT)


def of_plan(plan):
    """Settings and runs of jobs that are handed in: as they were then."""
    told = plan.read()
    settings = arguments(told["words"])
    settings.out = (plan.folder.parent.relative_to(os.getcwd()) if plan.folder.is_relative_to(os.getcwd())
                    else plan.folder.parent)
    kept = regress_keep.Kept(settings.kept, settings.fresh)
    traces = {path: Trace(Path(path)) for path, _ in told["runs"]}
    return settings, [Run(settings, traces[path], preset, kept) for path, preset in told["runs"]], kept, told["begun"]


def inside(settings):
    """What a job of Slurm does."""
    if settings.task:
        index = int(settings.task.read_text().split()[int(os.environ["SLURM_ARRAY_TASK_ID"])])
        plan = regress_slurm.Plan(settings.task.parent)
        _, runs, _, _ = of_plan(plan)
        regress_slurm.task(plan, runs[index], index, Fleet())
        return 0
    plan = regress_slurm.Plan(settings.collect)
    settings, runs, kept, begin = of_plan(plan)
    if regress_slurm.collect(plan, runs):
        write_whole(plan.file("status"), str(recorded(runs, settings, begin, 0, kept)))
    return 0


def recorded(runs, settings, begin, interrupted, kept):
    """Session and report at once, of runs that are over."""
    record = regress_report.Record(history.History(settings.history), settings, runs, begin)
    for run in runs:
        record.ended(run)
    return report(runs, settings, begin, interrupted, record, kept)


def on_slurm(words, settings, runs, kept):
    """The runs as jobs; one regression of the same words that is under way already is joined."""
    plan, fleet = regress_slurm.Plan(settings.out / "slurm"), Fleet()
    runs.sort(key=lambda run: -run.weight)
    wanted = [[str(run.trace.path), run.preset] for run in runs]
    try:
        if plan.under_way() and (plan.read()["words"], plan.read()["runs"]) == (words, wanted):
            print("the jobs of the same regression are in the queue still, and are waited for", flush=True)
        else:
            plan.cancel()
            plan.begin(settings, words, runs, dict.fromkeys((run.preset, run.program) for run in runs))
            print(f"handed in: jobs {' '.join(plan.jobs())}; results come in {plan.folder}", flush=True)
    except regress_slurm.Trouble as trouble:
        plan.cancel()
        print(f"regress: {trouble}", file=sys.stderr)
        return HOST
    progress = regress_report.Progress(runs)
    status = regress_slurm.follow(plan, runs, progress, fleet)
    if status is not None:
        return status
    progress.end()
    status = recorded(runs, settings, plan.read()["begun"], 1, kept)
    if fleet.signals or status == 1:
        return status
    print(f"regress: the jobs are gone from the queue, and nobody collected; see {plan.file('collect.log')}",
          file=sys.stderr)
    return HOST


def main(words):
    settings = arguments(words)
    if settings.task or settings.collect:
        return inside(settings)
    traces = find_traces(settings)
    begin = time.time()
    try:
        settings.out, lock = own_folder(settings.out)
        kept = regress_keep.Kept(settings.kept, settings.fresh)
    except OSError as error:
        print(f"regress: {error.filename}: {error.strerror}; --out=FOLDER gives another place for the results",
              file=sys.stderr)
        return OUTPUT
    with lock:
        runs = [Run(settings, trace, preset, kept) for trace in traces for preset in settings.presets]
        if settings.on == "slurm":
            return on_slurm(words, settings, runs, kept)
        record = regress_report.Record(history.History(settings.history), settings, runs)
        progress = regress_report.Progress(runs)
        interrupted = play_here(runs, settings, progress, record)
        progress.end()
        return report(runs, settings, begin, interrupted, record, kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
