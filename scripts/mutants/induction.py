"""Is a mutant the same machine in every state that is reached? Two machines, original and mutant, get the same inputs;
they are related if their registers are equal, but for those that are nobody's just then (relations.py). They begin in
any state, equal, and in reset; what the reset leaves is related; and of two that are related every output is the same,
and what follows is related again. So it is for ever. Lemmas are supposed of the original in that step, which are proved
here too: they hold after a reset, and if all of them hold they hold a cycle later (what does not is left out, until the
rest stays).

What is needed is found out, for each mutant alone: it begins with equal registers, and lets go of what a counterexample
says is nobody's. An answer says of what it made use: lemmas, registers that are nobody's, outputs that mean nothing
just then.
"""
import random
import time

import graph
import relations


TRIES, BUDGET = 300, 300  # gates of a mutant that are asked about in vain; conflicts of a question
SMALL = 300    # nodes of a lemma that is supposed when gates are asked about
PATIENCE = 20  # seconds of CPU for them; what is left then is one question
PATTERNS, TOGETHER = 64, 12


class Patterns:
    """Some states and inputs of which all that is supposed is true, drawn by chance: each node's value, a bit for each
    of them. What differs in one of them is no question for a solver."""
    def __init__(self, of, supposed):
        from pysat.solvers import Glucose4  # in build/venv
        self.graph, self.random, self.values = of, random.Random(1), [0]
        seen = {0}
        with Glucose4(bootstrap_with=of.clauses(supposed, seen)) as solver:
            for node in supposed:
                solver.add_clause([graph.literal(node)])
            leaves = [node for node in seen if node and of.of[node] is None]
            self.known = dict.fromkeys(leaves, 0)
            for bit in range(PATTERNS):
                solver.set_phases([node + 1 if self.random.random() < 0.3 else -(node + 1) for node in leaves])
                if not solver.solve():
                    raise RuntimeError("what is supposed contradicts itself")
                model = solver.get_model()
                for node in leaves:
                    self.known[node] |= (model[node] > 0) << bit

        self.count, self.seen = PATTERNS, []

    def __call__(self, node):
        values, of = self.values, self.graph.of
        for at in range(len(values), len(of)):
            if of[at] is None:
                values.append(self.known[at] if at in self.known else self.random.getrandbits(self.count))
            else:
                a, b = of[at]
                values.append((values[a >> 1] ^ -(a & 1)) & (values[b >> 1] ^ -(b & 1)))
        return (values[node >> 1] ^ -(node & 1)) & ((1 << self.count) - 1)

    def add(self, model, nodes):
        """A state that a solver has found where something differs: what differs there too is no question either. Some
        at a time."""
        self.seen.append((model, nodes))
        if len(self.seen) < TOGETHER:
            return
        for node, leaf in enumerate(self.graph.of[:len(self.values)]):
            if node and leaf is None:
                value = self.known.get(node, self.values[node])
                for bit, (model, nodes) in enumerate(self.seen, self.count):
                    value |= (model[node] > 0 if node in nodes and node < len(model)
                              else self.random.getrandbits(1)) << bit
                self.known[node] = value
        self.count += len(self.seen)
        self.values, self.seen = [0], []


class Same:
    """Whether gates of the mutant say the same as the original's, while what is supposed is true: what differs early
    may make no difference later, and what follows need not be asked then."""
    def __init__(self, of, supposed, patterns):
        from pysat.solvers import Glucose4
        self.graph, self.solver, self.seen, self.patterns = of, Glucose4(), {0}, patterns
        self.solver.add_clause([-1])
        self.load(supposed)
        self.given = graph.literal(of.input())  # true: so is all that is supposed
        for node in supposed:
            self.solver.add_clause([-self.given, graph.literal(node)])
        self.begin()

    def begin(self):
        self.left, self.known, self.until = TRIES, {}, time.process_time() + PATIENCE

    def load(self, nodes):
        for clause in self.graph.clauses(nodes, self.seen):
            self.solver.add_clause(clause)

    def __call__(self, before, behind):
        if self.left <= 0 or time.process_time() > self.until or self.patterns(before) != self.patterns(behind):
            return False
        differ = self.graph.differ(before, behind)
        if differ not in self.known:
            self.load([differ])
            self.solver.conf_budget(BUDGET)
            self.known[differ] = differ == 0 or self.solver.solve_limited([self.given, graph.literal(differ)]) is False
            if not self.known[differ]:
                self.left -= 1
                if self.solver.get_model():
                    self.patterns.add(self.solver.get_model(), frozenset(self.seen))
        return self.known[differ]


