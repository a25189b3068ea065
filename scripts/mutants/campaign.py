#!/usr/bin/env python3
"""Random mutants of the RTL, or of the cycle model and the oracle, against the stimulus of `make test`: does anything
survive?

  campaign.py [--of=rtl|c|netlist] [--number=N] [--seed=S] [--presets=LIST] [--jobs=N] [--out=FOLDER] [--json=FILE]
              [--but=FILE]… [--again=FILE]… [--recorded] [--stimuli=LIST] [--prove] [FILE.sv…]

N mutants (1000) are drawn by the seed (of the clock) from all that rtl.py finds in rtl/, c.py in model/, netlist.py in
what Yosys makes of a preset, or in the files named; but not those that the --json of another campaign has, and with
--recorded only those that one has seen killed (recorded.py); with --again those of a campaign that were not killed once
more. Each acts alone, in the first preset; the stimuli (those of the LIST) follow each other until one is red: the
quick ones, in the next preset too; then a proof that it is the same machine (equivalent.py; not of C, and not of what
was killed once), then the slow ones. What survives must be proved in every one of the presets, or have a reason in
scripts/mutants/equivalent.toml; else it is a hole.

With --prove nothing is drawn and nothing run: each mutant of the RTL that has a reason there is asked for a proof, in
each preset.

Exit status: 0 every mutant was killed, or decided so (--prove: is proved); 1 some survive; 2 wrong usage, or nothing to
mutate; 7 a program cannot be built; 130 interrupted.
"""
import argparse
import concurrent.futures
import importlib
import json
import os
import re
import shutil
import signal
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
import netlist  # noqa: E402
import programs  # noqa: E402
import recorded  # noqa: E402
import rtl  # noqa: E402

DECIDED = "scripts/mutants/equivalent.toml"
BATCH = 320         # mutants in one program
PATIENCE = 600      # seconds of CPU that a stimulus may take without a mutant
QUICK = ("vectors", "directed", "brief")
STIMULI = (*QUICK, "random", "units", "forms", "corpus", "sweep", "matrix")
PROOF = "proof"     # in a list of stimuli: no stimulus, but asked among them
UNFIT = 4           # a trace that the preset cannot play
CASES = re.compile(r"^case ", re.M)  # of a text with directed cases
FINDING = re.compile(r"^ *(?:MISMATCH|HANG) \(([a-z]+)\)(?:.*? cycle (\d+))?|^FAILED on ", re.M)


def stimuli(preset, of, dut, units):
    """What `make test` runs on a preset, from quick to slow; units: the paths of unit tests."""
    beside = [] if of != "netlist" else [f"--dut={dut}"]  # the others have theirs built in
    traces = sorted(str(path.relative_to(HOME)) for path in (HOME / "tb/defects/traces").glob("*.txt"))
    corpus = sorted(str(path.relative_to(HOME)) for path in (HOME / "traces/corpus").glob("*.tw"))
    vectors = sorted(str(path.relative_to(HOME)) for path in (HOME / "traces/vectors").glob("*.txt"))
    if of == "c":
        yield "vectors", ["vectors", *vectors]
    yield "vectors", ["vectors", f"--on={dut}", *vectors]
    for trace in traces:
        if CASES.search((HOME / trace).read_text(encoding="utf-8")):
            yield "directed", ["vectors", f"--on={dut}", trace]
        else:
            yield "directed", ["cosim", *beside, "--check=state", "--state-every=1", "--hang=20000", trace]
    for pins in sorted(str(path.relative_to(HOME)) for path in (HOME / "tb/defects/traces").glob("*.pins")):
        yield "directed", ["pins", *beside, "--state-every=1", pins]
    for name, requests in (("brief", 40000), ("random", 400000)):  # its beginning first, for what is proved then
        yield name, ["random", *beside, "--check=state", f"--requests={requests}", "--seed=7"]
    for unit in units:
        yield "units", [unit]
    yield "forms", ["forms", "--quick", f"--dut={dut}"]
    for trace in corpus:
        yield "corpus", ["cosim", *beside, "--check=state", "--limit=200000", trace]
    yield "sweep", ["sweep", f"--dut={dut}", "--share=7/101"]
    if preset in ("tiny", "contrary"):
        yield "matrix", ["matrix", f"--dut={dut}"]


