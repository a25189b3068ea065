#!/usr/bin/env python3
"""Runs Verilator, whichever is there, learns from the C++ that it wrote how the design remembers its clock and where its registers are, has all logic settled once a clock, and what is not kept
from one function to the next not stored.

  scripts/verilate.py check                           says nothing, or what is wrong with it
  scripts/verilate.py stamp FILE [TEXT]...            writes which Verilator it is, and TEXT, to FILE; an unchanged FILE keeps its time
  scripts/verilate.py make TARGET LABEL ARGUMENT...   verilates into TARGET's folder (TARGET: DIR/PREFIX__ALL.a or DIR/PREFIX) and compiles
  scripts/verilate.py clock DIR PREFIX                writes DIR/PREFIX_clock.h anew, and mends the C++ of a design with a load_i
  scripts/verilate.py registers DIR PREFIX [FILE.sv]...   writes DIR/PREFIX_registers.h anew; says which register of the MMU in those files nobody writes

REGISTERS_BESIDE names registers that need not be written, as those of planted defects.
VERILATOR names the program (else it is what PATH has: verilator, or verilator-cli of Python's package index); VMAKE holds what goes on the command line of the make that compiles, COUNTS the folder with
the counts of gcc's -fprofile-generate, if any. Exit status: 0, 1 Verilator or the
compiler refused, 7 there is no Verilator or it is too old.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (5, 6)
CLOCK, LOAD, LOOK = "clk_i", "load_i", "look_i"
READ_AFTER_LOOK = {"state_data_o"}  # of the outputs, what the bench reads after it has turned look_i over
WRITER = Path(__file__).resolve().parent.parent / "tb/dut/registers.h"


class Unusable(Exception):
    """No Verilator, or none that will do; the text is the whole message."""


class Verilator:
    def __init__(self):
        command = os.environ.get("VERILATOR") or ("verilator" if shutil.which("verilator") or not shutil.which("verilator-cli") else "verilator-cli")
        self.path = shutil.which(command)
        if not self.path:
            raise Unusable(f"{command}: not found; `make setup` installs Debian's Verilator, VERILATOR=/path/to/verilator names another")
        got = subprocess.run([self.path, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True)
        self.root = got.stdout.strip()
        try:
            config = Path(self.root, "include", "verilated_config.h").read_text()
        except OSError:
            raise Unusable(f"{self.path}: no Verilator of 5.006 or later: {self.root or '(no VERILATOR_ROOT)'} holds no include/verilated_config.h")
        self.version = re.search(r'VERILATOR_VERSION "([^"]*)"', config)[1]
        number = tuple(int(n) for n in re.findall(r"\d+", self.version)[:2])
        if number < OLDEST:
            raise Unusable(f"{self.path}: Verilator {self.version} is too old, 5.006 is the oldest that will do; VERILATOR= names another")

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
    me = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    now = "\n".join([f"Verilator {v.version}", os.path.realpath(v.path), v.root, *text, me]) + "\n"
    file = Path(file)
    if not file.exists() or file.read_text() != now:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(now)
    return 0


def statements(code):
    """Those of generated C++, as words without casts and brackets; `vlSelfRef.a` is `my.a`: `my.a = my.clk_i & ~ my.memory`."""
    code = re.sub(r"//[^\n]*|\([A-Z]Data\)", "", code)
    code = re.sub(r"\bvlSelf(Ref)?\s*(\.|->)\s*", "my.", code)
    return [" ".join(re.findall(r'[\w.]+|[^\w\s()]', statement)) for statement in re.split(r"[;{}]", code)]


def clock_memory(folder, prefix):
    """(member, reason): where the model keeps the clock's last value, or None and why the clock must be seen to go down and up."""
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
            falling |= any(CLOCK in re.split(r"[ .]", term) and "posedge" not in term for term in re.split(r" or |, ", event))
        for statement in statements(code):
            if f"my.{CLOCK}" not in statement.split():
                continue
            rising |= f"my.{CLOCK} & ~ my.{memory}" in statement
            kept |= statement == f"my.{memory} = my.{CLOCK}"
            # The rest: its width is checked, it is set at first.
            if memory not in statement and not re.search(rf"my.{CLOCK} & 0xfeU|^my.{CLOCK} = (0|VL_\w*RAND\w*)", statement):
                return None, f"the design reads {CLOCK} as a value"
    if falling:
        return None, f"the design has registers on the falling edge of {CLOCK}"
    if not (rising and kept):
        return None, f"this Verilator does not use {memory} as expected"
    return memory, ""


