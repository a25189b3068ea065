#!/usr/bin/env python3
"""A foreign MMU in a folder with a description, dut.toml, made into a library that `--dut=` takes
(docs/bring-your-own.md).

  dut.py look FOLDER PRESET.toml     prints its key, which names its folder under build/, and the features of the preset
                                     that it lacks
  dut.py make FOLDER BUILD           builds BUILD/dut/KEY/libdut.so, unless nothing that it is made of has changed;
                                     BUILD is the preset's build folder
  dut.py where FOLDER BUILD          prints the path of that library

The Makefile says in the environment what it compiles with: VERILATOR, VFLAGS, VMAKE, CXX, CXXFLAGS, VRUN. Exit status
(tb/base/exits.h): 0, 1 Verilator or the compiler refused, 2 wrong usage, 3 the description or a file of it is wrong, 7
there is no Verilator, 130 interrupted.
"""
import difflib
import fcntl
import glob
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import config
import verilate

DESCRIPTION = "dut.toml"
ROOT = Path(__file__).resolve().parent.parent
PORTS = "tb/dut/mmu_ports.svh"
LEVELS = ("arch", "events", "cycle", "state")
FEATURES = [key.removeprefix("arch.") for key, (kind, *_) in config.SCALARS.items() if key.startswith("arch.")
            and kind is bool]
# Our outputs that need not be driven, and what stands there then.
DEFAULTS = {"waiting_o": "'0", "state_data_o": "'0", "mem_req_tag_o": "'0", "resp_src_o": "{NP{2'd2}}"}
# How a place in the description is called in what Verilator reads: a name without blanks.
TOKEN = "TWINWALK_DUT_TOML"
# What is compiled into the library besides the design, and what makes it.
OURS = ("scripts/dut.py", *(os.path.relpath(part, Path(__file__).resolve().parent.parent) for part in verilate.PARTS),
        "tb/dut/library.cpp", "tb/dut/events.c", "tb/dut/library.map", "tb/dut/turns.sv", PORTS)


class Bad(Exception):
    """A description that cannot be used; the text is the whole message."""


def pins():
    """Our ports in their order: (name, is an output)."""
    found = re.findall(r"^\s*(input|output)\s.*?(\w+),?\s*$", (ROOT / PORTS).read_text(), re.M)
    return [(name, direction == "output") for direction, name in found]


# key -> (type, what it must be); what is not here is no key
KEYS = {
    "top": (str, "the name of the top module"),
    "files": (list, "a list of names of files, or of patterns as rtl/*.sv, in the order in which they are read"),
    "include": (list, "a list of folders for `include"),
    "defines": (dict, "a table of macros, as SYNTHESIS = \"1\""),
    "name": (str, "what reports call it"),
    "check": (str, "arch, events, cycle or state"),
    "requests": (str, "each (a request port for every port of the preset) or one (one request at a time)"),
    "features": (list, f"a list of {', '.join(FEATURES)}"),
    "state": (bool, "true or false: whether it answers the state words of docs/microarchitecture.md section 17"),
    "squash": (bool, "true or false: whether it drops the requests that squash_valid_i and squash_id_i name"),
    "parameters": (dict, "a table: its parameter = a value, or an expression of names of mmu_cfg_pkg"),
    "ports": (dict, "a table: its port = an expression of our pins (tb/dut/mmu_ports.svh)"),
    "outputs": (dict, "a table: our output = an expression of its output ports, or a constant"),
}


