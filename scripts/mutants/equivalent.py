"""Is a mutant that nothing kills the same machine? With every register taken as given, each output and each register's
next value must be the same function of the state and the inputs: what hashing of the gates does not find is asked of a
SAT solver (graph.py). What is equal only in states that are reached is proved by induction (induction.py), in the same
graph. What is x in the design is 0 on both sides.

One graph has all mutants: what chooses each is an input, and all but the one that is asked about are off. A function of
the package has no wires: with its mutants, and with what calls it, it stands in each module that calls it. A mutant
that leaves an assignment out gives what the variable has then an input of its own, any value; at the head of a clocked
block what it had in the cycle before.
"""
import dataclasses
import re
import shutil
import tomllib
from pathlib import Path

import graph
import induction
import netlist
import rtl

HOME = Path(__file__).resolve().parent.parent.parent
FLAT = "hierarchy -top mmu\nproc\nflatten\n"
ZERO = "setundef -zero\n"
# Memories and registers with enables and resets become plain registers, all else and-gates and inverters; registers
# keep their names.
GATES = (f"setattr -set keep 1 w:*_q w:*_q[*]\n{ZERO}memory_collect\nmemory_map\n{netlist.WITHOUT}{ZERO}"
         "setundef -undriven -zero\ndffunmap\nsimplemap\n"
         f"techmap\nsimplemap\nsetattr -unset init w:*\naigmap\nopt_clean\n{ZERO}"
         "write_aiger -ascii -symbols -no-startoffset ")
FREE = r"\\(?:\S*\.)?mutant_(\d+)(?:_any)?"
# In RTLIL, what slang makes of a wire without driver.
UNDRIVEN = re.compile(rf"^  cell \$buf \S+\n(?:    parameter .*\n)*    connect \\A \d+'x+\n"
                      rf"    connect \\Y {FREE}\n  end\n", re.M)
ANY = 128     # bits of what stands for a value that nobody knows; of an index for each of
INDICES = 8
BLOCK = re.compile(r"\b(always_ff|always_comb|function|endfunction|assign)\b")
KEPT = re.compile(r"(\w+) = \1_q;")
HEAD = re.compile(r"^  function automatic\b[^;(]*?(\w+)\s*\(", re.M)  # of a function
FUNCTION = re.compile(HEAD.pattern + r".*?^  endfunction\n", re.M | re.S)
PACKAGE = "mmu_pkg.sv"


class Prover:
    """One preset's design, and mutants held against it: of the RTL, or of its netlist."""
    def __init__(self, preset, folder, of):
        self.folder, self.of, self.rtl = Path(folder), of, HOME / "rtl"
        self.preset = tomllib.loads((HOME / f"config/{preset}.toml").read_text(encoding="utf-8"))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.read = netlist.read(preset, self.folder)
        if of == "netlist":
            netlist.flat(preset, self.folder)
        self.graph, self.leaves = graph.Graph(), {}

    def design(self, name, commands, off=frozenset()):
        netlist.run(self.folder, name, f"{commands}{GATES}{name}.aag\n")
        return graph.Design(self.folder / f"{name}.aag", self.graph, self.leaves, off)

    def free(self, mutants):
        """free.il, with all of them, to which an input, or one for each instance, chooses each; of each its inputs."""
        if self.of == "netlist":
            netlist.mutated(self.folder, mutants)
            return {number: [f"mutant_{number}"] for number in range(1, len(mutants) + 1)}
        planted(self.rtl, self.folder / "rtl", mutants)
        netlist.run(self.folder, "read", f"{self.read}{FLAT}write_rtlil free.il\n")
        text, wires = opened((self.folder / "free.il").read_text(), "mmu")
        (self.folder / "free.il").write_text(text)
        return {number: wires.get(number, []) for number in range(1, len(mutants) + 1)}

    def same(self, mutants, told=lambda at, uses: None):
        """Those of the mutants that are proved to be the same machine, by their place in the list: of what the proof
        made use (induction.py), nothing where one step is enough. told: is called with each as it is asked, None: it is
        not proved."""
        inputs = self.free(mutants)
        design = self.design("free", "read_rtlil free.il\n",
                             frozenset(name for names in inputs.values() for name in names))
        known, proved = induction.Induction(design, self.preset), {}
        for at in range(len(mutants)):
            says, uses = known.prove(inputs[at + 1], at + 1)
            if says:
                proved[at] = uses
            told(at, proved.get(at))
        return proved


def planted(source, folder, mutants):
    """The sources in a folder, with all mutants, each with a wire of its own to choose it."""
    rtl.write(source, folder, [lasting(source, number, mutant) for number, mutant in enumerate(mutants, 1)], free=True)
    if any(mutant.file == PACKAGE for mutant in mutants):
        carry(folder, (source / PACKAGE).read_text())
    for number in range(1, len(mutants) + 1):
        for path in sorted(folder.glob("*.sv")):
            declare(path, number)


