#!/usr/bin/env python3
"""Runs Verilator, whichever is there, and reads and mends the C++ that it wrote (scripts/verilated): how the design
remembers its clock and where its registers are; all logic settled once a clock; what is not kept from one function to
the next not stored; the state readout as a call.

  scripts/verilate.py check                           says nothing, or what is wrong with it
  scripts/verilate.py stamp FILE [TEXT]...            writes which Verilator it is, and TEXT, to FILE; an unchanged FILE
                                                      keeps its time
  scripts/verilate.py write DIR/PREFIX.written LABEL ARGUMENT...
                                                      verilates into DIR, and writes that empty file when all is there
  scripts/verilate.py compile TARGET                  compiles what was written there (TARGET: DIR/PREFIX__ALL.a or
                                                      DIR/PREFIX)
  scripts/verilate.py make TARGET LABEL ARGUMENT...   does both
  scripts/verilate.py writer FILE                     writes Verilator's code that writes FST to FILE, with
                                                      tb/dut/fst_writer.h in the place of fstapi, if it has that
  scripts/verilate.py clock DIR PREFIX                writes DIR/PREFIX_clock.h anew, and mends the C++ of a design with
                                                      a load_i
  scripts/verilate.py registers DIR PREFIX [FILE.sv]...
                                                      writes DIR/PREFIX_registers.h anew; says which register of the MMU
                                                      in those files nobody writes

REGISTERS_BESIDE names registers that need not be written, as those of planted defects.
VERILATOR names the program (else it is what PATH has: verilator, or verilator-cli of Python's package index); VMAKE
holds what goes on the command line of the make that compiles, COUNTS the folder with the counts of gcc's
-fprofile-generate, if any. Exit status: 0, 1 Verilator or the compiler refused, 7 there is no Verilator or it is too
old.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from verilated.events import clock
from verilated.flags import gather_flags
from verilated.locals import localize
from verilated.look import look
from verilated.registers import registers
from verilated.systemc import systemc
from verilated.waves import guard_waves

OLDEST = (5, 6)
PARTS = [Path(__file__).resolve(), *sorted(Path(__file__).resolve().with_name("verilated").glob("*.py"))]


class Unusable(Exception):
    """No Verilator, or none that will do; the text is the whole message."""


class Verilator:
    def __init__(self):
        command = (os.environ.get("VERILATOR")
                   or ("verilator" if shutil.which("verilator") or not shutil.which("verilator-cli")
                       else "verilator-cli"))
        self.path = shutil.which(command)
        if not self.path:
            raise Unusable(f"{command}: not found; `make setup` installs Debian's Verilator, "
                           "VERILATOR=/path/to/verilator names another")
        got = subprocess.run([self.path, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True)
        self.root = got.stdout.strip()
        try:
            config = Path(self.root, "include", "verilated_config.h").read_text()
        except OSError:
            raise Unusable(f"{self.path}: no Verilator of 5.006 or later: {self.root or '(no VERILATOR_ROOT)'} holds "
                           "no include/verilated_config.h")
        self.version = re.search(r'VERILATOR_VERSION "([^"]*)"', config)[1]
        number = tuple(int(n) for n in re.findall(r"\d+", self.version)[:2])
        if number < OLDEST:
            raise Unusable(f"{self.path}: Verilator {self.version} is too old, 5.006 is the oldest that will do; "
                           "VERILATOR= names another")

    def run(self, arguments, stderr=None):
        """Its chatter goes nowhere, its complaints to stderr: ours, or a file."""
        env = dict(os.environ)
        if "--sc" in arguments:
            for name, pattern in (("SYSTEMC_INCLUDE", "include/systemc"), ("SYSTEMC_LIBDIR", "lib/*/libsystemc.*")):
                found = next(Path("/usr").glob(pattern), None)
                if found:
                    env.setdefault(name, str(found.parent))
        return subprocess.run([self.path, *arguments], stdout=subprocess.DEVNULL, stderr=stderr, env=env).returncode


def check():
    Verilator()
    return 0


def stamp(file, *text):
    v = Verilator()
    me = hashlib.sha256(b"".join(part.read_bytes() for part in PARTS)).hexdigest()
    now = "\n".join([f"Verilator {v.version}", os.path.realpath(v.path), v.root, *text, me]) + "\n"
    file = Path(file)
    if not file.exists() or file.read_text() != now:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(now)
    return 0


def writer(file):
    """Newer ones than 5.032 have a writer in C++ of their own, which stays."""
    code = Path(Verilator().root, "include/verilated_fst_c.cpp").read_text()
    code = re.sub(r'#include "gtkwave/(fastlz|lz4)\.c"\n', "", code)
    code = code.replace('#include "gtkwave/fstapi.c"', '#include "gtkwave/fstapi.h"\n#include "fst_verilator.h"')
    emit = r"fstWriterEmitValueChange\(m_fst, m_symbolp\[code\], "
    code = re.sub(rf'{emit}newval \? "1" : "0"\)', "fstWriterEmitNumber(m_fst, m_symbolp[code], newval, 1)", code)
    code = re.sub(rf" *char buf\[\w+\];\n([^\n]*\n) *cvt[CSIQ]DataToStr\(buf, newval << \(\w+ - bits\)\);\n"
                  rf"( *){emit}buf\);",
                  r"\1\2fstWriterEmitNumber(m_fst, m_symbolp[code], newval, bits);", code)
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(code)
    return 0


def place(target):
    """Folder and prefix of what is verilated."""
    return Path(target).parent, Path(target).name.removesuffix("__ALL.a").removesuffix(".written")


def write(target, label, *arguments, foreign=None):
    """`foreign`: of somebody else's design; the file that takes what Verilator says of it."""
    folder, prefix = place(target)
    v = Verilator()
    if re.search(r"\s", os.getcwd()):
        raise Unusable(f"{os.getcwd()}: what Verilator writes cannot be made in a folder with blanks in its name; "
                       "another place will do")
    print(f"  verilate  {label}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)  # what another Verilator left there is not for this one's makefile
    folder.mkdir(parents=True)
    if v.run(["--prefix", prefix, "-Mdir", str(folder), *arguments], foreign):
        return 1
    if "--exe" not in arguments:
        clock(folder, prefix)
        if "--sc" in arguments:
            systemc(folder, prefix)
        rtl = [a for a in arguments if "--sc" not in arguments and re.search(r"(^|/)rtl/\w+\.sv$", a)]
        if rtl and not foreign:
            registers(folder, prefix, *rtl)
        localize(folder, prefix)
        gather_flags(folder, prefix)
        look(folder, prefix)
        guard_waves(folder, prefix)
    (folder / f"{prefix}.written").touch()
    return 0


def compile_written(target):
    folder, prefix = place(target)
    for counts in Path(os.environ.get("COUNTS") or os.devnull).glob("*.gcda"):  # beside the sources, where gcc looks
        shutil.copy(counts, folder)
    # The wheels of Python's package index hold a verilated.mk that does not say how headers are made in advance.
    command = ["make", "-s", "-C", str(folder), "-f", f"{prefix}.mk", "CFG_CXXFLAGS_PCH_I=-include",
               *shlex.split(os.environ.get("VMAKE", "")), Path(target).name]
    return 1 if subprocess.run(command, stdout=subprocess.DEVNULL, close_fds=False).returncode else 0


def make(target, label, *arguments, foreign=None):
    return write(target, label, *arguments, foreign=foreign) or compile_written(target)


def main(arguments):
    verbs = {"check": check, "stamp": stamp, "write": write, "compile": compile_written, "make": make, "writer": writer,
             "clock": clock, "registers": registers}
    if not arguments or arguments[0] not in verbs:
        print(__doc__, file=sys.stderr)
        return 2
    # make runs the lines that hand its jobs on (+) also where it only says what it would do.
    if re.match(r"[A-Za-z]*n[A-Za-z]*( |$)", os.environ.get("MAKEFLAGS", "")):
        return 0
    try:
        return verbs[arguments[0]](*arguments[1:])
    except Unusable as error:
        print(f"verilate: {error}", file=sys.stderr)
        return 7


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
