"""One trace on one preset, on both sides: the runs, the comparison, and where the pins first differ."""

import json
import re
import shlex

import first
import wrong

UNFIT, INTERRUPTED = 4, 130
SEARCH = 1200  # cycles from the last equal mark in which the pins must differ (MARKS_EVERY and what was jumped over)


class Pair:
    def __init__(self, settings, preset, trace, programs):
        self.settings, self.preset, self.trace, self.programs = settings, preset, trace, programs
        self.folder = settings.out / f"{preset}-{trace.name}"
        self.result, self.reason, self.numbers, self.first = "not run", "", {}, None
        self.wrong = None

    def command(self, side, *more, verb="profile"):
        s = self.settings
        return [
            str(self.programs[side]),
            verb,
            f"--dut={(s.base_dut, s.head_dut)[side]}",
            *([f"--limit={s.limit}"] if s.limit else []),
            *shlex.split(self.trace.options),
            *shlex.split((s.base_args, s.head_args)[side]),
            *more,
            str(self.trace.path),
        ]

    def run(self, fleet, words, log):
        return first.run(fleet, words, self.folder / log)

    def said(self, log):
        return (self.folder / log).read_text(errors="replace").strip()

    def go(self, fleet):
        self.folder.mkdir(parents=True, exist_ok=True)
        records = [self.folder / f"{side}.profile" for side in ("base", "head")]
        for side, name in enumerate(("base", "head")):
            status = self.run(fleet, self.command(side, f"--records={records[side]}"), f"{name}.txt")
            if status:
                return self.bad(fleet, status, side)
        try:
            self.compare(fleet, records)
        finally:
            for path in records:
                path.unlink(missing_ok=True)
        return self

    def bad(self, fleet, status, number):
        side = ("base", "head")[number]
        said = self.said(f"{side}.txt")
        found = re.search(r"^\s*(MISMATCH.*)$", said, re.MULTILINE) or re.search(
            r"^twinwalk(?: \w+)?: (.*)$", said, re.MULTILINE
        )
        self.reason = f"{side}: " + (found[1] if found else f"ended with status {status} ({self.folder}/{side}.txt)")
        self.result = {UNFIT: "skipped", INTERRUPTED: "interrupted", 1: "wrong"}.get(status, "failed")
        if self.result == "wrong":
            self.wrong = self.explain_wrong(fleet, number)
        return self

    def explain_wrong(self, fleet, side):
        """Runs again, for a folder with the mismatch and the small case."""
        s = self.settings
        more = ("--check=arch", f"--reduce={s.reduce}", f"--out={self.folder}")
        self.run(fleet, self.command(side, *more, verb="cosim"), "wrong.txt")
        duts = (s.base_dut, s.head_dut)
        return wrong.explain(fleet, self.said("wrong.txt"), side, self.programs, duts, self.folder)

    def compare(self, fleet, records):
        words = [
            str(self.programs[1]),
            "compare",
            f"--worst={self.settings.worst}",
            f"--json={self.folder / 'compare.json'}",
            *([f"--allow={self.settings.allow}"] if self.settings.allow else []),
            *map(str, records),
        ]
        status = self.run(fleet, words, "compare.txt")
        try:
            self.numbers = json.loads((self.folder / "compare.json").read_text())
        except (OSError, ValueError):
            self.result, self.reason = "interrupted" if status == INTERRUPTED else "failed", (
                self.said("compare.txt").splitlines() or [""]
            )[-1]
            return
        n = self.numbers
        if n["unequal"] or n["accesses"][0] != n["accesses"][1]:
            self.result, self.reason = "different", f"{n['unequal']:,} translations differ"
        elif n["broken"]:
            self.result, self.reason = "policy broken", ", ".join(n["broken"])
        else:
            self.result = "timing differs" if n["pins_differ"] else "equal"
        if n["pins_differ"] and self.settings.base_preset in ("", self.preset):
            self.first = self.find_first(fleet)
        self.explain(fleet)

    def explain(self, fleet):
        """The walks of the accesses that lost and won most, by the head's tables: the oracle has seen that they are
        right."""
        wanted = sorted({a["access"] for a in self.numbers["lost"] + self.numbers["won"]})
        self.numbers["walks"] = {}
        if not wanted:
            return
        words = self.command(1, f"--explain={','.join(map(str, wanted))}")
        words = [w for w in words if not w.startswith("--limit=")]
        words.insert(2, f"--limit={wanted[-1] + 1}")
        if self.run(fleet, words, "walks.txt") == 0:
            for part in re.split(r"^walk of access ", self.said("walks.txt"), flags=re.MULTILINE)[1:]:
                number, _, text = part.partition(":\n")
                self.numbers["walks"][number] = text.split("twinwalk profile:")[0].rstrip()

    def find_first(self, fleet):
        """The first cycle in which the pins differ, after the last equal mark."""
        return first.find(fleet, self.command, self.folder, self.numbers["pins_equal_to"], SEARCH)

    def line(self):
        n = self.numbers
        if not n:
            return f"  {self.result:<14} {self.preset:<12} {self.trace.name:<16} {self.reason}"
        base, head = n["cycles"]
        percent = f"{100 * (head - base) / max(base, 1):+8.3f} %"
        where = f"{self.preset:<12} {self.trace.name:<16}"
        return f"  {self.result:<14} {where} {base:>14,} -> {head:>14,} cycles {percent}  {self.reason}"