class Induction:
    """Of one design with mutants in it, which inputs choose (equivalent.py): the lemmas that hold of it without a
    mutant."""
    def __init__(self, design, preset, without=(), say=relations.Relations):
        self.design, self.graph, self.fresh = design, design.graph, {}
        self.reset = design.value[design.inputs["rst_i"]]
        self.registers, self.kept = {}, {}  # by name and index; of a mutant alone, with what each is a copy of
        for (kind, names), after in design.roots.items():
            if kind == "l":
                for name in names.split():
                    self.registers.setdefault(base(name)[0], {})[base(name)[1]] = (design.latches[names], after)
        for name in self.registers:
            if "mutant_" in name:
                scope, _, rest = name.rpartition("mutant_")
                number, _, of = rest.partition("_is_")
                self.kept[name] = (int(number), scope + of)
        self.now = say(self.graph, self.registers, lambda wire, _: design.at(2 * wire, {}), preset, without)
        self.after = say(self.graph, self.registers, lambda _, after: design.at(after, {}), preset, without)
        self.given = self.now.environment(design)  # of the inputs, in every cycle
        self.lemmas, self.patterns = self.hold(), None

    def hold(self):
        """The names of the lemmas that are true after each reset, and if all are true in one cycle, in the next."""
        left = {}
        with self.solver([self.reset, *self.after.lemmas.values()]) as solver:
            for name, node in self.after.lemmas.items():
                if solver.solve([graph.literal(self.reset), graph.literal(node ^ 1)]) is False:
                    left[name] = node
        with self.solver([*self.now.lemmas.values(), *left.values(), *self.given.values()]) as solver:
            for node in self.given.values():
                solver.add_clause([graph.literal(node)])
            some = len(self.graph.of)
            while True:
                some += 1
                solver.add_clause([-some, *(graph.literal(node ^ 1) for node in left.values())])
                if not solver.solve([some, *(graph.literal(self.now.lemmas[name]) for name in left)]):
                    return list(left)
                model = solver.get_model()
                for name in [name for name, node in left.items() if not true(model, node)]:
                    del left[name]

    def solver(self, roots):
        from pysat.solvers import Cadical153  # in build/venv
        return Cadical153(bootstrap_with=self.graph.clauses(roots))

    def related(self, groups, number):
        """The leaves of the mutant's registers, by wire, where they are others than the original's."""
        leaves = {}
        for (name, index), known in self.now.nobody.items():
            for condition in (condition for group, condition in known if group in groups):
                wire, _ = self.registers[name][index]
                if (name, index) not in self.fresh:
                    self.fresh[name, index] = self.graph.input()
                leaves[wire] = self.graph.choice(condition, self.fresh[name, index],
                                                 leaves.get(wire, self.design.value[wire]))
        for name, (of, original) in self.kept.items():
            if of == number:
                for index, (wire, _) in self.registers[name].items():
                    if index in self.registers[original]:
                        same = self.registers[original][index][0]
                        leaves[wire] = leaves.get(same, self.design.value[same])
        return leaves

    def differences(self, number, changed):
        """Of each output and register that is another function in the mutant: its name, when it must be the same, and
        when it is not: nodes. changed: of the mutant's machine."""
        nobody, found, design = {}, [], self.design
        for (name, index), known in self.after.nobody.items():
            nobody.setdefault(self.registers[name][index][0], []).extend(known)
        for (kind, names), wire in design.roots.items():
            if "mutant_" in names:
                continue
            before, behind = design.at(wire, {}), design.at(wire, changed)
            if before != behind:
                free = nobody.get(design.latches[names], []) if kind == "l" else self.now.unasked(names.split(), design)
                found.append((names, kind, self.graph.differ(before, behind), free))
        for name, (of, original) in self.kept.items():
            if of == number:
                for index, (_, after) in self.registers[name].items():
                    if index in self.registers[original]:
                        a, b = design.at(after, changed), design.at(self.registers[original][index][1], changed)
                        found.append((name, "l", self.graph.differ(a, b), []))
        return found

    def prove(self, on, number):
        """(True, of what use was made) of a mutant that is the same machine; (False, what differs). on: the inputs that
        choose it."""
        groups = set()
        supposed = [*(self.now.lemmas[name] for name in self.lemmas), *self.given.values()]
        self.patterns = self.patterns or Patterns(self.graph, supposed)
        same = Same(self.graph, [node for node in supposed if self.small(node)], self.patterns)
        while True:
            same.begin()
            found = self.differences(number, self.design.changed(on, self.related(groups, number), same))
            said = self.ask(same, same.given, supposed, found, groups)
            if said[0]:
                start = self.design.changed(on)  # any state, equal, in reset; outputs mean nothing yet
                registers = [one for one in self.differences(number, start) if one[1] == "l"]
                begin = self.ask(same, graph.literal(self.reset), [self.reset], registers, groups)
                if begin[0]:
                    return True, sorted(groups)
                said = begin
            more = {group for _, free in said[1] for group in free} - groups
            if not more or not all(free for _, free in said[1]):
                return False, [names for names, free in said[1] if not free or not more]
            groups |= more

    def ask(self, same, given, supposed, found, groups):
        """(True, []) if all are the same where what is supposed is true, or (False, of each that is seen to differ its
        name and the groups that would let it). What the solver of gates, to which `given` stands for that, does not
        find soon, another is asked for at once."""
        differ = []
        for _, _, node, free in found:
            for group, condition in free:
                if group in groups:
                    node = self.graph.both(node, condition ^ 1)
            differ.append(node)
        seen = next((value for value in map(self.patterns, differ) if value), 0) if given == same.given else 0
        if seen:
            return False, self.let_go(found, differ, groups, lambda node: self.patterns(node) & seen & -seen)
        same.load([*differ, self.reset])
        left = []
        for node in filter(None, dict.fromkeys(differ)):
            same.solver.conf_budget(BUDGET)
            if time.process_time() < same.until and same.solver.solve_limited([given, graph.literal(node)]) is False:
                same.solver.add_clause([-given, -graph.literal(node)])
            else:
                left.append(node)
        if not left:
            return True, []
        with self.solver([*left, *supposed, *(condition for *_, free in found for _, condition in free)]) as solver:
            for node in supposed:
                solver.add_clause([graph.literal(node)])
            solver.add_clause([graph.literal(node) for node in left])
            if not solver.solve():
                return True, []
            model = solver.get_model()
        return False, self.let_go(found, [node if node in left else 0 for node in differ], groups,
                                  lambda node: true(model, node))

    def small(self, node):
        seen = {0}
        return sum(1 for _ in self.graph.clauses([node], seen)) and len(seen) <= SMALL

    @staticmethod
    def let_go(found, differ, groups, is_true):
        """Of those that differ in one state: the name, and the groups that say that it may there."""
        return [(names, [group for group, condition in free if group not in groups and is_true(condition)])
                for (names, _, _, free), node in zip(found, differ) if is_true(node)]


def true(model, node):
    if node < 2:
        return node == 1
    at = node >> 1
    return (at < len(model) and model[at] > 0) != bool(node & 1)


def base(name):
    """A bit's name as the word's, and its number in that."""
    word, bracket, index = name.rpartition("[")
    return (word, int(index[:-1])) if bracket and index[:-1].isdigit() else (name, 0)
