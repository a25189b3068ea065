#!/usr/bin/env python3
"""Merges what twinwalk-cover counted, says what was not reached, and writes a browsable report. See docs/coverage.md.

    scripts/coverage.py [--out FOLDER] [--exclude FILE] PRESET:COUNTS.dat…

Exit status 0 only when the aims are met: functional 100 % (in every preset), lines 98 %, toggles 95 %, and everything
else of lines and toggles is excluded with a reason. An exclusion that matches nothing, or something that was reached,
is an error."""
import argparse
import collections
import fnmatch
import html
import os
import re
import sys
import tomllib

AIMS = {"functional": 100.0, "line": 98.0, "toggle": 95.0}
KINDS = {"v_user": "functional", "v_line": "line", "v_branch": "line", "v_toggle": "toggle"}
ARMS = {"block": "block", "if": "if", "else": "else", "elsif": "elsif", "case": "case"}


def die(message):
    print(f"coverage: {message}", file=sys.stderr)
    sys.exit(2)


class Point:
    """One thing that can be reached: `where` is what a reader looks for, `lines` the source lines it stands for."""

    def __init__(self, kind, file, line, column, name, lines):
        self.kind, self.file, self.line, self.column, self.name, self.lines = kind, file, line, column, name, lines
        self.count = collections.Counter()  # by preset
        self.reason = None
        self.tied = False

    @property
    def reached(self):
        """Functional points: in every preset that has them. Lines and toggles: anywhere."""
        counts = self.count.values()
        return all(counts) if self.kind == "functional" else any(counts)


def numbers(spans):
    lines = []
    for span in spans.split(","):
        first, _, last = span.partition("-")
        lines += range(int(first), int(last or first) + 1) if first else []
    return lines


def functional_name(hierarchy):
    """.mmu.u_walkers.g_walker[1].u_walker.u_cover_walker.x: the walkers are alike, so any of them will do. So will any
    port of a side for a right that denies: the ports call one function."""
    name = re.sub(r"__BRA__(\d+)__KET__", r"[\1]", hierarchy).replace("__DOT__", ".").replace("__05F", "_")
    name = re.sub(r"g_walker\[\d+\]", "g_walker", name)
    name = re.sub(r"port\[\d+\]\.u_rights", "port.u_rights", name)
    return name.lstrip(".").partition(".")[2]


def read(path, preset, points):
    try:
        text = open(path, encoding="latin-1").read()
    except OSError as error:
        die(f"{path}: {error.strerror}")
    if not text.startswith("# SystemC::Coverage-3"):
        die(f"{path}: this is not a file that Verilator's coverage wrote")
    for match in re.finditer(r"^C '(.*)' (\d+)$", text, re.M):
        fields = dict(field.split("\x02", 1) for field in match[1].split("\x01") if field)
        kind = KINDS.get(fields["page"].split("/")[0])
        file = fields["f"]
        if kind is None or file.startswith("tb/") != (kind == "functional"):
            continue  # of the cover modules only their points, of the RTL only lines and toggles
        line, column = int(fields["l"]), int(fields["n"])
        if kind == "functional":
            key, name = functional_name(fields["h"]), functional_name(fields["h"])
        elif kind == "line":
            name = ARMS.get(fields["o"], fields["o"])
            key = (file, line, column, name)
        else:
            # newer Verilators count either way by itself
            name = fields["o"].removesuffix(":0->1").removesuffix(":1->0")
            key = (file, name)
        point = points[kind].get(key)
        if point is None:
            point = points[kind][key] = Point(kind, file, line, column, name, numbers(fields.get("S", "")))
        point.count[preset] += int(match[2])


def names(entry, point, sources):
    """Does the exclusion name the point?"""
    if not fnmatch.fnmatch(point.file, entry["file"]) or ("only" in entry and point.file not in entry["only"].split()):
        return False
    if entry.get("whole"):
        lines = sources[point.file]
        first = next((n for n, line in enumerate(lines) if entry["text"] in line), len(lines))
        last = next((n for n in range(first, len(lines)) if "endfunction" in lines[n]), 0)
        return first < point.line <= last + 1
    if entry["kind"] == "line":
        return entry["text"] in sources[point.file][point.line - 1] and entry.get("arm", point.name) == point.name
    if "bits" not in entry:
        return re.fullmatch(entry["point"], point.name)
    bit = re.fullmatch(r"(.*)\[(\d+)\]", point.name)
    return bit and re.fullmatch(entry["point"], bit[1]) and int(bit[2]) in numbers(entry["bits"].replace(" ", ","))


