#!/usr/bin/env python3
"""Random mutants of the RTL, or of the cycle model and the oracle, against the stimulus of `make test`: does anything survive?

  campaign.py [--of=rtl|c] [--number=N] [--seed=S] [--presets=LIST] [--jobs=N] [--out=FOLDER] [--json=FILE] [FILE.sv…]

N mutants (1000) are drawn by the seed (of the clock) from all that rtl.py finds in rtl/ or c.py in model/, or in the files
named. Each acts alone, in the first preset; the stimuli follow each other from quick to slow until one is red. A mutant
that nothing sees is tried in the next preset. What survives there too must be proved to be the same machine, in every one
of the presets (equivalent.py; of the RTL), or be among those that scripts/mutants/equivalent.toml decides; else it is a hole.

Exit status: 0 every mutant was killed, or decided so; 1 some survive; 2 wrong usage, or nothing to mutate; 7 a program
cannot be built; 130 interrupted.
"""
import argparse
import concurrent.futures
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))
import c  # noqa: E402  (beside this file, as those below)
import equivalent  # noqa: E402
import rtl  # noqa: E402

DECIDED = "scripts/mutants/equivalent.toml"
BATCH = 250         # mutants in one program
PATIENCE = 120      # seconds that a stimulus may take before it counts as hung
FINDING = re.compile(r"^ *(?:MISMATCH|HANG) \(([a-z]+)\)|^FAILED on ", re.M)


def stimuli(preset, of):
    """What `make test` runs on a preset, from quick to slow."""
    dut = "defective" if of == "rtl" else "rtl"
    traces = sorted(str(path.relative_to(HOME)) for path in (HOME / "tb/defects/traces").glob("*.txt"))
    corpus = sorted(str(path.relative_to(HOME)) for path in (HOME / "traces/corpus").glob("*.tw"))
    vectors = sorted(str(path.relative_to(HOME)) for path in (HOME / "traces/vectors").glob("*.txt"))
    if of == "c":
        yield "vectors", ["vectors", *vectors]
    yield "vectors", ["vectors", f"--on={dut}", *vectors]
    for trace in traces:
        yield "directed", ["cosim", "--check=state", "--state-every=1", "--hang=20000", trace]
    yield "random", ["random", "--check=state", "--requests=400000", "--seed=7"]
    yield "forms", ["forms", "--quick", f"--dut={dut}"]
    for trace in corpus:
        yield "corpus", ["cosim", "--check=state", "--limit=200000", trace]
    yield "sweep", ["sweep", f"--dut={dut}", "--share=7/101"]
    if preset in ("tiny", "contrary"):
        yield "matrix", ["matrix", f"--dut={dut}"]


class Broken(Exception):
    pass


