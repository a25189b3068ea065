"""Is a mutant that nothing kills the same machine? With every register taken as given, each output and each register's next
value must be the same function of the state and the inputs: what hashing of the gates does not find is asked of a SAT solver
(graph.py). Nothing is supposed of the state, so what is equal only in states that are never reached is not proved here. What
is x in the design is 0 on both sides.

Of modules, and of a netlist, one graph has all mutants: what chooses each is an input, and all but the one that is asked
about are off. A mutant of the package, whose functions have no wires, is a design of its own beside the other; so is one that
leaves an assignment of logic out, which may make a loop of it (then nothing is proved).
"""
import re
import shutil
from pathlib import Path

import graph
import netlist
import rtl

HOME = Path(__file__).resolve().parent.parent.parent
FLAT = "hierarchy -top mmu\nproc\nflatten\n"
ZERO = "setundef -zero\n"
# Memories and registers with enables and resets become plain registers, all else and-gates and inverters.
GATES = (f"{ZERO}memory -nomap\nmemory_map\n{netlist.WITHOUT}opt_clean\n{ZERO}setundef -undriven -zero\ndffunmap\nsimplemap\ntechmap\nsimplemap\nopt_clean\n"
         f"setattr -unset init w:*\naigmap\nopt_clean\n{ZERO}write_aiger -ascii -symbols -no-startoffset ")
PLANTED = "package defect_pkg;\n  localparam int unsigned planted = 1;\nendpackage\n"
FREE = r"\\(?:\S*\.)?mutant_(\d+)"
# In RTLIL, what slang makes of a wire without driver.
UNDRIVEN = re.compile(rf"^  cell \$buf \S+\n(?:    parameter .*\n)*    connect \\A 1'x\n    connect \\Y {FREE}\n  end\n", re.M)


class Prover:
    """One preset's design, and mutants held against it: of the RTL, or of its netlist."""
    def __init__(self, preset, folder, of):
        self.folder, self.of = Path(folder), of
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
        rtl.write(HOME / "rtl", self.folder / "rtl", mutants, free=True)
        netlist.run(self.folder, "read", f"{self.read}{FLAT}write_rtlil free.il\n")
        text = UNDRIVEN.sub("", (self.folder / "free.il").read_text())
        wires = [(wire[1], int(wire[2])) for wire in re.finditer(rf"^  wire ({FREE})\n", text, re.M)]
        text = re.sub(rf"^  wire {FREE}\n", "", text, flags=re.M)
        ports = "".join(f"  wire input {port} {wire}\n" for port, (wire, _) in enumerate(wires, 1000))
        (self.folder / "free.il").write_text(text.replace("module \\mmu\n", "module \\mmu\n" + ports, 1))
        return {number: [wire.removeprefix("\\") for wire, of in wires if of == number] for number in range(1, len(mutants) + 1)}

    def beside(self, mutant):
        """The design with one mutant; None: it has a loop."""
        rtl.write(HOME / "rtl", self.folder / "rtl", [mutant])
        (self.folder / "defect_pkg.sv").write_text(PLANTED)
        try:
            return self.design("mutant", self.read.replace(" mmu_cfg_pkg.sv", " defect_pkg.sv mmu_cfg_pkg.sv") + FLAT)
        except RuntimeError as error:
            if "logic loop" in str(error):
                return None
            raise

    def same(self, mutants):
        """Those of the mutants that are proved to be the same machine, by their place in the list."""
        together = [at for at, mutant in enumerate(mutants) if self.of == "netlist" or has_wire(mutant)]
        inputs = self.free([mutants[at] for at in together])
        design = self.design("free", "read_rtlil free.il\n", frozenset(name for names in inputs.values() for name in names))
        proved = {at for number, at in enumerate(together, 1) if design.same_with(inputs[number])}
        alone = [at for at in range(len(mutants)) if at not in together]
        return proved | {at for at in alone if (other := self.beside(mutants[at])) and design.same_as(other)}


def has_wire(mutant):
    return mutant.file != "mmu_pkg.sv" and (mutant.what != "assignment dropped" or "<=" in mutant.text)