def exclude(path, points, sources):
    """Gives the complaints about exclusions that are no longer true."""
    try:
        entries = tomllib.load(open(path, "rb")).get("exclude", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        die(f"{path}: {error}")
    complaints = []
    for number, entry in enumerate(entries, 1):
        say = f"{path}: exclusion {number} ({entry.get('file', '?')}, {entry.get('point') or entry.get('text') or '?'})"
        kind, name = entry.get("kind"), {"line": "text", "toggle": "point"}.get(entry.get("kind"))
        own = {"line": {"arm", "whole", "tied"}, "toggle": {"bits", "only", "tied"}}
        may = own.get(kind, set()) | {"kind", "file", name, "reason"}
        if not name or not entry.get("reason") or not entry.get("file") or not entry.get(name) or set(entry) - may:
            die(f"{say}: needs kind = \"line\" with file, text and reason (and arm or whole, tied), or kind = "
                "\"toggle\" with file, point and reason "
                "(and bits, only, tied)")
        matched = [point for point in points[kind].values() if names(entry, point, sources)]
        reached = [point for point in matched if point.reached]
        if not matched:
            complaints.append(f"{say}: matches nothing")
        if reached:
            complaints.append(f"{say}: was reached: " + ", ".join(label(point, sources) for point in reached[:5]))
        for point in matched:
            if not point.reached:
                point.reason = entry["reason"]
                point.tied = entry.get("tied", False)
    return complaints


def label(point, sources):
    if point.kind == "functional":
        presets = ", ".join(preset for preset, count in sorted(point.count.items()) if not count)
        return f"{point.name} ({presets or 'every preset'})"
    if point.kind == "toggle":
        return f"{point.file}:{point.line}: {point.name}"
    return f"{point.file}:{point.line}: {point.name} of `{sources[point.file][point.line - 1].strip()}`"


STYLE = """<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}
td,th{padding:2px 10px;text-align:left;border-bottom:1px solid #ddd}td.n{text-align:right}
.no{background:#fbb}.yes{background:#dfd}.ex{background:#ffd}pre{margin:0;font:13px monospace}a{color:#036}</style>"""


def page(folder, name, title, body):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
        out.write(f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>{STYLE}"
                  f"<h1>{html.escape(title)}</h1>\n{body}</html>\n")


def shade(point):
    return "yes" if point.reached else "ex" if point.reason else "no"


def row(cells, css=""):
    return f"<tr class={css}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"


def source_page(folder, file, points, sources):
    """The source with the points of each line beside it."""
    marks = collections.defaultdict(list)
    for point in points:
        for line in point.lines or [point.line]:
            marks[line].append(point)
    body = "<p><a href=index.html>report</a></p><table>\n"
    for number, text in enumerate(sources[file], 1):
        here = marks.get(number, [])
        worst = ("no" if any(shade(p) == "no" for p in here) else "ex" if any(shade(p) == "ex" for p in here)
                 else "yes" if here else "")
        says = " ".join(f"{p.name}:{sum(p.count.values())}" for p in here if p.line == number)
        says += "".join(f" <i>{html.escape(p.reason)}</i>" for p in here if p.reason and p.line == number)
        body += row((f"<a id=l{number}>{number}</a>", says, f"<pre>{html.escape(text)}</pre>"), worst)
    page(folder, file.replace("/", "_") + ".html", file, body + "</table>")


def report(folder, points, sources, presets, table):
    os.makedirs(folder, exist_ok=True)
    body = "<table>" + "".join(row(line) for line in table) + "</table><p>Presets: " + ", ".join(presets) + \
        "</p><ul><li><a href=functional.html>functional points</a><li><a href=toggle.html>toggles</a></ul><table>" + \
        row(("file", "lines", "reached", "excluded"))
    for file in sorted({point.file for point in points["line"].values()}):
        mine = [point for point in points["line"].values() if point.file == file]
        source_page(folder, file, mine, sources)
        body += row((f"<a href={file.replace('/', '_')}.html>{file}</a>", len(mine), sum(p.reached for p in mine),
                     sum(bool(p.reason) for p in mine)),
                    "no" if any(shade(p) == "no" for p in mine) else "")
    page(folder, "index.html", "Twinwalk coverage", body + "</table>")

    body = "<p><a href=index.html>report</a></p><table>" + row(("point", *presets, "condition"))
    for point in sorted(points["functional"].values(), key=lambda p: p.name):
        body += row((html.escape(point.name), *(point.count.get(preset, "–") for preset in presets),
                     f"{point.file}:{point.line}"), shade(point))
    page(folder, "functional.html", "Functional points", body + "</table>")

    body = "<p><a href=index.html>report</a></p><p>Signals with every bit reached are one row.</p><table>" + \
        row(("file", "signal", "bits", "not reached", "why"))
    signals = collections.defaultdict(list)
    for point in points["toggle"].values():
        signals[point.file, point.line, re.sub(r"\[\d+\]", "[]", point.name)].append(point)
    for (file, line, name), bits in sorted(signals.items()):
        missing = [p for p in bits if not p.reached]
        reasons = sorted({p.reason for p in missing if p.reason})
        body += row((f"{file}:{line}", html.escape(name), len(bits), html.escape(" ".join(p.name for p in missing)),
                     html.escape("; ".join(reasons))),
                    "yes" if not missing else "ex" if all(p.reason for p in missing) else "no")
    page(folder, "toggle.html", "Toggles", body + "</table>")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="out/coverage", help="where the report goes (out/coverage)")
    parser.add_argument("--exclude", default="tb/cover/exclude.toml",
                        help="what cannot be reached, with reasons (tb/cover/exclude.toml)")
    parser.add_argument("counts", nargs="+", metavar="PRESET:FILE")
    options = parser.parse_args()
    points = {kind: {} for kind in AIMS}
    presets = []
    for argument in options.counts:
        preset, colon, path = argument.partition(":")
        if not colon:
            die(f"{argument}: must be PRESET:FILE")
        if preset not in presets:
            presets.append(preset)
        read(path, preset, points)
    if not all(points.values()):
        die("no points of kind " + ", ".join(kind for kind in points if not points[kind]) + " in "
            + " ".join(options.counts))
    sources = {file: open(file, encoding="utf-8").read().splitlines()
               for file in {p.file for kind in points.values() for p in kind.values()}}
    complaints = exclude(options.exclude, points, sources)

    table = [("", "points", "reached", "excluded", "left", "%")]
    good, unreached = not complaints, []
    for kind, aim in AIMS.items():
        mine = list(points[kind].values())
        if kind == "functional":  # each preset has a list of its own
            total, reached = sum(len(p.count) for p in mine), sum(bool(c) for p in mine for c in p.count.values())
            excluded = 0
        else:
            mine = [p for p in mine if not p.tied]
            total, reached, excluded = len(mine), sum(p.reached for p in mine), sum(bool(p.reason) for p in mine)
        left = [p for p in mine if not p.reached and not p.reason]
        percent = 100.0 * reached / total
        good = good and percent >= aim and not left
        table.append((kind, str(total), str(reached), str(excluded), str(total - reached - excluded),
                      f"{percent:.2f} (aim {aim:g})"))
        unreached += [f"{kind}: {label(p, sources)}"
                      for p in sorted(left, key=lambda p: (p.file, p.line, p.column, p.name))]
    report(options.out, points, sources, presets, table)
    with open(os.path.join(options.out, "unreached.txt"), "w", encoding="utf-8") as out:
        out.write("".join(line + "\n" for line in unreached))
    bits, arms = (sum(p.tied for p in points[kind].values()) for kind in ("toggle", "line"))
    print("coverage: presets " + ", ".join(presets)
          + f"; {bits} bits that are tied to a constant, and {arms} lines behind such a condition, are not counted")
    for line in table:
        print("  " + f"{line[0]:<11}" + "".join(f"{cell:>10}" for cell in line[1:5]) + f"   {line[5]}")
    for complaint in complaints:
        print(f"  {complaint}")
    for line in unreached[:40]:
        print(f"  not reached: {line}")
    if len(unreached) > 40:
        print(f"  … and {len(unreached) - 40} more, see {options.out}/unreached.txt")
    print(f"coverage: {'met' if good else 'NOT MET'}; the report is {options.out}/index.html")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
