"""RSS against PSS of processes that live at the same time and share libraries: see headline.py.

`twinwalk memory` replays the corpus' trace with the most processes up to several of its moments; the one with the most
processes alive, and of these the one where they share most, is shown.
"""
import json
import re
import shlex
import tomllib
from pathlib import Path

MOMENTS = 64
ALIVE = "runs"


def options(trace):
    toml = trace.with_suffix(".toml")
    return shlex.split(tomllib.loads(toml.read_text()).get("options", "")) if toml.exists() else []


def replay(program, trace, run, *more):
    """What `twinwalk memory` says at the end."""
    path = Path("out/headline/memory.json")
    run([program, "memory", *options(trace), *more, f"--json={path}", trace])
    return json.loads(path.read_text())


def several(program, trace, run):
    """The accesses of a trace in which processes are made; 0 for any other."""
    info = run([program, "trace", "info", trace])
    if not re.search(r"^tables\s+made by the OS model", info, re.MULTILINE):
        return 0
    said = replay(program, trace, run)
    return said["accesses"] if len(said["kernel"]["processes"]) > 2 else 0


def moment(program, trace, run, limit):
    said = replay(program, trace, run, f"--limit={limit}")["kernel"]
    rows = [{key: process[key] for key in ("name", "pid", "rss", "pss")} for process in said["processes"]
            if process["end"] == ALIVE and process["rss"]]
    return {"trace": trace.stem, "after": limit, "processes": rows, "rss_sum": said["memory"]["rss_sum"],
            "pss_sum": said["memory"]["pss_sum"], "used": 4096 * said["memory"]["mapped_pages"]}


def measure(programs, run):
    """programs: of each preset its twinwalk. The moment is found with the first one."""
    best, program = None, next(iter(programs.values()))
    for trace in sorted(Path("traces/corpus").glob("*.tw")):
        accesses = several(program, trace, run)
        for n in range(1, MOMENTS if accesses else 0):
            now = moment(program, trace, run, n * accesses // MOMENTS)
            worth = (len(now["processes"]), now["rss_sum"] - now["pss_sum"])
            if not best or worth > best[0]:
                best = (worth, now)
    if not best:
        return None
    found, trace = best[1], Path("traces/corpus") / f"{best[1]['trace']}.tw"
    found["presets"] = {preset: {key: value for key, value in moment(other, trace, run, found["after"]).items()
                                 if key in ("rss_sum", "pss_sum", "used")}
                        for preset, other in programs.items()}
    return found
