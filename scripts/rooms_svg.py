"""Draws the rooms of docs/rooms.md as floors of boxes with arrows from a room down to those that it uses.

An arrow that another way down already tells is left out. Rooms stand as low as what they use allows, and then as near
to their users as that leaves room for; places within a floor are found by moving each room towards its neighbours.
"""
from textwrap import wrap
from xml.sax.saxutils import escape

COLOURS = {"rtl": "#d9822b", "model": "#3a9a5b", "traces": "#9467bd", "tb": "#2f7fc1"}
TREES = {"tb": "tb/: the bench", "traces": "traces/", "model": "model/: the C twin and the oracle",
         "rtl": "rtl/: the MMU in SystemVerilog"}
STYLE = """text{font:12px sans-serif;fill:#333}.name{font-size:13px;font-weight:bold}.tells{font-size:10px}
.box{stroke-width:1.5;fill-opacity:.14}.arrow{fill:none;stroke:#888;stroke-width:1.2}.head{fill:#888}
@media(prefers-color-scheme:dark){text{fill:#ddd}.box{fill-opacity:.28}.arrow{stroke:#999}.head{fill:#999}}"""
WIDTH, HEIGHT, GAP, LANE, STEP, MARGIN, TOP = 150, 46, 14, 16, 90, 16, 44


def reduced(uses):
    """The arrows without those that follow from the others."""
    def below(name, seen):
        for other in uses[name]:
            if other not in seen:
                seen.add(other)
                below(other, seen)
        return seen
    return {name: [one for one in others if not any(one in below(other, set()) for other in others if other != one)]
            for name, others in uses.items()}


def floors(uses):
    """The floor of each room, 0 the lowest."""
    floor = {}

    def lowest(name):
        if name not in floor:
            floor[name] = 1 + max((lowest(other) for other in uses[name]), default=-1)
        return floor[name]
    for name in uses:
        lowest(name)
    users = {name: [other for other in uses if name in uses[other]] for name in uses}
    for _ in range(len(uses)):
        for name in uses:
            if len(users[name]) > len(uses[name]):
                floor[name] = min(floor[user] for user in users[name]) - 1
    return floor


