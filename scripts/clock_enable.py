#!/usr/bin/env python3
"""Gives the RTL of the MMU a clock enable: a copy of it in which every flip-flop keeps its value while clk_en_i is 0.

  scripts/clock_enable.py FOLDER FILE.sv...     the copies go to FOLDER, under the same names

A board that waits for inputs must not let the MMU see a clock (docs/board.md). What is written for a clock that never
stands stays as it is; the enable is put in by rule, everywhere, and the rule is checked: every process of the design
is an always_ff at the rising edge of clk_i, and every instance with a clock has it by that name. Exit status: 0; 1
with a line that says which file is not so; 2 wrong usage; 3 a file cannot be read; 6 a copy cannot be written.
"""
import re
import sys
from pathlib import Path

import ends

PROCESS = re.compile(r"\balways_ff\s*@\s*\(([^)]*)\)\s*")
PORT = re.compile(r"^(\s*input\s+(?:logic|wire)\s+)clk_i(\s*,.*)$", re.M)
INSTANCE = re.compile(r"^(\s*)\.clk_i(\s*\(\s*clk_i\s*\))?\s*,", re.M)
ANY_INSTANCE = re.compile(r"\.clk_i\b")


class Bad(Exception):
    """The text is the whole message."""


def enabled(name, text):
    bare = re.sub(r"//.*|/\*.*?\*/", "", text)
    events = {event.strip() for event in PROCESS.findall(bare)}
    if events - {"posedge clk_i"} or re.search(r"\balways(_latch)?\b(?!_)", bare):
        raise Bad(f"{name}: a process that does not wait for `posedge clk_i`: {', '.join(sorted(events))}")
    if not events and not ANY_INSTANCE.search(bare):
        return text
    text, ports = PORT.subn(lambda m: f"{m[0]}\n{m[1]}clk_en_i,", text)
    text, instances = INSTANCE.subn(lambda m: f"{m[0]}\n{m[1]}.clk_en_i,", text)
    if ports != 1 or instances != len(ANY_INSTANCE.findall(bare)):
        raise Bad(f"{name}: {ports} ports clk_i, {instances} of {len(ANY_INSTANCE.findall(bare))} instances with "
                  ".clk_i on a line of its own")
    return PROCESS.sub(lambda m: f"{m[0].rstrip()} if (clk_en_i) ", text)


def read(files):
    return {file: file.read_text(encoding="utf-8") for file in map(Path, files)}


def write(folder, texts):
    """Writes the copies of these texts; their paths."""
    copies = {folder / file.name: enabled(file, text) for file, text in texts.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in copies.items():
        path.write_text(text, encoding="utf-8")
    return list(copies)


def main(arguments):
    if len(arguments) < 2:
        print("clock_enable: a folder and the files of which it gets copies: scripts/clock_enable.py FOLDER FILE.sv...",
              file=sys.stderr)
        return 2
    try:
        texts = read(arguments[1:])
    except OSError as error:
        print(f"clock_enable: {error.filename}: {error.strerror}", file=sys.stderr)
        return 3
    try:
        write(Path(arguments[0]), texts)
    except Bad as bad:
        print(f"clock_enable: {bad}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(ends.run("clock_enable", main))
