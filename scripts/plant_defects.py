#!/usr/bin/env python3
"""Plants every defect of tb/defects/*.toml in a copy of the RTL, all in one build, chosen at run time.

  plant_defects.py rtl OUT_DIR RTL.sv…   writes the copies, and defect_pkg.sv with the selector `planted`
  plant_defects.py list                  one line a defect: number, name, kind, comparator that must see it

A defect is a table [[defect]] with the keys
  name       a word
  family     the real bugs it is modelled on
  kind       F functional, S permission hole, X wrong fault, P protocol or race, D deadlock, T timing only
  level      the weakest --check level that must go red
  file       the module it lives in
  find       text that occurs exactly once in that file
  plant      what takes its place; PLANTED stands for "this defect is chosen"
With `planted` = 0 the copy behaves as the original.
"""
import sys
import tomllib
from pathlib import Path

KEYS = {"name", "family", "kind", "level", "file", "find", "plant"}
PACKAGE = """// Chooses which planted defect acts; 0: none. Written by scripts/plant_defects.py.
package defect_pkg;
  int unsigned planted /*verilator public_flat_rw*/ = 0;
endpackage
"""


def fail(text):
    print(f"plant_defects: {text}", file=sys.stderr)
    sys.exit(1)


def load(folder):
    defects = []
    for path in sorted(folder.glob("*.toml")):
        with open(path, "rb") as file:
            for defect in tomllib.load(file)["defect"]:
                if set(defect) != KEYS:
                    fail(f"{path}: {defect.get('name', '?')}: keys must be {', '.join(sorted(KEYS))}")
                defects.append(defect)
    names = [defect["name"] for defect in defects]
    if len(set(names)) != len(names):
        fail("two defects have one name")
    return defects


def plant(defects, out, sources):
    texts = {Path(source).name: Path(source).read_text() for source in sources}
    for number, defect in enumerate(defects, 1):
        text = texts.get(defect["file"])
        if text is None:
            fail(f"{defect['name']}: no such module {defect['file']}")
        if text.count(defect["find"]) != 1:
            fail(f"{defect['name']}: its text occurs {text.count(defect['find'])} times in {defect['file']}, must be once")
        texts[defect["file"]] = text.replace(defect["find"], defect["plant"].replace("PLANTED", f"(defect_pkg::planted == 32'd{number})"))
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text)
    (out / "defect_pkg.sv").write_text(PACKAGE)


def main(arguments):
    defects = load(Path(__file__).resolve().parent.parent / "tb" / "defects")
    if arguments[:1] == ["list"]:
        for number, defect in enumerate(defects, 1):
            print(number, defect["name"], defect["kind"], defect["level"])
    elif arguments[:1] == ["rtl"] and len(arguments) > 2:
        plant(defects, Path(arguments[1]), arguments[2:])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
