#!/usr/bin/env python3
"""Judges a run of tb/core/paging.s from outside: by what it left in memory, and by the traps that the bench has seen.

  judge.py PRESET.toml MEMORY.hex SAID     SAID: standard output of the bench (core_bench.sv)

The program judges itself too; this knows nothing of how it does that. Expected are every trap with its error code and
address, the log of them that the handler wrote, the stale translations where the TLBs have room for them, every entry
of the tables with A and D, and the pages. Exit status: 0, 1 something is wrong: a line each.
"""
import re
import sys
import tomllib
from pathlib import Path

PF, GP, MC, CALL = 14, 13, 18, 128
LOG, WORDS_OF_TRAP = 0x4100, 4
ROOM = 4  # entries for pages of 4 KByte in the DTLB, that none of the few in use is driven out
P, W, U, A, D, PS, G, NX, KEY1 = 1, 2, 4, 0x20, 0x40, 0x80, 0x100, 1 << 63, 1 << 59
PWT_PCD = 0x18
X, Y, Z = 0xD000, 0xE000, 0xF000
SAYS = "{:#x}: {:#x}, not {:#x}".format


def traps(has):
    """Cause, error code, and of page faults CR2."""
    if not has["page_1g"]:
        yield PF, 9, 0x40000000 + X
    yield PF, 0, 0x41008
    yield PF, 3, 0x42020
    yield PF, 3, 0x49028
    yield PF, 0x11, 0x40000
    yield PF, 0x11, 0x3000
    yield PF, 1, 0x43000
    yield PF, 5, 0x40000
    yield from ((GP, 0, None), (CALL, 0, None), (PF, 0x15, 0), (GP, 0, None))
    yield PF, 9, 0x600010
    yield from ((MC, 0, None), (MC, 0, None), (GP, 0, None))
    yield PF, 2, 0x48000
    if has["pku"]:
        yield PF, 0x21, 0x43000
        yield PF, 0x23, 0x43028
    yield (PF, 0, 1 << 47) if has["la57"] else (GP, 0, None)


def tables(has):
    """Address and value of every entry that one run can have in one way only."""
    giant, pcid, la57 = has["page_1g"], has["pcid"], has["la57"]
    yield from ((0x5000, 0x6000 | P | W | U | A), (0x5FF8, 0x6000 | P | W | U | A))
    yield from ((0x6000, 0x7000 | P | W | U | A), (0x6008, P | W | PS | NX | (A | D if giant else 0)))
    # Upper entries: A, never D. The last is wrong, and no walk has passed it.
    yield from ((0x7000, 0x8000 | P | W | U | A), (0x7008, P | W | PS | NX | A | D))
    yield from ((0x7010, 0x100000 | P | W | U | A), (0x7018, 0x2000 | P | W | PS))
    yield from ((0x8000, P | G | A), (0x8018, 0x3000 | P | U | A), (0x8020, 0x4000 | P | W | NX | A | D))
    yield from ((0x8050, 0xA000 | P | W | NX), (0x8060, 0xC000 | P | W | NX))  # nobody was there
    yield 0x8080, 0x10000 | P | W | PWT_PCD | NX
    windows = {0: X | P | W | A | D, 1: Y | P | W | A, 2: Z | P | W | A | D, 5: X | P | W | G | A, 6: Y | P | W | A | D,
               7: X | P | W | A | D, 8: None, 9: X | P, 10: 0x200000 | P | W | A}
    windows[3] = X | P | W | U | A | (KEY1 if has["pku"] else 0)
    windows[4] = (Y if pcid else X) | P | W | A
    yield from ((0x8200 + 8 * n, 0 if value is None else value | NX) for n, value in windows.items())
    yield from ((0x9000, 0xA000 | P | W | U | (A if pcid else 0)), (0xC220, Y | P | W | NX | (A if pcid else 0)))
    yield from ((0x2000, 0x5000 | P | W | U | A if la57 else 0), (0x2008, 0x5000 | P | W | U | A if la57 else 0))


