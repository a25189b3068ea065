"""What a model does when: where it remembers its clock, what waits for its inputs, and both told in DIR/PREFIX_clock.h,
that tb/dut/adapter.h steps it by."""

import re
import sys
from pathlib import Path

from .code import events, functions, statements, statements_of, written

CLOCK, LOAD, LOOK = "clk_i", "load_i", "look_i"
READ_AFTER_LOOK = {"state_data_o"}  # of the outputs, what the bench reads after it has turned look_i over


def clock_memory(folder, prefix):
    """(member, reason): where the model keeps the clock's last value, or None and why the clock must be seen to go down
    and up."""
    header = Path(folder, f"{prefix}___024root.h").read_text()
    memories = re.findall(r"\b(__Vtrig\w*prev\w*?)\b\s*[;,]", header)
    of_clock = [m for m in memories if re.search(rf"__TOP__{CLOCK}(__\d+)?$", m)]
    inner = [re.sub(".*__DOT__", "", m) for m in memories if "__DOT__" in m]
    if inner:
        return None, f"the design has another clock, {inner[0]}"
    if len(of_clock) != 1:
        return None, f"where this Verilator remembers {CLOCK} was not found"
    memory = of_clock[0]
    falling = rising = kept = False
    for file in Path(folder).glob(f"{prefix}*.cpp"):
        if "__Trace" in file.name:
            continue
        code = file.read_text()
        for event in re.findall(r'active: @\(([^"\\]*)\)', code):
            falling |= any(CLOCK in re.split(r"[ .]", term) and "posedge" not in term
                           for term in re.split(r" or |, ", event))
        for statement in statements(code):
            if f"my.{CLOCK}" not in statement.split():
                continue
            rising |= f"my.{CLOCK} & ~ my.{memory}" in statement
            kept |= statement == f"my.{memory} = my.{CLOCK}"
            # The rest: its width is checked, it is set at first.
            if (memory not in statement
                and not re.search(rf"my.{CLOCK} & 0xfeU|^my.{CLOCK} = (0|VL_\w*RAND\w*)", statement)):
                return None, f"the design reads {CLOCK} as a value"
    if falling:
        return None, f"the design has registers on the falling edge of {CLOCK}"
    if not (rising and kept):
        return None, f"this Verilator does not use {memory} as expected"
    return memory, ""


def alone(condition, late):
    """(condition, trigger, triggers) of a block that waits for several triggers: for that of them alone that stands
    first in `late`; the same and None if none does, or the block waits for no other; and what it waits for now. None:
    not understood."""
    condition = " ".join(condition.split())
    mask = re.fullmatch(r"\(?(0x[\da-f]+|\d+)(ULL & vlSelf(?:Ref\.|->)__VnbaTriggered(?:\.word\(0U\)|\[0U\]))\)?",
                        condition)
    one = r"vlSelf->__VnbaTriggered\.at\((\d+)U\)"
    if mask:
        bits = {n for n in range(64) if int(mask[1], 0) >> n & 1}
    elif re.search(one, condition) and not re.sub(one, "", condition).strip("()| "):
        bits = {int(n) for n in re.findall(one, condition)}
    else:
        return None
    kept = next((n for n in late if n in bits), None)
    if kept is None or len(bits) == 1:
        return condition, None, bits
    return (f"({1 << kept}{mask[2]})" if mask else f"vlSelf->__VnbaTriggered.at({kept}U)"), kept, {kept}


def only_calls(prefix, block):
    """The code, if it does no more than call functions of the model and say for the waveform that it has; else None."""
    call = rf"{prefix}___024root___\w+\(vlSelf\)|vlSelf(->|Ref\.)__Vm_traceActivity\[\d+U\] = 1U"
    return block if all(re.fullmatch(call, text) for text in statements_of("{\n" + block)) else None


