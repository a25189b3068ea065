"""What a regression has to say: the line of progress, the table, JUnit XML and JSON, and its session in the history.
See regress.py."""
import datetime
import json
import re
import shlex
import socket
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path

import regress_keep
from outputs import write_whole

BAD = ("failed", "crashed")
CUT = ("interrupted", "not run")


def count(runs, *results):
    return sum(run.result in results for run in runs)


class Progress:
    """Done of total, speed and time left: one line that stands still on a terminal, a line for each run in a pipe."""
    def __init__(self, runs):
        self.left, self.total, self.done, self.failed = sum(run.weight for run in runs), len(runs), 0, 0
        self.accesses, self.begin, self.terminal = 0, time.monotonic(), sys.stdout.isatty()

    def ended(self, run):
        if run.result == "not run":
            return
        self.done += 1
        self.failed += run.result in BAD
        self.left -= run.weight
        self.accesses += run.weight if run.result == "passed" and not run.from_before else 0
        time_spent = "from before" if run.from_before else f"{run.seconds:7.1f} s"
        line = f"{run.result:<12}{time_spent:>11}  {run.preset:<12} {run.trace.name:<20} {run.reason}"
        speed = self.accesses / max(time.monotonic() - self.begin, 1e-3)
        rate = f"{speed / 1e6:.2f} M accesses/s, {clock(self.left / speed)} left" if self.accesses else "no speed yet"
        if self.terminal and run.result != "passed":
            print(f"\r\033[K{line}")
        if self.terminal:
            print(f"\r\033[K{self.done}/{self.total} done, {self.failed} failed, {rate}", end="", flush=True)
        else:
            print(f"{self.done:4}/{self.total}  {line.rstrip()}", flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="")


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def share(part, whole):
    return f"{100 * part / whole:.2f} %" if whole else "–"


def columns(run):
    """The numbers of a run as the table shows them; nothing for one that has none."""
    mmu, walks, replay = (run.numbers.get(key, {}) for key in ("mmu", "walks", "replay"))
    if not mmu or run.result not in ("passed", "interrupted"):
        return None
    psc, counted = sum(mmu["psc_hit"][2:]), sum(walks["by_memory_accesses"])
    made = sum(n * bin for n, bin in enumerate(walks["by_memory_accesses"]))
    return {
        "accesses": f"{replay['accesses']:,}",
        "cycles": f"{run.numbers['cycles_model']:,}",
        "ITLB": share(mmu["itlb_hit"], mmu["itlb_hit"] + mmu["itlb_miss"]),
        "DTLB": share(mmu["dtlb_hit"], mmu["dtlb_hit"] + mmu["dtlb_miss"]),
        "STLB": share(mmu["stlb_hit"], mmu["stlb_hit"] + mmu["stlb_miss"]),
        "PSC": share(psc, psc + mmu["psc_hit"][0]),
        "walks": f"{mmu['walks']:,}",
        "reads/walk": f"{made / counted:.2f}" if counted else "–",
        "cycles/walk": f"{walks['latency_mean']:.1f}" if "latency_mean" in walks else "–",
    }


def table(runs):
    heads = ["accesses", "cycles", "ITLB", "DTLB", "STLB", "PSC", "walks", "reads/walk", "cycles/walk"]
    widths = [12, 12, 10, 10, 10, 10, 10, 11, 12]
    name = max(len(run.trace.name) for run in runs) + 1
    line = f"{'trace':<{name}} {'preset':<12} {'result':<11}"
    line += "".join(f"{head:>{width}}" for head, width in zip(heads, widths))
    print(line)
    for run in runs:
        row, values = f"{run.trace.name:<{name}} {run.preset:<12} {run.result:<11}", columns(run)
        print(row + (f" {run.reason}" if not values
                     else "".join(f"{values[head]:>{width}}" for head, width in zip(heads, widths))))


