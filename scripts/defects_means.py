#!/usr/bin/env python3
"""By which means each planted defect of tb/defects is seen: two of different kinds, or it hangs on the luck of one.

  defects_means.py [--check | --all] [NAME…]      without --all only defects that tb/defects/means.txt has no two means of

A kind is directed cases (vectors), traces (directed), unit tests (units), random stimulus, closed forms, the corpus in short,
a share of the sweep, the matrix. Random stimulus counts if it is red with each of two seeds that no defect is written for. The
kinds follow each other until two are red; what the defect is written to be seen by is one of them. Needs build/PRESET/twinwalk-defects,
which it builds. Writes tb/defects/means.txt; --check only holds that to tb/defects/*.toml.

Exit status (tb/base/exits.h): 0 every defect is seen by two; 1 not; 2 wrong usage; 7 a program cannot be built.
"""
import argparse
import concurrent.futures
import os
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOME / "scripts"), str(HOME / "scripts/mutants")]
import campaign  # noqa: E402  (beside this file, as those below)
import plant_defects  # noqa: E402
import programs  # noqa: E402

TABLE = HOME / "tb/defects/means.txt"
SEEDS = (11, 12)
HEAD = """# By which means each planted defect is seen: name, then kind of stimulus: comparator, of two kinds (random: with two seeds).
# Written by scripts/defects_means.py.
"""


def listed():
    """Of each defect its number, name, preset and own run."""
    return [(number, defect["name"], defect["preset"], defect["run"]) for number, defect in enumerate(plant_defects.load(HOME / "tb/defects"), 1)]


def known():
    if not TABLE.exists():
        return {}
    lines = (line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: means for name, *means in lines}


def stimuli(preset, units):
    """Kinds in order, each with its commands; those that any may be red, and (random) those that all must be."""
    kinds = {}
    for kind, command in campaign.stimuli(preset, "rtl", "defective", units):
        kinds.setdefault(kind, []).append(command)
    kinds["random"] = [["random", "--dut=defective", "--check=state", "--requests=400000", "--memory=random", f"--seed={seed}"] for seed in SEEDS]
    return {kind: kinds[kind] for kind in ("vectors", "directed", "units", "random", "forms", "sweep", "matrix", "corpus") if kind in kinds}


def means_of(number, preset, program, kinds, green, folder):
    """The first two kinds that see it, with the comparator that was red."""
    found = []
    for kind, commands in kinds.items():
        red = []
        for command in commands:
            if " ".join(command) in green:
                seen, _, _ = campaign.one(program, number, command, folder / f"d{number}", green[" ".join(command)])
                if seen not in ("green", "unfit"):
                    red.append(seen)
                if bool(red) != (kind == "random"):
                    break
        if red and (kind != "random" or len(red) == len(commands)):
            found.append(f"{kind}:{red[0].replace(' ', '-')}")
        if len(found) == 2:
            break
    return found


def measure(preset, defects, jobs):
    """Yields name and means of each."""
    program = HOME / f"build/{preset}/twinwalk-defects"
    programs.make(["-f", "Makefile", "-f", "tb/defects/rules.mk", f"PRESET={preset}", str(program.relative_to(HOME)), "defect-units"])
    kinds = stimuli(preset, sorted(str(path) for path in (HOME / f"build/{preset}/defects/units").glob("test_*") if os.access(path, os.X_OK) and not path.suffix))
    folder = HOME / "out/means" / preset
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [command for commands in kinds.values() for command in commands]
        ends = list(pool.map(lambda entry: campaign.one(program, 0, entry[1], folder / f"none{entry[0]}", campaign.PATIENCE), enumerate(runs)))
        green = {" ".join(command): 10 + int(10 * end[2]) for command, end in zip(runs, ends) if end[0] == "green"}
        futures = {pool.submit(means_of, number, preset, program, kinds, green, folder): name for number, name, _, _ in defects}
        for done in concurrent.futures.as_completed(futures):
            yield futures[done], done.result()


def write(table, names):
    TABLE.write_text(HEAD + "".join(f"{name} {' '.join(table[name])}\n" for name in names if name in table), encoding="utf-8")


def check(table, names):
    few = [name for name in names if len({mean.split(":")[0] for mean in table.get(name, [])}) < 2]
    for name in few:
        print(f"defects_means: {name}: seen by {' '.join(table.get(name, [])) or 'nothing that is written down'} alone; scripts/defects_means.py {name}")
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
        chosen = [defect for defect in defects if defect[1] in asked.names or not asked.names and (asked.all or len(table.get(defect[1], [])) < 2)]
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