def one(program, number, command, out, limit):
    """(green, unfit, the comparator that was red, hang, or a status; its cycle; seconds of CPU)."""
    more = [f"--out={out}", "--reduce=0"] if command[0] in ("cosim", "random") else []
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{out}.said", "w+", encoding="utf-8", errors="replace") as said:
        words = command if command[0].startswith("/") else [str(program), *command, *more]
        run = subprocess.Popen(["prlimit", f"--cpu={limit}", *words], cwd=HOME, stdout=said, stderr=said,
                               env=os.environ | {"TWINWALK_DEFECT": str(number)})
        _, status, usage = os.wait4(run.pid, 0)
        status = run.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    os.remove(f"{out}.said")
    seconds = usage.ru_utime + usage.ru_stime
    if status in (0, UNFIT):
        return "green" if status == 0 else "unfit", 0, seconds
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "hang", 0, seconds
    if command[0].startswith("/"):
        return "assertion", 0, seconds
    found = FINDING.search(text)
    if not found:
        return f"status {status}", 0, seconds
    return found.group(1) or "expectation", int(found.group(2) or 0), seconds


def hunt(program, number, preset, usable, out, spent):
    """What became of one mutant: killed, or seen by nothing. spent: the seconds of CPU before."""
    for name, command, limit in usable:
        seen, cycle, seconds = one(program, number, command, out, limit)
        spent += seconds
        if seen not in ("green", "unfit"):
            shutil.rmtree(out, ignore_errors=True)
            return {"killed": True, "preset": preset, "by": name, "sees": seen, "cycle": cycle,
                    "run": " ".join(command), "seconds": round(spent, 2)}
    return {"killed": False, "preset": preset, "seconds": round(spent, 2)}


def usable_on(program, dut, units, preset, settings, out):
    """The stimuli that are green without a mutant, each with the seconds of CPU after which it hangs."""
    usable = []
    for name, command in stimuli(preset, settings.of, dut, units):
        if settings.stimuli and name not in settings.stimuli.split(","):
            continue
        seen, _, seconds = one(program, 0, command, out, PATIENCE)
        if seen not in ("green", "unfit") and (name != "directed" or preset == "tiny"):  # for which those are written
            raise programs.Broken(f"without a mutant {preset} is not green: {' '.join(command)}: {seen}")
        if seen == "green":
            usable.append((name, command, 10 + int(10 * seconds)))
    return usable


def hunts(program, preset, usable, items, fates, settings, folder):
    """Stimuli against items: (number in the program, index). Yields the indices as their fates are known."""
    with concurrent.futures.ThreadPoolExecutor(settings.jobs) as pool:
        spent = {index: fates[index]["seconds"] if fates.get(index, {}).get("preset") == preset else 0
                 for _, index in items}
        jobs = {pool.submit(hunt, program, number, preset, usable, folder / f"m{number}", spent[index]): index
                for number, index in items}
        try:
            for done in concurrent.futures.as_completed(jobs):
                fates[jobs[done]] = fates.get(jobs[done], {}) | done.result()
                yield jobs[done]
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)  # what runs still comes to its end
            raise


def reason(mutant, decided, settings):
    """Why it is the same machine, as somebody has written; or None."""
    for entry in decided:
        if any(" ".join(getattr(mutant, word).split()) != " ".join(entry[word].split())
               for word in ("file", "text", "new")):
            continue
        path = HOME / ("" if settings.of == "c" else "rtl") / mutant.file
        lines = path.read_text(encoding="utf-8").splitlines()[:mutant.line]
        if (entry.get("in", lines[-1].strip()) == lines[-1].strip()
            and ("of" not in entry or equivalent.HEAD.findall("\n".join(lines))[-1] == entry["of"])):
            return entry["why"]
    return None


