#!/usr/bin/env python3
"""Draws the pictures of README.md, docs/mmu.svg and docs/bench.svg, from the description below.

  pictures.py            draws them anew (`make docs` does so too)
  pictures.py --check    are they of this description, and is every place that a box names there? exit status 1 when not

They have no background; text and lines follow the reader's light or dark page.
"""
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from rooms_svg import COLOURS as ROOMS, STYLE as ROOMS_STYLE

OUTSIDE = "#7f7f7f"
STYLE = ROOMS_STYLE + ".says{font-size:10px;font-style:italic}.weak{stroke-dasharray:4 3}"

# A box: x, y, width, height, name, where it lives ("" outside), what it tells, a line each.
# An arrow: its corners, from the first to the last; what it says, and where; "weak" for a dashed one, "both" for two
# heads.
MMU = {
    "title": "The MMU: what a request passes", "size": (944, 396),
    "boxes": [
        (16, 40, 100, 340, "The core", "", ["fetches,", "loads, stores;", "MOV CR, INVLPG,", "INVPCID, …"]),
        (186, 40, 140, 76, "Request ports", "rtl/mmu_front.sv", ["mask, check, answer"]),
        (186, 170, 140, 86, "L1 TLBs", "rtl/mmu_l1tlb.sv", ["ITLB, DTLB;", "hit: 1 cycle"]),
        (186, 310, 140, 70, "Control", "rtl/mmu_ctl.sv", ["registers, invalidations"]),
        (400, 40, 140, 216, "Miss queue", "rtl/mmu_miss_queue.sv",
         ["merges misses", "to one page,", "remembers what", "is under way"]),
        (620, 40, 140, 76, "Second-level TLB", "rtl/mmu_stlb.sv", ["a pipeline: 1 + S cycles", "swept by control"]),
        (620, 170, 140, 86, "Outcomes", "rtl/mmu_outcome.sv", ["a translation,", "or why there is none"]),
        (400, 310, 140, 70, "Walk caches", "rtl/mmu_psc.sv", ["PDE, PDPTE, PML4E, …"]),
        (620, 310, 140, 70, "Walkers", "rtl/mmu_walkers.sv", ["in parallel, share lines"]),
        (808, 310, 120, 70, "Arbiter", "rtl/mmu_mem_arb.sv", ["one port"]),
        (808, 40, 120, 216, "Memory", "", ["page tables,", "read by the line,", "A and D set by", "compare-and-swap"]),
    ],
    "arrows": [
        ([(116, 62), (186, 62)], "request", (151, 56), ""),
        ([(186, 94), (116, 94)], "answer", (151, 88), ""),
        ([(256, 116), (256, 170)], "look up", (284, 146), "both"),
        ([(116, 345), (186, 345)], "operation", (151, 339), ""),
        ([(326, 62), (400, 62)], "miss", (363, 56), ""),
        ([(400, 94), (326, 94)], "done", (363, 88), ""),
        ([(400, 213), (326, 213)], "fill", (363, 207), ""),
        ([(540, 78), (620, 78)], "look up", (580, 72), ""),
        ([(690, 116), (690, 170)], "hit, miss", (720, 146), ""),
        ([(620, 213), (540, 213)], "outcome", (580, 207), ""),
        ([(470, 256), (470, 310)], "dispatch", (500, 288), ""),
        ([(540, 336), (620, 336)], "start here", (580, 330), ""),
        ([(620, 362), (540, 362)], "fill", (580, 356), ""),
        ([(690, 310), (690, 256)], "grant", (712, 288), ""),
        ([(760, 345), (808, 345)], "", (0, 0), ""),
        ([(868, 310), (868, 256)], "read, swap", (901, 288), "both"),
        ([(256, 310), (256, 256)], "drop", (274, 288), "weak"),
        ([(326, 345), (400, 345)], "drop", (363, 339), "weak"),
    ],
}
BENCH = {
    "title": "The bench: where the twins meet", "size": (944, 396),
    "boxes": [
        (16, 40, 140, 70, "Traces", "traces/corpus", ["programs, kernels"]),
        (16, 150, 140, 70, "Random stimulus", "tb/random", ["as software may"]),
        (206, 40, 130, 70, "Replay", "tb/replay", ["a reorder window"]),
        (206, 310, 130, 70, "OS model", "model/os", ["faults, COW, swap"]),
        (416, 40, 130, 70, "RTL", "rtl", ["one twin"]),
        (416, 150, 130, 70, "C model", "model/cycle", ["the other twin"]),
        (416, 310, 130, 70, "Memory", "model/mem", ["an image for each twin"]),
        (626, 95, 130, 70, "Compare", "tb/engine", ["every pin, every clock"]),
        (626, 310, 130, 70, "Oracle", "model/arch", ["the manual: no cache,", "no clock"]),
        (804, 40, 120, 70, "Verdict", "tb/session", ["an exit status"]),
        (804, 180, 120, 70, "Reduce", "tb/reduce", ["a small case"]),
        (804, 310, 120, 70, "Page", "tb/report", ["what, where, why"]),
    ],
    "arrows": [
        ([(156, 75), (206, 75)], "records", (181, 69), ""),
        ([(336, 62), (416, 62)], "requests", (372, 56), ""),
        ([(336, 90), (364, 90), (364, 168), (416, 168)], "", (0, 0), ""),
        ([(156, 185), (386, 185), (416, 185)], "to both", (196, 179), ""),
        ([(386, 185), (386, 90), (416, 90)], "", (0, 0), ""),
        ([(546, 62), (586, 62), (586, 117), (626, 117)], "outputs", (570, 56), ""),
        ([(546, 168), (586, 168), (586, 143), (626, 143)], "outputs", (572, 182), ""),
        ([(271, 110), (271, 310)], "page fault", (303, 262), ""),
        ([(336, 345), (416, 345)], "page tables", (375, 339), ""),
        ([(481, 220), (481, 310)], "walks", (501, 270), "both"),
        ([(546, 98), (564, 98), (564, 345), (546, 345)], "walks", (582, 270), "both"),
        ([(691, 310), (691, 165)], "judges every answer", (748, 240), ""),
        ([(756, 130), (780, 130), (780, 75), (804, 75)], "", (0, 0), ""),
        ([(868, 110), (868, 180)], "if unequal", (898, 148), ""),
        ([(868, 250), (868, 310)], "", (0, 0), ""),
    ],
}
PICTURES = {"docs/mmu.svg": MMU, "docs/bench.svg": BENCH}