class Dut:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / DESCRIPTION
        try:
            self.text = self.path.read_bytes().decode()
            tree = tomllib.loads(self.text)
        except OSError as error:
            raise Bad(f"{self.path}: {error.strerror}; DUT= names a folder with this file, docs/bring-your-own.md says "
                      "what stands in it")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Bad(f"{self.path}: not a TOML file: {error}")
        self.tree = tree
        self.check_keys()
        self.top, self.parameters = tree["top"], tree.get("parameters", {})
        self.name = tree.get("name", self.folder.resolve().name)
        self.check, self.state = tree.get("check", "arch"), tree.get("state", False)
        self.one = tree.get("requests", "each") == "one"
        self.squash = tree.get("squash", False)
        self.features = set(tree.get("features", FEATURES))
        self.ports, self.outputs = tree.get("ports"), tree.get("outputs", {})
        self.check_values()
        self.sources = self.find_files()
        self.include = [self.folder / name for name in tree.get("include", [])]
        for name, path in zip(tree.get("include", []), self.include):
            if not path.is_dir():
                self.refuse("include", name, f"there is no such folder in {self.folder}")

    # ---- what is refused, with its place ----

    def line(self, key):
        """The line of the description that a key, or a table's head, stands on; 1 when it is written in another way."""
        table, _, name = key.rpartition(".")
        here = ""
        for number, text in enumerate(self.text.splitlines(), 1):
            head = re.match(r"\s*\[([^\[\]]*)\]\s*(#.*)?$", text)
            if head:
                here = head[1].strip()
                if here == key:
                    return number
            elif here == table and re.match(rf"""\s*["']?{re.escape(name)}["']?\s*=""", text):
                return number
        return 1

    def refuse(self, key, value, reason):
        shown = json.dumps(value, ensure_ascii=False) if not isinstance(value, dict) else "{…}"
        raise Bad(f"{self.path}:{self.line(key)}: {key} = {shown}: {reason}")

    def check_keys(self):
        for key, value in self.tree.items():
            if key not in KEYS:
                raise Bad(f"{self.path}:{self.line(key)}: {key}: no such key{near(key, KEYS)}; there are: "
                          f"{', '.join(KEYS)}")
            kind, what = KEYS[key]
            if type(value) is not kind:
                self.refuse(key, value, f"must be {what}")
            if kind is list and not all(isinstance(one, str) for one in value):
                self.refuse(key, value, f"must be {what}")
        for key in ("top", "files"):
            if not self.tree.get(key):
                raise Bad(f"{self.path}: {key} is missing: it must be {KEYS[key][1]}")

    def check_values(self):
        if not re.fullmatch(r"[A-Za-z_]\w*", self.top):
            self.refuse("top", self.top, "must be the name of a module, as it stands in the source")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", self.name):
            self.refuse("name", self.name,
                        "must be 1 to 40 letters, digits, dots, dashes: folders of results are named by it"
                        + ("" if "name" in self.tree else " (it is the folder's name, unless `name` says another)"))
        for key, choices in (("check", LEVELS), ("requests", ("each", "one"))):
            if key in self.tree and self.tree[key] not in choices:
                self.refuse(key, self.tree[key], f"must be {KEYS[key][1]}")
        for feature in self.tree.get("features", []):
            if feature not in FEATURES:
                self.refuse("features", feature,
                            f"no such feature{near(feature, FEATURES)}; there are: {', '.join(FEATURES)}")
        if self.one and self.ports is None:
            self.refuse("requests", "one",
                        "needs [ports]: the pins of one request port, by the names of tb/dut/mmu_ports.svh")
        if self.outputs and self.ports is None:
            raise Bad(f"{self.path}: [outputs] is for what [ports] does not say, and [ports] is missing")
        for table in ("parameters", "ports", "outputs", "defines"):
            for key, value in self.tree.get(table, {}).items():
                if table == "parameters" and type(value) is int:
                    continue
                if not isinstance(value, str):
                    self.refuse(f"{table}.{key}", value,
                                "must be a string" + (" or a whole number" if table == "parameters" else ""))
                if "\n" in value or table != "defines" and ("`" in value or ";" in value):
                    self.refuse(f"{table}.{key}", value, "must be one expression of SystemVerilog")
                if not re.fullmatch(r"[A-Za-z_]\w*", key):
                    self.refuse(f"{table}.{key}", value, "the key must be a name of SystemVerilog")

    def find_files(self):
        found = []
        for pattern in self.tree["files"]:
            paths = (sorted(glob.glob(pattern, root_dir=self.folder, recursive=True)) if glob.has_magic(pattern)
                     else [pattern])
            if not paths:
                self.refuse("files", pattern, f"matches nothing in {self.folder}")
            for name in paths:
                path = self.folder / name
                if not path.is_file():
                    self.refuse("files", pattern, f"there is no such file in {self.folder}")
                if path not in found:
                    found.append(path)
        return found

    # ---- the description as SystemVerilog ----

    def wiring(self):
        """(what is at each port of theirs, our outputs as they are driven); each with the key that says so."""
        ours = dict(pins())
        connected, driven = [], {}

        def value_of(key):
            table, name = key.split(".")
            return self.tree[table][name]

        def whole(pin, key):  # and not a part of it, as req_ready_o[0]
            return key.startswith("outputs.") or not re.search(rf"\b{pin}\s*\[", value_of(key))

        def drives(pin, key):
            if pin in driven and (whole(pin, key) or whole(pin, driven[pin])):
                self.refuse(key, value_of(key),
                            f"{pin} is driven already, by {driven[pin]} in line {self.line(driven[pin])}")
            driven.setdefault(pin, key)

        for port, value in self.ports.items():
            key = f"ports.{port}"
            names = words(value)
            for name in names:
                if re.search("_[io]$", name) and name not in ours:
                    self.refuse(key, value,
                                f"{name} is none of our pins{near(name, ours)} (tb/dut/mmu_ports.svh has them all)")
            outs = [name for name in names if ours.get(name)]
            if outs and len(outs) < len(names):
                self.refuse(key, value,
                            f"{outs[0]} is an output of ours: what drives it is that output, parts of it, or several "
                            "in braces, and nothing else; "
                            "an expression goes to [outputs]")
            for pin in outs:
                drives(pin, key)
            connected.append((port, value.strip(), bool(outs), key))
        for pin, value in self.outputs.items():
            key = f"outputs.{pin}"
            if not ours.get(pin):
                self.refuse(key, value,
                            f"{pin} is none of our outputs{near(pin, [name for name in ours if ours[name]])} "
                            "(tb/dut/mmu_ports.svh has them all)")
            drives(pin, key)
        missing = [pin for pin, is_output in ours.items() if is_output and pin not in driven and pin not in DEFAULTS
                   and not (self.one and pin == "resp_id_o")]
        if missing:
            raise Bad(f"{self.path}: nothing drives {', '.join(missing)}: name the port that does in [ports], or give "
                      f"{'it a value' if len(missing) == 1 else 'them values'} in [outputs]")
        return connected, driven

    def instance(self):
        """The lines of the wrapper's body, each behind the place in the description that it comes from."""
        at = lambda key: f'`line {self.line(key)} "{TOKEN}" 0'
        lines = []
        parameters = [f"{at(f'parameters.{name}')}\n    .{name}({value})" for name, value in self.parameters.items()]
        head = (f"  {self.top} #(\n" + ",\n".join(parameters) + f"\n{at('top')}\n  ) u_dut (" if parameters
                else f"{at('top')}\n  {self.top} u_dut (")
        if self.ports is None:
            return [f"{head}.*);"]
        connected, driven = self.wiring()
        links = []
        for port, value, is_output, key in connected:
            if not value:  # a net that nothing drives shows when it is an input
                lines.append(f"{at(key)}\n  var type(u_dut.{port}) {port}__open;")
                value = f"{port}__open"
            if is_output and value[0] in "!~":
                net = value[1:].strip()
                lines.append(f"  logic [$bits({net})-1:0] {port}__inverted;\n{at(key)}\n  assign {net} = "
                             f"~{port}__inverted;")
                value = f"{port}__inverted"
            links.append(f"{at(key)}\n    .{port}({value})")
        lines.append(head + "\n" + ",\n".join(links) + f"\n{at('top')}\n  );")
        for pin, value in self.outputs.items():
            theirs = re.sub(r"(?<![\w'$.])[A-Za-z_]\w*",
                            lambda word: f"u_dut.{word[0]}" if word[0] in self.ports else word[0], value)
            lines.append(f"{at(f'outputs.{pin}')}\n  assign {pin} = {theirs};")
        for pin, value in DEFAULTS.items():
            if pin not in driven:
                lines.append(f"  assign {pin} = {value};")
        if self.one and "resp_id_o" not in driven:
            lines.append("  assign resp_id_o = '0;  // kept by turns.sv")
        return lines

    def wrapper(self):
        """The top module, Verilated as Vdut: `mapped`, or `turns` around it."""
        size = "parameter int unsigned NP = 1" if self.one else "localparam int unsigned NP = PORTS_FETCH + PORTS_DATA"
        return "\n".join([f"// Made of a description by scripts/dut.py: {self.top} behind our pins.",
                          "module mapped", "  import mmu_cfg_pkg::*;", "#(", f"  {size}", ") (",
                          '  `include "mmu_ports.svh"', ");", *self.instance(), "endmodule", ""])

    def keeps_id(self):
        return (self.one and not any("resp_id_o" in words(value) for value in self.ports.values())
                and "resp_id_o" not in self.outputs)


