#!/usr/bin/env python3
"""Draws the dashboard: the history of regressions, comparisons and soaks as one HTML page that needs no network.

  scripts/dashboard.py [HISTORY [PAGE]]      default: out/history.db, and dashboard.html beside it

Every verb that runs many things draws it when it ends. A trend goes over commits, in the order of their ancestry from
the one that is checked out; runs of dirty trees are shown beside, and count for none. Exit status (tb/base/exits.h): 0,
2 wrong usage, 3 no history there, 6 the page cannot be written, 7 Jinja2 is missing.
"""

import datetime
import json
import os
import sys
from pathlib import Path

import history
from outputs import said, write_whole

TRENDS = 40  # commits in a trend, the last ones
SESSIONS = 25
WIDE, HIGH = 120, 26  # of a sparkline


def order_of(commits):
    """{commit: place} of those that lead to the one checked out; where git knows nothing, by when they were first
    run."""
    line = history.git("rev-list", "--topo-order", "HEAD").split()
    if not line:
        return {commit: place for place, commit in enumerate(commits)}
    known = set(commits)
    return {commit: -place for place, commit in enumerate(line) if commit in known}


def subject(commit):
    return history.git("log", "-1", "--format=%h %s", commit) or commit[:12] if commit else ""


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def spark(values, style):
    """A line through the values, None where there is none; highest above."""
    there = [(i, v) for i, v in enumerate(values) if v is not None]
    if len(there) < 2:
        return ""
    low, high = min(v for _, v in there), max(v for _, v in there)
    # A change of a hundredth is to be seen, one of a millionth not to look like a cliff.
    span = max(high - low, high * 0.01) or 1
    middle = (high + low) / 2
    points = [
        (3 + (WIDE - 6) * i / (len(values) - 1), HIGH / 2 - (HIGH - 8) * (v - middle) / span) for i, v in there
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg class="spark {style}" width="{WIDE}" height="{HIGH}" role="img" aria-label="trend">'
        f'<polyline points="{path}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.4"/></svg>'
    )


