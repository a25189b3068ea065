"""Is a mutant that nothing kills the same machine? With every register taken as given, each output and each register's next
value must be the same function of the state and the inputs: what hashing of the gates does not find is asked of a SAT solver
(graph.py). What is equal only in states that are reached is proved by induction (induction.py), in the same graph. What is x
in the design is 0 on both sides.

Of modules, and of a netlist, one graph has all mutants: what chooses each is an input, and all but the one that is asked
about are off. A mutant of the package, whose functions have no wires, is a design of its own beside the other. One that
leaves an assignment out gives what the variable has then an input of its own, any value; at the head of a clocked block
what it had in the cycle before.
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
# Memories and registers with enables and resets become plain registers, all else and-gates and inverters; registers keep
# their names.
GATES = (f"setattr -set keep 1 w:*_q w:*_q[*]\n{ZERO}memory_collect\nmemory_map\n{netlist.WITHOUT}{ZERO}setundef -undriven -zero\ndffunmap\nsimplemap\n"
         f"techmap\nsimplemap\nsetattr -unset init w:*\naigmap\nopt_clean\n{ZERO}write_aiger -ascii -symbols -no-startoffset ")
PLANTED = "package defect_pkg;\n  localparam int unsigned planted = 1;\nendpackage\n"
FREE = r"\\(?:\S*\.)?mutant_(\d+)(?:_any)?"
# In RTLIL, what slang makes of a wire without driver.
UNDRIVEN = re.compile(rf"^  cell \$buf \S+\n(?:    parameter .*\n)*    connect \\A \d+'x+\n    connect \\Y {FREE}\n  end\n", re.M)
ANY = 128     # bits of what stands for a value that nobody knows; of an index for each of
INDICES = 8
BLOCK = re.compile(r"\b(always_ff|always_comb|function|endfunction|assign)\b")
KEPT = re.compile(r"(\w+) = \1_q;")


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
            self.read = "read_rtlil flat.il\n"
        self.graph, self.leaves = graph.Graph(), {}

    def design(self, name, commands, off=frozenset()):
        netlist.run(self.folder, name, f"{commands}{GATES}{name}.aag\n")
        return graph.Design(self.folder / f"{name}.aag", self.graph, self.leaves, off)

    def free(self, mutants):
        """free.il, with all of them, to which an input, or one for each instance, chooses each; of each its inputs."""
        if self.of == "netlist":
            each = "".join(f"mutate -ctrl mutant_{number} 1 1 {mutant.new}\n" for number, mutant in enumerate(mutants, 1))
            netlist.run(self.folder, "read", f"{self.read}{each}write_rtlil free.il\n")
            return {number: [f"mutant_{number}"] for number in range(1, len(mutants) + 1)}
        rtl.write(self.rtl, self.folder / "rtl", [lasting(self.rtl, number, mutant) for number, mutant in enumerate(mutants, 1)], free=True)
        for number, mutant in enumerate(mutants, 1):
            declare(self.folder / "rtl" / mutant.file, number, mutant)
        netlist.run(self.folder, "read", f"{self.read}{FLAT}write_rtlil free.il\n")
        text = UNDRIVEN.sub("", (self.folder / "free.il").read_text())
        wires = [(wire[1] or "", wire[2], int(wire[3])) for wire in re.finditer(rf"^  wire (width \d+ )?({FREE})\n", text, re.M)]
        text = re.sub(rf"^  wire (width \d+ )?{FREE}\n", "", text, flags=re.M)
        ports = "".join(f"  wire {width}input {port} {wire}\n" for port, (width, wire, _) in enumerate(wires, 1000))
        (self.folder / "free.il").write_text(text.replace("module \\mmu\n", "module \\mmu\n" + ports, 1))
        return {number: [wire.removeprefix("\\") for width, wire, of in wires if of == number and not width] for number in range(1, len(mutants) + 1)}

    def beside(self, mutant):
        """The design with one mutant; None: it has a loop."""
        rtl.write(self.rtl, self.folder / "rtl", [mutant])
        (self.folder / "defect_pkg.sv").write_text(PLANTED)
        try:
            return self.design("mutant", self.read.replace(" mmu_cfg_pkg.sv", " defect_pkg.sv mmu_cfg_pkg.sv") + FLAT)
        except RuntimeError as error:
            if "logic loop" in str(error):
                return None
            raise

    def same(self, mutants, told=lambda at, uses: None):
        """Those of the mutants that are proved to be the same machine, by their place in the list: of what the proof made use
        (induction.py), nothing where one step is enough. told: is called with each as it is asked, None: it is not proved."""
        together = [at for at, mutant in enumerate(mutants) if self.of == "netlist" or has_wire(mutant)]
        inputs = self.free([mutants[at] for at in together])
        design = self.design("free", "read_rtlil free.il\n", frozenset(name for names in inputs.values() for name in names))
        known, proved = induction.Induction(design, self.preset), {}
        asked = [(at, number, None) for number, at in enumerate(together, 1)]
        asked += [(at, 0, self.beside(mutants[at])) for at in range(len(mutants)) if at not in together]
        for at, number, other in asked:
            if number or (other and {key for key in design.roots if "mutant_" not in key[1]} <= other.roots.keys()):
                says, uses = known.prove(inputs.get(number, []), number, other)
                if says:
                    proved[at] = uses
            told(at, proved.get(at))
        return proved


def has_wire(mutant):
    return mutant.file != "mmu_pkg.sv"


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
    """A mutant that leaves an assignment out, as one that assigns what the variable has then: in logic, and in a function
    that has given it none, any value, for nobody knows it; at the head of a clocked block what that had in the cycle
    before, in a register of its own."""
    if mutant.what != "assignment dropped" or "<=" in mutant.text:
        return mutant
    source, left = (folder / mutant.file).read_bytes(), re.match(r"(.*?[^=<>!|&+^-])=[^=]", mutant.text, re.S)
    where = block(source, mutant)
    if left and (where == "always_comb" or where == "function" and not has_value(source, mutant, left[1])):
        index = re.search(r"\[(\w)\]", left[1])
        return dataclasses.replace(mutant, new=f"{left[1].strip()} = mutant_{number}_any[{ANY}*{index[1] if index else 0}+:{ANY}];")
    if where == "always_ff" and KEPT.fullmatch(mutant.text):
        name = KEPT.fullmatch(mutant.text)[1]
        return dataclasses.replace(mutant, new=f"{name} = mutant_{number}_is_{name}_q;")
    return mutant


def declare(path, number, mutant):
    """What stands for those values, in a source that has the mutants already."""
    text = path.read_text()
    words = []
    if f"mutant_{number}_any" in text:
        words.append(f"logic [{ANY * INDICES - 1}:0] mutant_{number}_any;")
    name = re.search(rf"mutant_{number}_is_(\w+)_q;", text)
    if name:
        words.append(f"logic [63:0] mutant_{number}_is_{name[1]}_q;")
        text = text.replace(f"{name[1]}_q <= {name[1]};", f"begin {name[1]}_q <= {name[1]}; mutant_{number}_is_{name[1]}_q <= 64'({name[1]}); end")
    if words:
        path.write_text(re.sub(r"^\);$", ");\n  " + " ".join(words), text, count=1, flags=re.M))
