"""The flags of a model's writes to memories: bits of a few words."""

import re
from pathlib import Path

from .code import of_model, rewrite


def gather_flags(folder, prefix):
    """Makes bits of a few words of the flags that say of each write to a memory whether it is to be done at the end of
    the clock: so they are set to 0 together, and asked for eight at a time."""
    root = f"{prefix}___024root"
    flag = r"(?:vlSelf(?:->|Ref\.))?\b(__Vdly(?:vset|Set)__\w+)"
    files, function = of_model(folder, prefix)
    zeroed, refused = {}, set()  # flag: where it is set to 0
    for text in files.values():
        for match in function.finditer(text):
            cleared = [(m.start(), m[1]) for m in re.finditer(rf"^    {flag} = 0U;\n", match[0], re.M)]
            begun = min((m.start() for m in re.finditer(rf"{flag} = 1U;|if \({flag}\)", match[0])),
                        default=len(match[0]))
            for at, name in cleared:
                if at > begun or zeroed.setdefault(name, match[1]) != match[1]:
                    refused.add(name)
    everything = "".join(files.values())
    understood = re.sub(rf"^ *{flag} = (?:0U?|1U);\n|if \({flag}\) {{\n|^ *CData/\*0:0\*/ {flag};\n"
                        r"|^ *vlSelf->__Vdly\w+ = VL_RAND_RESET_I\(1\);\n", "", everything, flags=re.M)
    refused |= set(re.findall(flag, understood))
    tested = dict.fromkeys(re.findall(rf"if \({flag}\) {{", everything))
    declared = re.findall(r"CData/\*0:0\*/ (__Vdly\w+);", Path(folder, f"{root}.h").read_text())
    members = set(declared) & set(re.findall(r"vlSelf(?:->|Ref\.)(\w+)", everything))
    places, words = {}, {}  # flag: (word, bit); word: the function that clears it
    for name in tested:
        if name in zeroed and name not in refused:
            kind = ("vlSelf->__Vflags" if name in members else "__Vflags") + zeroed[name].removeprefix(root)
            count = words.setdefault(kind, [0, zeroed[name]])
            places[name] = f"{kind}_{count[0] // 32}", 1 << count[0] % 32
            count[0] += 1

    def mend(match):
        code = match[0]
        mine = sorted(f"{kind}_{n}" for kind, (count, where) in words.items() if where == match[1]
                      for n in range((count + 31) // 32))
        known = lambda text: lambda m: text(*places[m[1]]) if m[1] in places else m[0]
        code = re.sub(rf"^ *{flag} = 0U?;\n|^ *CData/\*0:0\*/ {flag};\n",
                      lambda m: "" if (m[1] or m[2]) in places else m[0], code, flags=re.M)
        code = re.sub(rf"{flag} = 1U;", known(lambda word, bit: f"{word} |= {bit:#x}U;"), code)
        code = re.sub(rf"if \({flag}\) {{", known(lambda word, bit: f"if ({word} & {bit:#x}U) {{"), code)
        code = re.sub(r"(?:    if \((?:vlSelf->)?__Vflags\w+ & \w+\) {\n[^{}]*    }\n){2,}", together, code)
        at = code.index("{\n") + 2
        return code[:at] + "".join(f"    {word} = 0;\n" if ">" in word else f"    IData {word} = 0;\n"
                                   for word in mine) + code[at:]

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

    rewrite(files, function, mend)
    header = Path(folder, f"{root}.h")
    added = "".join(f"    IData {kind.removeprefix('vlSelf->')}_{n};\n" for kind, (count, _) in words.items()
                    if ">" in kind for n in range((count + 31) // 32))
    text = header.read_text()
    at = text.index("    // INTERNAL VARIABLES")
    header.write_text(text[:at] + added + text[at:])
    return len(places)
