#!/usr/bin/env python3
"""Derives everything that knows a parameter from a preset in config/.

  config.py sv     PRESET.toml   the SystemVerilog package mmu_cfg_pkg
  config.py header PRESET.toml   the C header mmu_cfg.h
  config.py values PRESET.toml   rows of C, {"key", number}, for the library (model/library)
  config.py docs   PRESET.toml…  docs/configuration.md from standard input, its table (between two marker lines) made
                                 anew
  config.py check  PRESET.toml…  nothing but the checks
  config.py without "FEATURES" PRESET.toml   the preset, as TOML, with these of its `arch` switched off, and what holds
                                             nothing then left out

A preset states every key; an unknown, missing or inconsistent one is refused with file, key, value and reason.
"""
import json
import sys
import tomllib
import zlib
from pathlib import Path

PAGE_SIZES = ["4k", "2m", "1g"]
LEVELS = ["pde", "pdpte", "pml4e", "pml5e"]
REPLACEMENTS = ["plru", "lru"]
LRU_MAX_WAYS = 16

# key -> (type, lowest, highest or choices, what it means, with what it costs in cycles)
SCALARS = {
    "arch.paddr_bits":      (int, 36, 52, "physical address width M (MAXPHYADDR)"),
    "arch.la57":            (bool, None, None,
                             "57-bit linear addresses are built in (CR4.LA57 then chooses); a 5-level walk reads one "
                             "entry more"),
    "arch.pcid":            (bool, None, None, "process-context identifiers are built in"),
    "arch.page_1g":         (bool, None, None, "1-GByte pages are built in; otherwise PS in a PDPTE is reserved"),
    "arch.pku":             (bool, None, None, "protection keys for user pages are built in (CR4.PKE, PKRU)"),
    "arch.pks":             (bool, None, None,
                             "protection keys for supervisor pages are built in (CR4.PKS, IA32_PKRS)"),
    "arch.cet":             (bool, None, None, "shadow-stack pages and accesses are built in (CR4.CET)"),
    "arch.lam":             (bool, None, None,
                             "linear-address masking is built in (CR3.LAM_U48, CR3.LAM_U57, CR4.LAM_SUP)"),
    "arch.amd":             (bool, None, None,
                             "AMD's rules where the manuals differ: bit 8 of PML4E and PML5E is reserved, EFER.TCE "
                             "exists, MOV CR4 flushes on PSE and PKE too"),
    "ports.fetch":          (int, 1, 4, "request ports to the ITLB, one translation a cycle each"),
    "ports.data":           (int, 1, 7, "request ports to the DTLB, one translation a cycle each"),
    "miss_queue.entries":   (int, 1, 64, "outstanding L1 misses; at least one for each port"),
    "walkers.count":        (int, 1, 16, "hardware page walkers, sharing one memory port"),
    "walkers.reply_bytes":  (int, None, [64, 8],
                             "what memory answers a read with, and walkers share: the 64-byte line, or the 8 bytes of "
                             "the entry"),
    "policy.fault_rewalk":  (bool, None, None,
                             "before a page fault is raised from a cached entry the walk is done again from the root "
                             "(AMD); otherwise a relaxed entry may give one spurious fault (Intel)"),
    "itlb.replacement":     (str, None, REPLACEMENTS, "replacement of the L1 instruction TLB"),
    "dtlb.replacement":     (str, None, REPLACEMENTS, "replacement of the L1 data TLB"),
    "stlb.replacement":     (str, None, REPLACEMENTS, "replacement of the second-level TLB"),
    "psc.replacement":      (str, None, REPLACEMENTS, "replacement of the paging-structure caches"),
    "stlb.latency":         (int, 5, 16, "cycles of an STLB hit over an L1 hit"),
    "memory.model":         (str, None, ["fixed", "random", "cache"], "latency model of the simulated memory"),
    "memory.fixed_latency": (int, 1, 100000, "cycles of every access under `fixed`"),
    "memory.random_min":    (int, 1, 100000, "fewest cycles of an access under `random`"),
    "memory.random_max":    (int, 1, 100000, "most cycles of an access under `random`"),
    "memory.dram_latency":  (int, 1, 100000, "cycles of an access that misses every cache, under `cache`"),
}
for _cache in ("l1", "l2", "llc"):
    SCALARS[f"memory.{_cache}_kib"] = (int, 1, 1 << 20,
                                       f"size of the {_cache.upper()} data cache the walkers read through, KiB")
    SCALARS[f"memory.{_cache}_ways"] = (int, 1, 32, f"its ways")
    SCALARS[f"memory.{_cache}_latency"] = (int, 1, 100000, f"cycles of a hit in it")

