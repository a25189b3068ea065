"""Reads the C++ that Verilator wrote: statements, functions, events of a model in DIR/PREFIX*.cpp."""

import re
from pathlib import Path

MEMBER = r"\bvlSelf(?:->|Ref\.)"


def statements(code):
    """Those of generated C++, as words without casts and brackets; `vlSelfRef.a` is `my.a`:
    `my.a = my.clk_i & ~ my.memory`."""
    code = re.sub(r"//[^\n]*|\([A-Z]Data\)", "", code)
    code = re.sub(r"\bvlSelf(Ref)?\s*(\.|->)\s*", "my.", code)
    return [" ".join(re.findall(r'[\w.]+|[^\w\s()]', statement)) for statement in re.split(r"[;{}]", code)]


def written(code):
    """Members of the model that generated C++ writes, and perhaps some that it only reads: those that it hands to a
    function of Verilator's other than one that prints."""
    found = set()
    for statement in statements(code):
        words = statement.split()
        if words and words[0].startswith("VL_") and not words[0].startswith("VL_WRITEF"):
            found.update(w[3:] for w in words if w.startswith("my."))
        elif words and words[0].startswith("my.") and "=" in words:
            found.add(words[0][3:])
    return found


def functions(folder, prefix):
    """The model's functions by name, each (file, code)."""
    found = {}
    for file in Path(folder).glob(f"{prefix}___024root*.cpp"):
        for match in re.finditer(rf"^(?:\w+ )*void ({prefix}___024root\w*)\([^;{{]*\) {{\n.*?^}}", file.read_text(),
                                 re.S | re.M):
            found[match[1]] = (file, match[0])
    return found


def events(folder, prefix):
    """What the model's triggers stand for, by their numbers: {0: "@(posedge clk_i)"}."""
    code = "".join(file.read_text() for file in Path(folder).glob(f"{prefix}___024root*Slow.cpp"))
    return {int(number): event for number, event in re.findall(r"trigger index (\d+) is active: (@\([^\\\"]*\))", code)}


def of_model(folder, prefix):
    """The C++ of the model, by file; and a pattern of the functions that have the model alone as an argument: [1] is
    the name."""
    root = f"{prefix}___024root"
    texts = {file: file.read_text() for file in Path(folder).glob(f"{prefix}*.cpp")}
    return texts, re.compile(rf"^(?:VL_\w+ )*void ({root}___\w+)\({root}\* vlSelf\) {{\n.*?^}}\n", re.S | re.M)


def rewrite(texts, function, change):
    """Puts what `change` makes of each match of the pattern in its place; files in which nothing changes stay as they
    are."""
    for file, text in texts.items():
        mended = function.sub(change, text)
        if mended != text:
            file.write_text(mended)


def statements_of(function):
    """The statements of a function of the model that do something."""
    body = function[function.index("{\n") + 2 :]
    body = re.sub(r"//[^\n]*|^#ifdef VL_DEBUG.*?^#endif[^\n]*", "", body, flags=re.S | re.M)
    body = re.sub(r"if \(false && vlSelf\) {}|\(void\)vlSelf;|VL_DEBUG_IF\(.*?\); *\);"
                  r"|[^\n;]*\bVL_ATTR_UNUSED\b[^;]*;|auto ?& ?vlSelfRef\b[^;]*;", "", body)
    return [text for text in (" ".join(part.split()) for part in re.split(r"[;{}]", body)) if text]