def words(expression):
    """The names in an expression, without literals, members and system functions."""
    return re.findall(r"(?<![\w'$.])[A-Za-z_]\w*", expression)


def near(name, names):
    close = difflib.get_close_matches(name, list(names), 1)
    return f"; did you mean {close[0]}?" if close else ""


def key_of(folder):
    """A plain name for a folder: its own, and a checksum of where it is."""
    path = Path(folder).resolve()
    plain = re.sub(r"[^A-Za-z0-9._-]", "+", path.name)
    try:
        place = str(path.relative_to(ROOT))
    except ValueError:
        place = str(path)
    return f"{plain}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:8]}"


def look(folder, preset):
    dut, values = Dut(folder), config.Preset(preset).values
    dut.wrapper()  # what is wrong with the wiring shows here, before anything is built
    lacks = [name for name in FEATURES if values[f"arch.{name}"] and name not in dut.features]
    print(key_of(folder), *lacks)
    return 0


# ---- building ----

class Build:
    def __init__(self, folder, build):
        self.dut, self.gen = Dut(folder), Path(build, "gen")
        self.to = Path(build, "dut", key_of(folder))
        self.library = self.to / "libdut.so"
        self.env = {name: os.environ.get(name, "") for name in ("VFLAGS", "VMAKE", "CXX", "CXXFLAGS", "VRUN")}
        # ours are not for what Verilator makes: its makefile would take -g, at a multiple of the time
        os.environ.pop("CXXFLAGS", None)

    def print_of(self, read):
        """A checksum of all that the library is made of: what is asked for, and the files that were read."""
        sum_ = hashlib.sha256(json.dumps([self.env, verilate.Verilator().version,
                                          [str(path) for path in self.dut.sources]]).encode())
        for path in sorted({*read, str(self.dut.path), *map(str, self.dut.sources), *OURS, *self.env["VRUN"].split()}):
            sum_.update(path.encode() + b"\0")
            try:
                sum_.update(hashlib.sha256(Path(path).read_bytes()).digest())
            except OSError:
                return None
        return sum_.hexdigest()

    def is_made(self):
        try:
            made = json.loads((self.to / "made.json").read_text())
            return self.library.exists() and made["sum"] == self.print_of(made["read"])
        except (OSError, ValueError, KeyError):
            return False

    def was_read(self):
        """Every file that Verilator and the compiler have read, but for what they made themselves."""
        read = re.findall(r'^S .*"(.*)"$', (self.to / "cc/Vdut__verFiles.dat").read_text(), re.M)
        for rules in self.to.glob("*.d"):
            depends = re.sub(r"\\\n", " ", rules.read_text()).partition(":")[2]
            read += [re.sub(r"\\([ #])", r"\1", path).replace("$$", "$")
                     for path in re.findall(r"(?:\\.|\S)+", depends)]
        return sorted({path for path in read if Path(path).is_file() and not Path(path).is_relative_to(self.to)})

    def make(self):
        self.to.mkdir(parents=True, exist_ok=True)
        with open(self.to / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at a time
            if self.is_made():
                return 0
            (self.to / "made.json").unlink(missing_ok=True)
            self.library.unlink(missing_ok=True)
            for old in self.to.glob("*.[do]"):
                old.unlink()
            self.check_features()
            if not self.verilate() or not self.compile():
                return 1
            read = self.was_read()
            (self.to / "made.json").write_text(json.dumps({"sum": self.print_of(read), "read": read}, indent=1))
        return 0

    def check_features(self):
        offered = re.findall(r"^#define CFG_ARCH_(\w+) 1 ", (self.gen / "mmu_cfg.h").read_text(), re.M)
        lacks = [name for name in FEATURES if name.upper() in offered and name not in self.dut.features]
        if lacks:
            self.dut.refuse("features", self.dut.tree["features"],
                            f"lacks {', '.join(lacks)}, which {self.gen.parent} has; `make DUT=` takes the preset "
                            "without")

    def verilate(self):
        dut = self.dut
        code = [path for path in dut.sources if path.suffix in (".c", ".cc", ".cpp")]
        design = [path for path in dut.sources if path not in code]
        (self.to / "mapped.sv").write_text(dut.wrapper())
        # What Verilator's linter says of a foreign design is not this bench's matter; what it says of the wiring is.
        quiet = [f'lint_off -file "{path}"' for path in (*design, f"{glob.escape(str(dut.folder))}/*",
                                                         *(f"{glob.escape(str(path))}/*" for path in dut.include))]
        (self.to / "quiet.vlt").write_text("`verilator_config\n" + "\n".join(quiet) + "\n")
        (self.to / "described.h").write_text(f"""\
/* Made of a description by scripts/dut.py. */
#define DESCRIBED_NAME {json.dumps(dut.name)}
#define DESCRIBED_CHECK {json.dumps(dut.check)}
#define DESCRIBED_STATE {str(dut.state).lower()}
#define DESCRIBED_SQUASH {str(dut.squash).lower()}
""")
        arguments = ["--cc", *self.env["VFLAGS"].split(), "-Wwarn-UNDRIVEN", "--no-timing", "--no-MMD", "-Itb/dut",
                     *(f"-I{path}" for path in dut.include), f"-I{dut.folder}",
                     *(f"-D{name}={value}" for name, value in dut.tree.get("defines", {}).items()),
                     "--top-module", "turns" if dut.one else "mapped",
                     *([f"-GKEEP_ID=1'b{int(dut.keeps_id())}"] if dut.one else []),
                     str(self.to / "quiet.vlt"), str(self.gen / "mmu_cfg_pkg.sv"), *map(str, design),
                     str(self.to / "mapped.sv"), *(["tb/dut/turns.sv"] if dut.one else [])]
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            status = verilate.make(str(self.to / "cc/Vdut__ALL.a"), f"{dut.name} ({self.to.parent.parent.name})",
                                   *arguments, foreign=said)
            said.seek(0)
            sys.stderr.write(explained(said.read(), dut))
        return status == 0

    def compile(self):
        """The adapter, what C and C++ the design brings, and the library."""
        root = verilate.Verilator().root
        cxx = shlex.split(self.env["CXX"]) or ["c++"]
        common = [*shlex.split(self.env["CXXFLAGS"]), "-fPIC", "-I", str(self.to), "-I", str(self.to / "cc"), "-I", ".",
                  "-I", "model",
                  "-I", "tb", "-I", "tb/dut", "-I", str(self.gen), "-isystem", f"{root}/include", "-isystem",
                  f"{root}/include/vltstd", "-MMD"]
        objects = []
        for number, path in enumerate([Path("tb/dut/library.cpp"), Path("tb/dut/events.c"),
                                       *(path for path in self.dut.sources if path.suffix in (".c", ".cc", ".cpp"))]):
            objects.append(str(self.to / f"{number}-{re.sub('[^A-Za-z0-9._-]', '+', path.stem)}.o"))
            how = (["-x", "c", "-std=gnu11", *[flag for flag in common if not flag.startswith("-std=")]]
                   if path.suffix == ".c" else common)
            if subprocess.run([*cxx, *how, "-c", str(path), "-o", objects[-1]]).returncode:
                return False
        needs = ["-lz", "-llz4", "-lpthread"]
        new = self.to / "libdut.so.new"
        if subprocess.run([*cxx, "-shared", "-Wl,--version-script=tb/dut/library.map", "-Wl,-z,defs", *objects,
                           str(self.to / "cc/Vdut__ALL.a"),
                           *self.env["VRUN"].split(), *needs, "-o", str(new)]).returncode:
            return False
        new.rename(self.library)
        return True


def modules(sources):
    """The names of the modules in these files, as far as they can be seen without reading them as Verilog is read."""
    return {name for path in sources for name in re.findall(r"^\s*module\s+(?:automatic\s+|static\s+)?(\w+)",
                                                            path.read_text(errors="replace"), re.M)}


def explained(said, dut):
    """What Verilator says of the wiring, in the words of the description; what it shows of the file that was made of it
    is left out."""
    # and much more that comes of it
    if re.search(rf"^%Error[^\n]* {TOKEN}:[^\n]*(module|interface): '{dut.top}'", said, re.M):
        return (f"dut: {dut.path}:{dut.line('top')}: top = \"{dut.top}\": none of its files has such a module"
                f"{near(dut.top, modules(dut.sources))}\n")
    out, told = [], False
    for line in said.splitlines():
        if told and (line.startswith(" ") or line.startswith("%Error: Exiting")):
            continue
        pin = re.match(rf"%(?:Error|Warning)-PIN(NOTFOUND|MISSING): {TOKEN}:(\d+):\d+: .*?'(\w+)'", line)
        floats = re.match(rf"%Warning-UNDRIVEN: {TOKEN}:(\d+):\d+: .*'(\w+)__open'", line)
        idle = re.match(rf"%Warning-UNDRIVEN: {PORTS}:.*Signal is not driven: '(\w+)'$", line)
        if pin and pin[1] == "NOTFOUND":
            table = "parameters" if pin[3] in dut.parameters and pin[3] not in (dut.ports or {}) else "ports"
            line = (f"dut: {dut.path}:{pin[2]}: {table}.{pin[3]}: module {dut.top} has no such "
                    f"{'parameter' if table == 'parameters' else 'port'}")
        elif pin:
            line = (f"dut: {dut.path}:{dut.line('ports')}: ports: module {dut.top} has a port {pin[3]} too: give it an "
                    "expression, or \"\" when it is an output that nobody needs")
        elif floats:
            line = (f"dut: {dut.path}:{floats[1]}: ports.{floats[2]} = \"\": module {dut.top} has it as an input: give "
                    "it an expression, as \"1'b0\"")
        elif idle:
            keys = [f"ports.{port}" for port, value in dut.ports.items() if idle[1] in words(value)]
            line = (f"dut: {dut.path}:{dut.line(keys[0]) if keys else 1}: {' and '.join(keys)}: nothing drives "
                    f"{idle[1]}: what is to drive it is an input of module {dut.top}")
        told = bool(pin or floats or idle)
        out.append(line.replace(TOKEN, str(dut.path)) + "\n")
    return "".join(out)


def make(folder, build):
    return Build(folder, build).make()


def where(folder, build):
    print(Path(build, "dut", key_of(folder), "libdut.so"))
    return 0


def main(arguments):
    verbs = {"look": look, "make": make, "where": where}
    if len(arguments) != 3 or arguments[0] not in verbs:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return verbs[arguments[0]](*arguments[1:])
    except (Bad, config.Bad) as error:
        print(f"dut: {error}", file=sys.stderr)
        return 3
    except verilate.Unusable as error:
        print(f"dut: {error}", file=sys.stderr)
        return 7
    except KeyboardInterrupt:
        return 130  # make says that it was interrupted; what is half built is built anew


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