def written(code):
    """Members of the model that generated C++ writes, and perhaps some that it only reads: those that it hands to a function of Verilator's."""
    found = set()
    for statement in statements(code):
        words = statement.split()
        if words and words[0].startswith("VL_"):
            found.update(w[3:] for w in words if w.startswith("my."))
        elif words and words[0].startswith("my.") and "=" in words:
            found.add(words[0][3:])
    return found


def functions(folder, prefix):
    """The model's functions by name, each (file, code)."""
    found = {}
    for file in Path(folder).glob(f"{prefix}___024root*.cpp"):
        for match in re.finditer(rf"^(?:\w+ )*void ({prefix}___024root\w*)\([^;{{]*\) {{\n.*?^}}", file.read_text(), re.S | re.M):
            found[match[1]] = (file, match[0])
    return found


def events(folder, prefix):
    """What the model's triggers stand for, by their numbers: {0: "@(posedge clk_i)"}."""
    code = "".join(file.read_text() for file in Path(folder).glob(f"{prefix}___024root*Slow.cpp"))
    return {int(number): event for number, event in re.findall(r"trigger index (\d+) is active: (@\([^\\\"]*\))", code)}


def alone(condition, late):
    """(condition, trigger, triggers) of a block that waits for several triggers: for that of them alone that stands first in `late`; the same and None if none does, or the block waits for no other; and
    what it waits for now. None: not understood."""
    condition = " ".join(condition.split())
    mask = re.fullmatch(r"\(?(0x[\da-f]+|\d+)(ULL & vlSelf(?:Ref\.|->)__VnbaTriggered(?:\.word\(0U\)|\[0U\]))\)?", condition)
    one = r"vlSelf->__VnbaTriggered\.at\((\d+)U\)"
    if mask:
        bits = {n for n in range(64) if int(mask[1], 0) >> n & 1}
    elif re.fullmatch(rf"\(?{one}(?: \| {one})*\)?", condition):
        bits = {int(n) for n in re.findall(one, condition)}
    else:
        return None
    kept = next((n for n in late if n in bits), None)
    if kept is None or len(bits) == 1:
        return condition, None, bits
    return (f"({1 << kept}{mask[2]})" if mask else f"vlSelf->__VnbaTriggered.at({kept}U)"), kept, {kept}


def statements_of(function):
    """The statements of a function of the model that do something."""
    body = function[function.index("{\n") + 2 :]
    body = re.sub(r"//[^\n]*|^#ifdef VL_DEBUG.*?^#endif[^\n]*", "", body, flags=re.S | re.M)
    body = re.sub(r"if \(false && vlSelf\) {}|VL_DEBUG_IF\(.*?\); *\);|[^\n;]*\bVL_ATTR_UNUSED\b[^;]*;|auto ?& ?vlSelfRef\b[^;]*;", "", body)
    return [text for text in (" ".join(part.split()) for part in re.split(r"[;{}]", body)) if text]


def only_calls(prefix, block):
    """The code, if it does no more than call functions of the model and say for the waveform that it has; else None."""
    call = rf"{prefix}___024root___\w+\(vlSelf\)|vlSelf(->|Ref\.)__Vm_traceActivity\[\d+U\] = 1U"
    return block if all(re.fullmatch(call, text) for text in statements_of("{\n" + block)) else None