def campaign(chosen, fates, settings):
    """Adds to the fates, by index, of the chosen: the quick stimuli in each preset; of what they do not see the proofs;
    and what these do not prove meets the slow ones."""
    decided = tomllib.loads((HOME / DECIDED).read_text(encoding="utf-8")).get("mutant", [])
    for index, mutant in enumerate(chosen):
        why = reason(mutant, decided, settings)
        if why:
            fates[index] = fates.get(index, {}) | {"reason": why}
    presets, batches = settings.presets.split(","), []
    for preset in presets:
        left = [index for index in range(len(chosen)) if not fates.get(index, {}).get("killed")]
        for number in range(0, len(left), BATCH):
            batches.append(Batch(preset, left[number:number + BATCH], chosen, settings,
                                 HOME / settings.out / f"{preset}-{number // BATCH}"))
            batches[-1].hunt(QUICK, chosen, fates, settings)
    for preset in presets:
        prove(preset, chosen, fates, settings)
    slow = [name for name in dict.fromkeys(name for batch in batches for name, *_ in batch.usable) if name not in QUICK]
    for batch in batches:
        batch.hunt(slow, chosen, fates, settings)
    for fate in fates.values():
        if not fate["killed"]:
            fate["equivalent"] = ("proved" if all(fate["done"][preset] == "proved" for preset in presets)
                                  else fate.get("reason", ""))
    save(chosen, fates, settings)


class Batch:
    """One program, of some of the chosen: the indices in left."""
    def __init__(self, preset, left, chosen, settings, folder):
        self.preset, self.left, self.folder = preset, left, folder
        wanted = not settings.stimuli or "units" in settings.stimuli.split(",")
        self.program, dut, units = programs.OF[settings.of](preset, [chosen[index] for index in left], folder, wanted)
        self.usable = usable_on(self.program, dut, units, preset, settings, folder / "none")

    def hunt(self, names, chosen, fates, settings):
        """The stimuli of these names, against what lives and is not proved here."""
        items = [(number, index) for number, index in enumerate(self.left, 1)
                 if not fates.get(index, {}).get("killed")
                 and fates.get(index, {}).get("done", {}).get(self.preset) != "proved"]
        usable = [entry for entry in self.usable if entry[0] in names]
        for count, _ in enumerate(hunts(self.program, self.preset, usable, items, fates, settings, self.folder), 1):
            save(chosen, fates, settings)
            if sys.stderr.isatty():
                print(f"\r{self.preset}: {count} of {len(items)} ", end="" if count < len(items) else "\n",
                      file=sys.stderr, flush=True)


def prove(preset, chosen, fates, settings):
    """Which of those that live are the same machine in a preset, and in those asked before; what was seen killed once
    has no proof."""
    living = [index for index, fate in fates.items() if not fate["killed"]]
    asked = [index for index in living if "open" not in fates[index].get("done", {}).values()]
    for index in living:
        fates[index].setdefault("done", {})[preset] = "open"
    if (settings.of == "c" or settings.recorded or not asked
        or (settings.stimuli and PROOF not in settings.stimuli.split(","))):
        return
    prover = equivalent.Prover(preset, HOME / settings.out / f"prove-{preset}", settings.of)
    for at, uses in prover.same([chosen[index] for index in asked]).items():
        fates[asked[at]]["done"][preset] = "proved"
        fates[asked[at]].setdefault("uses", {})[preset] = uses
    save(chosen, fates, settings)


def prove_reasons(found, settings):
    """Asks each mutant that has a reason for a proof, and says of what that makes use. True: all are proved."""
    decided = tomllib.loads((HOME / DECIDED).read_text(encoding="utf-8")).get("mutant", [])
    chosen = [mutant for mutant in found if reason(mutant, decided, settings)]
    fates = {index: {"killed": False, "done": {}, "uses": {}, "reason": reason(mutant, decided, settings)}
             for index, mutant in enumerate(chosen)}
    for preset in settings.presets.split(","):
        def told(index, uses, preset=preset):
            fates[index]["done"][preset] = "open" if uses is None else "proved"
            if uses is not None:
                fates[index]["uses"][preset] = uses
            print(f"{preset} {chosen[index].file}:{chosen[index].line}: {' '.join(chosen[index].text.split())[:60]!r} "
                  f"-> {chosen[index].new[:40]!r}: "
                  f"{'NOT PROVED' if uses is None else 'the same' + ''.join('; but ' + use for use in uses)}",
                  flush=True)
            save(chosen, fates, settings)
        equivalent.Prover(preset, HOME / settings.out / f"prove-{preset}", settings.of).same(chosen, told)
    left = sum("open" in fate["done"].values() for fate in fates.values())
    print(f"{len(chosen) - left} passed, {left} failed")
    return left == 0


