#!/usr/bin/env python3
"""Is who proves mutants the same machine (scripts/mutants/induction.py) to be believed? A machine of three registers,
as Yosys would write it, with mutants that are the same by a lemma, by a register that is nobody's, by an output that
means nothing, and with some that are not; and what is said of it too little, or wrongly. What stands for an assignment
that is left out. A small package, whose functions have mutants: that these act where the functions are called. And a
netlist, of which what a register drives is mutated: that the register can be named still.
"""
import importlib
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(HOME / "scripts/mutants"))
import equivalent  # noqa: E402
import graph  # noqa: E402
import induction  # noqa: E402
import netlist  # noqa: E402
import relations  # noqa: E402
import rtl  # noqa: E402

INPUTS = ("rst_i", "x_i", "y_i", "mutant_1", "mutant_2", "mutant_3", "mutant_4", "mutant_5", "mutant_6")


class Machine:
    """Its and-gates, as AIGER has them: literals, 2n + 1 the inverse of 2n."""
    def __init__(self):
        self.gates, self.next = [], 2 * (len(INPUTS) + 3) + 2
        self.input = {name: 2 * n + 2 for n, name in enumerate(INPUTS)}
        self.a, self.b, self.junk = (2 * (len(INPUTS) + n) + 2 for n in range(3))

    def both(self, a, b):
        self.gates.append((self.next, a, b))
        self.next += 2
        return self.next - 2

    def either(self, a, b):
        return self.both(a ^ 1, b ^ 1) ^ 1

    def choice(self, condition, yes, no):
        return self.either(self.both(condition, yes), self.both(condition ^ 1, no))

    def text(self):
        reset, x, y = (self.input[name] for name in INPUTS[:3])
        m = [None, *(self.input[name] for name in INPUTS[3:])]
        runs = reset ^ 1
        after_a, after_b = self.both(runs, x), self.both(runs, x ^ 1)  # never both
        loaded = self.both(x, y)
        after_junk = self.choice(m[2], self.either(loaded, x ^ 1), loaded)  # 2: another where a will be 0
        after_junk = self.choice(m[3], self.both(x, y ^ 1), after_junk)     # 3: another where it will be 1
        answer = self.both(self.a, self.choice(m[4], self.junk ^ 1, self.junk))  # 4: seen at once
        both = self.choice(m[1], 0, self.both(self.a, self.b))              # 1: 0 for what is always 0
        late = self.choice(m[5], 0, self.b)                                 # 5: 0 for what is not
        word = self.choice(m[6], self.a ^ 1, self.a)                        # 6: but for an output that means nothing
        word = self.both(word, self.b)
        latches = ((self.a, after_a, "a_q"), (self.b, after_b, "b_q"), (self.junk, after_junk, "junk_q"))
        outputs = ((answer, "answer_o"), (both, "both_o"), (late, "late_o"), (word, "word_o"))
        lines = [f"aag {self.next // 2 - 1} {len(INPUTS)} {len(latches)} {len(outputs)} {len(self.gates)}"]
        lines += [str(node) for node in self.input.values()] + [f"{of} {after}" for of, after, _ in latches]
        lines += [str(node) for node, _ in outputs]
        lines += [f"{out} {a} {b}" for out, a, b in self.gates]
        lines += [f"i{n} {name}" for n, name in enumerate(INPUTS)]
        lines += [f"l{n} {name}" for n, (_, _, name) in enumerate(latches)]
        return "\n".join(lines + [f"o{n} {name}" for n, (_, name) in enumerate(outputs)]) + "\n"


class Said(relations.Relations):
    """What is said of that machine; preset: the words that are said besides."""
    def __init__(self, of, registers, value, preset, without=()):
        self.graph, self.registers, self.value, self.without = of, registers, value, without
        self.lemmas, self.nobody = {}, {}
        self.a, self.b = self.word("a_q")[0], self.word("b_q")[0]
        self.lemma("apart", self.graph.both(self.a, self.b) ^ 1)
        self.free("junk", "junk_q", 1 if "always junk" in preset else self.a ^ 1)
        if "b is 0" in preset:
            self.lemma("wrong", self.b ^ 1)

    def environment(self, design):
        return {}

    def unasked(self, names, design):
        return [("no word", self.b)] if "word_o" in names and "no word" not in self.without else []


