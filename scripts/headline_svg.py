"""A little of SVG: one plot with axes, lines, bars and a legend. Drawn without a background; text and grid follow the
reader's light or dark page."""
from xml.sax.saxutils import escape

COLOURS = ["#2f7fc1", "#d9822b", "#3a9a5b", "#9467bd", "#c44e52", "#7f7f7f"]
STYLE = """text{font:12px sans-serif;fill:#333}.title{font-size:14px;font-weight:bold}\
.grid{stroke:#ccc;stroke-width:1}.axis{stroke:#777;stroke-width:1}
@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.axis{stroke:#999}}"""


class Plot:
    """x and y are functions from values to 0 … 1 of the plot's area."""
    def __init__(self, title, x_name, y_name, x, y, width=720, height=380, left=64, right=20, top=56, bottom=52):
        self.width, self.height, self.x_scale, self.y_scale = width, height, x, y
        self.box = (left, top, width - right, height - bottom)
        self.parts, self.legend_at = [], left
        self.text(left, 20, title, "title")
        self.text((left + width - right) / 2, height - 10, x_name, anchor="middle")
        self.parts.append(f'<text x="16" y="{(top + height - bottom) / 2:.1f}" text-anchor="middle" '
                          f'transform="rotate(-90 16 {(top + height - bottom) / 2:.1f})">{escape(y_name)}</text>')

    def x(self, value):
        return self.box[0] + self.x_scale(value) * (self.box[2] - self.box[0])

    def y(self, value):
        return self.box[3] - self.y_scale(value) * (self.box[3] - self.box[1])

    def text(self, x, y, text, kind="", anchor="start"):
        style = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def y_ticks(self, ticks):
        """Pairs of value and label."""
        for value, label in ticks:
            self.line(self.box[0], self.y(value), self.box[2], self.y(value), "grid")
            self.text(self.box[0] - 6, self.y(value) + 4, label, anchor="end")

    def x_ticks(self, ticks, grid=True):
        for value, label in ticks:
            if grid:
                self.line(self.x(value), self.box[1], self.x(value), self.box[3], "grid")
            self.text(self.x(value), self.box[3] + 18, label, anchor="middle")

    def axes(self):
        self.line(self.box[0], self.box[3], self.box[2], self.box[3], "axis")
        self.line(self.box[0], self.box[1], self.box[0], self.box[3], "axis")

    def path(self, points, colour, dashed=False, width=2):
        d = " ".join(f"{'M' if n == 0 else 'L'}{self.x(a):.1f} {self.y(b):.1f}" for n, (a, b) in enumerate(points))
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def bar(self, x1, x2, value, colour, label=""):
        """From the axis up, between two places of the axis in pixels."""
        top = self.y(value)
        self.parts.append(f'<rect x="{x1:.1f}" y="{top:.1f}" width="{x2 - x1:.1f}" height="{self.box[3] - top:.1f}" '
                          f'fill="{colour}"/>')
        if label:
            self.text((x1 + x2) / 2, top - 4, label, anchor="middle")

    def legend(self, name, colour, dashed=False):
        at, y = self.legend_at, 38
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<path d="M{at} {y - 4} L{at + 22} {y - 4}" stroke="{colour}" stroke-width="3"{dash}/>')
        self.text(at + 27, y, name)
        self.legend_at += 44 + 6.6 * len(name)

    def svg(self):
        return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                          f'width="{self.width}" height="{self.height}">',
                          f"<style>{STYLE}</style>", *self.parts, "</svg>", ""])