def save(chosen, fates, settings):
    record = {"of": settings.of, "seed": settings.seed, "presets": settings.presets, "commit": settings.commit,
              "date": settings.date,
              "mutants": [{"file": m.file, "line": m.line, "what": m.what, "text": m.text, "new": m.new,
                           "at": m.start} | fates.get(index, {}) for index, m in enumerate(chosen)]}
    path = HOME / (settings.json or f"{settings.out}/mutants.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def report(chosen, fates):
    files = sorted({mutant.file for mutant in chosen})
    print(f"{'file':24} mutants  killed  equivalent  survive")
    for name in files:
        of = [fates[index] for index, mutant in enumerate(chosen) if mutant.file == name]
        dead = sum(fate["killed"] for fate in of)
        same = sum(bool(fate.get("equivalent")) for fate in of if not fate["killed"])
        print(f"{name:24} {len(of):7} {dead:7} {same:11} {len(of) - dead - same:8}")
    killed = [fate for fate in fates.values() if fate["killed"]]
    for key in ("by", "sees"):
        print(f"killed {'by' if key == 'by' else 'seen by'}: "
              + ", ".join(f"{name} {count}" for name, count in Counter(fate[key] for fate in killed).most_common()))
    for index, mutant in enumerate(chosen):
        if survives(fates[index]):
            print(f"SURVIVES {mutant.file}:{mutant.line}: {mutant.what}: {mutant.text[:90]!r} -> {mutant.new[:90]!r}")
    left = sum(survives(fate) for fate in fates.values())
    print(f"{len(chosen) - left} passed, {left} failed")
    return left == 0


def survives(fate):
    return not fate["killed"] and not fate["equivalent"]


def key(mutant):
    return (mutant["file"], mutant["what"], mutant["text"], mutant["new"])


def places(settings):
    """Where a mutant can be, without those that other campaigns decided."""
    if settings.of == "netlist" and settings.again:  # a netlist has no other places than those that were drawn
        known = [mutant for campaign_before in settings.again for mutant in campaign_before["mutants"]]
        return [rtl.Mutant(m["file"], m["line"], m["what"], m["text"], m["at"], m["at"], m["new"]) for m in known]
    if settings.of == "netlist":
        found = netlist.find(settings.presets, settings.number, settings.seed, HOME / settings.out / "list")
    else:
        found = (c.find(HOME) if settings.of == "c"
                 else rtl.find(HOME / "rtl", importlib.import_module("pyslang.syntax")))
    known = {key(mutant) for campaign_before in settings.but
             for mutant in campaign_before["mutants"] if "killed" in mutant}
    found = [mutant for mutant in found if key(vars(mutant)) not in known]
    if not settings.recorded:
        return found
    # what stands in two places may do nothing in one
    seen, times = recorded.load(), Counter(recorded.key(vars(mutant)) for mutant in found)
    return [mutant for mutant in found if recorded.key(vars(mutant)) in seen and times[recorded.key(vars(mutant))] == 1]


def again(found, settings):
    """The mutants of campaigns that are not killed yet, where the sources have them still: in their place, or in one
    alone. Each with what it was drawn as: the seed, and its old place."""
    kept = []
    for known in settings.again:
        for mutant in known["mutants"]:
            if mutant.get("killed"):
                continue
            same = [other for other in found if key(vars(other)) == key(mutant)]
            same = [other for other in same if other.start == mutant["at"]] or same
            if len(same) == 1:
                kept.append((same[0], mutant.get("drawn", [known["seed"], mutant["at"]])))
            else:
                print(f"not to be found again: {mutant['file']}: {mutant['what']}: {mutant['text'][:90]!r}: stands in "
                      f"{len(same)} places now", file=sys.stderr)
    return [mutant for mutant, _ in kept], {index: {"drawn": drawn} for index, (_, drawn) in enumerate(kept)}


class Unreadable(Exception):
    """What is no campaign; the text is the whole message."""


def earlier(path):
    """What a campaign has written (--json)."""
    try:
        known = json.loads(Path(path).read_text(encoding="utf-8"))
        for mutant in known["mutants"]:
            key(mutant), mutant["line"], mutant["at"], known["seed"]  # of these uses are made
        return known
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path}: is not what a campaign has written with --json, or not whole "
                         f"({type(error).__name__}: {error})") from error