def proved(folder, preset=(), without=()):
    """The mutants that are proved, each with what is let go."""
    (folder / "machine.aag").write_text(Machine().text())
    of = graph.Graph()
    design = graph.Design(folder / "machine.aag", of, {}, frozenset(INPUTS[3:]))
    known = induction.Induction(design, preset, without, Said)
    said = {number: known.prove([f"mutant_{number}"], number) for number in range(1, 7)}
    return known.lemmas, {number: uses for number, (is_same, uses) in said.items() if is_same}


SOURCE = """module few (input logic [3:0] x_i, output logic [3:0] y_o);
  function automatic logic [3:0] first(input logic [3:0] x);
    first = '0;
    first[1:0] = x[1:0];
    if (x[3]) first[3] = 1'b1;
  endfunction
  function automatic logic [3:0] one_way(input logic [3:0] x);
    if (x[0]) one_way = x;
    one_way[3] = x[1];
  endfunction
  always_comb y_o = first(x_i) | one_way(x_i);
endmodule
"""
# Of each assignment there: whether any value stands for it when it is left out, or the one that was given before.
ANY = {"first = '0;": True, "first[1:0] = x[1:0];": False, "first[3] = 1'b1;": False, "one_way = x;": True,
       "one_way[3] = x[1];": True}


def left_out():
    """Where nothing has been assigned there is any value, not 0: a first 0 left out is another function."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "few.sv").write_text(SOURCE)
        found = [one for one in rtl.find(folder, importlib.import_module("pyslang.syntax"))
                 if one.what == "assignment dropped"]
        said = {one.text: "mutant_1_any" in equivalent.lasting(Path(folder), 1, one).new for one in found}
    wrong = {text: any_value for text, any_value in ANY.items() if said.get(text) != any_value}
    if wrong:
        print(f"any value where an assignment is left out: {said}, expected {wrong}")
    return 1 if wrong else 0


# A function that another calls, in the module, and in one that means its own by that name.
OF_PACKAGE = {
    "mmu_cfg_pkg.sv": "package mmu_cfg_pkg;\n  localparam bit One = 1'b1;\nendpackage\n",
    "mmu_pkg.sv": """package mmu_pkg;
  import mmu_cfg_pkg::*;
  function automatic logic least(input logic a, input logic b);
    return a && (a || b) && One;
  endfunction
  function automatic logic outer(input logic a, input logic b);
    return least(a, b);
  endfunction
endpackage
""",
    "few.sv": """module few
  import mmu_pkg::*;
(
  input logic [1:0] x_i,
  output logic [1:0] y_o
);
  assign y_o[0] = outer(x_i[0], x_i[1]);
  own u_own (.x_i, .y_o(y_o[1]));
endmodule
""",
    "own.sv": """module own
  import mmu_pkg::*;
(
  input logic [1:0] x_i,
  output logic y_o
);
  function automatic logic least(input logic a, input logic b);
    return a || b;
  endfunction
  assign y_o = least(x_i[0], x_i[1]);
endmodule
""",
}
SAME = {("a && (a || b) && One", "((a && (a || b)) != 0)"), ("a && (a || b)", "((a) != 0)"), ("a || b", "((a) != 0)")}


def of_package():
    """Of the mutants of a package's function those that are the same are proved, and only these."""
    with tempfile.TemporaryDirectory() as name:
        folder, source = Path(name), Path(name) / "source"
        source.mkdir()
        for file, text in OF_PACKAGE.items():
            (source / file).write_text(text)
        mutants = [one for one in rtl.find(source, importlib.import_module("pyslang.syntax"))
                   if one.file == "mmu_pkg.sv"]
        equivalent.planted(source, folder, mutants)
        netlist.run(folder, "read",
                    f"read_slang -j 1 --top few "
                    f"{' '.join(OF_PACKAGE)}\n{equivalent.FLAT.replace('mmu', 'few')}write_rtlil free.il\n")
        text, wires = equivalent.opened((folder / "free.il").read_text(), "few")
        (folder / "free.il").write_text(text)
        netlist.run(folder, "gates", f"read_rtlil free.il\n{equivalent.GATES}gates.aag\n")
        of = graph.Graph()
        design = graph.Design(folder / "gates.aag", of, {},
                              frozenset(word for words in wires.values() for word in words))
        found = {(one.text, one.new) for number, one in enumerate(mutants, 1) if design.same_with(wires[number])}
    if found != SAME or len(mutants) != 9:
        print(f"of {len(mutants)} mutants of a package the same are {found}, expected {SAME} of 9")
    return found != SAME or len(mutants) != 9


