#!/usr/bin/env python3
"""Plants every defect of tb/defects/*.toml in a copy of the RTL, all in one build, chosen at run time.

  plant_defects.py rtl PRESET OUT_DIR RTL.sv…   writes the copies for a preset, and defect_pkg.sv with the selector
                                                `planted`
  plant_defects.py changed PRESET OUT_DIR RTL.sv…
                                                the same for a changed design: defects whose text is not there any more
                                                are left out, and named in OUT_DIR/left_out
  plant_defects.py core PRESET OUT_DIR SOURCE.sv...
                                                as rtl, and the mistakes of tb/core/mistakes.toml in the core's sources
  plant_defects.py mistakes                     those, a line each between tabs: number, name, what the run must say
  plant_defects.py mistakes-of FILE PRESET OUT_DIR SOURCE.sv...
                                                the mistakes of that file alone, which are for every preset; numbered
                                                from 1
  plant_defects.py presets                      the presets that have defects
  plant_defects.py families                     the names of the defects of each family
  plant_defects.py list                         one line a defect, fields between tabs: number, name, families, kind,
                                                preset, level, sees, run

A defect is a table [[defect]] with the keys
  name       a word
  what       the defect, in one sentence
  preset     that it is planted in; may be left out: tiny
  family     numbers of the real bugs it is modelled on (tb/defects/README.md); empty: of none
  kind       F functional, S permission hole, X wrong fault, P protocol or race, D deadlock, T timing only
  level      the weakest --check level that must go red; the commands that have no --check are at level arch (vectors)
             or cycle
  sees       the comparator that must see it there: the kind of its finding
  run        the stimulus: a command of the bench and its arguments
  file       the module it lives in
  find       text that occurs exactly once in that file, however it is spaced and broken into lines
  plant      what takes its place; PLANTED stands for "this defect is chosen"
With `planted` = 0 the copy behaves as the original.
"""
import re
import sys
import tomllib
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
KEYS = {"name", "what", "preset", "family", "kind", "level", "sees", "run", "file", "find", "plant"}
WORDS = {
    "kind": ("F", "S", "X", "P", "D", "T"),
    "level": ("arch", "events", "cycle", "state"),
    "sees": ("pin", "state", "event", "oracle", "expectation", "memory", "protocol", "hang"),
}
LEVELS = {
    "cosim": WORDS["level"],
    "random": ("cycle", "state"),
    "sweep": ("cycle",),
    "matrix": ("cycle",),
    "vectors": ("arch",),
    "pins": ("cycle",),
}
# The real bugs that can happen in this MMU; tb/defects/README.md says what each is, and which are left out.
FAMILIES = {
    1, 2, 3, 4, 7, 8, 10, 11, 13, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 28, 30, 31, 32, 33, 35, 37, 38, 39, 41,
    42, 44, 45, 47, 48, 49, 50, 51, 52,
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
    command = defect["run"].split()[0]
    if defect["level"] not in LEVELS.get(command, ()):
        fail(f"{where}: {command} cannot run at level {defect['level']}")
    if defect["kind"] == "T" and defect["level"] == "arch":
        fail(f"{where}: timing only means that nothing is seen at level arch")
    for number in defect["family"]:
        if number not in FAMILIES:
            fail(f"{where}: no family {number}")


def load(folder):
    defects = []
    for path in sorted(folder.glob("*.toml")):
        with open(path, "rb") as file:
            for defect in tomllib.load(file)["defect"]:
                defect.setdefault("preset", "tiny")
                check(path, defect)
                defects.append(defect)
    names = [defect["name"] for defect in defects]
    for name in names:
        if names.count(name) > 1:
            fail(f"two defects are named {name}")
    missing = FAMILIES - {number for defect in defects for number in defect["family"]}
    if missing:
        fail(f"no defect is modelled on {', '.join(map(str, sorted(missing)))}")
    return defects


def pattern(text):
    """Finds `text` in the RTL whatever the formatter does with its blanks: between any two of its tokens there may be
    some."""
    return re.compile(r"\s*".join(re.escape(token) for token in re.findall(r"\w+|\S", text)))


def plant(defects, preset, out, sources, changed):
    texts = {Path(source).name: Path(source).read_text() for source in sources}
    wrong, left_out = [], []
    for number, defect in enumerate(defects, 1):
        if defect["preset"] != preset:
            continue
        text = texts.get(defect["file"], "")
        places = list(pattern(defect["find"]).finditer(text))
        if len(places) != 1:
            left_out.append(defect["name"])
            wrong.append(f"{defect['name']}: its text occurs {len(places)} times in {defect['file']}, must be once")
            continue
        chosen = f"(defect_pkg::planted == 32'd{number})"
        planted = defect["plant"].rstrip("\n").replace("PLANTED", chosen)
        texts[defect["file"]] = text[: places[0].start()] + planted + text[places[0].end() :]
    if wrong and not changed:
        fail("\n  ".join(["the RTL has changed under its planted defects", *wrong]))
    out.mkdir(parents=True, exist_ok=True)
    (out / "left_out").write_text("".join(f"{name}\n" for name in left_out))
    written = False
    for name, text in texts.items():
        if not (out / name).exists() or (out / name).read_text() != text:
            (out / name).write_text(text)
            written = True
    # its date says when something changed: another `run` builds nothing anew
    if written or not (out / "defect_pkg.sv").exists():
        (out / "defect_pkg.sv").write_text(PACKAGE)


def mistakes(path=HOME / "tb/core/mistakes.toml"):
    """Those of a core around the MMU: for every preset, numbered on from the defects. Or of another file."""
    with open(path, "rb") as file:
        return tomllib.load(file)["mistake"]


def line(number, d):
    """What `list` says of a defect."""
    family = ",".join(str(n) for n in d["family"]) or "-"
    return "\t".join(
        (str(number), d["name"], family, d["kind"], d["preset"], d["level"], d["sees"], d["run"])
    )


def main(arguments):
    defects = load(HOME / "tb" / "defects")
    if arguments[:1] == ["list"]:
        for number, d in enumerate(defects, 1):
            print(line(number, d))
    elif arguments[:1] == ["families"]:
        for family in sorted(FAMILIES):
            print(family, *(d["name"] for d in defects if family in d["family"]))
    elif arguments[:1] == ["presets"]:
        print(*sorted({d["preset"] for d in defects}), sep="\n")
    elif arguments[:1] == ["mistakes"]:
        for number, m in enumerate(mistakes(), len(defects) + 1):
            print(number, m["name"], m["says"], sep="\t")
    elif arguments[:1] == ["core"] and len(arguments) > 3:
        every = defects + [{"preset": arguments[1], **mistake} for mistake in mistakes()]
        plant(every, arguments[1], Path(arguments[2]), arguments[3:], False)
    elif arguments[:1] == ["mistakes-of"] and len(arguments) > 4:
        every = [{"preset": arguments[2], **mistake} for mistake in mistakes(arguments[1])]
        plant(every, arguments[2], Path(arguments[3]), arguments[4:], False)
    elif arguments[:1] in (["rtl"], ["changed"]) and len(arguments) > 3:
        plant(defects, arguments[1], Path(arguments[2]), arguments[3:], arguments[0] == "changed")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