def settle_once(folder, prefix):
    """Of a design with a load_i: lets what lies behind both it and the clock wait for load_i alone, which turns over before every edge; and what lies behind a look_i for that alone, which turns over when
    somebody asks for the state. (A reason why not, or ""; the calls that are made then when load_i turns over and at the rising edge, or None where they are more than calls)."""
    triggers = events(folder, prefix)
    numbers = {re.sub(r"\b__Vcellinp__\w*?__(?=\w+_i\b)", "", event): number for number, event in triggers.items()}
    rising = numbers.get(f"@(posedge {CLOCK})")
    load, look = (next((number for event, number in numbers.items() if re.search(rf"\b{name}\b", event)), None) for name in (LOAD, LOOK))
    code = functions(folder, prefix)
    file, region = code.get(f"{prefix}___024root___eval_nba", (None, ""))
    calls = {name: set(re.findall(rf"\b({prefix}___024root\w+)\(", body)) - {name} for name, (_, body) in code.items()}
    if rising is None or load is None or len(triggers) != 2 + (look is not None):
        return f"the design has events beside {CLOCK} and {LOAD}: " + ", ".join(triggers.values()), None
    if any("___act_" in name for name in calls.get(f"{prefix}___024root___eval_act", ())):
        return "the design makes clocks of its own", None
    # What a module does that is a class of its own is not looked at below, and its ports may stand between any two events.
    late = {f"{prefix}___024root___eval_nba"}
    while more := set().union(*(calls[name] for name in late if name in code)) - late:
        late |= more
    if apart := re.search(r"\(&vlSymsp->(\w+)\)+;", "".join(code[name][1] for name in late if name in code)):
        return f"Verilator has kept a module apart, {apart[1].split('__DOT__')[-1]}", None
    outputs = {a or b for a, b in re.findall(r"VL_OUT\w*\(\(?&?(\w+)|sc_out<.*> &?(\w+);", Path(folder, f"{prefix}.h").read_text())}
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
    plain = not any(statements_of(code[f"{prefix}___024root___{name}"][1]) for name in others if f"{prefix}___024root___{name}" in code)
    return "", plain and [only_calls(prefix, "".join(text for waits, text in ends if waits == {event})) for event in (load, rising)]


MEMBER = r"\bvlSelf(?:->|Ref\.)"