# structure -> (most arrays, what an array holds, the key that says so)
STRUCTURES = {
    "itlb": (3, PAGE_SIZES, "sizes"),
    "dtlb": (3, PAGE_SIZES, "sizes"),
    "stlb": (2, PAGE_SIZES, "sizes"),
    "psc":  (4, LEVELS, "levels"),
}


class Bad(Exception):
    """An inconsistent preset; the text is the whole message."""


def power_of_two(n):
    return n > 0 and n & (n - 1) == 0


class Preset:
    def __init__(self, path):
        self.path = path
        self.name = Path(path).stem
        self.values = {}
        self.arrays = {}          # structure -> list of (mask, entries, ways)
        try:
            with open(path, "rb") as file:
                tree = tomllib.load(file)
        except OSError as error:
            raise Bad(f"{path}: {error.strerror}; the presets are the files config/*.toml")
        except ValueError as error:  # of TOML, of UTF-8, or of a number with thousands of digits
            raise Bad(f"{path}: not a TOML file: {' '.join(str(error).split())}")
        except RecursionError:
            raise Bad(f"{path}: not a preset: hundreds of brackets, one within the other")
        self.flat = {}
        for section, keys in tree.items():
            if not isinstance(keys, dict):
                self.refuse(section, keys, "stands outside a [section]")
            for key, value in keys.items():
                self.flat[f"{section}.{key}"] = value
        self.read_scalars()
        for structure in STRUCTURES:
            self.read_arrays(structure)
        self.refuse_unknown()
        self.check_consistency()

    def refuse(self, key, value, reason):
        name = key if key.isprintable() else json.dumps(key)
        try:
            shown = value if isinstance(value, dict) else json.dumps(value, ensure_ascii=False, default=str)
        except RecursionError:
            shown = "[[[…"
        raise Bad(f"{self.path}: {name} = {shown}: {reason}")

    def read_scalars(self):
        for key, (kind, low, high, _) in SCALARS.items():
            if key not in self.flat:
                raise Bad(f"{self.path}: {key} is missing; every preset states every key")
            value = self.flat[key]
            if type(value) is not kind:
                wanted = {bool: "true or false", int: "a whole number", str: "a string"}[kind]
                self.refuse(key, value, f"must be {wanted}")
            if isinstance(high, list) and value not in high:
                self.refuse(key, value, f"must be one of {', '.join(map(str, high))}")
            if kind is int and low is not None and not low <= value <= high:
                self.refuse(key, value, f"must be {low} to {high}")
            self.values[key] = value

    def read_arrays(self, structure):
        most, names, mask_key = STRUCTURES[structure]
        arrays = self.arrays[structure] = []
        lru = self.values[f"{structure}.replacement"] == "lru"
        for number in range(most):
            key = f"{structure}.array{number}"
            if key not in self.flat:
                continue
            array = self.flat[key]
            if number != len(arrays):
                self.refuse(key, array, f"array{number - 1} must come first")
            if not isinstance(array, dict) or set(array) != {mask_key, "entries", "ways"}:
                self.refuse(key, array, f"must state {mask_key}, entries and ways, and nothing else")
            held, entries, ways = array[mask_key], array["entries"], array["ways"]
            if (not isinstance(held, list) or not held or len(set(map(str, held))) != len(held)
                or any(h not in names for h in held)):
                self.refuse(f"{key}.{mask_key}", held, f"must be a list of different names among {', '.join(names)}")
            for sub, value, limit in (("entries", entries, 16384), ("ways", ways, 128)):
                if type(value) is not int or not 1 <= value <= limit:
                    self.refuse(f"{key}.{sub}", value, f"must be a whole number from 1 to {limit}")
            if entries % ways:
                self.refuse(f"{key}.entries", entries, f"is not a multiple of its {ways} ways")
            sets = entries // ways
            if not power_of_two(sets):
                self.refuse(f"{key}.entries", entries,
                            f"with {ways} ways gives {sets} sets, which is not a power of two")
            if structure != "stlb" and len(held) > 1 and sets > 1:
                self.refuse(f"{key}.ways", ways,
                            "an array for several sizes must be fully associative here (ways = entries)")
            if structure == "psc" and sets > 1:
                self.refuse(f"{key}.ways", ways, "paging-structure caches are fully associative (ways = entries)")
            if structure == "stlb" and ways > 16:
                self.refuse(f"{key}.ways", ways, "the STLB has at most 16 ways")
            if structure != "stlb" and sets > 1 and ways > 16:
                self.refuse(f"{key}.ways", ways, "a set-associative array has at most 16 ways")
            if lru and ways > LRU_MAX_WAYS:
                self.refuse(f"{key}.ways", ways, f"true LRU is kept for at most {LRU_MAX_WAYS} ways; use plru")
            arrays.append((sum(1 << names.index(h) for h in held), entries, ways))
        if not arrays:
            raise Bad(f"{self.path}: {structure}.array0 is missing; {structure} needs one array at least")

    def refuse_unknown(self):
        for key, value in self.flat.items():
            section, _, name = key.partition(".")
            known = key in SCALARS or (section in STRUCTURES and name in
                                       [f"array{n}" for n in range(STRUCTURES[section][0])])
            if not known:
                self.refuse(key, value, "no such key")

    def check_consistency(self):
        v = self.values
        ports = v["ports.fetch"] + v["ports.data"]
        if ports > 8:
            self.refuse("ports.data", v["ports.data"], f"makes {ports} ports with ports.fetch; at most 8")
        if v["miss_queue.entries"] < ports:
            self.refuse("miss_queue.entries", v["miss_queue.entries"], f"fewer than the {ports} ports")
        if v["memory.random_min"] > v["memory.random_max"]:
            self.refuse("memory.random_min", v["memory.random_min"],
                        f"above memory.random_max = {v['memory.random_max']}")
        for cache in ("l1", "l2", "llc"):
            lines = v[f"memory.{cache}_kib"] * 16
            ways = v[f"memory.{cache}_ways"]
            if lines % ways or not power_of_two(lines // ways):
                self.refuse(f"memory.{cache}_ways", ways, f"{lines} lines do not divide into a power of two of sets")
        for structure, arrays in self.arrays.items():
            self.check_holders(structure, arrays)

    def check_holders(self, structure, arrays):
        _, names, mask_key = STRUCTURES[structure]
        for bit, name in enumerate(names):
            holders = [n for n, (mask, _, _) in enumerate(arrays) if mask >> bit & 1]
            shared = structure == "stlb" and name == "4k" and len(holders) == 2
            if len(holders) > 1 and not shared:
                self.refuse(f"{structure}.array{holders[1]}.{mask_key}", name, f"is held by array{holders[0]} already")
            if shared:
                sets = [entries // ways for _, entries, ways in arrays]
                if sets[0] != sets[1]:
                    self.refuse("stlb.array1.entries", arrays[1][1],
                                f"both arrays hold 4k, so both need the same sets, not {sets[0]} and {sets[1]}")
            if structure == "stlb" and not holders and (name != "1g" or self.values["arch.page_1g"]):
                raise Bad(f"{self.path}: stlb: no array holds {name} pages; the STLB holds every supported size")
            if name == "pml5e" and holders and not self.values["arch.la57"]:
                self.refuse(f"psc.array{holders[0]}.levels", name, "needs arch.la57 = true")
            if name == "1g" and holders and not self.values["arch.page_1g"]:
                self.refuse(f"{structure}.array{holders[0]}.sizes", name, "needs arch.page_1g = true")


def identifier(key):
    return key.replace(".", "_").upper()


def number(value, preset_choices=None):
    if isinstance(value, str):
        return preset_choices.index(value)
    return int(value)


def padded(arrays, most, field):
    return [array[field] for array in arrays] + [0] * (most - len(arrays))


def hash_of(preset):
    """A number of all that makes the MMU, so that a board can say which one it is. The bench's memory is no part of
    it."""
    text = json.dumps([sorted((k, v) for k, v in preset.values.items() if not k.startswith("memory.")),
                       sorted(preset.arrays.items())])
    return zlib.crc32(text.encode())


def emit_sv(preset):
    out = [f"// Generated from {Path(preset.path).name} by scripts/config.py. Do not edit.",
           "package mmu_cfg_pkg;"]
    for key, value in preset.values.items():
        if key.startswith("memory."):
            continue
        out.append(f"  localparam int unsigned {identifier(key)} = {number(value, SCALARS[key][2])};  // "
                   f"{SCALARS[key][3]}")
    for structure, (most, names, _) in STRUCTURES.items():
        arrays = preset.arrays[structure]
        upper = structure.upper()
        out.append(f"  localparam int unsigned {upper}_ARRAYS = {len(arrays)};")
        for field, what, note in ((0, "HOLDS", "bit i: " + ", ".join(names)), (1, "ENTRIES", ""), (2, "WAYS", "")):
            values = ", ".join(map(str, padded(arrays, most, field)))
            out.append(f"  localparam int unsigned {upper}_{what} [{most}] = '{{{values}}};"
                       + (f"  // {note}" if note else ""))
    out.append("  // verilator lint_off UNUSEDPARAM")  # a board's link alone uses it
    out.append(f"  localparam logic [31:0] PRESET_HASH = 32'h{hash_of(preset):08x};  // of all of these")
    out.append("  // verilator lint_on UNUSEDPARAM")
    out.append("endpackage")
    return "\n".join(out) + "\n"


def emit_header(preset):
    out = [f"/* Generated from {Path(preset.path).name} by scripts/config.py. Do not edit. */",
           "#ifndef MMU_CFG_H", "#define MMU_CFG_H", f'#define CFG_NAME {json.dumps(preset.name)}']
    for key, value in preset.values.items():
        choices = SCALARS[key][2]
        out.append(f"#define CFG_{identifier(key)} {number(value, choices)} /* {SCALARS[key][3]} */")
    for structure, (most, names, _) in STRUCTURES.items():
        arrays = preset.arrays[structure]
        upper = structure.upper()
        out.append(f"#define CFG_{upper}_ARRAYS {len(arrays)}")
        for number_, (mask, entries, ways) in enumerate(arrays + [(0, 0, 0)] * (most - len(arrays))):
            prefix = f"#define CFG_{upper}_A{number_}"
            out += [f"{prefix}_HOLDS 0x{mask:x} /* bit i: {', '.join(names)} */", f"{prefix}_ENTRIES {entries}",
                    f"{prefix}_WAYS {ways}", f"{prefix}_SETS {entries // ways if ways else 0}"]
    out += [f"#define CFG_PRESET_HASH 0x{hash_of(preset):08x} /* of all of these but memory */", "#endif"]
    return "\n".join(out) + "\n"


def emit_values(preset):
    rows = [(key, number(value, SCALARS[key][2])) for key, value in preset.values.items()]
    for structure, arrays in preset.arrays.items():
        for number_, (mask, entries, ways) in enumerate(arrays):
            held = STRUCTURES[structure][2]
            rows += [(f"{structure}.array{number_}.{held}", mask), (f"{structure}.array{number_}.entries", entries),
                     (f"{structure}.array{number_}.ways", ways)]
    return "".join(f'    {{"{key}", {value}}},\n' for key, value in rows)


DOCS_BEGIN, DOCS_END = "<!-- made by `make docs` from config/: begin -->", "<!-- end -->"


def fill_docs(text, table):
    begin, end = text.find(DOCS_BEGIN), text.find(DOCS_END)
    if begin < 0 or end < begin:
        raise Bad(f"standard input: no lines '{DOCS_BEGIN}' and '{DOCS_END}' to put the table between")
    return text[:begin] + DOCS_BEGIN + "\n" + table + text[end:]


def docs_table(presets):
    head = ["key", *[p.name for p in presets], "range", "meaning"]
    rows = []
    for key, (kind, low, high, meaning) in SCALARS.items():
        spread = ("true, false" if kind is bool else ", ".join(map(str, high)) if isinstance(high, list)
                  else f"{low}–{high}")
        shown = [str(p.values[key]).lower() for p in presets]
        rows.append([f"`{key}`", *shown, spread, meaning])
    for structure, (most, names, mask_key) in STRUCTURES.items():
        for number_ in range(most):
            shown = []
            for p in presets:
                if number_ < len(p.arrays[structure]):
                    mask, entries, ways = p.arrays[structure][number_]
                    held = "+".join(n for i, n in enumerate(names) if mask >> i & 1)
                    shown.append(f"{held} {entries} × {ways}w")
                else:
                    shown.append("–")
            rows.append([f"`{structure}.array{number_}`", *shown, f"{mask_key}, entries, ways",
                         "what the array holds, its entries and ways"])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def emit_without(preset, features):
    """No array holds what the preset has no more: pages of 1 GByte, PML5 entries. One that held nothing else goes."""
    values = dict(preset.values) | {f"arch.{feature}": False for feature in features}
    gone = {name for feature, name in (("page_1g", "1g"), ("la57", "pml5e")) if feature in features}
    sections = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    for structure, (_, names, mask_key) in STRUCTURES.items():
        arrays = [([name for bit, name in enumerate(names) if mask >> bit & 1 and name not in gone], entries, ways)
                  for mask, entries, ways in preset.arrays[structure]]
        for number_, (held, entries, ways) in enumerate(array for array in arrays if array[0]):
            sections[structure].append(f"array{number_} = {{ {mask_key} = {json.dumps(held)}, entries = {entries}, "
                                       f"ways = {ways} }}")
    head = (f"# {Path(preset.path).name} without {', '.join(features)}: made by scripts/config.py for a device that "
            "lacks them.\n")
    return head + "".join(f"\n[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in ("sv", "header", "values", "docs", "check", "without"):
        print(__doc__, file=sys.stderr)
        return 2
    verb, paths = arguments[0], arguments[1:]
    features = paths.pop(0).split() if verb == "without" else []
    try:
        presets = [Preset(path) for path in paths]
        if verb == "sv":
            sys.stdout.write(emit_sv(presets[0]))
        elif verb == "header":
            sys.stdout.write(emit_header(presets[0]))
        elif verb == "values":
            sys.stdout.write(emit_values(presets[0]))
        elif verb == "without":
            sys.stdout.write(emit_without(presets[0], features))
        elif verb == "docs":
            sys.stdout.write(fill_docs(sys.stdin.read(), docs_table(presets)))
    except Bad as bad:
        print(f"config: {bad}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
