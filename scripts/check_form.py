#!/usr/bin/env python3
"""Holds the sources to a form that people can read: lines of at most 120 columns, prose of at most 140, functions of at
most 60 lines, and arguments without number from their own header.

Lines: every tracked C, C++, SystemVerilog and Python file. Prose: every Markdown file but those in APART; tables and
what is indented as code apart. Functions: of C, between the braces, where the body begins in a line of its own, as
clang-format puts it. `make format` mends lines and prose, but those of Python: of these only comments.

  check_form.py [ROOT]     says what is wrong, a line each; exit status 1 if anything is
"""
import re
import subprocess
import sys
from pathlib import Path

COLUMNS, PROSE, LINES = 120, 140, 60
SOURCES = (".c", ".h", ".cpp", ".sv", ".svh", ".py")
APART = ("CHANGELOG.md", "docs/headline.md")  # a list that grows at its end; written by scripts/headline.py


def long_lines(name, lines):
    """Pairs of line number and what is wrong."""
    prose = name.endswith(".md")
    most = PROSE if prose else COLUMNS
    for number, line in enumerate(lines, 1):
        if len(line) > most and not (prose and re.match(r"\||!?\[|    |<", line)):
            yield number, f"{len(line)} columns, {most} at most"


def long_functions(lines):
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{" and number > 1 and lines[number - 2].rstrip().endswith(")"):
            begin = number
        elif line == "}" and begin:
            if number - begin - 1 > LINES:
                yield begin - 1, (f"a function of {number - begin - 1} lines, {LINES} at most: "
                                  f"{lines[begin - 2].strip()}")
            begin = None


def stdarg(lines):
    """Debian 12's <stdio.h> brings <stdarg.h> along, Debian 13's does not."""
    text = "\n".join(lines)
    for number, line in enumerate(lines, 1):
        if "va_start(" in line and not re.search(r"#include <(stdarg\.h|cstdarg)>", text):
            yield number, "va_start, and no <stdarg.h> is included"


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parent.parent)
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=True)
    wrong = 0
    for name in listed.stdout.split("\0"):
        path = root / name
        if not name.endswith((*SOURCES, ".md")) or name in APART or not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        found = list(long_lines(name, lines))
        if name.endswith(".c"):
            found += long_functions(lines)
        if name.endswith((".c", ".h", ".cpp")):
            found += stdarg(lines)
        for number, what in found:
            print(f"{name}:{number}: {what}")
        wrong += len(found)
    print(f"form: {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
