"""Is a mutant that nothing kills the same machine? Proved by Yosys: with every register of the two designs a cut, each
output and each register's next value is one function of the state and the inputs (SAT). Nothing is supposed of the
state, so what is equal only in states that are never reached is not proved here.

Mutants of modules, and of a netlist, are asked together: what chooses each is a wire that nothing drives, so that the
question holds for any of them, in any cycle, in any instance. Those that nothing depends on which is not proved are the same
machine; of the others this is asked with all the rest left out. Mutants of the package are asked one by one.
"""
import re
import shutil
from pathlib import Path

import netlist
import rtl

HOME = Path(__file__).resolve().parent.parent.parent
FLAT = "hierarchy -top mmu\nproc\nflatten\n"
PREPARE = "opt -full\nmemory -nomap\nmemory_map\nsetundef -undriven -zero\nopt -full\n"
PLANTED = "package defect_pkg;\n  localparam int unsigned planted = 1;\nendpackage\n"
STATUS = re.compile(r"Of those cells (\d+) are proven and (\d+) are unproven")
UNPROVEN = re.compile(r"Unproven \$equiv (\S+):")
FREE = r"\\(?:\S*\.)?mutant_(\d+)"
# In RTLIL, what slang makes of a wire without driver.
UNDRIVEN = re.compile(rf"^  cell \$buf \S+\n(?:    parameter .*\n)*    connect \\A 1'x\n    connect \\Y {FREE}\n  end\n", re.M)
# What a wire reaches: what logic makes of it, without a step through a register; and behind that the registers that take it,
# and the cells that compare them: of a few steps none too few.
BEYOND = "%co6"
REGISTERS = "-$equiv,-$dff,-$dffe,-$sdff,-$sdffe,-$sdffce,-$mem_v2"


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
        netlist.run(self.folder, "gold", f"{self.read}{FLAT}{PREPARE}rename mmu gold\nwrite_rtlil gold.il\n")

    def equal(self, name, gold, gate):
        """Yosys' log of the question whether what the commands of gate make is the same as gold."""
        return netlist.run(self.folder, name, f"read_rtlil {gold}\ndesign -stash gold\n{gate}{PREPARE}rename mmu gate\ndesign -copy-from gold -as gold gold\n"
                           "equiv_make gold gate eq\nhierarchy -top eq\nopt_merge\nequiv_simple -short\nequiv_status\nwrite_rtlil eq.il\n")

    def proves(self, mutant):
        """True: it is the same machine. False: not proved."""
        if self.of == "netlist":
            gate = f"{self.read}mutate {mutant.new}\n"
        else:
            rtl.write(HOME / "rtl", self.folder / "rtl", [mutant])
            (self.folder / "defect_pkg.sv").write_text(PLANTED)
            gate = self.read.replace(" mmu_cfg_pkg.sv", " defect_pkg.sv mmu_cfg_pkg.sv") + FLAT
        status = STATUS.findall(self.equal("mutant", "gold.il", gate))
        return bool(status) and int(status[-1][0]) > 0 and int(status[-1][1]) == 0

    def free(self, mutants):
        """free.il, with all of them, and gold-free.il: to both an input mutant_NUMBER chooses each."""
        if self.of == "netlist":
            each = "".join(f"mutate -ctrl mutant_{number} 1 1 {mutant.new}\n" for number, mutant in enumerate(mutants, 1))
            netlist.run(self.folder, "read", f"{self.read}{each}write_rtlil free.il\n")
            names, text = [f"\\mutant_{number}" for number in range(1, len(mutants) + 1)], (self.folder / "free.il").read_text()
        else:
            rtl.write(HOME / "rtl", self.folder / "rtl", mutants, free=True)
            netlist.run(self.folder, "read", f"{self.read}{FLAT}write_rtlil free.il\n")
            text = UNDRIVEN.sub("", (self.folder / "free.il").read_text())
            names = [wire[1] for wire in re.finditer(rf"^  wire ({FREE})\n", text, re.M)]
            text = re.sub(rf"^  wire {FREE}\n", "", text, flags=re.M)
        wires = "".join(f"  wire input {port} {name}\n" for port, name in enumerate(names, 1000))
        gold = (self.folder / "gold.il").read_text()
        (self.folder / "gold-free.il").write_text(gold.replace("module \\gold\n", "module \\gold\n" + wires, 1))
        (self.folder / "free.il").write_text(text if self.of == "netlist" else text.replace("module \\mmu\n", "module \\mmu\n" + wires, 1))

    def together(self, mutants):
        """Of each the cells of eq.il that are not proved and depend on it, some too many; None: the question has no answer."""
        self.free(mutants)
        log = self.equal("together", "gold-free.il", "read_rtlil free.il\n")
        if not STATUS.findall(log):
            return None
        cells = set(UNPROVEN.findall(log))
        asked = "".join(f"log CONE {number}\nselect -list w:*mutant_{number} %co*:{REGISTERS} {BEYOND} t:$equiv %i\n" for number in range(1, len(mutants) + 1))
        log = netlist.run(self.folder, "cone", f"read_rtlil eq.il\nselect -module eq\n{asked}log END\n")
        cones = {int(number): set(re.findall(r"^eq/(\S+)$", cone, re.M)) & cells for number, cone in re.findall(r"^CONE (\d+)\n(.*?)(?=^CONE|^END)", log, re.M | re.S)}
        return [sorted(cones[number]) for number in range(1, len(mutants) + 1)]

    def without_others(self, number, cells):
        """True: with all the others left out, what of eq.il depends on this one is proved too."""
        text = re.sub(rf"^  wire input \d+ ({FREE})\n", lambda wire: wire[0] if int(wire[2]) == number else f"  wire {wire[1]}\n  connect {wire[1]} 1'0\n",
                      (self.folder / "eq.il").read_text(), flags=re.M)
        (self.folder / "alone.il").write_text(text)
        of = " ".join(f"c:{cell}" for cell in cells)
        log = netlist.run(self.folder, "alone", f"read_rtlil alone.il\nselect -module eq\nequiv_simple -short {of}\nequiv_status {of}\n")
        status = STATUS.findall(log)
        return bool(status) and int(status[-1][1]) == 0

    def same(self, mutants):
        """Those of the mutants that are proved to be the same machine, by their place in the list."""
        free = [at for at, mutant in enumerate(mutants) if self.of == "netlist" or mutant.file != "mmu_pkg.sv"]
        proved, alone = set(), [at for at in range(len(mutants)) if at not in free]
        answer = self.together([mutants[at] for at in free]) if free else None
        for number, at in enumerate(free, 1):
            if answer is None:
                alone.append(at)
            elif not answer[number - 1] or self.without_others(number, answer[number - 1]):
                proved.add(at)
        return proved | {at for at in alone if self.proves(mutants[at])}
