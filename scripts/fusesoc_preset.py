#!/usr/bin/env python3
"""The generator of twinwalk.core: makes the SystemVerilog package of a preset, and the core that brings it.

FuseSoC calls it with a YAML file: files_root is this tree, parameters.preset the preset's name, vlnv what the new core
is to be called. Both files come into the current folder.
"""
import subprocess
import sys
from pathlib import Path

import yaml

asked = yaml.safe_load(Path(sys.argv[1]).read_text())
root, preset = Path(asked["files_root"]), asked["parameters"]["preset"]
made = subprocess.run([sys.executable, root / "scripts/config.py", "sv", root / f"config/{preset}.toml"],
                      stdout=subprocess.PIPE, text=True)
if made.returncode:
    sys.exit(made.returncode)
Path("mmu_cfg_pkg.sv").write_text(made.stdout)
core = {"name": asked["vlnv"],
        "filesets": {"rtl": {"files": ["mmu_cfg_pkg.sv"], "file_type": "systemVerilogSource"}},
        "targets": {"default": {"filesets": ["rtl"]}}}
Path("preset.core").write_text("CAPI=2:\n" + yaml.safe_dump(core))
