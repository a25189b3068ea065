"""The state readout as a call: what lies behind look_i, once for each value of state_sel_i, so that the compiler leaves
out what another one selects."""

import re
from pathlib import Path

from .code import MEMBER, events, functions, of_model
from .events import LOOK, alone, only_calls
from .locals import read_first

SELECT, INDEX = "state_sel_i", "state_idx_i"
# values of state_sel_i that select arrays, of which there are many words; each costs a quarter of a second of compiling
MANY = (1, 2, 3, 4, 5)


def behind_look(folder, prefix):
    """The code that an evaluation runs after look_i alone has turned over: the bodies of functions, in their order.
    None: it is not known, or calls others."""
    number = next((n for n, event in events(folder, prefix).items() if re.search(rf"\b(\w+__)?{LOOK}\b", event)), None)
    region = functions(folder, prefix)[f"{prefix}___024root___eval_nba"][1]
    found, said = [], ""
    for condition, text in re.findall(r"^    if \(([^{}]*?)\) {\n(.*?)^    }\n", region, re.S | re.M):
        understood = alone(condition, [])
        if understood is None or number is None:
            return None
        if number in understood[2]:
            if understood[2] != {number} or only_calls(prefix, text) is None:
                return None
            said += text
    texts, function = of_model(folder, prefix)
    code = {match[1]: match[0] for text in texts.values() for match in function.finditer(text)}
    for line in re.findall(r"[^;]*;\n", said):
        called = re.search(rf"\b({prefix}___024root___\w+)\(vlSelf\);", line)
        if called and called[1] not in code:
            return None
        body = code[called[1]][code[called[1]].index("{\n") :] if called else line.replace("vlSelfRef.", "vlSelf->")
        if re.search(rf"\b{prefix}___024(root|unit)\w*\(", body.replace(f'VL_DBG_MSGF("+    {prefix}', "")):
            return None
        found.append(body)
    return "".join(found) or None


def only_here(folder, prefix, body):
    """Members that the code writes before it reads them, and that no waveform shows."""
    types = {name: kind for kind, name in re.findall(r"^\s*([CSIQ]Data)/\*[\d:]+\*/ (\w+);",
                                                     Path(folder, f"{prefix}___024root.h").read_text(), re.M)}
    shown = set(re.findall(r"\w+", "".join(file.read_text() for file in Path(folder).glob(f"{prefix}__Trace*.cpp"))))
    names = [name for name in dict.fromkeys(re.findall(MEMBER + r"(\w+)", body)) if name in types and name not in shown]
    bit = {name: 1 << n for n, name in enumerate(names)}
    first = read_first("{\n" + body + "}\n", bit)
    return {name: types[name] for name in names if not bit[name] & first
            and re.search(rf"{MEMBER}{name}\s*=(?!=)", body)}


def look(folder, prefix):
    """Adds clock_look to DIR/PREFIX_clock.h where the calls of a clock are (events.py), after all that rewrites
    functions. Whether it did."""
    header = Path(folder, f"{prefix}_clock.h")
    text, top = header.read_text(), Path(folder, f"{prefix}.h").read_text()
    if "clock_rise" not in text or not all(re.search(rf"\b{port}\b", top) for port in (LOOK, SELECT, INDEX)):
        return False
    body = behind_look(folder, prefix)
    if body is None:
        return False
    # The register that follows the port is what the port is for all that reads it later.
    register = re.search(rf"{MEMBER}(\w+)\s*=\s*{MEMBER}{SELECT};", body)
    if register and not read_first("{\n" + body + "}\n", {register[1]: 1}):
        body = re.sub(rf"{MEMBER}(?:{register[1]}\b(?!\s*=[^=])|{SELECT}\b)", "Sel", body)
    # What events.py has checked: what is written here is read here alone, but for outputs and waveforms.
    mine = only_here(folder, prefix, body)
    body = re.sub(MEMBER + r"(\w+)", lambda m: m[1] if m[1] in mine else m[0], body)
    constants = "".join(sorted({m[0] for file in Path(folder).glob(f"{prefix}___024root*.cpp")
                                for m in re.finditer(r"^extern const [^;\n]* (\w+);\n", file.read_text(), re.M)
                                if re.search(rf"\b{m[1]}\b", body)}))
    cases = "".join(f"    case {n}: return {prefix}_look<{n}>(model.rootp), true;\n" for n in MANY)
    traced = ("    vlSelf->vlSymsp->__Vm_activity = true;\n"
              if "__Vm_activity" in Path(folder, f"{prefix}__Syms.h").read_text() else "")
    text = text[: text.rindex("#endif")] + f"""\
{constants}template <unsigned Sel> void {prefix}_look({prefix}___024root *vlSelf)
{{
{traced}{''.join(f"    {kind} {name} = 0;{chr(10)}" for name, kind in mine.items())}{body}}}

/* What an evaluation does after {LOOK} has turned over, if there was one before and {SELECT} is `sel`. False: nothing
 * was done, it is to be evaluated. */
inline bool clock_look({prefix} &model, unsigned sel)
{{
    switch (sel) {{
{cases}    default: return false;
    }}
}}

#endif
"""
    header.write_text(text)
    return True