def clean(text):
    """Without what XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def junit(path, runs, begin):
    stamp = datetime.datetime.fromtimestamp(begin, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    presets = list(dict.fromkeys(run.preset for run in runs))

    def numbers(some):
        return {"tests": str(len(some)), "failures": str(count(some, "failed")), "errors": str(count(some, "crashed")),
                "skipped": str(count(some, "skipped", *CUT)), "time": f"{sum(run.seconds for run in some):.3f}"}

    root = xml.Element("testsuites",
                       {"name": "regress", **{key: value for key, value in numbers(runs).items() if key != "skipped"}})
    for preset in presets:
        some = [run for run in runs if run.preset == preset]
        suite = xml.SubElement(root, "testsuite", {"name": f"regress.{preset}", "timestamp": stamp,
                                                   "hostname": socket.gethostname(), **numbers(some)})
        for run in some:
            case = xml.SubElement(suite, "testcase", {"classname": f"regress.{preset}", "name": run.trace.name,
                                                      "time": f"{run.seconds:.3f}"})
            if run.result in BAD:
                kind = "failure" if run.result == "failed" else "error"
                finding = run.numbers.get("finding", {}).get("kind") or run.numbers.get("verdict") or run.result
                node = xml.SubElement(case, kind, {"message": clean(run.reason), "type": finding})
                node.text = clean("\n".join(run.said.splitlines()[-30:]))
            elif run.result != "passed":
                xml.SubElement(case, "skipped").text = clean(run.reason)
            xml.SubElement(case, "system-out").text = clean("again: " + run.again)
    xml.indent(root)
    write_whole(path, '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n")


def results(path, runs, settings, begin):
    rows = [{"trace": str(run.trace.path), "preset": run.preset, "result": run.result, "reason": run.reason,
             "seconds": round(run.seconds, 3),
             "again": run.again, "from_before": run.from_before, "log": str(run.log), "numbers": run.numbers}
            for run in runs]
    write_whole(path, json.dumps({"begun": int(begin), "set": settings.set, "check": settings.check,
                                  "bench": settings.bench, "runs": rows}, indent=1) + "\n")


def level(settings):
    return "its own level" if settings.check == "own" else settings.check


def total(runs, settings, seconds, page):
    accesses = sum(run.numbers.get("replay", {}).get("accesses", 0) for run in runs
                   if run.result in ("passed", "interrupted"))
    cycles = sum(run.numbers.get("cycles_dut", 0) for run in runs if run.result in ("passed", "interrupted"))
    for run in runs:
        if run.result in BAD:
            print(f"{run.preset} {run.trace.name}: {run.reason}\n    again: {run.again}")
    print(f"{accesses:,} accesses and {cycles:,} cycles compared at {level(settings)} in {clock(seconds)}; see "
          f"{settings.out}/junit.xml and results.json")
    if any(run.from_before for run in runs):
        print(f"{sum(run.from_before for run in runs)} of them from before: the same programs, traces and options; "
              "FRESH=1 makes them again")
    if count(runs, *CUT):
        print(f"INTERRUPTED: {count(runs, 'interrupted')} runs were cut short and {count(runs, 'not run')} not begun; "
              "the table covers what was compared until then")
    if page:
        print(f"dashboard: {page}")
    print(f"{count(runs, 'passed')} passed, {count(runs, *BAD)} failed, {count(runs, 'skipped')} skipped")


class Record:
    """The session in the history, from its first run on."""
    def __init__(self, history, settings, runs, begun=None):
        self.history, self.settings = history, settings
        self.page = settings.history and settings.history.with_name("dashboard.html")
        words = f"{settings.set} set of " if settings.set != "full" else ""
        words += f"{settings.corpus} at {level(settings)} on {settings.bench}"
        words += "".join(f", {name} {value}" for name, value in (("limit", settings.limit), ("options", settings.args))
                         if value)
        scope = regress_keep.hash_of(sorted({(run.preset, str(run.trace.path), *run.words) for run in runs}))[:16]
        facts = {"presets": settings.presets,
                 "traces": [trace.name for trace in dict.fromkeys(run.trace for run in runs)]}
        history.begin("regress", scope, words, settings.out, facts, begun)
        self.commits = set()

    def ended(self, run):
        if run.result == "not run":
            return
        said = run.numbers.get("commit")
        if said is not None and said not in self.commits:
            # Programs of two commits together are of none.
            self.commits.add(said)
            self.history.told(said if len(self.commits) == 1 else min(self.commits).removesuffix("-dirty") + "-dirty")
        self.history.add(**row(run))

    def end(self, status):
        """False when the session could not be recorded."""
        self.history.end(status)
        return not self.history.lost


def processor(host):
    """That by which speeds can be compared: names of machines come and go."""
    return f"{host.get('processor')}, {host.get('processors')} processors" if host else ""


def row(run):
    """A run as the history has it."""
    from history import commit_of

    commit, dirty = commit_of(run.numbers.get("commit", ""))
    whole = run.result == "passed"
    bundle = run.numbers.get("finding", {}).get("bundle")
    try:
        same = regress_keep.same(run.trace.path, run.words)
    except OSError:
        same = ""  # the trace is gone
    link = Path(bundle, "report.html") if bundle else run.log
    return {"trace": run.trace.name, "preset": run.preset, "side": "", "same": same, "commit_id": commit,
            "dirty": dirty,
            "result": run.result, "reason": run.reason, "seconds": run.seconds,
            "cpu": run.numbers.get("speed", {}).get("cpu_seconds"),
            "accesses": run.numbers.get("replay", {}).get("accesses"),
            "cycles": run.numbers.get("cycles_dut") if whole else None,
            "kept": int(run.from_before), "host": processor(run.numbers.get("host", {})), "link": str(link.resolve())}
