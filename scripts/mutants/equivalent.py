"""Is a mutant that nothing kills the same machine? Proved by Yosys: with every register of the two designs a cut, each
output and each register's next value is one function of the state and the inputs (SAT). Nothing is supposed of the
state, so what is equal only in states that are never reached is not proved here.

Mutants of modules are asked together: what chooses each is a wire that nothing drives, so that the question holds for any
of them, in any cycle, in any instance. Those that a register or output which is not proved depends on are left, and the
others asked again. Mutants of the package and of a netlist, and the last left, are asked one by one.
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

    def together(self, mutants):
        """The numbers, from 1, of those that something not proved depends on; nothing of them: all are the same machine."""
        rtl.write(HOME / "rtl", self.folder / "rtl", mutants, free=True)
        netlist.run(self.folder, "read", f"{self.read}{FLAT}write_rtlil free.il\n")
        text = UNDRIVEN.sub("", (self.folder / "free.il").read_text())
        wires = "".join(f"  wire input {port} {wire[1]}\n" for port, wire in enumerate(re.finditer(rf"^  wire ({FREE})\n", text, re.M), 1000))
        text = re.sub(rf"^  wire {FREE}\n", "", text, flags=re.M)
        for name, of, module in (("free.il", text, "module \\mmu\n"), ("gold-free.il", (self.folder / "gold.il").read_text(), "module \\gold\n")):
            (self.folder / name).write_text(of.replace(module, module + wires, 1))  # inputs, which both have
        log = self.equal("together", "gold-free.il", "read_rtlil free.il\n")
        cells = UNPROVEN.findall(log)
        if not STATUS.findall(log):
            return set(range(1, len(mutants) + 1))
        if not cells:
            return set()
        netlist.run(self.folder, "cone", "read_rtlil eq.il\nselect -module eq\n" + "".join(f"select -set one c:{cell}\nselect -set bad @bad @one %u\n" if number else f"select -set bad c:{cell}\n"
                    for number, cell in enumerate(cells)) + f"select -set cone @bad %ci2 %ci*:{REGISTERS}\nselect -write cone.txt @cone w:*mutant_* %i\n")
        return {int(number) for number in re.findall(r"mutant_(\d+)", (self.folder / "cone.txt").read_text())}

    def same(self, mutants):
        """Those of the mutants that are proved to be the same machine, by their place in the list."""
        free = [at for at, mutant in enumerate(mutants) if self.of == "rtl" and mutant.file != "mmu_pkg.sv"]
        alone = [at for at in range(len(mutants)) if at not in free]
        while free:
            doubtful = self.together([mutants[at] for at in free])
            if not doubtful:
                break
            alone += [free[number - 1] for number in sorted(doubtful)]
            free = [at for number, at in enumerate(free, 1) if number not in doubtful]
        return {*free, *(at for at in alone if self.proves(mutants[at]))}
