"""What a comparison has to say: the table on the terminal, the JSON, and one HTML page that needs no network."""

import datetime
import html as markup
import socket
import subprocess
from pathlib import Path

import jinja2

CHANGED = ("timing differs", "policy broken", "different")


def gather(settings, sides, pairs, others):
    """Everything, as results.json has it."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "schema": 1,
        "command": "compare",
        "bench": commit,
        "host": socket.gethostname(),
        "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "base": sides[0].name,
        "head": sides[1].name,
        "base_preset": settings.base_preset,
        "devices": [settings.base_dut, settings.head_dut],
        "arguments": [settings.base_args, settings.head_args],
        "allow": settings.allow,
        "pairs": [
            {
                "preset": p.preset,
                "trace": p.trace.name,
                "folder": p.folder.name,
                "result": p.result,
                "reason": p.reason,
                "first": p.first,
                "wrong": p.wrong,
                **p.numbers,
            }
            for p in pairs
        ],
        "random": {"requests": settings.random, "seed": settings.seed},
        "others": [
            {
                "preset": o.preset,
                "name": o.name,
                "folder": o.folder.name,
                "result": o.result,
                "reason": o.reason,
                "sides": o.numbers,
                "wrong": o.wrong,
            }
            for o in others
        ],
    }


def change(base, head):
    return f"{100 * (head - base) / base:+.2f} %" if base else ("" if head == base else "new")


def compared(results):
    return [p for p in results["pairs"] if "cycles" in p]


def summed(pairs, key):
    """{name: [base, head]} of every pair, added up; without rows of nothing."""
    all_of = {}
    for p in pairs:
        for name, (base, head) in p[key].items():
            row = all_of.setdefault(name, [0, 0])
            row[0] += base
            row[1] += head
    return {name: row for name, row in all_of.items() if any(row)}


def sums(pairs):
    """The ledger summed over pairs, and the cycles."""
    names = {}
    for p in pairs:
        names.update(p["names"])
    return [sum(p["cycles"][side] for p in pairs) for side in (0, 1)], summed(pairs, "ledger"), names


def wrongs(results):
    """What is wrong, and what is known of it."""
    return [dict(w, of=w.get("trace") or w["name"]) for w in results["others"] + results["pairs"] if w["wrong"]]


def table(results):
    pairs = compared(results)
    total, ledger, names = sums(pairs)
    print(f"\ncompare: base {results['base']}\n         head {results['head']}\n")
    if pairs:
        print(f"  {'cycles, by what the program waited for':<40}{'base':>16}{'head':>16}{'difference':>16}")
        for key, (base, head) in ledger.items():
            print(f"  {names[key]:<40}{base:>16,}{head:>16,}{head - base:>+16,}  {change(base, head)}")
        print(f"  {'sum: all cycles':<40}{total[0]:>16,}{total[1]:>16,}{total[1] - total[0]:>+16,}  {change(*total)}")
        requests = {f"reads: {name}": both for name, both in summed(pairs, "reads").items()}
        requests = {**requests, "updates of A and D": [sum(p["updates"][i] for p in pairs) for i in (0, 1)]}
        print(f"\n  {'memory requests':<40}{'base':>16}{'head':>16}{'difference':>16}")
        for name, (base, head) in requests.items():
            print(f"  {name:<40}{base:>16,}{head:>16,}{head - base:>+16,}  {change(base, head)}")
    counts = {}
    for p in results["pairs"] + results["others"]:
        counts[p["result"]] = counts.get(p["result"], 0) + 1
    print("\n  " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    first = next((p for p in pairs if p["first"]), None)
    if first:
        where = f" ({first['folder']}/{first['first']['waves']})" if first["first"]["waves"] else ""
        print(
            f"  first difference of the pins: {first['trace']} on {first['preset']}, "
            f"cycle {first['first']['cycle']:,}{where}"
        )
    table_wrong(results)


def table_wrong(results):
    """The first thing that is wrong, in a few lines; the page has them all."""
    found = wrongs(results)
    if not found:
        return
    one = found[0]
    w = one["wrong"]
    print(f"\n  WRONG: the {w['side']}, {one['of']} on {one['preset']}: {w['verdict']}")
    if w["reduced"]:
        print("\n" + "\n".join(f"    {line}" for line in w["reduced"].splitlines()[:25]) + "\n")
    elif w["said"]:
        print(f"    reduced   {w['said']}")
    if "other" in w:
        print(f"    the other side  {'is right in this case' if w['other'] == 0 else 'is wrong in this case too'}")
    if w.get("first"):
        waves = f"; both: {one['folder']}/{w['first']['waves']}" if w["first"]["waves"] else ""
        print(f"    they part in    cycle {w['first']['cycle']:,} of this case{waves}")
    if w["page"]:
        print(f"    explained in    {w['folder']}/report.html")


def latency_plot(latency):
    """Both distributions of latencies as steps, in one SVG; cycles and counts on logarithmic axes."""
    import math

    bins = [(c, b, h) for c, b, h in latency if c > 0]
    if not bins:
        return ""
    width, height, left, bottom = 640, 200, 50, 24
    right, top = max(c for c, _, _ in bins), max(max(b, h) for _, b, h in bins)
    x = lambda c: left + (width - left - 8) * math.log(max(c, 1)) / math.log(max(right, 2))  # noqa: E731
    y = lambda n: (
        height - bottom - (height - bottom - 8) * (math.log10(n) + 0.3) / (math.log10(max(top, 2)) + 0.3)
        if n
        else height - bottom
    )  # noqa: E731
    parts = [f'<svg viewBox="0 0 {width} {height}" class="plot" role="img" aria-label="latencies">']
    for power in range(0, int(math.log10(max(top, 1))) + 1):
        parts.append(
            f'<line x1="{left}" x2="{width - 8}" y1="{y(10 ** power):.1f}" y2="{y(10 ** power):.1f}" class="grid"/>'
            f'<text x="{left - 6}" y="{y(10 ** power) + 4:.1f}" text-anchor="end">{10 ** power:,}</text>'
        )
    tick = 1
    while tick <= right:
        parts.append(f'<text x="{x(tick):.1f}" y="{height - 6}" text-anchor="middle">{tick}</text>')
        tick *= 2 if right < 300 else 4
    for c, b, h in bins:
        for n, side, shift in ((b, "base", -1.5), (h, "head", 1.5)):
            if n:
                parts.append(
                    f'<line x1="{x(c) + shift:.1f}" x2="{x(c) + shift:.1f}" y1="{height - bottom}" '
                    f'y2="{y(n):.1f}" class="{side}"/>'
                )
    return "".join(parts) + "</svg>"


def bars(ledger, names, total):
    """Rows for the page: name, both numbers, the difference and two widths in per cent of the longer side."""
    most = max(max(both) for both in ledger.values()) if ledger else 1
    return [
        {
            "name": names[key],
            "base": b,
            "head": h,
            "by": h - b,
            "change": change(b, h),
            "of_all": f"{100 * (h - b) / total[0]:+.2f} %" if total[0] and h != b else "",
            "wide": [100 * b / most, 100 * h / most],
        }
        for key, (b, h) in ledger.items()
    ]


def badness(p):
    """Wrong before broken before slower."""
    return CHANGED.index(p["result"]), (p["cycles"][1] - p["cycles"][0]) / max(p["cycles"][0], 1)


def html(results):
    pairs = compared(results)
    total, ledger, names = sums(pairs)
    presets = sorted({p["preset"] for p in results["pairs"]})
    traces = sorted({p["trace"] for p in results["pairs"]})
    for p in pairs:
        p["bars"] = bars({k: v for k, v in p["ledger"].items() if any(v)}, p["names"], p["cycles"])
        p["plot"] = latency_plot(p["latency"]) if p["result"] in CHANGED else ""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        n=lambda v: f"{v:,}",
        signed=lambda v: f"{v:+,}",
        hex=hex,
        safe_plot=lambda v: markup.unescape(v) and jinja2.utils.markupsafe.Markup(v),
    )
    text = environment.get_template("page.html.j2").render(
        r=results,
        presets=presets,
        traces=traces,
        cell={(p["preset"], p["trace"]): p for p in results["pairs"]},
        change=change,
        total=total,
        bars=bars(ledger, names, total),
        found=("L1", "STLB", "walk", "merged"),
        reads=summed(pairs, "reads"),
        updates=[sum(p["updates"][i] for p in pairs) for i in (0, 1)],
        wrongs=wrongs(results),
        changed=sorted((p for p in pairs if p["result"] in CHANGED), key=badness, reverse=True),
    )
    for p in pairs:
        del p["bars"], p["plot"]
    return text
