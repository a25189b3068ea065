"""A design as a graph of and-gates and inverters, all of them in one graph in which what is alike is one node, and the
question whether pairs of nodes are the same function of the inputs and registers.

A node is a number with its inverse beside it: 2n and 2n + 1; 0 is false. Yosys writes the designs (write_aiger -ascii
-symbols): every register a latch with its next value.
"""
import heapq


class Graph:
    def __init__(self):
        self.known, self.of = {}, [None]  # of: a node's two, or None of an input or register

    def input(self):
        self.of.append(None)
        return 2 * (len(self.of) - 1)

    def both(self, a, b):
        a, b = min(a, b), max(a, b)
        if a == 0 or a == b ^ 1:
            return 0
        if a == 1 or a == b:
            return b
        if (a, b) not in self.known:
            self.of.append((a, b))
            self.known[a, b] = 2 * (len(self.of) - 1)
        return self.known[a, b]

    def differ(self, a, b):
        return self.both(self.both(a, b) ^ 1, self.both(a ^ 1, b ^ 1) ^ 1)

    def choice(self, condition, yes, no):
        return self.both(self.both(condition, yes) ^ 1, self.both(condition ^ 1, no) ^ 1) ^ 1

    def clauses(self, roots, seen=None):
        """What the roots are made of, for a solver: literals n + 1, negative inverted. seen: nodes that it has
        already."""
        todo, seen = [root >> 1 for root in roots], {0} if seen is None else seen
        yield [-1]
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if self.of[node]:
                a, b = (literal(part) for part in self.of[node])
                yield from ([-(node + 1), a], [-(node + 1), b], [node + 1, -a, -b])
                todo += [part >> 1 for part in self.of[node]]

    def same(self, pairs):
        """True: the two of each pair are the same function."""
        from pysat.solvers import Cadical153  # in build/venv, and needed for a proof alone
        different = [self.differ(a, b) for a, b in pairs if a != b]
        if not different:
            return True
        with Cadical153(bootstrap_with=self.clauses(different)) as solver:
            solver.add_clause([literal(root) for root in different])
            return solver.solve() is False


def literal(node):
    return -((node >> 1) + 1) if node & 1 else (node >> 1) + 1


class Design:
    """One design in a graph: its inputs and registers those that `leaves` has by their names, else new ones there. What
    is `off` are inputs, a set of names: false here, and one can be on (changed)."""
    def __init__(self, path, graph, leaves, off=frozenset()):
        self.graph = graph
        with open(path, encoding="utf-8") as file:
            _, _, inputs, latches, outputs, gates = (int(word) if word.isdigit() else 0
                                                     for word in file.readline().split()[:6])
            inputs = [int(file.readline()) for _ in range(inputs)]
            latches = [[int(word) for word in file.readline().split()[:2]] for _ in range(latches)]
            outputs = [int(file.readline()) for _ in range(outputs)]
            self.gates = [tuple(int(word) for word in file.readline().split()) for _ in range(gates)]
            names = dict(line.rstrip("\n").split(" ", 1) for line in file if line[0] in "ilo" and " " in line)
        self.value, self.inputs, self.latches = {0: 0}, {}, {}
        for kind, of in (("i", inputs), ("l", [latch for latch, _ in latches])):
            for number, wire in enumerate(of):
                name = names.get(f"{kind}{number}", f"nameless {number}")  # a register that Yosys made: of an address
                self.inputs |= dict.fromkeys(name.split(), wire >> 1)  # one for each place that it is known in
                if kind == "l":
                    self.latches[name] = wire >> 1
                if not off.isdisjoint(name.split()):
                    self.value[wire >> 1] = 0
                else:
                    if (kind, name) not in leaves:
                        leaves[kind, name] = graph.input()
                    self.value[wire >> 1] = leaves[kind, name]
        self.readers = {}
        for number, (out, a, b) in enumerate(self.gates):
            self.value[out >> 1] = graph.both(self.at(a, {}), self.at(b, {}))
            for part in (a, b):
                self.readers.setdefault(part >> 1, []).append(number)
        self.roots = {("l", names.get(f"l{n}", f"nameless {n}")): after for n, (_, after) in enumerate(latches)}
        self.roots |= {("o", names.get(f"o{n}", f"nameless {n}")): out for n, out in enumerate(outputs)}

    def at(self, wire, changed):
        return changed.get(wire >> 1, self.value[wire >> 1]) ^ (wire & 1)

    def changed(self, on, leaves=None, same=lambda before, behind: False):
        """The nodes that are others when these inputs, which are off, are on, and these registers, by wire, others: a
        dictionary for at. same says of two nodes that it makes no difference which."""
        changed = {self.inputs[name]: 1 for name in on} | (leaves or {})
        todo = sorted({number for wire in changed for number in self.readers.get(wire, [])})
        seen = set(todo)
        while todo:
            out, a, b = self.gates[heapq.heappop(todo)]
            value = self.graph.both(self.at(a, changed), self.at(b, changed))
            if value != self.value[out >> 1] and not same(self.value[out >> 1], value):
                changed[out >> 1] = value
                for number in self.readers.get(out >> 1, []):
                    if number not in seen:
                        seen.add(number)
                        heapq.heappush(todo, number)
        return changed

    def same_with(self, on):
        """True: it is the same machine when these inputs are on."""
        changed = self.changed(on)
        return self.graph.same([(self.at(wire, {}), self.at(wire, changed)) for wire in self.roots.values()
                                if wire >> 1 in changed])