class Drawing:
    def __init__(self, table):
        self.rooms = {room.name: room for room in table if not room.anything}
        uses = reduced({name: [one for one in room.uses if one in self.rooms] for name, room in self.rooms.items()})
        used = {other for others in uses.values() for other in others}
        self.alone = [name for name in uses if not uses[name] and name not in used]
        for name in self.alone:
            del uses[name]
        self.floor = floors(uses)
        self.rows = [[] for _ in range(max(self.floor.values()) + 1)]
        for name in uses:
            self.rows[self.floor[name]].append(name)
        self.down, self.ways = {}, []  # neighbours one floor below; of each arrow the points that it passes
        for name, others in uses.items():
            for other in others:
                self.way(name, other)
        self.up = {node: [] for row in self.rows for node in row}
        for node, others in self.down.items():
            for other in others:
                self.up[other].append(node)
        self.x = {}

    def way(self, name, other):
        """An arrow over several floors gets a place of its own on each."""
        points = [name]
        for level in range(self.floor[name] - 1, self.floor[other], -1):
            points.append((name, other, level))
            self.rows[level].append(points[-1])
        points.append(other)
        for above, under in zip(points, points[1:]):
            self.down.setdefault(above, []).append(under)
        self.ways.append(points)

    def wide(self, node):
        return WIDTH + GAP if isinstance(node, str) else LANE

    def crossings(self):
        count = 0
        for row in self.rows:
            place = {node: number for number, node in enumerate(row)}
            lines = [(self.order[above], place[node]) for node in row for above in self.up[node]]
            count += sum((a - c) * (b - d) < 0 for n, (a, b) in enumerate(lines) for c, d in lines[:n])
        return count

    def number(self):
        self.order = {node: number for row in self.rows for number, node in enumerate(row)}

    def sort(self):
        """Orders each floor by the middle of the neighbours above or below, by turns; the fewest crossings win."""
        self.number()
        best, kept = self.crossings(), [list(row) for row in self.rows]
        for turn in range(60):
            sides = self.down if turn % 2 else self.up
            for row in (self.rows if turn % 2 else self.rows[::-1]):
                middle = {}
                for node in row:
                    beside = [self.order[other] / len(self.rows[self.level(other)]) for other in sides.get(node, ())]
                    middle[node] = sum(beside) / len(beside) if beside else self.order[node] / len(row)
                row.sort(key=lambda node: middle[node])
                self.number()
            if self.crossings() < best:
                best, kept = self.crossings(), [list(row) for row in self.rows]
        self.rows = kept
        self.number()

    def level(self, node):
        return self.floor[node] if isinstance(node, str) else node[2]

    def spread(self):
        """Moves each node towards the middle of its neighbours, as far as those beside it leave room."""
        for row in self.rows:
            at = 0
            for node in row:
                self.x[node] = at + self.wide(node) / 2
                at += self.wide(node)
        for turn in range(200):
            for row in (self.rows if turn % 2 else self.rows[::-1]):
                want = {}
                for node in row:
                    beside = [self.x[other] for other in self.down.get(node, []) + self.up[node]]
                    want[node] = sum(beside) / len(beside) if beside else self.x[node]
                self.place(row, want)
        left = min(self.x[node] - self.wide(node) / 2 for row in self.rows for node in row)
        for node in self.x:
            self.x[node] += MARGIN - left
        self.width = max(self.x[node] + self.wide(node) / 2 for node in self.x) + MARGIN

    def place(self, row, want):
        """The places nearest to those wanted that keep order and distances: neighbours that would touch move as one."""
        blocks = []  # [nodes, place of the first, how many]
        for node in row:
            block = [[node], want[node], 1]
            blocks.append(block)
            while len(blocks) > 1:
                before, last = blocks[-2], blocks[-1]
                reach = self.span(before[0]) + (self.wide(before[0][-1]) + self.wide(last[0][0])) / 2
                if before[1] + reach <= last[1]:
                    break
                count = before[2] + last[2]
                before[1] = (before[1] * before[2] + (last[1] - reach) * last[2]) / count
                before[0] += last[0]
                before[2] = count
                blocks.pop()
        for nodes, first, _ in blocks:
            at = first
            for number, node in enumerate(nodes):
                if number:
                    at += (self.wide(nodes[number - 1]) + self.wide(node)) / 2
                self.x[node] = at

    def span(self, nodes):
        return sum((self.wide(a) + self.wide(b)) / 2 for a, b in zip(nodes, nodes[1:]))

    def y(self, level):
        return TOP + (len(self.rows) - 1 - level) * STEP

    def port(self, node, others, other):
        """Where an arrow leaves or meets a box: side by side, in the order of the other ends."""
        beside = sorted(others, key=lambda one: self.x[one])
        apart = min(14, (WIDTH - 30) / max(1, len(beside) - 1))
        return self.x[node] + (beside.index(other) - (len(beside) - 1) / 2) * apart

    def arrow(self, points):
        start = self.port(points[0], self.down[points[0]], points[1])
        text, at = "", (start, self.y(self.level(points[0])) + HEIGHT)
        text += f"M{at[0]:.1f} {at[1]:.1f}"
        for number, node in enumerate(points[1:], 1):
            last = number == len(points) - 1
            x = self.port(node, self.up[node], points[number - 1]) if last else self.x[node]
            top = self.y(self.level(node)) - (5 if last else 0)
            bend = (top - at[1]) * 0.5
            text += f"C{at[0]:.1f} {at[1] + bend:.1f} {x:.1f} {top - bend:.1f} {x:.1f} {top:.1f}"
            at = (x, top)
            if not last:
                at = (x, top + HEIGHT)
                text += f"V{at[1]:.1f}"
        return f'<path class="arrow" d="{text}" marker-end="url(#head)"/>'

    def box(self, name, x, y):
        colour = COLOURS[name.split("/")[0]]
        tells = wrap(self.rooms[name].tells.split(":")[0].replace("`", ""), 27)[:2]
        lines = [f'<rect class="box" x="{x - WIDTH / 2:.1f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="5" '
                 f'fill="{colour}" stroke="{colour}"/>']
        at = y + (15 if len(tells) > 1 else 19)
        for number, line in enumerate([name, *tells]):
            lines.append(f'<text class="{"tells" if number else "name"}" x="{x:.1f}" y="{at:.1f}" '
                         f'text-anchor="middle">{escape(line)}</text>')
            at += 11 if number else 12
        return lines


def draw(table):
    """The picture of the table, as the text of an SVG file."""
    drawing = Drawing(table)
    drawing.sort()
    drawing.spread()
    bottom = drawing.y(0) + STEP
    per_row = max(1, int((drawing.width - 2 * MARGIN) // (WIDTH + GAP)))
    height = bottom + 20 + HEIGHT * ((len(drawing.alone) + per_row - 1) // per_row) + MARGIN
    size = f"{drawing.width:.0f}", f"{height:.0f}"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {" ".join(size)}" width="{size[0]}" '
             f'height="{size[1]}">',
             f"<title>The rooms of the house, and who uses whom</title><style>{STYLE}</style>",
             '<defs><marker id="head" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="7" markerHeight="7" '
             'orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>']
    at = MARGIN
    for tree, text in TREES.items():
        parts += [f'<rect class="box" x="{at}" y="12" width="14" height="14" rx="3" fill="{COLOURS[tree]}" '
                  f'stroke="{COLOURS[tree]}"/>',
                  f'<text x="{at + 20}" y="24">{escape(text)}</text>']
        at += 40 + 7 * len(text)
    parts += [drawing.arrow(points) for points in drawing.ways]
    for row in drawing.rows:
        for node in row:
            if isinstance(node, str):
                parts += drawing.box(node, drawing.x[node], drawing.y(drawing.floor[node]))
    if drawing.alone:
        parts.append(f'<text x="{MARGIN}" y="{bottom + 4:.0f}">without arrows:</text>')
    for number, name in enumerate(drawing.alone):
        x = MARGIN + WIDTH / 2 + number % per_row * (WIDTH + GAP)
        parts += drawing.box(name, x, bottom + 14 + number // per_row * (HEIGHT + GAP))
    return "\n".join(parts) + "\n</svg>\n"
