"""What is asked of both sides beside the traces: constrained-random stimulus and the directed cases.

Random stimulus answers to the device (it edits tables while a walk is under way, and offers what the device takes), so
two devices of other timing are asked other things with one seed. Each is judged for itself, by the oracle and the books
of what may be stale; where answers were found is told of both, and no policy is held against it.
"""

import json
import re
import shlex
from pathlib import Path

import first
import wrong

MEMORY = ("--latency", "--memory", "--hang", "--no-skip")  # options of a side that mean something here too
UNFIT, INTERRUPTED = 4, 130
MORE_SEEDS = 4  # that are tried where a failure does not reduce
SIDES = ("base", "head")


class Stimulus:
    """One of them, on one preset."""

    name = ""

    def __init__(self, settings, preset, programs):
        self.settings, self.preset, self.programs = settings, preset, programs
        self.folder = settings.out / f"{preset}-{self.name}"
        self.result, self.reason, self.numbers, self.wrong = "not run", "", [{}, {}], None

    def dut(self, side):
        return (self.settings.base_dut, self.settings.head_dut)[side]

    def go(self, fleet):
        self.folder.mkdir(parents=True, exist_ok=True)
        for side, name in enumerate(SIDES):
            results = self.folder / f"{name}.json"
            results.unlink(missing_ok=True)
            status = first.run(fleet, self.command(side, f"--json={results}"), self.folder / f"{name}.txt")
            try:
                self.numbers[side] = self.gather(json.loads(results.read_text()))
            except (OSError, ValueError, KeyError):
                self.numbers[side] = {}
            if status:
                return self.bad(fleet, status, side)
        self.result = "right"
        return self

    def bad(self, fleet, status, side):
        said = (self.folder / f"{SIDES[side]}.txt").read_text(errors="replace")
        self.result = {UNFIT: "skipped", INTERRUPTED: "interrupted", 1: "wrong"}.get(status, "failed")
        last = (said.strip().splitlines() or [""])[-1]
        self.reason = f"{SIDES[side]}: " + (wrong.verdict(said) or self.found(said) or last)
        if self.result == "wrong":
            self.wrong = self.explain(fleet, side, said)
        return self

    def found(self, said):
        return ""

    def line(self):
        return f"  {self.result:<14} {self.preset:<12} {self.name:<16} {self.reason or self.told()}"


class Random(Stimulus):
    name = "random-stimulus"

    def command(self, side, *more):
        s = self.settings
        words = [w for w in shlex.split((s.base_args, s.head_args)[side]) if w.startswith(MEMORY)]
        return [
            str(self.programs[side]),
            "random",
            f"--dut={self.dut(side)}",
            "--check=arch",
            f"--seed={s.seed}",
            f"--requests={s.random}",
            f"--reduce={s.reduce}",
            f"--out={self.folder}",
            *words,
            *more,
        ]

    @staticmethod
    def gather(results):
        keys = ("requests", "answers", "squashed", "ok", "pf", "gp", "memerr", "from_l1", "from_stlb", "from_walk")
        keys += ("from_merge",)
        return {"cycles": results["cycles_dut"], **{key: results["random"][key] for key in keys}}

    def explain(self, fleet, side, said):
        """What fails by a race of a few cycles may not reduce; the same fault most often shows under another seed
        too."""
        duts = (self.dut(0), self.dut(1))
        found = wrong.explain(fleet, said, side, self.programs, duts, self.folder)
        for seed in range(self.settings.seed + 1, self.settings.seed + 1 + MORE_SEEDS if self.settings.reduce else 0):
            if found and found["reduced"]:
                break
            log = self.folder / f"seed-{seed}.txt"
            words = [w for w in self.command(side) if not w.startswith("--seed=")]
            if first.run(fleet, [*words, f"--seed={seed}"], log) != 1:
                continue
            said = log.read_text(errors="replace")
            other = wrong.explain(fleet, said, side, self.programs, duts, self.folder)
            found = other if other and other["reduced"] else found
        return found

    def told(self):
        return ", ".join(
            f"{n['answers']:,} answers in {n['cycles']:,} cycles ({name})" for n, name in zip(self.numbers, SIDES)
        )


class Directed(Stimulus):
    name = "directed-cases"

    def command(self, side, *more):
        files = sorted(map(str, Path("traces/vectors").glob("*.txt")))
        return [str(self.programs[side]), "vectors", f"--on={self.dut(side)}", *more, *files]

    def gather(self, results):
        counts = {}
        for case in results["testcases"]:
            counts[case["status"]] = counts.get(case["status"], 0) + 1
        return counts

    def found(self, said):
        case = re.search(r"^FAILED on .*\n.*\n.*\n.*$", said, re.MULTILINE)
        return wrong.one_line(case[0]) if case else ""

    def explain(self, fleet, side, said):
        """A directed case is small as it is: the first that failed."""
        first_one = re.split(r"^(?=FAILED on )", said, flags=re.MULTILINE)[1:2]
        if not first_one:
            return None
        text = re.split(r"^\w+ +\d+ cases", first_one[0], flags=re.MULTILINE)[0].strip()
        return {"side": SIDES[side], "verdict": self.found(said), "page": None, "reduced": text, "said": ""}

    def told(self):
        return ", ".join(f"{n.get('passed', 0):,} right ({name})" for n, name in zip(self.numbers, SIDES))


def of(settings, preset, programs):
    """All that are wanted."""
    wanted = [Directed(settings, preset, programs)]
    return ([Random(settings, preset, programs)] if settings.random else []) + wanted
