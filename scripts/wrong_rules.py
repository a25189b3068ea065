#!/usr/bin/env python3
"""Breaks the document's sentences one by one, and says which unit test notices.

    scripts/wrong_rules.py [--presets="tiny contrary"] [--only=TEXT] [--sections=5,8] [--sample=N [--seed=S]]
    scripts/wrong_rules.py --document        all of them, and their table in docs/statements.md anew

Each rule of model/tests/wrong/rules.toml is a sentence of docs/microarchitecture.md and a change of the clocked model
that breaks it. Both twins could be changed alike, and no lockstep run would see it: so one of the unit tests that run
on both (tb/tests/on_rtl) has to fail. The tests are built once for a preset, against a shared library of the model;
for each rule only that library is built again. Ends with `N passed, N failed, N skipped`; status 1 if a rule survives.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tomllib

HOME = pathlib.Path(__file__).resolve().parent.parent
RULES = HOME / "model/tests/wrong/rules.toml"
DOCUMENT = HOME / "docs/statements.md"
TABLE_HEAD = "| section | sentence | test that fails when it is broken |\n|---|---|---|\n"
CFLAGS = ["-std=gnu11", "-O1", "-w", "-fPIC"]
TEST_SECONDS = 20  # a test takes a tenth of one; a rule may make the model hang


def tests():
    """The unit tests that run on both twins."""
    return [p for p in sorted(HOME.glob("model/tests/test_*.c")) if '"cycle_bench.h"' in p.read_text()]


def includes(preset, cycle):
    return ["-I", cycle.parent, "-I", HOME / "model", "-I", HOME / "model/tests", "-I", HOME / "build" / preset / "gen",
            "-I", HOME]


def run(command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **more)


def build_library(preset, cycle, library):
    """Links the model whose cycle/ folder is given. Returns what the compiler says, or "" when all is well."""
    sources = [*sorted(cycle.glob("*.c")), *sorted((HOME / "model/arch").glob("*.c")),
               *sorted((HOME / "model/mem").glob("*.c"))]
    made = run(["cc", *CFLAGS, *includes(preset, cycle), "-shared", *sources, "-o", library])
    return made.stderr if made.returncode else ""


def build_tests(preset, folder):
    """The tests, and the library they find: that of the model as it is."""
    (folder / "right").mkdir(parents=True, exist_ok=True)
    cycle = HOME / "model/cycle"
    wrong = build_library(preset, cycle, folder / "right/libcycle.so")
    if wrong:
        sys.exit(f"wrong_rules: the model of {preset} does not compile:\n{wrong}")
    for test in tests():
        made = run(["cc", *CFLAGS, *includes(preset, cycle), test, "-L", folder / "right", "-lcycle", "-lcmocka", "-o",
                    folder / test.stem])
        if made.returncode:
            sys.exit(f"wrong_rules: {test} does not compile:\n{made.stderr}")


def first_red(folder, library):
    """The first test that fails with this library, as `test_file: function`; None if all pass."""
    for test in tests():
        try:
            done = run([folder / test.stem], env={**os.environ, "LD_LIBRARY_PATH": str(library)}, timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return f"{test.stem}: hangs"
        if done.returncode:
            lines = (done.stdout + done.stderr).splitlines()
            named = [line.split("]")[1].strip() for line in lines if line.startswith("[  FAILED  ]")]
            return f"{test.stem}: {named[0] if named else 'ends by a signal'}"
    return None


def broken(rule):
    """The text of the rule's file with the rule broken. Raises ValueError if what is to be replaced is not there."""
    text = (HOME / "model/cycle" / rule["file"]).read_text()
    if text.count(rule["old"]) != 1:
        raise ValueError(f"{rule['file']} holds the text to replace {text.count(rule['old'])} times, not once")
    return text.replace(rule["old"], rule["new"])


def break_rule(rule, number, preset, folder):
    """Returns the test that notices, None if none does; raises ValueError if the rule cannot be carried out."""
    place = folder / f"wrong{number}"
    (place / "cycle").mkdir(parents=True, exist_ok=True)
    for source in (HOME / "model/cycle").iterdir():
        shutil.copy(source, place / "cycle")
    (place / "cycle" / rule["file"]).write_text(broken(rule))
    wrong = build_library(preset, place / "cycle", place / "libcycle.so")
    if wrong:
        raise ValueError("does not compile: " + wrong.splitlines()[0])
    return first_red(folder, place)


def judge(rule, number, presets, root):
    """The line for a rule: (passed, text)."""
    name = f"section {rule['section']}: {rule['says']}"
    tried = rule.get("presets", presets)
    try:
        for preset in tried:
            test = break_rule(rule, number, preset, root / preset)
            if test:
                return True, name, f"{test} ({preset})"
    except ValueError as error:
        return False, name, str(error)
    return False, name, f"no test fails on {', '.join(tried)}"


def document(verdicts):
    """Writes the table of docs/statements.md anew."""
    lines = []
    for rule, (passed, _, by) in verdicts:
        lines.append(f"| {rule['section']} | {rule['says']} | {'`' + by + '`' if passed else '**none**'} |")
    text = DOCUMENT.read_text()
    head = text[: text.index(TABLE_HEAD) + len(TABLE_HEAD)]
    DOCUMENT.write_text(head + "\n".join(lines) + "\n")


def choose(args):
    """The rules asked for."""
    rules = tomllib.loads(RULES.read_text())["rule"]
    for rule in rules:
        try:
            broken(rule)
        except ValueError as error:
            sys.exit(f"wrong_rules: section {rule['section']}, {rule['says']}: {error} (model/tests/wrong/rules.toml)")
    sections = {int(s) for s in args.sections.split(",") if s}
    rules = [r for r in rules if args.only in r["says"] and (not sections or r["section"] in sections)]
    if not rules:
        sys.exit("wrong_rules: no rule has this text")
    if args.sample:
        seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
        print(f"{args.sample} of {len(rules)} rules, seed {seed}")
        rules = random.Random(seed).sample(rules, min(args.sample, len(rules)))
    return rules


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="tiny contrary skylake")
    parser.add_argument("--only", default="", help="rules whose sentence has this text")
    parser.add_argument("--sections", default="", help="rules of these sections, with commas")
    parser.add_argument("--sample", type=int, default=0, help="only so many of them, chosen by the seed")
    parser.add_argument("--seed", type=int, help="of the choice; a new one if not given")
    parser.add_argument("--document", action="store_true", help="make the table of docs/statements.md anew")
    args = parser.parse_args(argv)
    presets = args.presets.split()
    rules = choose(args)
    root = HOME / "build/wrong"
    needed = sorted({*presets, *(p for rule in rules for p in rule.get("presets", []))})
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda p: build_tests(p, root / p), needed))
        for p in needed:
            red = first_red(root / p, root / p / "right")
            if red:
                sys.exit(f"wrong_rules: {red} fails on the model as it is ({p})")
        verdicts = list(zip(rules, pool.map(lambda n: judge(rules[n], n, presets, root), range(len(rules)))))
    for _, (passed, name, text) in verdicts:
        print(f"{'ok  ' if passed else 'FAIL'} {name}: {text}")
    if args.document:
        document(verdicts)
    failed = sum(not passed for _, (passed, _, _) in verdicts)
    print(f"{len(verdicts) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