def settle_once(folder, prefix):
    """Of a design with a load_i: lets what lies behind both it and the clock wait for load_i alone, which turns over
    before every edge; and what lies behind a look_i for that alone, which turns over when somebody asks for the state.
    (A reason why not, or ""; the calls that are made then when load_i turns over and at the rising edge, or None where
    they are more than calls)."""
    triggers = events(folder, prefix)
    numbers = {re.sub(r"\b__Vcellinp__\w*?__(?=\w+_i\b)", "", event): number for number, event in triggers.items()}
    rising = numbers.get(f"@(posedge {CLOCK})")
    load, look = (next((number for event, number in numbers.items() if re.search(rf"\b{name}\b", event)), None)
                  for name in (LOAD, LOOK))
    code = functions(folder, prefix)
    file, region = code.get(f"{prefix}___024root___eval_nba", (None, ""))
    calls = {name: set(re.findall(rf"\b({prefix}___024root\w+)\(", body)) - {name} for name, (_, body) in code.items()}
    if rising is None or load is None or len(triggers) != 2 + (look is not None):
        return f"the design has events beside {CLOCK} and {LOAD}: " + ", ".join(triggers.values()), None
    if any("___act_" in name for name in calls.get(f"{prefix}___024root___eval_act", ())):
        return "the design makes clocks of its own", None
    # What a module does that is a class of its own is not looked at below, and its ports may stand between any two
    # events.
    late = {f"{prefix}___024root___eval_nba"}
    while more := set().union(*(calls[name] for name in late if name in code)) - late:
        late |= more
    if apart := re.search(r"\(&vlSymsp->(\w+)\)+;", "".join(code[name][1] for name in late if name in code)):
        return f"Verilator has kept a module apart, {apart[1].split('__DOT__')[-1]}", None
    outputs = {a or b for a, b in re.findall(r"VL_OUT\w*\(\(?&?(\w+)|sc_out<.*> &?(\w+);",
                                             Path(folder, f"{prefix}.h").read_text())}
    blocks, rest = [], region  # (what it waits for instead of the clock, its code)
    ends = []  # (what it waits for, its code)

    def block(match):
        nonlocal rest
        understood = alone(match[1], [look, load])
        if understood is None:
            return match[0]
        condition, waits, triggers_now = understood
        rest = rest.replace(match[0], "")
        blocks.append((waits, match[2]))
        ends.append((triggers_now, match[2]))
        return f"    if ({condition}) {{\n{match[2]}    }}\n"

    def code_of(wanted):
        """The code of the blocks that this is said of, by what they wait for, and of all functions that it calls."""
        texts = [text for waits, text in blocks if wanted(waits)]
        called = set(re.findall(rf"\b({prefix}___024root\w+)\(", "".join(texts)))
        while more := set().union(*(calls[name] for name in called)) - called:
            called |= more
        return "".join(texts + [code[name][1] for name in called])

    mended = re.sub(r"^    if \(([^{}]*?)\) {\n(.*?)^    }\n", block, region, flags=re.S | re.M)
    if not region or "__VnbaTriggered" in rest:
        return "this Verilator writes its events in another way", None
    behind = sorted(written(code_of(lambda waits: waits == load)) & outputs)
    if behind:
        return f"the output {behind[0]} depends on inputs", None
    if look is not None:
        passing = re.compile(r"__V(func|lvbound|tableidx|m_trace)")  # is written wherever it is read
        looked = {name for name in written(code_of(lambda waits: waits == look)) if not passing.search(name)}
        others = set(re.findall(r"\bmy\.(\w+)", " ".join(statements(code_of(lambda waits: waits != look)))))
        behind = sorted(looked & (outputs - READ_AFTER_LOOK | others))
        if behind:
            return f"{behind[0]} depends on what is looked at", None
    file.write_text(file.read_text().replace(region, mended))
    others = "eval_ico", "eval_act"
    plain = not any(statements_of(code[f"{prefix}___024root___{name}"][1]) for name in others
                    if f"{prefix}___024root___{name}" in code)
    return "", plain and [only_calls(prefix, "".join(text for waits, text in ends if waits == {event}))
                          for event in (load, rising)]


def straight_on(folder, prefix, memory, straight):
    """The two evaluations of a clock without asking what has changed, where that is known to be right: of a design with
    events of its own for inputs, each is a few calls."""
    if not memory or not straight or None in straight:
        return ""
    traced = ("    vlSelf->vlSymsp->__Vm_activity = true;\n"
              if "__Vm_activity" in Path(folder, f"{prefix}__Syms.h").read_text() else "")
    load, rising = (traced + re.sub(r"^ *", "    ", block.replace("vlSelfRef.", "vlSelf->"), flags=re.M).rstrip(" ")
                    for block in straight)
    called = sorted(set(re.findall(rf"{prefix}___024root___\w+", load + rising)))
    return f"""
{''.join(f"void {name}({prefix}___024root *);{chr(10)}" for name in called)}
/* What an evaluation does after {LOAD} has turned over, if there was one before. */
inline void clock_load({prefix} &model)
{{
    {prefix}___024root *const vlSelf = model.rootp;
{load}}}

/* What an evaluation does at the rising edge. The clock is high after it. */
inline void clock_rise({prefix} &model)
{{
    {prefix}___024root *const vlSelf = model.rootp;
    vlSelf->{CLOCK} = vlSelf->{memory} = 1;
{rising}}}
"""


def clock(folder, prefix):
    memory, reason = clock_memory(folder, prefix)
    value = f"&model.rootp->{memory}" if memory else "nullptr"
    evaluations, straight = 1 if memory else 2, None
    if re.search(rf"\b{LOAD}\b", Path(folder, f"{prefix}.h").read_text()):
        reason, straight = settle_once(folder, prefix)
        evaluations = 2 if reason else 1
    Path(folder, f"{prefix}_clock.h").write_text(f"""\
/* Made by scripts/verilate.py from the C++ beside it; tb/dut/adapter.h tells its use. */
#ifndef {prefix}_CLOCK_H
#define {prefix}_CLOCK_H

#include "{prefix}.h"
#include "{prefix}__Syms.h"

/* Where the model keeps the last value of {CLOCK}; NULL: it must be seen to go down and up. */
inline CData *clock_memory({prefix} &model)
{{
    (void)model;
    return {value};
}}

/* How often what lies behind the inputs is evaluated in a clock. */
inline unsigned clock_evaluations(const {prefix} &)
{{
    return {evaluations};
}}

/* Why more than once. */
inline const char *clock_reason(const {prefix} &)
{{
    return "{reason}";
}}
{straight_on(folder, prefix, memory, straight)}
#endif
""")
    if evaluations > 1:
        print(f"  {folder}: two evaluations a clock: {reason}", file=sys.stderr)
    return 0