def box(x, y, width, height, name, place, tells):
    colour = ROOMS[place.split("/")[0]] if place else OUTSIDE
    lines = [("name", name), *([("tells", place)] if place else []), *(("tells", line) for line in tells)]
    parts = [f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="{colour}" '
             f'stroke="{colour}"/>']
    at = y + height / 2 - 7 * (len(lines) - 1) + 4
    for kind, line in lines:
        parts.append(f'<text class="{kind}" x="{x + width / 2:g}" y="{at:g}" '
                     f'text-anchor="middle">{escape(line)}</text>')
        at += 14
    return parts


def arrow(points, says, at, kind):
    path = "M" + "L".join(f"{x} {y}" for x, y in points)
    ends = ' marker-end="url(#head)"' + (' marker-start="url(#head)"' if kind == "both" else "")
    parts = [f'<path class="arrow{" weak" if kind == "weak" else ""}" d="{path}"{ends}/>']
    if says:
        parts.append(f'<text class="says" x="{at[0]}" y="{at[1]}" text-anchor="middle">{escape(says)}</text>')
    return parts


def draw(picture):
    width, height = picture["size"]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
             f'height="{height}">',
             f'<title>{escape(picture["title"])}</title><style>{STYLE}</style>',
             '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
             'orient="auto-start-reverse"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
             f'<text class="name" x="16" y="22">{escape(picture["title"])}</text>']
    for one in picture["boxes"]:
        parts += box(*one)
    for one in picture["arrows"]:
        parts += arrow(*one)
    return "\n".join(parts) + "\n</svg>\n"


def main(words):
    root = Path(__file__).resolve().parent.parent
    wrong = 0
    for name, picture in PICTURES.items():
        missing = [place for *_, place, _ in picture["boxes"] if place and not (root / place).exists()]
        for place in missing:
            print(f"{name}: {place} is not there")
        text = draw(picture)
        if words != ["--check"]:
            (root / name).write_text(text)
        elif not (root / name).exists() or (root / name).read_text() != text:
            print(f"{name}: is not of this description: scripts/pictures.py")
            wrong += 1
        wrong += len(missing)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
