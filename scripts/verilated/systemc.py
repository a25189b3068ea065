"""A model for SystemC does less for nothing: inputs that it takes when load_i turns over it copies then, and waits for
no other; wide ports are read in one piece, and written when they change; what else has changed is not asked."""

import re
from pathlib import Path

from .code import MEMBER, events, functions, of_model
from .events import CLOCK, LOAD, LOOK, alone, only_calls

COPY = rf"^ *VL_ASSIGN_\w+\(\d+U?,\s*{MEMBER}(\w+),\s*{MEMBER}(\w+)\);\n"
WORDS = """\
/* Made by scripts/verilate.py: ports of sc_bv as Verilator's code reads and writes them, but for asking for the port
 * word by word, and for a new sc_bv each time. */
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


def blocks(folder, prefix):
    """What the model does after an event: [(names of the inputs, one of whose events it waits for; code)]. None: not
    understood."""
    inputs = {number: re.fullmatch(r"@\((?:edge|posedge) (?:\w+__)?(\w+)\)", event)
              for number, event in events(folder, prefix).items()}
    if None in inputs.values():
        return None
    found = []
    for condition, text in re.findall(r"^    if \(([^{}]*?)\) {\n(.*?)^    }\n",
                                      functions(folder, prefix)[f"{prefix}___024root___eval_nba"][1], re.S | re.M):
        understood = alone(condition, [])
        if understood is None:
            return None
        found.append(({inputs[number][1] for number in understood[2]}, text))
    return found


def read_at_the_edge(folder, prefix, after):
    """The code that runs at the rising edge."""
    code = functions(folder, prefix)
    found = "".join(text for inputs, text in after if CLOCK in inputs)
    called = set()
    while more := set(re.findall(rf"\b({prefix}___024root\w+)\(", found)) & set(code) - called:
        called |= more
        found += "".join(code[name][1] for name in more)
    return found


def copies(folder, prefix):
    """(file, function, [(line, member, port)]) of the one function that copies inputs; None: there is another way."""
    for file, text in of_model(folder, prefix)[0].items():
        match = re.search(rf"^(?:VL_\w+ )*void {prefix}___024root___ico_sequent__TOP__0\([^;{{]*\) {{\n.*?^}}\n", text,
                          re.S | re.M)
        if match and "___ico_sequent__TOP__1" not in text:
            return file, match[0], [(copy[0], copy[1], copy[2]) for copy in re.finditer(COPY, match[0], re.M)]
    return None


def copy_on_load(file, function, lines, late):
    """Inputs that are read when load_i or look_i turns over alone, not in the code `late`, are copied then alone. Their
    lines."""
    of_port = {port: member for _, member, port in lines}
    early = [(line, port) for line, member, port in lines if port not in (CLOCK, LOAD, LOOK)
             and not re.search(rf"\b{member}\b", late)]
    turned = " || ".join(f"vlSelf->{port}.read() != vlSelf->{of_port[port]}" for port in (LOAD, LOOK)
                         if port in of_port)
    mended = function
    for line, _ in early:
        mended = mended.replace(line, "")
    first = re.search(COPY, mended, re.M).start()
    copies = "".join(line for line, _ in early)
    mended = mended[:first] + f"    if ({turned}) {{\n{copies}    }}\n" + mended[first:]
    file.write_text(file.read_text().replace(function, mended))
    return early


def straight_on(folder, prefix, after, lines, early):
    """The evaluation after load_i has turned over while the clock was low or fell, and that at the rising edge, as
    calls that do not ask what else has changed. None: they are more than calls."""
    root = Path(folder, f"{prefix}___024root.h").read_text()
    of_port = {port: member for _, member, port in lines}
    memory = {port: re.findall(rf"\b(__Vtrig\w*prev\w*?__{member}(?:__\d+)?)\b", root)
              for port, member in of_port.items() if port in (CLOCK, LOAD)}
    calls = {port: only_calls(prefix, "".join(text for inputs, text in after if inputs == {port}))
             for port in (CLOCK, LOAD)}
    others = "".join(line for line, _, port in lines if port not in (CLOCK, LOAD, LOOK)
                     and port not in dict(map(reversed, early)))
    if (None in calls.values() or {len(names) for names in memory.values()} != {1} or others
        or not {CLOCK, LOAD, LOOK} <= set(of_port)):
        return None
    mine = {port: f"vlSelf->{member}" for port, member in of_port.items()}
    kept = {port: f"vlSelf->{names[0]}" for port, names in memory.items()}
    called = sorted(set(re.findall(rf"{prefix}___024root___\w+", "".join(calls.values()))))
    return f"""\
{''.join(f"void {name}({prefix}___024root *);{chr(10)}" for name in called)}
static inline void {prefix}_evaluate({prefix}___024root *vlSelf)
{{
    const bool clock = vlSelf->{CLOCK}.read(), load = vlSelf->{LOAD}.read(), look = vlSelf->{LOOK}.read();
    if (look == {mine[LOOK]} && load != {mine[LOAD]} && !clock) {{
{''.join(line for line, _ in early)}    {mine[LOAD]} = {kept[LOAD]} = load;
    {mine[CLOCK]} = {kept[CLOCK]} = 0;
{calls[LOAD]}    }} else if (look == {mine[LOOK]} && load == {mine[LOAD]} && clock && !{mine[CLOCK]}) {{
    {mine[CLOCK]} = {kept[CLOCK]} = 1;
{calls[CLOCK]}    }} else {{
        {prefix}___024root___eval(vlSelf);
    }}
}}

""".replace("vlSelfRef.", "vlSelf->")


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
    after, found = blocks(folder, prefix), copies(folder, prefix)
    if not after or not found or LOAD not in {port for _, _, port in found[2]}:
        return
    early = copy_on_load(*found, read_at_the_edge(folder, prefix, after))
    top = Path(folder, f"{prefix}.cpp")
    text = top.read_text()
    for _, port in early:
        text = re.sub(rf"^ *sensitive << {port};\n", "", text, flags=re.M)
    straight = straight_on(folder, prefix, after, found[2], early)
    call, step = f"    {prefix}___024root___eval(&(vlSymsp->TOP));\n", f"void {prefix}::eval_step() {{\n"
    if straight and text.count(call) == 1 and text.count(step) == 1:
        text = text.replace(call, f"    {prefix}_evaluate(&(vlSymsp->TOP));\n").replace(step, straight + step)
        end = [match.end() for match in re.finditer(r"^#include .*\n", text, re.M)][-1]
        text = text[:end] + f'#include "{prefix}_words.h"\n' + text[end:]
    top.write_text(text)