# A register of two bits, that is somebody's while busy; the lower is 0 then, and has another name besides.
OF_NETLIST = """module few (
  input logic clk_i, rst_i, start_i, end_i, x_i,
  output logic y_o
);
  logic busy_q;
  logic [1:0] p_old, old_q;
  always_ff @(posedge clk_i) begin
    p_old <= p_old ^ {2{x_i}};
    if (start_i && !busy_q) begin
      p_old <= {x_i, 1'b0};
      busy_q <= 1'b1;
    end else if (busy_q) begin
      p_old <= p_old & {x_i, 1'b1};
      if (end_i) busy_q <= 1'b0;
    end
    if (rst_i) busy_q <= 1'b0;
  end
  assign old_q = p_old;
  assign y_o = busy_q && old_q != '0;
endmodule
"""


class SaidOfNetlist(relations.Relations):
    def __init__(self, of, registers, value, preset, without=()):
        self.graph, self.registers, self.value, self.without = of, registers, value, without
        self.lemmas, self.nobody = {}, {}
        busy = self.word("busy_q", 1)[0]
        self.lemma("low", self.implies(busy, self.word("old_q", 1)[0] ^ 1))
        self.free("idle", "old_q", busy ^ 1)

    def environment(self, design):
        return {}

    def unasked(self, names, design):
        return []


def of_netlist():
    """The lower bit stuck at 0 is the same; stuck at 1 it is not, nor is the other stuck at 0."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "few.sv").write_text(OF_NETLIST)
        netlist.run(folder, "flat", f"read_slang -j 1 --top few few.sv\n{netlist.FLAT.replace('mmu', 'few')}"
                                    "write_rtlil flat.il\n")
        text = (folder / "flat.il").read_text()
        cell = next(cell for cell, signal in netlist.REGISTER.findall(text) if "old" in signal)
        chosen = [rtl.Mutant("few.sv", 1, f"netlist {mode}", "", 0, 0,
                             f"-mode {mode} -module few -cell {cell} -port Q -portbit {bit}")
                  for mode, bit in (("const0", 0), ("const1", 0), ("const0", 1))]
        netlist.mutated(folder, chosen)
        netlist.run(folder, "gates", f"read_rtlil free.il\n{equivalent.GATES}gates.aag\n")
        of = graph.Graph()
        design = graph.Design(folder / "gates.aag", of, {}, frozenset(f"mutant_{n}" for n in (1, 2, 3)))
        known = induction.Induction(design, (), (), SaidOfNetlist)
        found = [known.prove([f"mutant_{n}"], n) for n in (1, 2, 3)]
    same = [is_same for is_same, _ in found]
    if same != [True, False, False] or found[0][1] != ["idle"] or known.lemmas != ["low"]:
        print(f"what a register drives is mutated: {found}, lemmas {known.lemmas}")
        return 1
    return 0


def main():
    cases = (("all", (), (), (["apart"], {1: [], 2: ["junk"], 6: ["no word"]})),
             ("no lemma", (), ("apart",), ([], {2: ["junk"], 6: ["no word"]})),
             ("nothing is nobody's", (), ("junk",), (["apart"], {1: [], 6: ["no word"]})),
             ("no output is let go", (), ("apart", "no word"), ([], {2: ["junk"]})),
             ("a lemma that is wrong", ("b is 0",), (), (["apart"], {1: [], 2: ["junk"], 6: ["no word"]})),
             ("nobody's, although somebody looks", ("always junk",), (), (["apart"], {1: [], 6: ["no word"]})))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, preset, without, expected in cases:
            found = proved(Path(folder), preset, without)
            if found != expected:
                print(f"{name}: lemmas and proved mutants are {found}, expected {expected}")
                wrong += 1
    wrong += left_out() + of_package() + of_netlist()
    print(f"{len(cases) + 3 - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