def read_first(function, bit):
    """Of the members in `bit` (name: a bit of its own) those, as bits, that the function may read before it has written all of them."""
    code = re.sub(r"//[^\n]*|^#[^\n]*", "", re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', function), flags=re.M)
    everything = (1 << len(bit)) - 1  # what is written where the code does not come to
    state, first, labels = 0, 0, {}  # written so far; read before; by label what is written wherever it is gone to
    stack, branches = [], None  # open blocks: (word, written before it, at the ends of the branches before); of an if that just ended the last two

    def reads(text):
        nonlocal first
        for name in re.findall(MEMBER + r"(\w+)", text):
            first |= bit.get(name, 0) & ~state

    def statement(text):
        nonlocal state
        if label := re.match(r"(__Vlabel\w+)\s*:\s*", text):
            state &= labels.pop(label[1], everything)
            text = text[label.end() :]
        if jump := re.match(r"goto (\w+)", text):
            labels[jump[1]] = labels.get(jump[1], everything) & state
            state = everything
            return
        whole = re.match(MEMBER + r"(\w+)\s*=(?!=)", text)
        reads(text[whole.end() :] if whole else text)
        if whole:
            state |= bit.get(whole[1], 0)

    parts = re.split(r"([;{}])", code[code.index("{\n") + 2 :])
    for text, end in zip(parts[::2], parts[1::2]):
        text = text.strip()
        if end == "{" and branches and re.match(r"else\b", text):
            state, ends = branches
            reads(text)
            stack.append(("if" if re.match(r"else\s+if\b", text) else "else", state, ends))
            branches = None
            continue
        if branches:
            state, branches = branches[0], None  # none of them may have been gone through
        if end == "{":
            word = re.match(r"if|while|for|do|switch|", text)[0]
            if word in ("do", "switch"):
                return everything
            reads(text)
            stack.append((word, state, everything))
            continue
        statement(text)
        if end == "}":
            if not stack:
                break
            word, before, ends = stack.pop()
            if word == "if":
                branches = before, ends & state
            elif word == "else":
                state &= ends
            elif word:  # a loop that may go through it no time
                state = before
    return first


def localize(folder, prefix):
    """Makes variables of functions out of the members of the model that are written before they are read in all functions where they are: Verilator does so only where the writing depends on nothing, and
    all others the compiler would store."""
    root = f"{prefix}___024root"
    types = {name: kind for kind, name in re.findall(r"^\s*([CSIQ]Data)/\*[\d:]+\*/ (\w+);", Path(folder, f"{root}.h").read_text(), re.M)}
    texts = {file: file.read_text() for file in Path(folder).glob(f"{prefix}*.cpp")}
    function = re.compile(rf"^(?:VL_\w+ )*void {root}___\w+\({root}\* vlSelf\) {{\n.*?^}}\n", re.S | re.M)
    others = [function.sub("", text) for text in texts.values()]
    others += [file.read_text() for file in Path(folder).glob(f"{prefix}*.h") if file.name != f"{root}.h"]
    known = set().union(*(re.findall(r"\w+", text) for text in others))
    bit = {name: 1 << n for n, name in enumerate(name for name in types if name not in known)}
    refused = 0
    for text in texts.values():
        for match in function.findall(text):
            refused |= read_first(match, bit)
    chosen = {name for name in bit if not bit[name] & refused}

    def local(match):
        here = dict.fromkeys(name for name in re.findall(MEMBER + r"(\w+)", match[0]) if name in chosen)
        code = re.sub(MEMBER + r"(\w+)", lambda m: m[1] if m[1] in chosen else m[0], match[0])
        at = code.index("{\n") + 2
        return code[:at] + "".join(f"    {types[name]} {name} = 0;\n" for name in here) + code[at:]

    for file, text in texts.items():
        mended = function.sub(local, text)
        if mended != text:
            file.write_text(mended)
    return len(chosen)


def gather_flags(folder, prefix):
    """Makes bits of a few words of the flags that say of each write to a memory whether it is to be done at the end of the clock: so they are set to 0 together, and asked for eight at a time."""
    root = f"{prefix}___024root"
    flag = r"(?:vlSelf(?:->|Ref\.))?\b(__Vdly(?:vset|Set)__\w+)"
    files = {file: file.read_text() for file in Path(folder).glob(f"{prefix}*.cpp")}
    function = re.compile(rf"^(?:VL_\w+ )*void ({root}___\w+)\({root}\* vlSelf\) {{\n.*?^}}\n", re.S | re.M)
    zeroed, refused = {}, set()  # flag: where it is set to 0
    for text in files.values():
        for match in function.finditer(text):
            cleared = [(m.start(), m[1]) for m in re.finditer(rf"^    {flag} = 0U;\n", match[0], re.M)]
            begun = min((m.start() for m in re.finditer(rf"{flag} = 1U;|if \({flag}\)", match[0])), default=len(match[0]))
            for at, name in cleared:
                if at > begun or zeroed.setdefault(name, match[1]) != match[1]:
                    refused.add(name)
    everything = "".join(files.values())
    understood = re.sub(rf"^ *{flag} = (?:0U?|1U);\n|if \({flag}\) {{\n|^ *CData/\*0:0\*/ {flag};\n|^ *vlSelf->__Vdly\w+ = VL_RAND_RESET_I\(1\);\n", "", everything, flags=re.M)
    refused |= set(re.findall(flag, understood))
    tested = dict.fromkeys(re.findall(rf"if \({flag}\) {{", everything))
    members = set(re.findall(r"CData/\*0:0\*/ (__Vdly\w+);", Path(folder, f"{root}.h").read_text())) & set(re.findall(r"vlSelf(?:->|Ref\.)(\w+)", everything))
    places, words = {}, {}  # flag: (word, bit); word: the function that clears it
    for name in tested:
        if name in zeroed and name not in refused:
            kind = ("vlSelf->__Vflags" if name in members else "__Vflags") + zeroed[name].removeprefix(root)
            count = words.setdefault(kind, [0, zeroed[name]])
            places[name] = f"{kind}_{count[0] // 32}", 1 << count[0] % 32
            count[0] += 1

    def mend(match):
        code = match[0]
        mine = sorted(f"{kind}_{n}" for kind, (count, where) in words.items() if where == match[1] for n in range((count + 31) // 32))
        known = lambda text: lambda m: text(*places[m[1]]) if m[1] in places else m[0]
        code = re.sub(rf"^ *{flag} = 0U?;\n|^ *CData/\*0:0\*/ {flag};\n", lambda m: "" if (m[1] or m[2]) in places else m[0], code, flags=re.M)
        code = re.sub(rf"{flag} = 1U;", known(lambda word, bit: f"{word} |= {bit:#x}U;"), code)
        code = re.sub(rf"if \({flag}\) {{", known(lambda word, bit: f"if ({word} & {bit:#x}U) {{"), code)
        code = re.sub(r"(?:    if \((?:vlSelf->)?__Vflags\w+ & \w+\) {\n[^{}]*    }\n){2,}", together, code)
        at = code.index("{\n") + 2
        return code[:at] + "".join(f"    {word} = 0;\n" if ">" in word else f"    IData {word} = 0;\n" for word in mine) + code[at:]

    def together(match):
        blocks = re.findall(r"    if \(((?:vlSelf->)?__Vflags\w+) & (\w+)U\) {\n[^{}]*    }\n", match[0])
        texts = re.findall(r"    if \([^{}]*{\n[^{}]*    }\n", match[0])
        result = ""
        while blocks:
            word, mask, count = blocks[0][0], 0, 0
            while count < min(8, len(blocks)) and blocks[count][0] == word:
                mask |= int(blocks[count][1], 16)
                count += 1
            result += f"    if ({word} & {mask:#x}U) {{\n" + "".join(texts[:count]) + "    }\n"
            del blocks[:count], texts[:count]
        return result

    for file, text in files.items():
        mended = function.sub(mend, text)
        if mended != text:
            file.write_text(mended)
    header = Path(folder, f"{root}.h")
    added = "".join(f"    IData {kind.removeprefix('vlSelf->')}_{n};\n" for kind, (count, _) in words.items() if ">" in kind for n in range((count + 31) // 32))
    text = header.read_text()
    at = text.index("    // INTERNAL VARIABLES")
    header.write_text(text[:at] + added + text[at:])
    return len(places)


def straight_on(folder, prefix, memory, straight):
    """The two evaluations of a clock without asking what has changed, where that is known to be right: of a design with events of its own for inputs, each is a few calls."""
    if not memory or not straight or None in straight:
        return ""
    traced = "    vlSelf->vlSymsp->__Vm_activity = true;\n" if "__Vm_activity" in Path(folder, f"{prefix}__Syms.h").read_text() else ""
    load, rising = (traced + re.sub(r"^ *", "    ", block.replace("vlSelfRef.", "vlSelf->"), flags=re.M).rstrip(" ") for block in straight)
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
    top = next((m[1] for m in (re.fullmatch(r"((?:[A-Za-z]\w*__DOT__)?)u_ctl__DOT__state_q", m) for m in members) if m), None)
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
        calls = "".join(f"        visit(root.{member}{''.join(', ' + n + 'u' for n in numbers)});\n" for member, numbers in places)
        visits.append(f"    template <class Visit> void {name}(Visit &&visit)\n    {{\n{calls or '        (void)visit; /* none */' + chr(10)}    }}\n")
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


def make(target, label, *arguments, foreign=None):
    """`foreign`: of somebody else's design; the file that takes what Verilator says of it."""
    folder, prefix = Path(target).parent, Path(target).name.removesuffix("__ALL.a")
    v = Verilator()
    if re.search(r"\s", os.getcwd()):
        raise Unusable(f"{os.getcwd()}: what Verilator writes cannot be made in a folder with blanks in its name; another place will do")
    print(f"  verilate  {label}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)  # what another Verilator left there is not for this one's makefile
    folder.mkdir(parents=True)
    if v.run(["--prefix", prefix, "-Mdir", str(folder), *arguments], foreign):
        return 1
    if "--exe" not in arguments:
        clock(folder, prefix)
        rtl = [a for a in arguments if "--sc" not in arguments and re.search(r"(^|/)rtl/\w+\.sv$", a)]
        if rtl and not foreign:
            registers(folder, prefix, *rtl)
        localize(folder, prefix)
        gather_flags(folder, prefix)
    for counts in Path(os.environ.get("COUNTS") or os.devnull).glob("*.gcda"):  # beside the sources, where gcc looks
        shutil.copy(counts, folder)
    # The wheels of Python's package index hold a verilated.mk that does not say how headers are made in advance.
    command = ["make", "-s", "-C", str(folder), "-f", f"{prefix}.mk", "CFG_CXXFLAGS_PCH_I=-include",
               *shlex.split(os.environ.get("VMAKE", "")), Path(target).name]
    return 1 if subprocess.run(command, stdout=subprocess.DEVNULL, close_fds=False).returncode else 0


def main(arguments):
    verbs = {"check": check, "stamp": stamp, "make": make, "clock": clock, "registers": registers}
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
