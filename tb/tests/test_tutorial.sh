#!/usr/bin/env bash
# docs/tutorial.md, run word for word in a copy of the sources: every command, and every line that it is said to print,
# in this order. README's change to try is the tutorial's.
set -eu
cd "$(dirname "$0")/../.."
copy=out/test/tutorial
rm -rf $copy
mkdir -p $copy/build/tiny
trap 'rm -rf $copy/build' EXIT
git ls-files -z | tar -cf - --null -T - | tar -xf - -C $copy
cp -a build/tiny/{cc,blocking,gen,obj,twinwalk} $copy/build/tiny/ # so that only what changes is built
cp -a build/verilated build/verilator.stamp $copy/build/

python3 - docs/tutorial.md README.md $copy <<'EOP'
import os
import re
import subprocess
import sys
from pathlib import Path

page, readme, copy = Path(sys.argv[1]).read_text(), Path(sys.argv[2]).read_text(), sys.argv[3]
env = {name: value for name, value in os.environ.items() if not re.match(r"MAKE|MFLAGS|TWINWALK_|PRESET|GIT_", name)}


def wrong(what):
    sys.exit(f"docs/tutorial.md: {what}")


def run(command):
    done = subprocess.run(["bash", "-c", command], cwd=copy, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.stdout


def shown_in(shown, printed):
    """The lines shown, with what is left out, must be those printed."""
    at, gap = 0, False
    for line in shown:
        if line == "…":
            gap = True
            continue
        want = re.compile(".*".join(re.escape(part) for part in line.split("…")))
        while at < len(printed) and not want.fullmatch(printed[at]) and gap:
            at += 1
        if at == len(printed) or not want.fullmatch(printed[at]):
            return line
        at, gap = at + 1, False
    return None if gap or at == len(printed) else "nothing more"


steps = []
for line in re.findall(r"^    (.*)$", page, re.M):
    if line.startswith("$ "):
        steps.append((line[2:], []))
    elif steps:
        steps[-1][1].append(line)
commands = [command for command, _ in steps]

# README's change to try, and what it prints, are the tutorial's.
block = readme[readme.index("## Change a line"):].split("## ")[1]
code = re.findall(r"^    (.*)$", block, re.M)
lines = [line for _, shown in steps for line in shown]
for line in code:
    if line not in commands and line not in lines:
        sys.exit(f"README.md: docs/tutorial.md does not have: {line}")
if len([line for line in code if line in commands]) != 5:
    sys.exit("README.md: a change to try is five commands")

run("git init -q . && git add -A && git -c user.name=t -c user.email=t@localhost commit -qm all")
for command, shown in steps:
    said = run(command)
    printed = [line for line in said.split("\n") if line]
    missing = shown_in([line for line in shown if line], printed)
    if missing is not None:
        wrong(f"`{command}` does not print, at its place: {missing}\nit prints:\n{said}")
if run("git status --short"):
    wrong("something is left")
print(f"tutorial: {len(steps)} commands, as they are told")
EOP
