"""What one function of a model alone has: variables of it, not members of the model."""

import re
from pathlib import Path

from .code import MEMBER, of_model, rewrite


def read_first(function, bit):
    """Of the members in `bit` (name: a bit of its own) those, as bits, that the function may read before it has written
    all of them."""
    code = re.sub(r"//[^\n]*|^#[^\n]*", "", re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', function), flags=re.M)
    everything = (1 << len(bit)) - 1  # what is written where the code does not come to
    state, first, labels = 0, 0, {}  # written so far; read before; by label what is written wherever it is gone to
    # open blocks: (word, written before it, at the ends of the branches before); of an if that just ended the last two
    stack, branches = [], None

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
    """Makes variables of functions out of the members of the model that are written before they are read in all
    functions where they are: Verilator does so only where the writing depends on nothing, and all others the compiler
    would store."""
    root = f"{prefix}___024root"
    types = {name: kind for kind, name in re.findall(r"^\s*([CSIQ]Data)/\*[\d:]+\*/ (\w+);",
                                                     Path(folder, f"{root}.h").read_text(), re.M)}
    texts, function = of_model(folder, prefix)
    others = [function.sub("", text) for text in texts.values()]
    others += [file.read_text() for file in Path(folder).glob(f"{prefix}*.h") if file.name != f"{root}.h"]
    known = set().union(*(re.findall(r"\w+", text) for text in others))
    bit = {name: 1 << n for n, name in enumerate(name for name in types if name not in known)}
    refused = 0
    for text in texts.values():
        for match in function.finditer(text):
            refused |= read_first(match[0], bit)
    chosen = {name for name in bit if not bit[name] & refused}

    def local(match):
        here = dict.fromkeys(name for name in re.findall(MEMBER + r"(\w+)", match[0]) if name in chosen)
        code = re.sub(MEMBER + r"(\w+)", lambda m: m[1] if m[1] in chosen else m[0], match[0])
        at = code.index("{\n") + 2
        return code[:at] + "".join(f"    {types[name]} {name} = 0;\n" for name in here) + code[at:]

    rewrite(texts, function, local)
    return len(chosen)