def build_c(preset, chosen, folder):
    """The whole bench, in a copy of the repository."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("rtl", "model", "tb", "traces", "config", "scripts", "VERSION", "Makefile"):
        source = HOME / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("*.tw"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / part)
    c.write(HOME, folder, chosen)
    include = f"-include {folder}/model/mutant.h -w"
    make(["-C", str(folder), f"PRESET={preset}", f"CC=gcc {include}", f"CXX=g++ {include}", f"build/{preset}/twinwalk"])
    return folder / f"build/{preset}/twinwalk"


def make(arguments):
    said = subprocess.run(["make", "-s", "-j2", *arguments], cwd=HOME, capture_output=True, text=True, env=os.environ | {"MAKEFLAGS": ""})
    if said.returncode:
        raise Broken(f"make {' '.join(arguments)}: {(said.stdout + said.stderr).strip()[-1500:]}")


def build_rtl(preset, chosen, folder):
    rtl.write(HOME / "rtl", folder / "rtl", chosen)
    plant = importlib.import_module("plant_defects")
    (folder / "rtl/defect_pkg.sv").write_text(plant.PACKAGE)
    make(["-f", "Makefile", "-f", "tb/defects/rules.mk", f"PRESET={preset}", f"MUTANTS={folder.relative_to(HOME)}", str(folder.relative_to(HOME) / "twinwalk-defects")])
    return folder / "twinwalk-defects"


def one(program, number, command, out):
    """green, the comparator that was red, or crash."""
    more = [f"--out={out}", "--reduce=0"] if command[0] in ("cosim", "random") else []
    try:
        run = subprocess.run([str(program), *command, *more], cwd=HOME, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
                             env=os.environ | {"TWINWALK_DEFECT": str(number)})
    except subprocess.TimeoutExpired:
        return "hang"
    if run.returncode == 0:
        return "green"
    if run.returncode == 4:
        return "unfit"
    found = FINDING.search(run.stdout + run.stderr)
    return (found.group(1) or "expectation") if found else f"status {run.returncode}"


def hunt(program, number, preset, usable, out):
    begin = time.monotonic()
    for name, command in usable:
        seen = one(program, number, command, out)
        if seen not in ("green", "unfit"):
            return {"killed": True, "preset": preset, "by": name, "sees": seen, "run": " ".join(command), "seconds": round(time.monotonic() - begin, 2)}
    return {"killed": False, "preset": preset, "seconds": round(time.monotonic() - begin, 2)}


def batch(preset, items, settings, number):
    """items: (index, mutant). Their fates by index."""
    folder = HOME / settings.out / f"{preset}-{number}"
    program = (build_rtl if settings.of == "rtl" else build_c)(preset, [mutant for _, mutant in items], folder)
    usable = []
    for name, command in stimuli(preset, settings.of):
        seen = one(program, 0, command, folder / "none")
        if seen not in ("green", "unfit") and name != "directed":  # which is written for one preset
            raise Broken(f"without a mutant {preset} is not green: {' '.join(command)}: {seen}")
        if seen == "green":
            usable.append((name, command))
    fates = {}
    with concurrent.futures.ThreadPoolExecutor(settings.jobs) as pool:
        jobs = {pool.submit(hunt, program, at, preset, usable, folder / f"m{at}"): index for at, (index, _) in enumerate(items, 1)}
        try:
            for done in concurrent.futures.as_completed(jobs):
                fates[jobs[done]] = done.result()
                if sys.stderr.isatty():
                    print(f"\r{preset}: {len(fates)} of {len(items)}", end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)  # what runs still comes to its end
            raise
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return fates


def campaign(chosen, settings):
    fates, left = {}, list(enumerate(chosen))
    for preset in settings.presets.split(","):
        for number in range(0, len(left), BATCH):
            fates |= batch(preset, left[number:number + BATCH], settings, number // BATCH)
            save(chosen, fates, settings)
        left = [(index, mutant) for index, mutant in left if not fates[index]["killed"]]
    decide(left, fates, settings)
    save(chosen, fates, settings)
    return fates


def decide(left, fates, settings):
    """What survives: the same machine in every preset, or decided by hand?"""
    decided = {(entry["file"], entry["text"], entry["new"]): entry["why"] for entry in tomllib.loads((HOME / DECIDED).read_text(encoding="utf-8")).get("mutant", [])}
    for preset in settings.presets.split(",") if left else []:
        prover = None
        for index, mutant in left:
            why = decided.get((mutant.file, " ".join(mutant.text.split()), " ".join(mutant.new.split())))
            if why:
                fates[index]["equivalent"] = why
            if "equivalent" in fates[index] or fates[index].get("open"):
                continue
            if settings.of == "c":
                fates[index]["open"] = preset
                continue
            prover = prover or equivalent.Prover(preset, HOME / settings.out / f"prove-{preset}")
            if not prover.proves(mutant):
                fates[index]["open"] = preset
    for index, _ in left:
        if not fates[index].get("open"):
            fates[index].setdefault("equivalent", "proved")


def save(chosen, fates, settings):
    record = {"seed": settings.seed, "presets": settings.presets,
              "mutants": [{"file": m.file, "line": m.line, "what": m.what, "text": m.text, "new": m.new, "at": m.start} | fates.get(index, {}) for index, m in enumerate(chosen)]}
    path = HOME / (settings.json or f"{settings.out}/mutants.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def report(chosen, fates):
    files = sorted({mutant.file for mutant in chosen})
    print(f"{'file':24} mutants  killed  equivalent  survive")
    for name in files:
        of = [fates[index] for index, mutant in enumerate(chosen) if mutant.file == name]
        dead, same = sum(fate["killed"] for fate in of), sum("equivalent" in fate for fate in of)
        print(f"{name:24} {len(of):7} {dead:7} {same:11} {len(of) - dead - same:8}")
    killed = [fate for fate in fates.values() if fate["killed"]]
    for key in ("by", "sees"):
        print(f"killed {'by' if key == 'by' else 'seen by'}: " + ", ".join(f"{name} {count}" for name, count in Counter(fate[key] for fate in killed).most_common()))
    for index, mutant in enumerate(chosen):
        if survives(fates[index]):
            print(f"SURVIVES {mutant.file}:{mutant.line}: {mutant.what}: {mutant.text[:90]!r} -> {mutant.new[:90]!r}")
    left = sum(survives(fate) for fate in fates.values())
    print(f"{len(chosen) - left} passed, {left} failed")
    return left == 0


def survives(fate):
    return not fate["killed"] and "equivalent" not in fate


def main(arguments):
    parser = argparse.ArgumentParser(description="Random mutants against the stimulus of make test.")
    parser.add_argument("--of", choices=("rtl", "c"), default="rtl")
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--presets", default="tiny,contrary,zen4")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", default="out/mutants")
    parser.add_argument("--json")
    parser.add_argument("files", nargs="*", help="only mutants of these files of rtl/")
    settings = parser.parse_args(arguments)
    for preset in settings.presets.split(","):
        if not (HOME / f"config/{preset}.toml").is_file():
            parser.error(f"--presets={settings.presets}: there is no preset config/{preset}.toml")
    if settings.number < 1:
        parser.error(f"--number={settings.number}: must be 1 or more")
    try:
        found = c.find(HOME) if settings.of == "c" else rtl.find(HOME / "rtl", importlib.import_module("pyslang.syntax"))
    except ImportError as error:
        print(f"mutants: {error}: scripts/venv.sh mutants, and run this by build/venv/bin/python3", file=sys.stderr)
        return 7
    found = [mutant for mutant in found if not settings.files or mutant.file in settings.files]
    unknown = set(settings.files) - {mutant.file for mutant in found}
    if unknown or not found:
        parser.error(f"{', '.join(sorted(unknown)) or 'the sources'}: no mutant is to be found there; files are named as mmu_walker.sv is")
    chosen = rtl.choose(found, settings.number, settings.seed)
    print(f"{len(chosen)} of {len(found)} mutants, seed {settings.seed}, presets {settings.presets}", flush=True)
    try:
        fates = campaign(chosen, settings)
    except Broken as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 7
    return 0 if report(chosen, fates) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(HOME / "scripts"))
    import ends
    sys.exit(ends.run("mutants", main))
