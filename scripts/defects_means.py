#!/usr/bin/env python3
"""By which means each planted defect of tb/defects is seen: two of different kinds, or it hangs on the luck of one.

  defects_means.py [--check | --all] [NAME…]      without --all only defects that tb/defects/means.txt has no two means
                                                  of

A kind is directed cases (vectors), traces (directed), unit tests with the model beside (units), random stimulus, closed
forms, a share of the sweep, the matrix, the corpus in short, and at last what the defect is written to be seen by. No
kind hangs on a seed: random stimulus counts if it is red with each of two that no defect is written for, and of the
unit tests those do not count whose stimulus is drawn. The kinds follow each other, the quick ones first, until two are
red. Needs build/PRESET/twinwalk-defects, which it builds. Writes tb/defects/means.txt; --check only holds that to
tb/defects/*.toml.

Exit status (tb/base/exits.h): 0 every defect is seen by two; 1 not; 2 wrong usage; 7 a program cannot be built.
"""
import argparse
import concurrent.futures
import os
import shlex
import sys
import threading
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOME / "scripts"), str(HOME / "scripts/mutants")]
import campaign  # noqa: E402  (beside this file, as those below)
import plant_defects  # noqa: E402
import programs  # noqa: E402

TABLE = HOME / "tb/defects/means.txt"
SEEDS = (11, 12)
DRAWN = ("test_mmu_reset",)
LONG = "test_crossings"
DIRECTED = "tb/defects/traces"
HEAD = """# By which means each planted defect is seen: name, then kind of stimulus: comparator, of two kinds \
(random: with two seeds).
# Written by scripts/defects_means.py.
"""


def listed():
    """Of each defect its number, name, preset and own run."""
    return [(number, defect["name"], defect["preset"], defect["run"])
            for number, defect in enumerate(plant_defects.load(HOME / "tb/defects"), 1)]


def known():
    if not TABLE.exists():
        return {}
    lines = (line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: means for name, *means in lines}


def stimuli(preset, units):
    """Kinds in order, each with its commands: any of them may be red, of random stimulus all must be."""
    kinds = {}
    units = sorted((unit for unit in units if Path(unit).name not in DRAWN),
                   key=lambda unit: (Path(unit).name == LONG, unit))
    for kind, command in campaign.stimuli(preset, "rtl", "defective", units):
        kinds.setdefault(kind, []).append(command)
    kinds["random"] = [["random", "--dut=defective", "--check=state", "--requests=400000", "--memory=random",
                        f"--seed={seed}"] for seed in SEEDS]
    return {kind: kinds[kind] for kind in ("vectors", "directed", "units", "random", "forms", "sweep", "matrix",
                                           "corpus") if kind in kinds}


def own(run):
    """A defect's own stimulus, as kinds are; random stimulus, which hangs on its seed, is none."""
    command = shlex.split(run)
    kind = "directed" if DIRECTED in run else {"cosim": "corpus"}.get(command[0], command[0])
    more = {"cosim": ["--dut=defective", "--check=state"],
            "vectors": ["--on=defective"]}.get(command[0], ["--dut=defective"])
    return [(kind, [[command[0], *more, *command[1:]]])] if kind != "random" else []


class Stimuli:
    """Of a preset: a program, kinds with their commands, and how long each takes without a defect."""

    def __init__(self, preset, program, kinds):
        self.program, self.kinds, self.folder = program, kinds, HOME / "out/means" / preset
        self.limits, self.lock = {}, threading.Lock()

    def limit(self, command):
        """Seconds of CPU after which it hangs; 0: it is not green without a defect. Asked once, when somebody needs
        it."""
        with self.lock:
            words = " ".join(command)
            if words not in self.limits:
                seen, _, seconds = campaign.one(self.program, 0, command, self.folder / "none", campaign.PATIENCE)
                self.limits[words] = 10 + int(10 * seconds) if seen == "green" else 0
            return self.limits[words]

    def sees(self, number, kind, commands):
        """The comparator that was red, or None."""
        red = []
        for command in commands:
            if limit := self.limit(command):
                seen, _, _ = campaign.one(self.program, number, command, self.folder / f"d{number}", limit)
                if seen not in ("green", "unfit"):
                    red.append(seen)
                if bool(red) != (kind == "random"):
                    break
        return red[0].replace(" ", "-") if red and (kind != "random" or len(red) == len(commands)) else None

    def means_of(self, number, run):
        """The first two kinds that see it, with the comparator that was red."""
        found = {}
        for kind, commands in [*self.kinds.items(), *own(run)]:
            if kind not in found and len(found) < 2 and (red := self.sees(number, kind, commands)):
                found[kind] = red
        return [f"{kind}:{red}" for kind, red in found.items()]


def measure(preset, defects, jobs):
    """Yields name and means of each."""
    program = HOME / f"build/{preset}/twinwalk-defects"
    programs.make(["-f", "Makefile", "-f", "tb/defects/rules.mk", f"PRESET={preset}", str(program.relative_to(HOME)),
                   "defect-units"])
    units = sorted(str(path) for path in (HOME / f"build/{preset}/defects/units").glob("test_*")
                   if os.access(path, os.X_OK) and not path.suffix)
    known = Stimuli(preset, program, stimuli(preset, units))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(known.means_of, number, run): name for number, name, _, run in defects}
        for done in concurrent.futures.as_completed(futures):
            yield futures[done], done.result()


def write(table, names):
    TABLE.write_text(HEAD + "".join(f"{name} {' '.join(table[name])}\n" for name in names if name in table),
                     encoding="utf-8")


def check(table, names):
    few = [name for name in names if len({mean.split(":")[0] for mean in table.get(name, [])}) < 2]
    for name in few:
        print(f"defects_means: {name}: seen by {' '.join(table.get(name, [])) or 'nothing that is written down'} "
              f"alone; scripts/defects_means.py {name}")
    for name in sorted(set(table) - set(names)):
        print(f"defects_means: tb/defects/means.txt has {name}, which is no defect")
    print(f"{len(names) - len(few)} of {len(names)} planted defects are seen by two means")
    return bool(few) or bool(set(table) - set(names))


def main(arguments):
    parser = argparse.ArgumentParser(usage="defects_means.py [--check | --all] [NAME…]")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args(arguments)
    defects, table = listed(), known()
    names = [name for _, name, _, _ in defects]
    if unknown := set(asked.names) - set(names):
        parser.error(f"{sorted(unknown)[0]}: there is no such defect")
    if not asked.check:
        chosen = [defect for defect in defects if defect[1] in asked.names or not asked.names
                  and (asked.all or len(table.get(defect[1], [])) < 2)]
        try:
            for preset in sorted({defect[2] for defect in chosen}):
                for name, found in measure(preset, [defect for defect in chosen if defect[2] == preset], asked.jobs):
                    table[name] = found
                    write(table, names)
        except programs.Broken as error:
            print(f"defects_means: {error}", file=sys.stderr)
            return 7
    return 1 if check(table, names) else 0


if __name__ == "__main__":
    import ends
    sys.exit(ends.run("defects_means", main))
