"""Random mutants of the cycle model and of the oracle: as rtl.py has them of the RTL, in the C of model/cycle and
model/arch.

All stand in one copy of the sources; the environment variable TWINWALK_DEFECT says which one acts. Left alone is what
the compiler must know (sizes, enumerations, initializers of constants, case labels, the preprocessor) and what is for
people.
"""
from pathlib import Path

import rtl

FOLDERS = ("model/cycle", "model/arch")
FOR_PEOPLE = ("explain.c",)
HEADER = b"extern unsigned twinwalk_mutant;\n"
SOURCE = """#include <stdlib.h>
unsigned twinwalk_mutant;
__attribute__((constructor)) static void choose(void)
{
    const char *number = getenv("TWINWALK_DEFECT");
    twinwalk_mutant = number ? (unsigned)strtoul(number, NULL, 10) : 0;
}
"""
COMPILED = {"preproc_def", "preproc_function_def", "preproc_if", "preproc_include", "enum_specifier",
            "array_declarator", "field_declaration",
            "bitfield_clause", "static_assert_declaration", "attribute_specifier", "type_definition",
            "struct_specifier", "sizeof_expression", "initializer_list",
            "string_literal", "type_descriptor", "parameter_list", "subscript_designator", "offsetof_expression"}
SWAPPED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "+": "-", "-": "+", "&&": "||",
           "||": "&&", "&": "|", "|": "&"}
TERMS = {"&&", "||", "&", "|"}


class Finder:
    def __init__(self, home, path, parser):
        self.path, self.source, self.found = path, (home / path).read_bytes(), []
        self.walk(parser.parse(self.source).root_node, False)

    def text(self, node):
        return self.source[node.start_byte:node.end_byte].decode()

    def add(self, node, what, new, wrap=False):
        self.found.append(rtl.Mutant(str(self.path), node.start_point[0] + 1, what, self.text(node), node.start_byte,
                                     node.end_byte, new, wrap))

    def walk(self, node, inside):
        if node.type in COMPILED or node.is_error:
            return
        if (node.type == "declaration"
            and (not inside or any(child.type == "storage_class_specifier" for child in node.children))):
            return  # of constants
        if node.type == "compound_statement":
            inside = True
        if inside:
            self.mutate(node)
        for child in node.named_children:
            if node.type == "case_statement" and child == node.child_by_field_name("value"):
                continue
            if node.type == "assignment_expression" and child == node.child_by_field_name("left"):
                continue
            if node.type in ("pointer_expression", "update_expression"):
                continue
            self.walk(child, inside)

    def mutate(self, node):
        field = node.child_by_field_name
        if node.type in ("if_statement", "while_statement"):
            condition = field("condition")
            self.add(condition, "condition negated", f"!{self.text(condition)}")
        elif node.type == "conditional_expression":
            self.add(node, "arms swapped",
                     f"(({self.text(field('condition'))}) ? ({self.text(field('alternative'))}) : "
                     f"({self.text(field('consequence'))}))")
        elif node.type == "unary_expression" and self.text(field("operator")) in "!~":
            self.add(node, "negation dropped", f"(!!({self.text(field('argument'))}))"
                     if self.text(field("operator")) == "!" else f"({self.text(field('argument'))})")
        elif node.type == "number_literal" and "." not in self.text(node):
            self.add(node, "constant off by one", f"({self.text(node)} + 1)")
        elif (node.type == "expression_statement" and node.named_children
              and node.named_children[0].type in ("assignment_expression", "call_expression")):
            self.add(node, "assignment dropped" if node.named_children[0].type == "assignment_expression"
                     else "call dropped", "", wrap=True)
        elif node.type == "binary_expression":
            operator, left, right = self.text(field("operator")), self.text(field("left")), self.text(field("right"))
            if operator in SWAPPED and not (operator in "+-" and node.parent.type == "pointer_expression"):
                self.add(node, f"{operator} for {SWAPPED[operator]}", f"(({left}) {SWAPPED[operator]} ({right}))")
            if operator in TERMS:
                for kept in (left, right):
                    self.add(node, "term dropped", f"(!!({kept}))" if len(operator) == 2 else f"({kept})")


def find(home):
    import tree_sitter
    import tree_sitter_c
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
    files = [path.relative_to(home) for folder in FOLDERS for path in sorted(Path(home, folder).rglob("*.[ch]"))
             if path.name not in FOR_PEOPLE]
    return [mutant for path in files for mutant in Finder(Path(home), path, parser).found]


def write(home, out, chosen):
    """Mutated copies in a tree that is one of the repository already."""
    for path in {mutant.file for mutant in chosen}:
        source = Path(home, path).read_bytes()
        of_file = [(number, mutant) for number, mutant in enumerate(chosen, 1) if mutant.file == path]
        Path(out, path).write_bytes(HEADER + rtl.render(source, 0, len(source), of_file, b"twinwalk_mutant == %d",
                                                        b"{ if (!(%s)) %s }"))
    Path(out, "model/cycle/mutant.c").write_text(SOURCE)
