#!/usr/bin/env python3
"""Plants every defect of tb/defects/*.toml in a copy of the RTL, all in one build, chosen at run time.

  plant_defects.py rtl OUT_DIR RTL.sv…   writes the copies, and defect_pkg.sv with the selector `planted`
  plant_defects.py list                  one line a defect, fields between tabs: number, name, families, kind, level, sees, run

A defect is a table [[defect]] with the keys
  name       a word
  what       the defect, in one sentence
  family     numbers of the real bugs it is modelled on; empty: of none
  kind       F functional, S permission hole, X wrong fault, P protocol or race, D deadlock, T timing only
  level      the weakest --check level that must go red
  sees       the comparator that must see it there: the kind of its finding
  run        the stimulus: a command of the bench and its arguments
  file       the module it lives in
  find       text that occurs exactly once in that file
  plant      what takes its place; PLANTED stands for "this defect is chosen"
With `planted` = 0 the copy behaves as the original.
"""
import sys
import tomllib
from pathlib import Path

KEYS = {"name", "what", "family", "kind", "level", "sees", "run", "file", "find", "plant"}
WORDS = {
    "kind": ("F", "S", "X", "P", "D", "T"),
    "level": ("arch", "events", "cycle", "state"),
    "sees": ("pin", "state", "event", "oracle", "expectation", "memory", "protocol", "hang"),
}
PACKAGE = """// Chooses which planted defect acts; 0: none. Written by scripts/plant_defects.py.
package defect_pkg;
  import "DPI-C" context function int unsigned twinwalk_defect();
  int unsigned planted = twinwalk_defect();
endpackage
"""


def fail(text):
    print(f"plant_defects: {text}", file=sys.stderr)
    sys.exit(1)


def check(path, defect):
    where = f"{path}: {defect.get('name', '?')}"
    if set(defect) != KEYS:
        fail(f"{where}: keys must be {', '.join(sorted(KEYS))}")
    for key, words in WORDS.items():
        if defect[key] not in words:
            fail(f"{where}: {key} must be one of {', '.join(words)}")
    if defect["level"] == "arch" and not defect["run"].startswith("cosim"):
        fail(f"{where}: only a trace can be compared without a clock")
    if defect["kind"] == "T" and (defect["level"] == "arch" or not defect["run"].startswith("cosim")):
        fail(f"{where}: timing only means that a trace is green at --check=arch")


def load(folder):
    defects = []
    for path in sorted(folder.glob("*.toml")):
        with open(path, "rb") as file:
            for defect in tomllib.load(file)["defect"]:
                check(path, defect)
                defects.append(defect)
    names = [defect["name"] for defect in defects]
    for name in names:
        if names.count(name) > 1:
            fail(f"two defects are named {name}")
    return defects


def plant(defects, out, sources):
    texts = {Path(source).name: Path(source).read_text() for source in sources}
    wrong = []
    for number, defect in enumerate(defects, 1):
        text = texts.get(defect["file"], "")
        if text.count(defect["find"]) != 1:
            wrong.append(f"{defect['name']}: its text occurs {text.count(defect['find'])} times in {defect['file']}, must be once")
        chosen = f"(defect_pkg::planted == 32'd{number})"
        texts[defect["file"]] = text.replace(defect["find"], defect["plant"].rstrip("\n").replace("PLANTED", chosen))
    if wrong:
        fail("\n  ".join(["the RTL has changed under its planted defects", *wrong]))
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text)
    (out / "defect_pkg.sv").write_text(PACKAGE)


def main(arguments):
    defects = load(Path(__file__).resolve().parent.parent / "tb" / "defects")
    if arguments[:1] == ["list"]:
        for number, d in enumerate(defects, 1):
            family = ",".join(str(n) for n in d["family"]) or "-"
            print(number, d["name"], family, d["kind"], d["level"], d["sees"], d["run"], sep="\t")
    elif arguments[:1] == ["rtl"] and len(arguments) > 2:
        plant(defects, Path(arguments[1]), arguments[2:])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