def chart(series, labels, unit):
    """Lines over commits with a scale, one for each of {name: values}; the names stand at the lines' ends."""
    width, height, left, right, bottom = 1120, 210, 62, 130, 26
    there = [v for values in series.values() for v in values if v is not None]
    if len(labels) < 2 or not there:
        return ""
    low, high = min(there), max(there)
    margin = max((high - low) * 0.08, abs(high) * 0.005, 0.01)
    low, high = low - margin, high + margin
    x = lambda i: left + (width - left - right) * i / (len(labels) - 1)  # noqa: E731
    y = lambda v: 8 + (height - bottom - 8) * (high - v) / (high - low)  # noqa: E731
    parts = [f'<svg viewBox="0 0 {width} {height}" class="chart" role="img" aria-label="{unit} over commits">']
    for step in range(5):
        value = low + (high - low) * step / 4
        parts.append(
            f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        )
    every = -(-len(labels) // 12)
    for i, label in enumerate(labels):
        if i % every == 0 or i == len(labels) - 1:
            parts.append(f'<text x="{x(i):.1f}" y="{height - 8}" text-anchor="middle">{label}</text>')
    taken = []
    for number, (name, values) in enumerate(series.items()):
        points = [(x(i), y(v)) for i, v in enumerate(values) if v is not None]
        if not points:
            continue
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        dots = "".join(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.6"/>' for px, py in points)
        at = points[-1][1]
        while any(abs(at - other) < 13 for other in taken):
            at += 13
        taken.append(at)
        parts.append(
            f'<g class="line{number % 6}"><polyline points="{path}"/>{dots}'
            f'<text x="{points[-1][0] + 8:.1f}" y="{at + 4:.1f}">{name}</text></g>'
        )
    return "".join(parts) + "</svg>"


class Page:
    def __init__(self, db, path):
        self.db, self.path = db, path
        self.commits = [
            row["commit_id"]
            for row in db.all("SELECT commit_id, min(rowid) AS first FROM run WHERE NOT dirty AND cycles IS NOT NULL "
                              "GROUP BY commit_id ORDER BY first")
        ]
        self.order = order_of(self.commits)
        self.line = sorted(self.order, key=self.order.get)[-TRENDS:]
        last = db.one("SELECT host FROM run WHERE host IS NOT NULL ORDER BY rowid DESC LIMIT 1")
        self.host = last["host"] if last else None  # of which speeds are shown: the latest

    def link(self, target):
        """From the page to a file or folder, if it is still there."""
        if not target or not os.path.exists(target):
            return ""
        path = os.path.relpath(target, self.path.parent.resolve())
        return path.replace("%", "%25").replace("?", "%3F").replace("#", "%23")

    def session(self, row):
        n = {r["result"]: r["n"]
             for r in self.db.all("SELECT result, count(*) AS n FROM run WHERE session = ? AND side <> 'base' GROUP BY "
                                  "result", row["id"])}
        kept = self.db.one("SELECT count(*) AS n FROM run WHERE session = ? AND kept", row["id"])["n"]
        facts = json.loads(row["facts"] or "{}")
        page = Path(row["folder"], "index.html" if row["kind"] == "compare" else "junit.xml" if row["kind"] == "regress"
                    else "")
        return {
            **dict(row), "facts": facts, "counts": n, "kept": kept, "subject": subject(row["commit_id"]),
            "when": datetime.datetime.fromtimestamp(row["begun"]).astimezone().strftime("%Y-%m-%d %H:%M"),
            "seconds": row["ended"] - row["begun"] if row["ended"] else None, "link": self.link(page),
            "verdict": verdict(row, n),
        }  # fmt: skip

    def latest(self, kind):
        row = self.db.one("SELECT * FROM session WHERE kind = ? ORDER BY begun DESC, id DESC LIMIT 1", kind)
        return self.session(row) if row else None

    def last_green(self, scope):
        """The session of the latest commit, clean, of which all that is asked for in this scope was green."""
        rows = self.db.all("SELECT * FROM session WHERE kind = 'regress' AND status = 0 AND NOT dirty AND scope = ? "
                           "ORDER BY id", scope)
        rows = [row for row in rows if row["commit_id"] in self.order]
        best = max(rows, key=lambda row: (self.order[row["commit_id"]], row["id"]), default=None)
        return self.session(best) if best else None

    def figures(self):
        """{(trace, preset, same): {commit: (cycles, accesses a CPU second, accesses)}}, of clean trees; the speed of
        one host."""
        found = {}
        for run in self.db.all(
            "SELECT * FROM run "
            "WHERE NOT dirty AND cycles IS NOT NULL AND result IN ('passed', 'equal', 'timing differs', 'policy "
            "broken') ORDER BY rowid"
        ):
            at = found.setdefault((run["trace"], run["preset"], run["same"]),
                                  {}).setdefault(run["commit_id"], [None, [], None])
            at[0], at[2] = run["cycles"], run["accesses"]
            if run["host"] == self.host and not run["kept"] and run["cpu"] and run["accesses"]:
                at[1].append(run["accesses"] / run["cpu"])
        return {key: {commit: (cycles, median(speeds) if speeds else None, n)
                      for commit, (cycles, speeds, n) in by.items()} for key, by in found.items()}

    def matrix(self, session, figures):
        """The cells of a regression, with what changed since the last commit before it that has a figure."""
        cells = {}
        for run in self.db.all("SELECT * FROM run WHERE session = ? ORDER BY rowid", session["id"]):
            known = figures.get((run["trace"], run["preset"], run["same"]), {})
            earlier = [c for c in self.line if c in known and c != run["commit_id"]
                       and (run["dirty"] or self.order.get(run["commit_id"], 1) > self.order[c])]
            if run["dirty"] and run["commit_id"] in known and run["commit_id"] in self.order:
                earlier = [run["commit_id"]]
            before = known[earlier[-1]][0] if earlier else None
            cells[run["trace"], run["preset"]] = {
                **dict(run), "link": self.link(run["link"]),
                "per_access": run["cycles"] / run["accesses"] if run["cycles"] and run["accesses"] else None,
                "speed": run["accesses"] / run["cpu"] / 1e6 if run["accesses"] and run["cpu"] else None,
                "change": 100 * (run["cycles"] - before) / before if before and run["cycles"] else None,
                "since": subject(earlier[-1]) if earlier else "",
                "cycles_line": spark([known[c][0] if c in known else None for c in self.line], "cycles"),
                "speed_line": spark([known[c][1] if c in known else None for c in self.line], "speed"),
            }  # fmt: skip
        return cells

    def charts(self, cells, figures):
        """Of each preset, over the cases of the matrix, where a commit has all that any has: cycles against the first,
        and speed."""
        cycles, speed, labels = {}, {}, [commit[:7] for commit in self.line]
        for preset in dict.fromkeys(preset for _, preset in cells):
            known = [k for (trace, of), cell in cells.items() if of == preset
                     and (k := figures.get((trace, of, cell["same"])))]
            have = [[k.get(commit) for k in known] for commit in self.line]
            sums = [sum(h[0] for h in all_of) if known and all(all_of) else None for all_of in have]
            first = next((s for s in sums if s), None)
            cycles[preset] = [100 * (s - first) / first if s else None for s in sums]
            speed[preset] = [
                sum(h[2] for h in all_of) / sum(h[2] / h[1] for h in all_of) / 1e6 if s and all(h[1] for h in all_of)
                else None
                for s, all_of in zip(sums, have)
            ]
        return chart(cycles, labels, "cycles"), chart(speed, labels, "speed")

    def soak(self):
        rows = self.db.all("SELECT preset, count(*) AS seeds, sum(cycles) AS cycles, sum(result = 'failed') AS failed "
                           "FROM seed WHERE result <> 'running' GROUP BY preset ORDER BY preset")
        failed = [{**dict(row), "link": self.link(row["link"])}
                  for row in self.db.all("SELECT * FROM seed WHERE result = 'failed' ORDER BY ended DESC LIMIT 20")]
        return [dict(row) for row in rows], failed

    def html(self, lost):
        import jinja2

        figures, regress = self.figures(), self.latest("regress")
        cells = self.matrix(regress, figures) if regress else {}
        cycles, speed = self.charts(cells, figures)
        seeds, failed_seeds = self.soak()
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
            lstrip_blocks=True, undefined=jinja2.StrictUndefined
        )
        environment.filters.update(n=lambda v: f"{v:,}", clock=clock, drawn=jinja2.utils.markupsafe.Markup)
        sessions = [self.session(row)
                    for row in self.db.all("SELECT * FROM session ORDER BY begun DESC, id DESC LIMIT ?", SESSIONS)]
        return environment.get_template("dashboard.html.j2").render(
            regress=regress, cells=cells, traces=regress["facts"]["traces"] if regress else [],
            presets=regress["facts"]["presets"] if regress else [],
            green=self.last_green(regress["scope"]) if regress else None, cycles=cycles, speed=speed,
            commits=[subject(c) for c in self.line],
            elsewhere=len(self.commits) - len(self.order), sessions=sessions,
            comparisons=[s for s in sessions if s["kind"] == "compare"],
            seeds=seeds, failed_seeds=failed_seeds, host=self.host or "this host", lost=lost,
            made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        )  # fmt: skip


def verdict(row, counts):
    """(word, class) of how a session ended."""
    if row["status"] is None:
        return "not ended", "warn"
    if row["status"] == 0:
        return ("green" if row["kind"] != "compare" else "kept"), "good"
    return {1: "red", 2: "not run", 5: "nothing compared", 6: "an output is missing", 7: "the host failed",
            130: "interrupted"}.get(
        row["status"], f"status {row['status']}"
    ), ("bad" if row["status"] in (1, 6, 7) else "warn")


def clock(seconds):
    if seconds is None:
        return "–"
    return (f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02} min" if seconds < 3600
            else f"{seconds / 3600:.1f} h")


def write(path, db):
    """Draws the page of a history. OSError when it cannot be written; without Jinja2 one line, and no page."""
    try:
        text = Page(db, path).html(db.lost)
    except ModuleNotFoundError as missing:
        raise OSError(7, f"python3 has no module {missing.name} (Debian: python3-jinja2)", str(path)) from None
    write_whole(path, text)


def main(words):
    if len(words) > 2 or any(word.startswith("-") for word in words):
        print(__doc__, file=sys.stderr)
        return 2
    source = Path(words[0] if words else "out/history.db")
    page = Path(words[1]) if len(words) > 1 else source.with_name("dashboard.html")
    if not source.is_file():
        print(f"dashboard: {source}: there is no history yet; `make regress` begins one", file=sys.stderr)
        return 3
    if not said("dashboard", write, page, history.History(source)):
        return 6
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
