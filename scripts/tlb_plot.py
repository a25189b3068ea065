#!/usr/bin/env python3
"""Draws the misses of TLBs over entries and ways, from what `twinwalk tlb --shapes --json=FILE` counted.

  tlb_plot.py FILE.json FOLDER      writes FOLDER/itlb.svg, dtlb.svg and stlb.svg

Misses in a thousand accesses, a line for each number of ways. Exit status: 0; 2 wrong usage; 3 the file is not one of
those; 6 a plot cannot be written.
"""
import json
import sys
from pathlib import Path

import ends
from headline_plots import logarithmic
from headline_svg import COLOURS, Plot

NAMES = {"itlb": "ITLB", "dtlb": "DTLB", "stlb": "STLB"}
WAYS = [1, 2, 4, 8, 16, 0]      # 0: fully associative
LEAST, MOST = 4, 4096           # entries


def line(shapes, ways):
    """Entries and misses of the shapes of so many ways, powers of two between LEAST and MOST."""
    points = {shape["entries"]: shape["misses"] for shape in shapes if shape["ways"] == (ways or shape["entries"])}
    return [(entries, misses) for entries, misses in sorted(points.items()) if LEAST <= entries <= MOST
            and entries & (entries - 1) == 0]


def plot(name, counted, trace):
    accesses = max(1, counted["accesses"])
    lines = [(ways, [(x, 1000 * y / accesses) for x, y in line(counted["shapes"], ways)]) for ways in WAYS]
    values = [y for _, points in lines for _, y in points if y > 0] or [1]
    low = 10.0 ** min(0, int(f"{min(values):e}".split("e")[1]))
    drawing = Plot(f"{NAMES[name]}, LRU: {trace}", "entries", "misses in 1000 accesses", logarithmic(LEAST, MOST),
                   logarithmic(low, 1000))
    decade, ticks = low, []
    while decade <= 1000:
        ticks.append((decade, f"{decade:g}"))
        decade *= 10
    drawing.y_ticks(ticks)
    drawing.x_ticks([(1 << n, str(1 << n)) for n in range(2, 13)])
    drawing.axes()
    for number, (ways, points) in enumerate(lines):
        drawing.legend("fully" if ways == 0 else f"{ways} way{'s' * (ways > 1)}", COLOURS[number], dashed=ways == 0)
        drawing.path([(x, max(y, low)) for x, y in points], COLOURS[number], dashed=ways == 0)
    return drawing.svg()


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        counted = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        lru = counted["lru"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"tlb_plot: {arguments[0]}: not of `twinwalk tlb --shapes --json=`: {error!r}", file=sys.stderr)
        return 3
    folder = Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / f"{name}.svg").write_text(plot(name, lru[name], Path(counted["trace"]).name), encoding="utf-8")
    print(f"  plots   {', '.join(str(folder / f'{name}.svg') for name in NAMES)}")
    return 0


if __name__ == "__main__":
    sys.exit(ends.run("tlb_plot", main))