def pages(has):
    ones, twos = 0x1111111111111111, 0x2222222222222222
    yield from ((X, ones), (X + 0x18, 0x9ABC if has["page_1g"] else 0x5678), (X + 0x20, ones), (X + 0x28, 0x77))
    yield from ((X + 0xFF8, ones), (Y, twos), (Y + 0xFF8, 0x3322112222222222))
    yield from ((Z, 0x4444444444444444 if has["pcid"] else ones), (Z + 0x20, 0x3333))


def stale(has, room):
    most = 7 if has["pcid"] else 3
    return most, most if room >= ROOM else 0


def judged(has, room, memory, said):
    def word(at):
        return int.from_bytes(memory[at:at + 8], "little")

    expected = list(traps(has))
    seen = [(int(c), int(e, 16), int(a, 16), int(pc, 16))
            for c, e, a, pc in re.findall(r"trap (\d+) error (\w+) address (\w+) at (\w+)", said)]
    if len(seen) != len(expected):
        yield f"{len(seen)} traps, not {len(expected)}"
    for number, (see, (cause, error, cr2)) in enumerate(zip(seen, expected), 1):
        if see[:2] != (cause, error) or cr2 is not None and see[2] != cr2:
            wants = "any" if cr2 is None else f"{cr2:#x}"
            yield (f"trap {number}: cause {see[0]}, error code {see[1]:#x}, address {see[2]:#x}; "
                   f"expected {cause}, {error:#x}, {wants}")
    for number, see in enumerate(seen):
        cause, error, cr2, epc = (word(LOG + 8 * (WORDS_OF_TRAP * number + n)) for n in range(WORDS_OF_TRAP))
        if (cause, error) != see[:2] or cause == PF and cr2 != see[2] or epc != see[3] + 4 * (cause == CALL):
            yield f"log of trap {number + 1}: cause {cause}, error code {error:#x}, CR2 {cr2:#x}, EPC {epc:#x}"
    if word(0x4008) != LOG + 8 * WORDS_OF_TRAP * len(seen):
        yield f"the log ends at {word(0x4008):#x}, after {len(seen)} traps"
    # What may be stale is stale where the TLBs have room for it.
    most, least = stale(has, room)
    if not least <= word(0x4018) <= most:
        yield f"{word(0x4018)} stale translations were used, not {least} to {most}"
    for at, value in [*tables(has), *pages(has)]:
        if word(at) != value:
            yield SAYS(at, word(at), value)
    # What a run may have in several ways (global entries outlive a change of CR3), D it may not.
    for at in range(0xC000, 0xC000 + 8 * 17, 8):
        if word(at) & D:
            yield f"{at:#x}: {word(at):#x} has D, and nobody wrote there in space B"
    letters = re.findall(r"mailbox (\w+)", said)
    if letters != [f"{word(0x4000):016x}"] or not letters[0].endswith("600d0012"):
        yield f"the mailbox got {letters}, the result is {word(0x4000):#x}"


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    preset = tomllib.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    has = preset["arch"]
    arrays = [preset["dtlb"][name] for name in preset["dtlb"] if name.startswith("array")]
    room = sum(array["entries"] for array in arrays if "4k" in array["sizes"])
    lines = [line for line in Path(arguments[1]).read_text().split("\n") if re.fullmatch(r"[0-9a-f]{128}", line)]
    memory = b"".join(bytes.fromhex(line)[::-1] for line in lines)
    said = Path(arguments[2]).read_text()
    wrong = list(judged(has, room, memory, said)) if len(memory) >= 0x10000 else [f"memory has {len(memory)} bytes"]
    for line in wrong:
        print(line)
    compared = f"{len(list(traps(has)))} traps, {len(list(tables(has)))} entries, {len(list(pages(has)))} words"
    print(f"judge: {compared}, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
