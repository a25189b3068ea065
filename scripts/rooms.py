"""The rooms of the house, as docs/rooms.md tells them, and what the sources of each really use.

The table of the document has a row for each room, from the top floor down: its folder, what lives there, and which
rooms it uses. A folder without a row belongs to the room that it lies in; a tree (TREES) is no room for its folders.
"""
import re
import subprocess
from pathlib import Path, PurePosixPath

DOCUMENT = "docs/rooms.md"
TREES = ("rtl", "model", "traces", "tb")  # what the house stands on
INCLUDE_PATHS = (".", "model", "traces", "tb", "tb/dut", "traces/capture")  # -I of the Makefile and its rules.mk
# What Verilator and scripts/config.py make: the room that a generated header stands for, or none.
GENERATED = {"Vmmu": "rtl", "Vmmu_sc": "tb/systemc", "Vcover": "rtl", "Vdefects": "rtl", "Vfloor": "tb/floor",
             "core_bench": "rtl/core", "core_board": "rtl/fpga"}


class Room:
    def __init__(self, name, tells, uses):
        self.name, self.tells, self.uses = name, tells, uses
        self.anything = uses == ["anything"]  # tests: they may look everywhere, and nobody may use them
        if self.anything:
            self.uses = []


def read(root):
    """The rooms of the table, in its order."""
    rooms = []
    for line in (root / DOCUMENT).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("| `") or len(cells) != 3:
            continue
        uses = re.findall(r"`([^`]+)`", cells[2]) or (["anything"] if cells[2] == "anything" else [])
        rooms.append(Room(cells[0].strip("`").rstrip("/"), cells[1], uses))
    return rooms


def tracked(root):
    """The files under the trees that git knows, or all of them where there is no git."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--", *TREES], capture_output=True, text=True)
    files = listed.stdout.split("\0") if listed.returncode == 0 and listed.stdout else \
        [str(path.relative_to(root)) for tree in TREES for path in (root / tree).rglob("*")]
    return sorted(name for name in files if name and (root / name).is_file())


def room_of(file, names):
    """The name of the room that a file lies in; None: in no room."""
    folder = PurePosixPath(file).parent
    if str(folder) in names:
        return str(folder)
    for above in folder.parents:
        if str(above) in names and str(above) not in TREES:
            return str(above)
    return None


def modules(root, files):
    """Of each SystemVerilog module and package, the file that has it; the first of several, the design's own."""
    found = {}
    for file in sorted(files):
        if file.endswith((".sv", ".svh")):
            for name in re.findall(r"^(?:module|package)\s+(\w+)", (root / file).read_text(encoding="utf-8"), re.M):
                found.setdefault(name, file)
    return found


def uses_of(root, file, files, names_of_modules):
    """Pairs of what the file takes, as it says so, and the file or room that this is: what it includes; in
    SystemVerilog the modules and packages that it names."""
    text = (root / file).read_text(encoding="utf-8", errors="replace")
    if file.endswith((".sv", ".svh")):
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
        for name in re.findall(r'`include\s+"([^"]+)"', text):
            yield from ((name, path) for path in files if PurePosixPath(path).name == name)
        for name in sorted(set(re.findall(r"\b\w+\b", text)) & set(names_of_modules)):
            yield name, names_of_modules[name]
        return
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        beside = PurePosixPath(file).parent
        for folder in (str(beside), *INCLUDE_PATHS):
            path = str(PurePosixPath(*(part for part in normal(PurePosixPath(folder) / name))))
            if path in files:
                yield name, path
                break
        else:
            room = GENERATED.get(re.match(r"\w*?(?=_{2,}|\.)", PurePosixPath(name).name)[0])
            if room:
                yield name, room


def normal(path):
    parts = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return parts


def tree_of(name):
    return Path(name).parts[0]
