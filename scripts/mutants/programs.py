"""The programs that hold a batch of mutants: each bench with what is mutated in it, TWINWALK_DEFECT says which one
acts.

A program is (path, device, units): device is what --dut= and --on= of the bench name, units are the unit tests that
hold the mutants too, if they are wanted.
"""
import importlib
import os
import shutil
import subprocess
from pathlib import Path

import c
import netlist
import rtl

HOME = Path(__file__).resolve().parent.parent.parent


class Broken(Exception):
    """A program cannot be built; the text says why."""


def make(arguments):
    said = subprocess.run(["make", "-s", "-j2", *arguments], cwd=HOME, capture_output=True, text=True,
                          env=os.environ | {"MAKEFLAGS": ""})
    if said.returncode:
        raise Broken(f"make {' '.join(arguments)}: {(said.stdout + said.stderr).strip()[-1500:]}")


def of_rtl(preset, chosen, folder, wanted):
    rtl.write(HOME / "rtl", folder / "rtl", chosen)
    plant = importlib.import_module("plant_defects")
    (folder / "rtl/defect_pkg.sv").write_text(plant.PACKAGE)
    program = folder / "twinwalk-defects"
    make(["-f", "Makefile", "-f", "tb/defects/rules.mk", f"PRESET={preset}", f"MUTANTS={folder.relative_to(HOME)}",
          str(program.relative_to(HOME)), *(["defect-units"] if wanted else [])])
    return program, "defective", sorted(str(path) for path in (folder / "units").glob("test_*"))


def of_c(preset, chosen, folder, wanted):
    """The whole bench, in a copy of the repository. Mutated text is no reason to warn."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("rtl", "model", "tb", "traces", "config", "scripts", "VERSION", "Makefile"):
        source = HOME / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("*.tw"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / part)
    c.write(HOME, folder, chosen)
    units = ([f"build/{preset}/test/{path.stem}" for path in sorted((HOME / "model/tests").glob("test_*.c"))] if wanted
             else [])
    make(["-C", str(folder), f"PRESET={preset}", "WARN=-w", f"build/{preset}/twinwalk", *units])
    return folder / f"build/{preset}/twinwalk", "rtl", [str(folder / unit) for unit in units]


def of_netlist(preset, chosen, folder, _):
    dut = netlist.write(preset, folder, chosen).relative_to(HOME)
    make([f"PRESET={preset}", f"DUT={dut}", "dut-build"])
    where = subprocess.run(["scripts/dut.py", "where", str(dut), f"build/{preset}"], cwd=HOME, check=True,
                           capture_output=True, text=True)
    return HOME / f"build/{preset}/twinwalk-model", where.stdout.strip(), []


OF = {"rtl": of_rtl, "c": of_c, "netlist": of_netlist}
