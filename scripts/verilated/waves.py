"""Waveforms: signals that are parts of one member are looked at when it has changed."""

import re
from pathlib import Path

from .code import MEMBER

RUN = r"(?:^ *bufp->chg[^;]*;\n)+"
TERM = rf"{MEMBER}(\w+)((?:\s*\[(?:0x[0-9a-f]+|\d+)U?\])*)"


def shapes(header):
    """By how many numbers in brackets each member is one number."""
    kind = r"^\s*((?:VlUnpacked<)*)(?:[CSIQ]Data|(VlWide<\d+>))/\*[\d:]+\*/(?:, \d+>)* (\w+);"
    found = {name: arrays.count("<") + bool(wide) for arrays, wide, name in re.findall(kind, header, re.M)}
    return found | dict.fromkeys(re.findall(r"^\s*VL_(?:IN|OUT)(?:8|16|64)?\(\(?&?(\w+)", header, re.M), 0)


def source(statement, shape):
    """The one member, or element of an array, that a statement shows something of; None: more than one, or another
    thing."""
    terms = {(m[1], "".join(m[2].split())) for m in re.finditer(TERM, statement)}
    rest = re.findall(r"[A-Za-z_]\w*", re.sub(r"0x[0-9a-fA-F]+U?L*|\b\d+U?L*", "", re.sub(TERM, "", statement)))
    if len(terms) != 1 or any(not re.fullmatch(r"bufp|chg\w+|oldp|[CSIQ]Data|VL_\w+", word) for word in rest):
        return None
    name, index = terms.pop()
    return name + index if index.count("[") == shape.get(name) else None


def guard_waves(folder, prefix):
    """Lets the waveform of a model compare two or more neighbours that show parts of the same member only when it is
    not what it was at the last time. The number of such groups."""
    root = f"{prefix}___024root"
    header = Path(folder, f"{root}.h")
    text = header.read_text()
    shape = shapes(text)
    kept = []  # what is kept of the last time, by number

    def run(match):
        statements = [part + ";\n" for part in match[0].split(";\n")[:-1]]
        of = [source(statement, shape) for statement in statements]
        out, at = "", 0
        while at < len(statements):
            end = at + 1
            while end < len(statements) and of[at] and of[end] == of[at]:
                end += 1
            together = "".join(statements[at:end])
            if end - at > 1:
                last, now = f"vlSelf->__Vshown_{len(kept)}", f"vlSelf->{of[at]}"
                kept.append(of[at])
                together = f"    if ({now} != {last}) {{\n    {last} = {now};\n{together}    }}\n"
            out += together
            at = end
        return out

    mended = {}
    for file in sorted(Path(folder).glob(f"{prefix}__Trace__*.cpp")):
        code = file.read_text()
        changed = re.sub(rf"^(?:\w+ )*void {root}__trace_chg_(?:\d+_)?sub_\d+\({root}\* vlSelf, [^\n]*\) \{{\n.*?^}}\n",
                         lambda f: re.sub(RUN, run, f[0], flags=re.M), code, flags=re.S | re.M)
        if changed != code:
            mended[file] = changed
    # All signals are written once before one is compared, and again when a file begins: what is kept is of then.
    whole = re.compile(rf"^(?:\w+ )*void {root}__trace_full_(?:top_)?0\(void[^;{{]*\) \{{\n.*?^}}\n", re.S | re.M)
    files = [file for file in Path(folder).glob(f"{prefix}__Trace__*.cpp")
             if whole.search(mended.get(file, file.read_text()))]
    if not kept or len(files) != 1:
        return 0
    set_all = "".join(f"    vlSelf->__Vshown_{n} = vlSelf->{what};\n" for n, what in enumerate(kept))
    mended[files[0]] = whole.sub(lambda f: f[0][:-2] + set_all + "}\n", mended.get(files[0], files[0].read_text()))
    for file, code in mended.items():
        file.write_text(code)
    at = text.index("    // INTERNAL VARIABLES")
    header.write_text(text[:at] + "".join(f"    std::decay_t<decltype({what})> __Vshown_{n};\n"
                                          for n, what in enumerate(kept)) + text[at:])
    return len(kept)