def words(arguments):
    parser = argparse.ArgumentParser(description="Random mutants against the stimulus of make test.")
    parser.add_argument("--of", choices=("rtl", "c", "netlist"), default="rtl")
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--presets")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", default="out/mutants")
    parser.add_argument("--json")
    parser.add_argument("--but", action="append", default=[], metavar="FILE")
    parser.add_argument("--again", action="append", default=[], metavar="FILE")
    parser.add_argument("--recorded", action="store_true")
    parser.add_argument("--stimuli", metavar="LIST")
    parser.add_argument("--prove", action="store_true")
    parser.add_argument("files", nargs="*", help="only mutants of these files")
    settings = parser.parse_args(arguments)
    settings.presets = settings.presets or ("tiny" if settings.of == "netlist" else "tiny,contrary")
    for preset in settings.presets.split(","):
        if not (HOME / f"config/{preset}.toml").is_file():
            parser.error(f"--presets={settings.presets}: there is no preset config/{preset}.toml")
    if settings.of == "netlist" and "," in settings.presets:
        parser.error(f"--presets={settings.presets}: a netlist is one preset's")
    if settings.prove and settings.of != "rtl":
        parser.error(f"--prove --of={settings.of}: those of the RTL have reasons that can be proved; a campaign asks a "
                     "netlist's for proofs itself")
    for name in ("number", "jobs"):
        if getattr(settings, name) < 1:
            parser.error(f"--{name}={getattr(settings, name)}: must be 1 or more")
    unknown = [name for name in (settings.stimuli or PROOF).split(",") if name not in (*STIMULI, PROOF)]
    if unknown:
        parser.error(f"--stimuli={settings.stimuli}: there is no {unknown[0] or 'nameless one'}; there are "
                     f"{', '.join((*STIMULI, PROOF))}")
    out = (HOME / settings.out).resolve()
    if not out.is_relative_to(HOME):
        parser.error(f"--out={settings.out}: make builds there, and builds in {HOME} alone")
    settings.out = str(out.relative_to(HOME))
    settings.but, settings.again = ([earlier(path) for path in paths] for paths in (settings.but, settings.again))
    git = subprocess.run(["git", "log", "-1", "--format=%h"], cwd=HOME, capture_output=True, text=True, check=False)
    settings.commit, settings.date = git.stdout.strip(), time.strftime("%Y-%m-%d")
    return parser, settings


def main(arguments):
    try:
        parser, settings = words(arguments)
        found = places(settings)
    except Unreadable as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 3
    except ImportError as error:
        print(f"mutants: {error}: scripts/venv.sh mutants, and run this by build/venv/bin/python3", file=sys.stderr)
        return 7
    unknown = set(settings.files) - {mutant.file for mutant in found}
    found = [mutant for mutant in found if not settings.files or mutant.file in settings.files]
    if unknown or not found:
        parser.error(f"{', '.join(sorted(unknown)) or 'the sources'}: no mutant is to be found there; files are named "
                     "as mmu_walker.sv is")
    if settings.prove:
        return 0 if prove_reasons(found, settings) else 1
    fates = {}
    if settings.again:
        chosen, fates = again(found, settings)
    else:
        chosen = rtl.choose(found, settings.number, settings.seed)
    print(f"{len(chosen)} of {len(found)} mutants, seed {settings.seed}, presets {settings.presets}", flush=True)
    try:
        campaign(chosen, fates, settings)
    except programs.Broken as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 7
    return 0 if report(chosen, fates) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(HOME / "scripts"))
    import ends
    sys.exit(ends.run("mutants", main))
