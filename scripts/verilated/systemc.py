"""A model for SystemC does less for nothing: inputs that it takes when load_i turns over it copies then, and waits for no other; wide ports are read in one piece, and written when they change."""

import re
from pathlib import Path

from .code import MEMBER, events, functions, of_model
from .events import CLOCK, LOAD, LOOK, alone

COPY = rf"^ *VL_ASSIGN_\w+\(\d+U?,\s*{MEMBER}(\w+),\s*{MEMBER}(\w+)\);\n"
WORDS = """\
/* Made by scripts/verilate.py: ports of sc_bv as Verilator's code reads and writes them, but for asking for the port word by word, and for a new sc_bv each time. */
#ifdef VL_ASSIGN_WSW
#undef VL_ASSIGN_WSW
#define VL_ASSIGN_WSW(obits, owp, svar) \\
    { \\
        const auto &from = (svar).read(); \\
        for (int i = 0; i < VL_WORDS_I(obits); ++i) (owp)[i] = from.get_word(i); \\
        (owp)[VL_WORDS_I(obits) - 1] &= VL_MASK_E(obits); \\
    }
#endif
#ifdef VL_ASSIGN_SWW
#undef VL_ASSIGN_SWW
#define VL_ASSIGN_SWW(obits, svar, rwp) \\
    { \\
        static thread_local sc_dt::sc_bv<(obits)> to; \\
        const auto &now = (svar).read(); \\
        EData differs = 0; \\
        for (int i = 0; i < VL_WORDS_I(obits); ++i) differs |= EData(now.get_word(i)) ^ (rwp)[i]; \\
        if (differs) { \\
            for (int i = 0; i < VL_WORDS_I(obits); ++i) to.set_word(i, (rwp)[i]); \\
            (svar).write(to); \\
        } \\
    }
#endif
"""


def read_at_the_edge(folder, prefix):
    """The code that runs at the rising edge; None: not understood."""
    rising = next((number for number, event in events(folder, prefix).items() if re.fullmatch(rf"@\(posedge (\w+__)?{CLOCK}\)", event)), None)
    code = functions(folder, prefix)
    found = ""
    for condition, text in re.findall(r"^    if \(([^{}]*?)\) {\n(.*?)^    }\n", code[f"{prefix}___024root___eval_nba"][1], re.S | re.M):
        understood = alone(condition, [])
        if rising is None or understood is None:
            return None
        if rising in understood[2]:
            found += text
    called = set()
    while more := set(re.findall(rf"\b({prefix}___024root\w+)\(", found)) & set(code) - called:
        called |= more
        found += "".join(code[name][1] for name in more)
    return found


def copy_on_load(folder, prefix):
    """Inputs that are read when load_i or look_i turns over alone, are copied then alone. Their ports."""
    late = read_at_the_edge(folder, prefix)
    texts, _ = of_model(folder, prefix)
    ports = []
    for file, text in texts.items():
        match = re.search(rf"^(?:VL_\w+ )*void {prefix}___024root___ico_sequent__TOP__0\(.*?^}}\n", text, re.S | re.M)
        if late is None or not match or "___ico_sequent__TOP__1" in text:
            continue
        copies = [(copy[0], copy[1], copy[2]) for copy in re.finditer(COPY, match[0], re.M)]
        of_port = {port: member for _, member, port in copies}
        if LOAD not in of_port:
            continue
        early = [(line, port) for line, member, port in copies if port not in (CLOCK, LOAD, LOOK) and not re.search(rf"\b{member}\b", late)]
        turned = " || ".join(f"vlSelf->{port}.read() != vlSelf->{of_port[port]}" for port in (LOAD, LOOK) if port in of_port)
        mended = match[0]
        for line, _ in early:
            mended = mended.replace(line, "")
        first = re.search(COPY, mended, re.M).start()
        mended = mended[:first] + f"    if ({turned}) {{\n" + "".join(line for line, _ in early) + "    }\n" + mended[first:]
        file.write_text(text.replace(match[0], mended))
        ports = [port for _, port in early]
    return ports


def systemc(folder, prefix):
    """Mends the C++ of a model that was verilated with --sc, and settles once a clock."""
    Path(folder, f"{prefix}_words.h").write_text(WORDS)
    for file in Path(folder).glob(f"{prefix}___024root*.cpp"):
        text = file.read_text()
        if "VL_ASSIGN_" in text:
            end = [match.end() for match in re.finditer(r"^#include .*\n", text, re.M)][-1]
            file.write_text(text[:end] + f'#include "{prefix}_words.h"\n' + text[end:])
    if "return 2;" in Path(folder, f"{prefix}_clock.h").read_text():
        return
    ports = copy_on_load(folder, prefix)
    top = Path(folder, f"{prefix}.cpp")
    text = top.read_text()
    for port in ports:
        text = re.sub(rf"^ *sensitive << {port};\n", "", text, flags=re.M)
    top.write_text(text)
