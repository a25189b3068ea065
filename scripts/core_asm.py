#!/usr/bin/env python3
"""Assembles a program for the minimal core (rtl/core), whose codes it reads from rtl/core/core_pkg.sv.

  core_asm.py PROGRAM.s OUT.hex [OUT.lst]     OUT.hex: for $readmemh, a line of 64 bytes a line; OUT.lst: addresses and
                                              words

A line is `label: instruction operands ; comment`. Registers r0 … r15; numbers and names in expressions of Python; an
address is `imm(rN)`.

  add sub and or xor shl shr less   rd, ra, rb | imm     less: 1 if ra < rb, unsigned
  li rd, expression                 as many instructions as its bits need (names in it must be known by then)
  ld rd, imm(ra) · st rb, imm(ra) · swap rd, rb, imm(ra)
  beq bne bltu bgeu ra, rb, label · jmp label · call label, callr ra (r15) · jr ra · ret
  ctl OPERATION, ra [, rb] · get rd, SPECIAL · put SPECIAL, ra · iret · syscall · halt ra
  .equ NAME, expression · .org expression · .quad expression, … · .macro NAME parameter … / .end
Exit status: 0, 1 the program is wrong: file, line and why.
"""
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "rtl/core/core_pkg.sv"
CONTROL = ("MOV_CR0 MOV_CR3 MOV_CR4 WRMSR_EFER INVLPG INVPCID_0 INVPCID_1 INVPCID_2 INVPCID_3 WRPKRU WRMSR_PKRS "
           "WRMSR_PAT").split()
BRANCHES = {"beq": "CondEq", "bne": "CondNe", "bltu": "CondLess", "bgeu": "CondGe"}
LINE = 64


class Wrong(Exception):
    pass


def codes():
    """The enumerations of the package, all names in one table."""
    found = {}
    for body in re.findall(r"typedef enum logic[^{]*\{(.*?)\}", PACKAGE.read_text(), re.S):
        names = re.findall(r"\w+", re.sub(r"//[^\n]*", "", body))
        found |= {name: number for number, name in enumerate(names)}
    return found


CODE = codes()
SPECIAL = {name[2:].lower(): code for name, code in CODE.items() if name.startswith("Sp")}


def word(op, rd=0, ra=0, rb=0, imm=0):
    return CODE[op] << 28 | rd << 24 | ra << 20 | rb << 16 | imm & 0xFFFF


