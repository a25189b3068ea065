#!/usr/bin/env bash
# docs/tutorial.md, run word for word in a copy of the sources (tb/tests/told.py). README's change to try is the
# tutorial's.
set -eu
cd "$(dirname "$0")/../.."
copy=out/test/tutorial
rm -rf $copy
mkdir -p $copy/build/tiny
trap 'rm -rf $copy/build' EXIT
git ls-files -z | tar -cf - --null -T - | tar -xf - -C $copy
cp -a build/tiny/{cc,gen,obj,twinwalk} $copy/build/tiny/ # so that only what changes is built
cp -a build/verilated build/verilator.stamp $copy/build/

# README's change to try, and what it prints, are the tutorial's.
PYTHONPATH=tb/tests python3 - <<'EOP'
import re
import sys
from pathlib import Path

import told

steps = told.steps(Path("docs/tutorial.md").read_text())
commands = [step[1] for step in steps if step[0] == "run"]
lines = [line for step in steps if step[0] == "run" for line in step[2]]
block = Path("README.md").read_text()
block = block[block.index("## Change a line"):].split("## ")[1]
code = re.findall(r"^    (.*)$", block, re.M)
for line in code:
    if line not in commands and line not in lines:
        sys.exit(f"README.md: docs/tutorial.md does not have: {line}")
if len([line for line in code if line in commands]) != 5:
    sys.exit("README.md: a change to try is five commands")
EOP

own() { env -i PATH="$PATH" HOME="$HOME" git -C $copy "$@"; }
own init -q .
own add -A
own -c user.name=t -c user.email=t@localhost commit -qm all
python3 tb/tests/told.py docs/tutorial.md $copy
[ -z "$(own status --short)" ] || { echo "docs/tutorial.md: something is left"; exit 1; }
