"""A side that is wrong: what `twinwalk cosim` or `twinwalk random` has left of it (docs/reduce.md), and what the other
side says of the small case.

The case runs on both sides, and the first cycle in which they differ in it is found as in a whole trace.
"""

import re
import shlex
from pathlib import Path

import first

SPAN = 20000  # cycles: more than a case that was cut down has
KEPT = ("--latency=", "--memory=", "--window=", "--seed=")  # of the line that runs the case
TEXTS = ("report.txt", "walk.txt")


def explain(fleet, said, side, programs, duts, folder):
    """said: by a run that ended in a mismatch; side: whose, 0 or 1. What is known of it, None where it left nothing."""
    see = re.search(r"^\s*see\s+(.*?)/?$", said, re.MULTILINE)
    if not see:
        return None
    found = {"side": ("base", "head")[side], "folder": see[1], "page": None, "reduced": None, "verdict": verdict(said)}
    where = Path(see[1])
    if (where / "report.html").exists():
        found["page"] = str((where / "report.html").relative_to(folder.parent))
    for name in TEXTS:
        if (where / name).exists():
            found[name.partition(".")[0]] = (where / name).read_text(errors="replace").strip()
    said_reduced = re.search(r"^\s*reduced\s+(.*)$", said, re.MULTILINE)
    found["said"] = said_reduced[1] if said_reduced else ""
    case = next((where / name for name in ("reduced.txt", "reduced.pins") if (where / name).exists()), None)
    if case:
        found["reduced"] = case.read_text(errors="replace")
        found.update(on_both(fleet, case, side, programs, duts, folder))
    return found


def verdict(said):
    """MISMATCH … with its expected and actual, on one line."""
    found = re.search(r"^\s*((?:MISMATCH|HANG).*(?:\n {4}(?!see|reduced|page).*){0,3})", said, re.MULTILINE)
    return one_line(found[1]) if found else ""


def one_line(lines):
    return re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s+", "; ", lines))


def on_both(fleet, case, side, programs, duts, folder):
    """Is the other side right in this case? And where do the sides part in it?"""
    other = 1 - side
    if case.suffix == ".pins":
        words = [str(programs[other]), "pins", f"--dut={duts[other]}", str(case)]
        return {"other": first.run(fleet, words, folder / "other.txt"), "first": None}
    line = re.search(r"^# Run it: (.*)$", case.read_text(errors="replace"), re.MULTILINE)
    kept = [w for w in shlex.split(line[1] if line else "") if w.startswith(KEPT)]

    def command(which, *more, verb="profile"):
        return [str(programs[which]), verb, f"--dut={duts[which]}", *kept, *more, str(case)]

    status = first.run(fleet, command(other), folder / "other.txt")
    return {"other": status, "first": first.find(fleet, command, folder, 0, SPAN)}
