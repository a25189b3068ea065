#!/usr/bin/env python3
"""Holds README.md, CONTRIBUTING.md and docs/*.md to what is there: README's length, every link, every path of the tree,
every verb of make and of twinwalk that their code names, and that contents list every document and every section. And
that no line of their prose, or of the changelog's, stands twice, as merges leave it.

  check_docs.py [ROOT]     says what is wrong, a line each; exit status 1 if anything is

Code is what stands between backquotes or is indented by four columns. The verbs of twinwalk are those that
build/tiny/twinwalk --help lists.
"""
import glob
import re
import subprocess
import sys
from pathlib import Path

WORDS = 1200
HOME = Path(__file__).resolve().parent.parent
TREES = "rtl|model|formal|tb|traces|config|docs|scripts|\\.ci"
PATH = re.compile(rf"(?<![\w./-])(?:{TREES})/[\w./*-]*[\w*/]")
STANDS_FOR = r"NAME|\bmine\b"  # the reader's own
MAKE = re.compile(r"(?:^|[;&|(]\s*)make((?:\s+(?:[A-Z_0-9]+=(?:'[^']*'|\"[^\"]*\"|\S*)|-\w+|[a-z][a-z-]*))+)")
TWINWALK = re.compile(r"(?:^|[/;|(]\s*)twinwalk ([a-z]+)\b")


def code(text):
    """Pairs of line number and code."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("    ") and not re.match(r" *[-*|] ", line):
            yield number, line.strip().split("  #")[0]
        else:
            yield from ((number, span) for span in re.findall(r"`([^`]+)`", line))


def make_verbs(root):
    verbs = set()
    for path in [root / "Makefile", *root.glob("t*/**/rules.mk")]:
        for targets in re.findall(r"^((?!\.)[\w$()/.{}%: -]+?):(?!=)", path.read_text(), re.M):
            verbs |= set(targets.split())
    return verbs


def twinwalk_verbs():
    said = subprocess.run([HOME / "build/tiny/twinwalk", "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  ([a-z]+) ", said, re.M))


def found(root, path):
    return any(glob.iglob(str(root / path)))


def links(root, name, text):
    prose = re.sub(r"`[^`]*`|^    .*$", lambda code: "\n" * code[0].count("\n"), text, flags=re.M)
    for number, line in enumerate(prose.split("\n"), 1):
        for link in re.findall(r"\]\(([^)\s]+)\)", line):
            if not re.match(r"[a-z]+:", link) and not (root / name).parent.joinpath(link.split("#")[0]).exists():
                yield number, f"the link to {link} leads nowhere"


def contents(text):
    """A list of contents tells every numbered section, by its number and name."""
    told = re.search(r"^Contents: (.*?)\n\n", text, re.M | re.S)
    if told:
        listed = [" ".join(one.split()).rstrip(".").lower() for one in told[1].split("·") if one.strip()]
        there = [f"{number} {title}".lower() for number, title in re.findall(r"^## (\d+)\. (.+)$", text, re.M)]
        number = text[:told.start()].count("\n") + 1
        yield from ((number, f"the contents lack: {one}") for one in there if one not in listed)
        yield from ((number, f"the contents tell of no section: {one}") for one in listed if one not in there)


def doubled(text):
    """A line of prose that stands twice. Short ones, rows of tables and code may."""
    seen = {}
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > 60 and not re.match(r" {4}|\|", line):
            if line in seen:
                yield number, f"the line stands in line {seen[line]} already"
            seen.setdefault(line, number)


def document(root, name, verbs):
    text = (root / name).read_text()
    yield from links(root, name, text)
    yield from contents(text)
    yield from doubled(text)
    for number, said in code(text):
        for path in PATH.findall(said):
            if not re.search(STANDS_FOR, path) and not found(root, path) and not found(root, path + "*"):
                yield number, f"{path} is not there"
        for words in MAKE.findall(said):
            for word in words.split():
                if re.fullmatch(r"[a-z][a-z-]*", word) and word not in verbs["make"]:
                    yield number, f"make has no verb {word}"
        for word in TWINWALK.findall(said):
            if word not in verbs["twinwalk"]:
                yield number, f"twinwalk has no verb {word}"


def readme(root, documents):
    text = (root / "README.md").read_text()
    if len(text.split()) > WORDS:
        yield 1, f"{len(text.split())} words, {WORDS} at most"
    for name in documents:
        if name.startswith("docs/") and f"]({name})" not in text:
            yield 1, f"the contents do not name {name}"


def main(arguments):
    root = Path(arguments[0] if arguments else HOME)
    documents = ["README.md", "CONTRIBUTING.md",
                 *sorted(str(path.relative_to(root)) for path in root.glob("docs/*.md"))]
    verbs = {"make": make_verbs(root), "twinwalk": twinwalk_verbs()}
    wrong = [("README.md", *what) for what in readme(root, documents)]
    wrong += [(name, *what) for name in documents for what in document(root, name, verbs)]
    wrong += [("CHANGELOG.md", *what) for what in doubled((root / "CHANGELOG.md").read_text())]
    for name, number, what in wrong:
        print(f"{name}:{number}: {what}")
    print(f"docs: {len(documents)} documents, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