def calls(text, name):
    return re.search(rf"\b{name}\b", text) is not None


def carry(folder, plain):
    """The functions of the package that have mutants, and those that call them, stand in each module that calls one of
    them, where they hide the package's. That says again what it said."""
    functions = {found[1]: found[0] for found in FUNCTION.finditer((folder / PACKAGE).read_text())}

    def with_callers(names):
        while more := {name for name, text in functions.items() if name not in names
                       and any(calls(text, one) for one in names)}:
            names |= more
        return names

    (folder / PACKAGE).write_text(plain)
    carried = with_callers({name for name, text in functions.items() if "mutant_" in text})
    for path in folder.glob("*.sv"):
        text = path.read_text()
        own = {found[1] for found in FUNCTION.finditer(text)}
        if path.name == PACKAGE or not any(calls(text, name) for name in carried - own):
            continue
        unfit = with_callers(carried & own)  # the module means others by these names
        if any(calls(text, name) for name in unfit - own):
            raise RuntimeError(f"{path.name}: what it calls of {PACKAGE} calls {', '.join(sorted(carried & own))}, "
                               "which it has too")
        here = "".join(text for name, text in functions.items() if name in carried - unfit)
        wires = "".join(f"  logic mutant_{number};\n"
                        for number in sorted(set(re.findall(r"\bmutant_(\d+)\b", here)), key=int))
        head = f");\n  import mmu_cfg_pkg::*;\n{wires}{here}"
        path.write_text(re.sub(r"^\);$", lambda _, head=head: head, text, count=1, flags=re.M))


def opened(text, top):
    """RTLIL of a flat design: what chooses mutants, and any values, as inputs of it; and by number what chooses
    each."""
    text = UNDRIVEN.sub("", text)
    wires = [(wire[1] or "", wire[2], int(wire[3]))
             for wire in re.finditer(rf"^  wire (width \d+ )?({FREE})\n", text, re.M)]
    text = re.sub(rf"^  wire (width \d+ )?{FREE}\n", "", text, flags=re.M)
    ports = "".join(f"  wire {width}input {port} {wire}\n" for port, (width, wire, _) in enumerate(wires, 1000))
    chosen = {}
    for width, wire, number in wires:
        if not width:
            chosen.setdefault(number, []).append(wire.removeprefix("\\"))
    return text.replace(f"module \\{top}\n", f"module \\{top}\n{ports}", 1), chosen


def block(source, mutant):
    """In what a statement stands: always_ff, always_comb, function."""
    return BLOCK.findall(source[:mutant.start].decode())[-1]


def has_value(source, mutant, target):
    """Has a function given the variable a whole value before, whatever way it went?"""
    before = source[source.rindex(b"function automatic", 0, mutant.start):mutant.start].decode()
    name = re.search(r"[A-Za-z_]\w*", target)[0]
    value = re.search(rf"\b{name}\s*=[^=]", before)
    return value and not re.search(r"\b(if|for|case|begin)\b", before[:value.start()])


def lasting(folder, number, mutant):
    """A mutant that leaves an assignment out, as one that assigns what the variable has then: in logic, and in a
    function that has given it none, any value, for nobody knows it; at the head of a clocked block what that had in the
    cycle before, in a register of its own."""
    if mutant.what != "assignment dropped" or "<=" in mutant.text:
        return mutant
    source, left = (folder / mutant.file).read_bytes(), re.match(r"(.*?[^=<>!|&+^-])=[^=]", mutant.text, re.S)
    where = block(source, mutant)
    if left and (where == "always_comb" or where == "function" and not has_value(source, mutant, left[1])):
        index = re.search(r"\[(\w)\]", left[1])
        return dataclasses.replace(mutant, new=f"{left[1].strip()} = "
                                               f"mutant_{number}_any[{ANY}*{index[1] if index else 0}+:{ANY}];")
    if where == "always_ff" and KEPT.fullmatch(mutant.text):
        name = KEPT.fullmatch(mutant.text)[1]
        return dataclasses.replace(mutant, new=f"{name} = mutant_{number}_is_{name}_q;")
    return mutant


def declare(path, number):
    """What stands for those values, in a source that has the mutants already."""
    text = path.read_text()
    words = []
    if f"mutant_{number}_any" in text:
        words.append(f"logic [{ANY * INDICES - 1}:0] mutant_{number}_any;")
    name = re.search(rf"mutant_{number}_is_(\w+)_q;", text)
    if name:
        words.append(f"logic [63:0] mutant_{number}_is_{name[1]}_q;")
        text = text.replace(f"{name[1]}_q <= {name[1]};",
                            f"begin {name[1]}_q <= {name[1]}; mutant_{number}_is_{name[1]}_q <= 64'({name[1]}); end")
    if words:
        path.write_text(re.sub(r"^\);$", ");\n  " + " ".join(words), text, count=1, flags=re.M))
