#!/usr/bin/env python3
"""Wraps what no other formatter does: prose in Markdown where a line has more than 140 columns, to 120; comments of
Python, shell, make and SystemVerilog files where one has more than 120. From the first long line of a paragraph to its
end; tables, code, headings and everything else stay as they are.

  wrap.py FILE…
"""
import re
import sys
import textwrap
from pathlib import Path

WIDTH, PROSE = 120, 140


def wrapped(words, first, rest):
    return textwrap.wrap(" ".join(words), WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False,
                         break_on_hyphens=False)


def markdown(lines):
    out, at, code = [], 0, False
    item = re.compile(r"( *)((?:[-*] |\d+\. )?)(\S.*)$")

    def stays(line):
        return not line.strip() or re.match(r"\||#|!?\[!?\[?[^]]*\]\(?[^)]*\)?$|    |<|```|---|===", line)
    while at < len(lines):
        line = lines[at]
        code ^= line.startswith("```")
        if code or stays(line) or len(line) <= PROSE:
            out.append(line)
            at += 1
            continue
        indent, mark, text = item.match(line).groups()
        words = [text]
        at += 1
        while at < len(lines) and not stays(lines[at]) and not item.match(lines[at]).group(2):
            words.append(lines[at].strip())
            at += 1
        out += wrapped(words, indent + mark, indent + " " * len(mark))
    return out


def comments(lines):
    out, at = [], 0
    prose = re.compile(r"( *(?:#|//) )(\S.*)$")

    def same(line, indent):
        found = prose.match(line)
        return found and found.group(1) == indent and not found.group(2).endswith("--")
    while at < len(lines):
        found = prose.match(lines[at])
        if not found or len(lines[at]) <= WIDTH or not same(lines[at], found.group(1)):
            out.append(lines[at])
            at += 1
            continue
        indent, words = found.group(1), []
        while at < len(lines) and same(lines[at], indent):
            words.append(prose.match(lines[at]).group(2))
            at += 1
        out += wrapped(words, indent, indent)
    return out


def main(names):
    for name in names:
        path = Path(name)
        text = path.read_text(encoding="utf-8")
        new = "\n".join((markdown if path.suffix == ".md" else comments)(text.split("\n")))
        if new != text:
            path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