class Program:
    def __init__(self):
        self.names, self.macros, self.words, self.at = {}, {}, {}, 0

    # ---- operands ----
    def value(self, text, unknown=None):
        try:
            return int(eval(text, {"__builtins__": {}}, self.names))  # the program is ours
        except NameError as error:
            if unknown is None:
                raise Wrong(f"{text}: {error}") from None
            return unknown
        except (SyntaxError, TypeError, ValueError) as error:
            raise Wrong(f"{text}: {error}") from None

    @staticmethod
    def register(text):
        match = re.fullmatch(r"r(\d+)", text)
        if not match or int(match[1]) > 15:
            raise Wrong(f"{text}: no register r0 to r15")
        return int(match[1])

    @staticmethod
    def small(value, what):
        if not -0x8000 <= value < 0x8000:
            raise Wrong(f"{what}: {value:#x} does not fit into 16 bits")
        return value

    def place(self, text, final):
        """imm(ra), as (ra, imm)."""
        match = re.fullmatch(r"(.*)\((r\d+)\)", text)
        if not match:
            raise Wrong(f"{text}: no address like 8(r2)")
        return self.register(match[2]), self.small(self.value(match[1] or "0", None if final else 0), text)

    def far(self, text, final):
        return self.small((self.value(text, None if final else self.at) - self.at) // 4, text)

    # ---- instructions: a list of words each ----
    def constant(self, rd, text):
        value = self.value(text) & (1 << 64) - 1
        signed = value - (1 << 64) if value >> 63 else value
        parts = next(n for n in range(1, 5) if -1 << 16 * n - 1 <= signed < 1 << 16 * n - 1)
        chunks = [value >> 16 * n & 0xFFFF for n in reversed(range(parts))]
        return [word("OpImm", rd, imm=chunks[0]), *(word("OpPush", rd, rd, imm=chunk) for chunk in chunks[1:])]

    def instruction(self, name, args, final):
        reg = self.register
        if "Fn" + name.capitalize() in CODE and len(args) == 3:
            fn = CODE["Fn" + name.capitalize()]
            if re.fullmatch(r"r\d+", args[2]):
                return [word("OpAlu", reg(args[0]), reg(args[1]), reg(args[2]), fn)]
            value = self.small(self.value(args[2], None if final else 0), args[2])
            return [word("OpImm", reg(args[0]), reg(args[1]), fn, value)]
        if name in BRANCHES and len(args) == 3:
            return [word("OpBranch", CODE[BRANCHES[name]], reg(args[0]), reg(args[1]), self.far(args[2], final))]
        match name, args:
            case "li", [rd, text]:
                return self.constant(reg(rd), text)
            case "la", [rd, text]:
                return [word("OpImm", reg(rd), imm=self.small(self.value(text, None if final else 0), text))]
            case "mov", [rd, ra]:
                return [word("OpImm", reg(rd), reg(ra))]
            case "ld", [rd, where]:
                ra, imm = self.place(where, final)
                return [word("OpLoad", reg(rd), ra, 0, imm)]
            case "st", [rb, where]:
                ra, imm = self.place(where, final)
                return [word("OpStore", 0, ra, reg(rb), imm)]
            case "swap", [rd, rb, where]:
                ra, imm = self.place(where, final)
                return [word("OpSwap", reg(rd), ra, reg(rb), imm)]
            case "jmp", [label]:
                return [word("OpCall", imm=self.far(label, final))]
            case "call", [label]:
                return [word("OpCall", 15, imm=self.far(label, final))]
            case "callr", [ra]:
                return [word("OpJump", 15, reg(ra))]
            case "jr", [ra]:
                return [word("OpJump", 0, reg(ra))]
            case "ret", []:
                return [word("OpJump", 0, 15)]
            case "ctl", [op, ra, *rest] if op in CONTROL and len(rest) < 2:
                return [word("OpControl", 0, reg(ra), reg(rest[0]) if rest else 0, CONTROL.index(op))]
            case "get", [rd, special] if special in SPECIAL:
                return [word("OpGet", reg(rd), imm=SPECIAL[special])]
            case "put", [special, ra] if special in SPECIAL:
                return [word("OpPut", ra=reg(ra), imm=SPECIAL[special])]
            case "iret", []:
                return [word("OpSystem", imm=CODE["SysReturn"])]
            case "syscall", []:
                return [word("OpSystem", imm=CODE["SysCall"])]
            case "halt", [ra]:
                return [word("OpSystem", ra=reg(ra), imm=CODE["SysHalt"])]
        raise Wrong(f"no instruction {name} {', '.join(args)}")

    # ---- lines ----
    def put(self, words):
        for one in words:
            if self.at in self.words:
                raise Wrong(f"{self.at:#x} is written twice")
            self.words[self.at] = one
            self.at += 4

    def line(self, text, final):
        label, _, rest = text.rpartition(":")
        if label:
            if not final and label in self.names:
                raise Wrong(f"{label} is there twice")
            self.names[label.strip()] = self.at
        name, _, tail = rest.strip().partition(" ")
        args = [one.strip() for one in tail.split(",")] if tail.strip() else []
        if name == ".equ":
            self.names[args[0]] = self.value(",".join(args[1:]))
        elif name == ".org":
            self.at = self.value(tail)
        elif name == ".quad":
            values = [self.value(one, None if final else 0) & (1 << 64) - 1 for one in args]
            self.put([half for value in values for half in (value & 0xFFFFFFFF, value >> 32)])
        elif name in self.macros:
            parameters, body = self.macros[name]
            if len(args) != len(parameters):
                raise Wrong(f"{name} takes {len(parameters)} operands")
            for one in body:
                for parameter, arg in zip(parameters, args):
                    one = re.sub(rf"\b{parameter}\b", arg, one)
                self.line(one, final)
        elif name:
            self.put(self.instruction(name, args, final))

    def assemble(self, lines, final):
        self.words, self.at, self.macros = {}, 0, {}
        body = None
        for number, text in enumerate(lines, 1):
            text = text.split(";")[0].strip()
            try:
                if text.startswith(".macro"):
                    _, name, *parameters = text.split()
                    body = []
                    self.macros[name] = (parameters, body)
                elif text == ".end":
                    body = None
                elif body is not None:
                    body.append(text)
                else:
                    self.line(text, final)
            except Wrong as wrong:
                raise Wrong(f"line {number}: {wrong}") from None


def lines_of(words):
    """The image as $readmemh reads it: the last byte of a line first."""
    image = bytearray(-(-(max(words) + 4) // LINE) * LINE)
    for at, one in words.items():
        image[at:at + 4] = one.to_bytes(4, "little")
    return [image[at:at + LINE][::-1].hex() for at in range(0, len(image), LINE)]


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    lines = Path(arguments[0]).read_text(encoding="utf-8").splitlines()
    program = Program()
    try:
        program.assemble(lines, False)
        program.assemble(lines, True)
    except Wrong as wrong:
        print(f"core_asm: {arguments[0]}: {wrong}", file=sys.stderr)
        return 1
    Path(arguments[1]).write_text("\n".join(lines_of(program.words)) + "\n")
    if arguments[2:]:
        labels = {at: name for name, at in program.names.items() if at in program.words}
        Path(arguments[2]).write_text("".join(f"{at:04x} {one:08x} {labels.get(at, '')}\n"
                                              for at, one in sorted(program.words.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
