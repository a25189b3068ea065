"""Random mutants of the RTL: small wrong changes of expressions and statements, all in one copy of the design, of which
one acts at run time (`planted` of the package that scripts/plant_defects.py writes too).

A mutant replaces one expression or statement of the source, found in the syntax tree that slang makes of it. Left alone
is what is decided when the design is built (parameters and the functions that they call, types, dimensions, conditions
and bounds of generate and for),
what stands on the left of an assignment, and the state readout's Readout.
"""
import random
import re
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "defect_pkg"

# Of what is below one of these nothing is changed.
ELABORATED = {
    "ParameterDeclaration", "ParameterDeclarationStatement", "ParameterPortList", "ParameterValueAssignment",
    "RangeDimensionSpecifier", "VariableDimension",
    "TypedefDeclaration", "AnsiPortList", "FunctionPortList", "NamedType", "StructUnionType", "EnumType",
    "PackageImportDeclaration", "ImplicitType",
    "LogicType", "ConcurrentAssertionStatement", "ImmediateAssertStatement", "ImmediateAssertionMember",
    "ConcurrentAssertionMember",
}
SWAPPED = {
    "EqualityExpression": ("==", "!="), "InequalityExpression": ("!=", "=="), "LessThanExpression": ("<", "<="),
    "LessThanEqualExpression": ("<=", "<"), "GreaterThanExpression": (">", ">="),
    "GreaterThanEqualExpression": (">=", ">"),
    "AddExpression": ("+", "-"), "SubtractExpression": ("-", "+"), "LogicalAndExpression": ("&&", "||"),
    "LogicalOrExpression": ("||", "&&"), "BinaryAndExpression": ("&", "|"), "BinaryOrExpression": ("|", "&"),
}
TERMS = {"LogicalAndExpression", "LogicalOrExpression", "BinaryAndExpression", "BinaryOrExpression",
         "BinaryXorExpression"}
LITERALS = {"IntegerLiteralExpression", "IntegerVectorExpression"}
# What of a node is a width, and so decided too when the design is built.
WIDTHS = {
    "SimpleRangeSelect": ("left", "right"), "AscendingRangeSelect": ("right",), "DescendingRangeSelect": ("right",),
    "MultipleConcatenationExpression": ("expression",), "ReplicatedAssignmentPattern": ("countExpr",),
    "CastExpression": ("left",),
}


@dataclass
class Mutant:
    file: str
    line: int
    what: str           # "condition negated", …
    text: str           # of the source
    start: int
    end: int
    new: str            # what takes its place
    wrap: bool = False  # a statement


def kind(node):
    return str(node.kind).split(".")[1]


def elaborated(texts):
    """The functions that a localparam of one of these sources calls, and those that they call: a constant needs
    them."""
    texts = [re.sub(r"//[^\n]*", "", text) for text in texts]
    bodies = {name: body for text in texts
              for name, body in re.findall(r"function automatic\b[^;(]*?(\w+)\s*\((.*?)endfunction", text, re.S)}
    called = {name for text in texts for value in re.findall(r"\blocalparam\b(.*?);", text, re.S) for name in bodies
              if re.search(rf"\b{name}\b", value)}
    while more := {name for one in called for name in bodies if re.search(rf"\b{name}\b", bodies[one])} - called:
        called |= more
    return called


