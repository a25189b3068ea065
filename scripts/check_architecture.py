#!/usr/bin/env python3
"""Checks the table of docs/architecture.md against the sources: every place that a cell names must exist.

A place stands in backquotes, as `file`, or as `file: name, name …`. The file is looked for from the top of the
repository, then in the folders of its column. What counts as a name depends on the file:

  .c .h      a function or macro defined there; in a test_*.c of a model, a test that is run
  .sv        a function, module, assigned signal or labelled block
  .md .toml  any text in it (then one name: the rest of the backquotes)
  others     a word in it

Besides: no empty cell, rules numbered R1, R2 … without a gap, the groups A … L in order, and every row names a test.

  check_architecture.py [ROOT]
"""
import re
import sys
from functools import lru_cache
from pathlib import Path

DOCUMENT = "docs/architecture.md"
COLUMNS = ["#", "rule", "manual", "oracle", "cycle model", "RTL", "test"]
FOLDERS = {"oracle": ["model/arch"], "cycle model": ["model/cycle"], "RTL": ["rtl"],
           "test": ["model/tests", "tb/tests", "tb/sweep", "tb"]}
GROUPS = "ABCDEFGHIJKL"


@lru_cache(maxsize=None)
def text_of(path):
    return path.read_text(encoding="utf-8")


def has_name(path, name):
    """Whether the file defines the name, as the module's text says."""
    text, word = text_of(path), re.escape(name)
    if path.suffix in (".md", ".toml"):
        return " ".join(name.split()) in " ".join(text.split())
    if path.suffix in (".c", ".h"):
        if path.parts[-2:-1] == ("tests",) and path.name.startswith("test_"):
            return (re.search(rf"^static void {word}\(void \*\*", text, re.M) is not None
                    and f"cmocka_unit_test({name})" in text)
        function = rf"^[A-Za-z_][^;={{}}#]*\b{word}\([^;{{]*\)\s*\{{"
        return re.search(rf"{function}|^#define {word}\b", text, re.M) is not None
    if path.suffix == ".sv":
        return re.search(rf"\bfunction\b[^;]*\b{word}\(|\bmodule {word}\b|\bassign {word}\b|: {word}\b",
                         text) is not None
    return re.search(rf"\b{word}\b", text) is not None


def find(root, column, file):
    found = [path for folder in ["."] + FOLDERS.get(column, []) if (path := root / folder / file).is_file()]
    return found[0] if found else None


def place_errors(root, column, place):
    """What is wrong with one place of one cell."""
    file, _, names = place.partition(": ")
    path = find(root, column, file)
    if not path:
        return [f"there is no file {file} (looked in the top folder and in {', '.join(FOLDERS.get(column, ['none']))})"]
    whole = path.suffix in (".md", ".toml")
    wanted = [names] if whole else names.split(", ")
    return [f"{path.relative_to(root)} has no {name}" for name in wanted if name and not has_name(path, name)]


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def check(root):
    """Gives the errors, and how many rows and places there are."""
    errors, rules, places, groups = [], 0, 0, ""
    for number, line in enumerate(text_of(root / DOCUMENT).splitlines(), 1):
        where = f"{DOCUMENT}:{number}"
        if heading := re.match(r"## ([A-Z])\. ", line):
            groups += heading[1]
        if not re.match(r"\| R\d+ \|", line):
            continue
        cells = cells_of(line)
        rules += 1
        if cells[0] != f"R{rules}":
            errors.append(f"{where}: {cells[0]} stands where R{rules} should")
        if len(cells) != len(COLUMNS):
            errors.append(f"{where}: {cells[0]} has {len(cells)} cells, not {len(COLUMNS)}")
            continue
        for column, cell in zip(COLUMNS, cells):
            if not re.search(r"\w", cell):
                errors.append(f"{where}: {cells[0]}: the column {column} is empty")
            found = re.findall(r"`([^`]+)`", cell) if column in FOLDERS else []
            if column == "test" and not found:
                errors.append(f"{where}: {cells[0]}: no test is named")
            places += len(found)
            errors += [f"{where}: {cells[0]}, {column}: {error}" for place in found
                       for error in place_errors(root, column, place)]
    if groups != GROUPS:
        errors.append(f"{DOCUMENT}: the groups are {groups or 'missing'}, not {GROUPS}")
    if not rules:
        errors.append(f"{DOCUMENT}: no rule is there (rows begin with | R1 |)")
    return errors, rules, places


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    if not (root / DOCUMENT).is_file():
        sys.exit(f"check_architecture: {root / DOCUMENT} is not there")
    errors, rules, places = check(root)
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        sys.exit(f"check_architecture: {len(errors)} errors; mend {DOCUMENT}, or the name that it gives")
    print(f"check_architecture: {rules} rules, {places} places, all there")


if __name__ == "__main__":
    main()
