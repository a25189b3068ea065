"""A regression as jobs of Slurm: one that builds, an array with a task for each run, one that collects.

The three hang together by dependencies, so nobody need wait: whoever began it may go, and the collector still writes
the report. A task leaves its result as a file; a task without one is lost (its node died, somebody killed it, it ran
out of time) and is handed in again, up to TRIES times, before the collector says so. What Slurm itself requeues it runs
again. All of it lies in OUT/slurm, which every node must see at the same place, as it must this tree.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import regress_report
from outputs import write_whole

TRIES = 3
LOOKS = float(os.environ.get("SLURM_LOOKS", "1"))  # seconds between two looks for results
MISSING = 20  # looks without a job in the queue before the collector counts as lost, too


class Trouble(Exception):
    pass


def slurm(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Trouble(f"{words[0]} is not in PATH (Debian: slurm-client)") from None
    if done.returncode:
        raise Trouble(f"{words[0]}: {(done.stderr.strip() or done.stdout.strip() or 'failed').splitlines()[-1]}")
    return done.stdout.strip()


class Plan:
    """The folder OUT/slurm: what is asked for, which jobs there are, and what has come of it."""

    def __init__(self, folder):
        self.folder = folder.resolve()

    def file(self, name):
        return self.folder / name

    def read(self):
        return json.loads(self.file("plan.json").read_text())

    def result(self, index):
        try:
            return json.loads(self.file(f"{index}.json").read_text())
        except (OSError, ValueError):
            return None

    def jobs(self):
        try:
            return self.file("jobs").read_text().split()
        except OSError:
            return []

    def under_way(self):
        """Is there a plan whose jobs are in the queue still?"""
        if not self.file("plan.json").exists() or self.file("status").exists() or not self.jobs():
            return False
        queue = subprocess.run(["squeue", "-h", "-o", "%A", "-j", ",".join(self.jobs())], capture_output=True,
                               text=True, check=False)
        return bool(queue.stdout.strip())

    def new(self, words, runs):
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            path.unlink()
        plan = {"words": words, "begun": time.time(), "runs": [[str(run.trace.path), run.preset] for run in runs]}
        write_whole(self.file("plan.json"), json.dumps(plan))

    def submit(self, name, command, *options):
        job = slurm(
            "sbatch", "--parsable", f"--job-name=twinwalk-{name}", f"--chdir={os.getcwd()}", "--requeue",
            "--open-mode=append",
            "--kill-on-invalid-dep=yes", *shlex.split(os.environ.get("SBATCH_ARGS", "")), *options, f"--wrap={command}",
        )  # fmt: skip
        job = job.partition(";")[0]
        with open(self.file("jobs"), "a") as jobs:
            jobs.write(job + "\n")
        return job

    def hand_in(self, indices, after):
        """Tasks for these runs, in arrays as long as Slurm takes them, and the collector behind them."""
        most = next((int(line.split()[-1]) for line in slurm("scontrol", "show", "config").splitlines()
                     if line.startswith("MaxArraySize")), 1001)
        base = f"{shlex.quote(sys.executable)} scripts/regress.py"
        arrays = []
        for first in range(0, len(indices), most - 1):
            some = self.file(f"tasks-{time.time_ns()}")
            some.write_text("\n".join(map(str, indices[first:first + most - 1])) + "\n")
            count = min(most - 1, len(indices) - first)
            arrays.append(
                self.submit("run", f"{base} --task={shlex.quote(str(some))}", f"--array=0-{count - 1}",
                            f"--output={self.file('task-%a.log')}",
                            *([f"--dependency=afterok:{after}"] if after else []))
            )  # fmt: skip
        self.submit(
            "collect", f"{base} --collect={shlex.quote(str(self.folder))}", f"--output={self.file('collect.log')}",
            f"--dependency=afterany:{':'.join(arrays)}",
        )  # fmt: skip

    def begin(self, settings, words, runs, programs):
        self.new(words, runs)
        make = " && ".join(f"make -s -j2 PRESET={shlex.quote(preset)} {shlex.quote(program)}"
                           for preset, program in programs)
        built = self.submit("build", f"{make} && touch {shlex.quote(str(self.file('built')))}",
                            f"--output={self.file('build.log')}")
        self.hand_in(list(range(len(runs))), built)

    def cancel(self):
        if self.jobs():
            subprocess.run(["scancel", *self.jobs()], capture_output=True, check=False)

    def take(self, runs, said=()):
        """Puts what has come into the runs; gives those that came since `said`."""
        new = []
        for index, run in enumerate(runs):
            state = None if index in said else self.result(index)
            if state:
                run.take(state)
                run.from_before = state["from_before"]
                new.append(index)
        return new

    def lost(self, runs):
        return [index for index in range(len(runs)) if not self.result(index)]


def task(plan, run, index, fleet):
    """In a job: one run. Its result is a file, unless it was cut short: then it is made again."""
    run.go(fleet)
    if run.result not in ("interrupted", "not run"):
        write_whole(plan.file(f"{index}.json"),
                    json.dumps({**run.state(), "from_before": run.from_before, "said": run.said}), forced=True)
    print(f"{run.result} {run.name} {run.reason}")


def collect(plan, runs):
    """In a job: hands in again what was lost; True when the report can be written."""
    built = plan.file("built").exists()
    lost = plan.lost(runs)
    plan.take(runs)
    tries = len(list(plan.folder.glob("try-*"))) + 1
    if built and lost and tries < TRIES:
        plan.file(f"try-{tries}").write_text(" ".join(map(str, lost)))
        print(f"{len(lost)} tasks ended without a result, and are handed in again", flush=True)
        plan.hand_in(lost, None)
        return False
    for index in lost:
        run = runs[index]
        run.result = "crashed" if built else "failed"
        run.status = -9 if built else 7
        if built:
            run.reason = f"lost: its task ended {TRIES} times without a result; see {plan.file(f'task-{index}.log')}"
        elif plan.file("build.log").exists():
            said = plan.file("build.log").read_text(errors="replace")
            run.reason = "the build failed: " + " ".join(said.split()[-30:])
        else:
            run.reason = "the build did not run"
    return True


def follow(plan, runs, progress, fleet):
    """Waits for the collector. Its status, or None when it was given up: interrupted, or nobody is in the queue."""
    said, requeued, quiet = set(), 0, 0
    while not plan.file("status").exists():
        for index in plan.take(runs, said):
            said.add(index)
            progress.ended(runs[index])
        again = sorted(plan.folder.glob("try-*"))
        for path in again[requeued:]:
            lost = path.read_text().split()
            print(f"      handed in again, for they ended without a result: "
                  f"{' '.join(runs[int(i)].name for i in lost)}", flush=True)
        requeued = len(again)
        if fleet.signals:
            plan.cancel()
            return None
        quiet = 0 if plan.under_way() else quiet + 1
        if quiet > MISSING and not plan.file("status").exists():
            return None
        time.sleep(LOOKS)
    for index in plan.take(runs, said):
        progress.ended(runs[index])
    progress.end()
    print(plan.file("collect.log").read_text(errors="replace"), end="")
    return int(plan.file("status").read_text())