class Finder:
    def __init__(self, path, syntax, constant):
        self.path, self.syntax, self.constant = path, syntax, constant
        self.source = path.read_bytes()
        self.found = []
        tree = syntax.SyntaxTree.fromFile(str(path))
        self.walk(tree.root, False, False)

    def text(self, node):
        return self.source[node.sourceRange.start.offset:node.sourceRange.end.offset].decode()

    def add(self, node, what, new, wrap=False):
        start, end = node.sourceRange.start.offset, node.sourceRange.end.offset
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Mutant(self.path.name, line, what, self.text(node), start, end, new, wrap))

    def children(self, node):
        return [child for child in node if isinstance(child, self.syntax.SyntaxNode)]

    def walk(self, node, procedural, value):
        """value: what is below is evaluated while the design runs."""
        name = kind(node)
        if name in ELABORATED or (name == "FunctionDeclaration" and str(node.prototype.name).strip() in self.constant):
            return
        if value:
            self.mutate(node, name)
        if name in ("IfGenerate", "LoopGenerate", "CaseGenerate"):
            self.below(node, [node.block] if hasattr(node, "block") else [], procedural)
            return
        if name in ("AssignmentExpression", "NonblockingAssignmentExpression"):
            self.walk(node.right, procedural, True)
            return
        if name == "ForLoopStatement":
            self.walk(node.statement, procedural, False)
            return
        if name == "Declarator":
            for child in self.children(node):
                if kind(child) == "EqualsValueClause":
                    self.walk(child, procedural, procedural)
            return
        if name == "StandardCaseItem":  # not the labels
            self.walk(node.clause, procedural, False)
            return
        if (name == "ExpressionStatement" and procedural
            and kind(node.expr) in ("AssignmentExpression", "NonblockingAssignmentExpression")):
            self.add(node, "assignment dropped", "", wrap=True)
        if name in ("AlwaysCombBlock", "AlwaysFFBlock", "FunctionDeclaration"):
            procedural = True
        if name in ("ConditionalPredicate", "ContinuousAssign", "ExpressionStatement", "ReturnStatement",
                    "PortConnection", "NamedPortConnection"):
            value = True
        widths = [getattr(node, part) for part in WIDTHS.get(name, ())]
        for child in self.children(node):
            if child not in widths:
                self.walk(child, procedural, value and name != "TimingControlStatement")

    def below(self, node, blocks, procedural):
        for child in self.children(node):
            if (child in blocks
                or kind(child) in ("GenerateBlock", "ElseClause", "HierarchyInstantiation", "ContinuousAssign",
                                   "AlwaysCombBlock", "AlwaysFFBlock")):
                self.walk(child, procedural, False)

    def mutate(self, node, name):
        text = self.text(node)
        if name == "ConditionalPattern" and self.children(node):
            self.add(node, "condition negated", f"!({text})")
        elif name == "ConditionalExpression":
            self.add(node, "arms swapped",
                     f"(({self.text(node.predicate)}) ? ({self.text(node.right)}) : ({self.text(node.left)}))")
        elif name == "UnaryLogicalNotExpression":
            self.add(node, "negation dropped", f"(({self.text(node.operand)}) != 0)")
        elif name == "UnaryBitwiseNotExpression":
            self.add(node, "negation dropped", f"({self.text(node.operand)})")
        elif name in LITERALS:
            self.literal(node, text)
        if name in SWAPPED:
            old, new = SWAPPED[name]
            self.add(node, f"{old} for {new}", f"(({self.text(node.left)}) {new} ({self.text(node.right)}))")
        if name in TERMS:
            logical = name.startswith("Logical")
            for side, dropped in ((node.left, node.right), (node.right, node.left)):
                self.add(node, "term dropped", f"(({self.text(side)}) != 0)" if logical else f"({self.text(side)})")

    def literal(self, node, text):
        parent = kind(node.parent)
        what = ("index off by one" if parent in ("BitSelect", "AscendingRangeSelect", "DescendingRangeSelect")
                else "constant off by one")
        if "'" in text and len(text.split("'")[0]) and text.split("'")[0] == "1":
            self.add(node, what, f"(~{text})")
        else:
            self.add(node, what, f"({text} + {text.split(chr(39))[0] + chr(39) + 'd1' if chr(39) in text else '1'})")


def find(folder, syntax):
    """All mutants of all files, in order."""
    paths = sorted(Path(folder).glob("*.sv"))
    constant = elaborated([path.read_text(encoding="utf-8") for path in paths])
    return [mutant for path in paths for mutant in Finder(path, syntax, constant).found]


def choose(mutants, number, seed):
    """So many of them, none twice, each file with its share."""
    order = sorted(random.Random(seed).sample(range(len(mutants)), min(number, len(mutants))))
    return [mutants[at] for at in order]


def write(folder, out, chosen, free=False):
    """The copy of the design with the chosen mutants, numbered from 1; free: each with a wire of its own,
    mutant_NUMBER, for the planted number."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(folder).glob("*.sv")):
        source = path.read_bytes()
        of_file = [(number, mutant) for number, mutant in enumerate(chosen, 1) if mutant.file == path.name]
        text = render(source, 0, len(source), of_file, **({"selector": b"mutant_%d"} if free else {})).decode()
        if free and of_file:
            text = re.sub(r"^\);$", ");\n  logic " + ", ".join(f"mutant_{number}" for number, _ in of_file) + ";", text,
                          count=1, flags=re.M)
        if not (out / path.name).exists() or (out / path.name).read_text() != text:
            (out / path.name).write_text(text)


def render(source, start, end, mutants, selector=f"{PACKAGE}::planted == %d".encode(),
           dropped=b"begin if (!(%s)) begin %s end end"):
    """The source from start to end, with mutants, which lie within, one in another."""
    result, at = b"", start
    while True:
        inside = [item for item in mutants if item[1].start >= at]
        if not inside:
            return result + source[at:end]
        first = min(inside, key=lambda item: (item[1].start, -item[1].end))[1]
        same = [item for item in inside if (item[1].start, item[1].end) == (first.start, first.end)]
        within = [item for item in inside if item[1].start >= first.start and item[1].end <= first.end
                  and item not in same]
        text = render(source, first.start, first.end, within, selector, dropped)
        for number, mutant in same:
            planted = selector % number
            if mutant.wrap and mutant.new:
                text = b"begin if (%s) begin %s end else begin %s end end" % (planted, mutant.new.encode(), text)
            elif mutant.wrap:
                text = dropped % (planted, text)
            else:
                text = b"((" + planted + b") ? (" + mutant.new.encode() + b") : (" + text + b"))"
        result += source[at:first.start] + text
        at = first.end
        mutants = [item for item in mutants if item[1].start >= at]
