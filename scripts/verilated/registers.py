"""Where the registers of a model are: DIR/PREFIX_registers.h, that tb/dut/registers.h writes them by."""

import os
import re
import sys
from pathlib import Path

WRITER = Path(__file__).resolve().parent.parent.parent / "tb/dut/registers.h"


def assigned_late(sv):
    """What SystemVerilog assigns with `<=` as a statement of an always or always_ff: names, without index and field."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", Path(sv).read_text(), flags=re.S)
    several = lambda m: m[1] + "".join(f" {part.strip()} <= 0;" for part in m[2].split(","))
    code = re.sub(r"(;|\)|\bbegin\b|\belse\b)\s*\{([^{}()]*)\}\s*<=", several, code)
    for _ in range(8):  # conditions, heads of loops and indices, from the inside out
        code = re.sub(r"\b(if|for|case)\s*\([^()]*\)", " ; ", code)
        code = re.sub(r"(?<!if )(?<!for )(?<!case )\([^()]*\)|\[[^][]*\]|\{[^{}]*\}", "", code)
    found = set()
    for block in re.findall(r"\balways(?:_ff)?\b(.*?)(?=\balways|\bendmodule|\bassign\b)", code, re.S):
        for statement in re.split(r";|@|\bbegin\b(?:\s*:\s*\w+)?|\bend\b|\belse\b|(?<![?\w])\b\w+\s*:(?!:)", block):
            name = re.match(r"\s*(\w+)(\s*\.\w+)*\s*<=", statement)
            if name:
                found.add(name[1])
    return found


def registers(folder, prefix, *files):
    """A register is what the RTL calls NAME_q. Its name here is its path in the MMU without the numbers of generated
    blocks: u_walkers_g_walker_u_walker_state_q."""
    header = Path(folder, f"{prefix}___024root.h").read_text()
    members = [m for m in re.findall(r"\b([A-Za-z]\w*_q);", header) if re.search(r"[^_]_q$", m.split("__DOT__")[-1])]
    top = next((m[1] for m in (re.fullmatch(r"((?:[A-Za-z]\w*__DOT__)?)u_ctl__DOT__state_q", m) for m in members) if m),
               None)
    written = sorted(set(re.findall(r"\bregisters\.(\w+_q)\(", WRITER.read_text())))
    found, reason = {name: [] for name in written}, ""
    beside = os.environ.get("REGISTERS_BESIDE", "").split()
    for member in members:
        if top is None or not member.startswith(top):
            continue
        path = member[len(top):]
        numbers = re.findall(r"__BRA__(\d+)__KET__", path)
        name = re.sub(r"__BRA__\d+__KET__", "", path).replace("__DOT__", "_").replace("___", "_")
        if name not in found and name not in beside:
            reason = reason or f"{name} has no rule in tb/dut/registers.h"
        found.setdefault(name, []).append((member, numbers))
    if top is None:
        reason = "the registers of the MMU were not found"
    strangers = sorted({(Path(f).name, n) for f in files for n in assigned_late(f) if not n.endswith("_q")})
    if strangers:
        reason = reason or f"{strangers[0][0]} has a register that is not called NAME_q: {strangers[0][1]}"
    visits = []
    for name in written:
        # Where not all can be written none is: another design's registers may have other shapes than the rules know.
        places = [] if reason else found[name]
        calls = "".join(f"        visit(root.{member}{''.join(', ' + n + 'u' for n in numbers)});\n"
                        for member, numbers in places)
        visits.append(f"    template <class Visit> void {name}(Visit &&visit)\n    "
                      f"{{\n{calls or '        (void)visit; /* none */' + chr(10)}    }}\n")
    Path(folder, f"{prefix}_registers.h").write_text(f"""\
/* Made by scripts/verilate.py from the C++ beside it; tb/dut/registers.h tells its use. */
#ifndef {prefix}_REGISTERS_H
#define {prefix}_REGISTERS_H

#include "{prefix}.h"
#include "{prefix}___024root.h"

/* Where the registers are: each is shown to `visit`, in all its instances, with their numbers from the outside in. */
struct {prefix}_registers {{
    {prefix}___024root &root;

{''.join(visits)}}};

inline {prefix}_registers registers_of({prefix} &model)
{{
    return {{*model.rootp}};
}}

/* Why not all of them can be written; empty: they can. */
inline const char *registers_reason(const {prefix} &)
{{
    return "{reason}";
}}

#endif
""")
    if reason and top is not None:
        print(f"  {folder}: no state can be written, so no --jobs and no --slice: {reason}", file=sys.stderr)
    return 0
