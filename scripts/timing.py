#!/usr/bin/env python3
"""Timing drawings of docs/integration.md, from real runs: plays docs/timing/NAME.pins through the C model and the RTL
of preset tiny (`twinwalk pins`, which compares every output in every clock), takes what was at the pins from the
waveform, and draws it with WaveDrom.

  timing.py [NAME…]            draws docs/timing/NAME.json and NAME.svg anew; default: all
  timing.py --check [NAME…]    changes nothing; says which are not what the RTL does today
  timing.py --rows FILE.pins   prints the rows alone, a line each: what a test reads

Comments of a stimulus say what is drawn:

  # draw FIRST LAST: title     these cycles
  # rows request1 response1 control memory     groups; a digit is the number of the port
Cycles in which nothing changes are left out, two wavy lines in their place. Numbers are hexadecimal; t is the cycle in
which the first request of the drawing, or else the first control operation, is accepted. Runs in build/venv
(scripts/venv.sh timing). Exit status (tb/base/exits.h): 0, 1 a drawing is another one or a run failed, 2 wrong usage,
6 a drawing cannot be written, 7 there are no tools, 130 interrupted.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import ends

HOME = Path(__file__).resolve().parent.parent
PYTHON = HOME / "build/venv/bin/python3"
FOLDER = HOME / "docs/timing"
TWINWALK = HOME / "build/tiny/twinwalk"
PS_OF_CYCLE, SETTLED, LONGEST = 1000, 100, 1  # of cycles in which nothing changes so many are drawn
ACCESS, KIND, SOURCE = ("load", "store", "fetch"), ("OK", "GP", "PF", "MEMERR"), ("L1", "STLB", "walk", "merged")
OPERATION = ("CR0", "CR3", "CR4", "EFER", "INVLPG", "INVPCID0", "INVPCID1", "INVPCID2", "INVPCID3", "PKRU", "PKRS",
             "PAT")


def hexadecimal(value):
    return f"{value:x}"


def named(names):
    return lambda value: names[value]


# Of each group its pins: name, how a value is shown (None: as a level), and the pin that says when it means something.
GROUPS = {
    "request": (("req_valid_i", None, None), ("req_ready_o", None, None), ("req_acc_i", named(ACCESS), "req_valid_i"),
                ("req_va_i", hexadecimal, "req_valid_i"), ("req_id_i", hexadecimal, "req_valid_i")),
    "squash": (("squash_valid_i", None, None), ("squash_id_i", hexadecimal, "squash_valid_i")),
    "response": (("resp_valid_o", None, None), ("resp_id_o", hexadecimal, "resp_valid_o"),
                 ("resp_kind_o", named(KIND), "resp_valid_o"), ("resp_addr_o", hexadecimal, "resp_valid_o"),
                 ("resp_err_o", hexadecimal, "resp_valid_o"), ("resp_src_o", named(SOURCE), "resp_valid_o")),
    "control": (("ctl_valid_i", None, None), ("ctl_ready_o", None, None), ("ctl_op_i", named(OPERATION), "ctl_valid_i"),
                ("ctl_done_o", None, None)),
    "memory": (("mem_req_valid_o", None, None), ("mem_req_ready_i", None, None), ("mem_req_cas_o", None, None),
               ("mem_req_tag_o", hexadecimal, "mem_req_valid_o"), ("mem_req_addr_o", hexadecimal, "mem_req_valid_o"),
               ("mem_rsp_valid_i", None, None), ("mem_rsp_tag_i", hexadecimal, "mem_rsp_valid_i")),
    "walk": (("mem_req_valid_o", None, None), ("mem_req_addr_o", hexadecimal, "mem_req_valid_o"),
             ("mem_rsp_valid_i", None, None)),
}
PORTS = ("request", "squash", "response")


class Failed(Exception):
    pass


class Pins:
    """What was at the pins of a run, cycle by cycle."""

    def __init__(self, stimulus):
        import pywellen
        with tempfile.TemporaryDirectory() as folder:
            fst = f"{folder}/run.fst"
            run = subprocess.run([TWINWALK, "pins", f"--waves={fst}", stimulus], capture_output=True, text=True)
            if run.returncode or "Equal: every output in every clock" not in run.stdout:
                raise Failed(f"{stimulus}: {(run.stderr or run.stdout).strip()}")
            self.changes = {}
            for var in pywellen.Waveform(fst).all_vars():
                match = re.fullmatch(r"TOP\.mmu_waves\.dut\.(\w+_[io])(\.?\[\d+\])?", var.full_name)
                if match:
                    name = match[1] + (match[2] or "").lstrip(".")
                    self.changes[name] = [(time, int(value)) for time, value in var.tv]

    def at(self, name, port, cycle):
        array = f"{name}[{port}]"
        past = [value for time, value in self.changes[array if array in self.changes else name]
                if time <= PS_OF_CYCLE * cycle + SETTLED]
        value = past[-1] if past else 0
        return value >> port & 1 if array not in self.changes and port is not None else value


def comments(path):
    text = path.read_text(encoding="utf-8")
    draw = re.search(r"^# draw (\d+) (\d+): (.*)$", text, re.M)
    groups = re.search(r"^# rows (.*)$", text, re.M)
    if not draw or not groups:
        raise Failed(f"{path}: no `# draw FIRST LAST: title` and `# rows …`")
    return range(int(draw[1]), int(draw[2]) + 1), draw[3], groups[1].split()


def values(pins, groups, cycles):
    """Of each group its rows: name and what it shows in each cycle; a row that never shows anything is left out."""
    for group in groups:
        kind, port = re.fullmatch(r"([a-z]+)(\d?)", group).groups()
        port = int(port) if kind in PORTS else None
        rows = []
        for name, show, when in GROUPS[kind]:
            row = [pins.at(name, port, c) if show is None else
                   show(pins.at(name, port, c)) if pins.at(when, port, c) else "" for c in cycles]
            if any(row) and not (name == "resp_err_o" and set(row) <= {"", "0"}):
                rows.append((name, row))
        yield group, rows


def kept(groups, count):
    """Numbers of the cycles that are drawn, and None for each gap: of cycles that are alike the first LONGEST."""
    columns = [tuple(row[i] for _, rows in groups for _, row in rows) for i in range(count)]
    chosen, alike = [], 0
    for i in range(count):
        alike = alike + 1 if i and columns[i] == columns[i - 1] else 0
        if alike < LONGEST or i + 1 == count:
            chosen.append(i)
        elif chosen[-1] is not None:
            chosen.append(None)
    # A gap of one cycle is no gap.
    return [i if i is not None else chosen[n - 1] + 1 if chosen[n + 1] - chosen[n - 1] == 2 else None
            for n, i in enumerate(chosen)]


def wave(row, chosen, level):
    text, data, before = "", [], None
    for i in chosen:
        if i is None:
            text += "|"
            continue
        value = row[i]
        if level:
            text += "." if value == before else str(value)
        elif value != "" or before != "":
            text += "x" if value == "" else "." if value == before else "="
            data += [value] if value not in ("", before) else []
        else:
            text += "."
        before = value
    return {"wave": text} if level else {"wave": text, "data": data}


def begin(pins, groups, cycles):
    for cycle in cycles:
        for group, _ in groups:
            kind, port = group.rstrip("0123456789"), int(re.sub(r"\D", "", group) or 0)
            if kind == "request" and pins.at("req_valid_i", port, cycle) and pins.at("req_ready_o", port, cycle):
                return cycle
    return next((c for c in cycles if pins.at("ctl_valid_i", None, c) and pins.at("ctl_ready_o", None, c)), cycles[0])


def drawing(path):
    """WaveJSON."""
    cycles, title, names = comments(path)
    pins = Pins(path)
    groups = list(values(pins, names, cycles))
    chosen = kept(groups, len(cycles))
    t = begin(pins, groups, cycles)
    times = ["t" if cycles[i] == t else f"t{cycles[i] - t:+d}" for i in chosen if i is not None]
    signal = [{"name": "cycle", "wave": "".join("x" if i is None else "=" for i in chosen), "data": times}]
    for group, rows in groups:
        levels = {name for name, show, _ in GROUPS[group.rstrip("0123456789")] if show is None}
        signal.append([group.replace("walk", "memory").rstrip("0123456789"),
                       *({"name": name, **wave(row, chosen, name in levels)} for name, row in rows)])
    return {"signal": signal, "head": {"text": title}, "config": {"hscale": 1.25}}


def svg(source):
    import yowasp_wavedrom
    text = yowasp_wavedrom.render(source)
    return re.sub(r"(<svg[^>]*>)", r'\1<rect width="100%" height="100%" fill="#fff"/>', text, count=1) + "\n"


def files(path):
    source = drawing(path)
    lines = ",\n ".join(json.dumps(one) for one in source["signal"])
    head = ", ".join(f'"{key}": {json.dumps(source[key])}' for key in ("head", "config"))
    return {path.with_suffix(".json"): f'{{"signal": [\n {lines}],\n {head}}}\n', path.with_suffix(".svg"): svg(source)}


def usage(rows, names):
    """What is wrong with the command line, if anything is."""
    missing = [name for name in names if not (Path(name) if rows else FOLDER / f"{name}.pins").is_file()]
    if rows and len(names) != 1:
        return "--rows: is for one file of stimulus"
    if missing:
        there = ", ".join(sorted(one.stem for one in FOLDER.glob("*.pins")))
        return f"{missing[0]}: there is no such " + ("stimulus" if rows else f"drawing; there are: {there}")
    return None


def main(arguments):
    check, rows = arguments[:1] == ["--check"], arguments[:1] == ["--rows"]
    names = arguments[check or rows:]
    wrong = usage(rows, names)
    if wrong:
        print(f"timing: {wrong}", file=sys.stderr)
        return 2
    if not TWINWALK.exists():
        print("timing: no build/tiny/twinwalk: make build PRESET=tiny makes it", file=sys.stderr)
        return 7
    if not PYTHON.exists():
        print("timing: no build/venv: scripts/venv.sh timing makes it", file=sys.stderr)
        return 7
    if Path(sys.prefix) != PYTHON.parent.parent:
        os.execv(PYTHON, [PYTHON, __file__, *arguments])
    try:
        import pywellen  # noqa: F401
        import yowasp_wavedrom  # noqa: F401
    except ImportError as error:
        print(f"timing: {error}: scripts/venv.sh timing installs it", file=sys.stderr)
        return 7
    wrong = 0
    try:
        if rows:
            cycles, _, groups = comments(Path(names[0]))
            for _, found in values(Pins(names[0]), groups, cycles):
                for name, row in found:
                    print(name, *(value if value != "" else "-" for value in row))
            return 0
        paths = [FOLDER / f"{name}.pins" for name in names] or sorted(FOLDER.glob("*.pins"))
        for path in paths:
            for file, text in files(path).items():
                if not check:
                    file.write_text(text)
                elif not file.exists() or file.read_text() != text:
                    print(f"{file.relative_to(HOME)}: is not what the RTL does today: scripts/timing.py draws it anew")
                    wrong += 1
    except Failed as failed:
        print(f"timing: {failed}", file=sys.stderr)
        return 1
    print(f"timing: {len(paths)} drawings, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(ends.run("timing", main))
