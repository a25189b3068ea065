"""The headline's tables, in Markdown, from docs/headline.json. See headline.py."""
from pathlib import Path

BEGIN, END = "<!-- headline: begin (scripts/headline.py writes what is between) -->", "<!-- headline: end -->"
SIZES = {"4k": "4-KByte", "2m": "2-MByte", "1g": "1-GByte"}
NOTHING = "–"


def insert(path, table):
    """The text of a file with the table between its marks."""
    text = Path(path).read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise SystemExit(f"headline: {path}: the lines {BEGIN} and {END} must be there, once each, in this order")
    return text[:text.index(BEGIN) + len(BEGIN)] + "\n" + table + text[text.index(END):]


class Table:
    def __init__(self, heads):
        self.width = len(heads)
        self.lines = ["| " + " | ".join(heads) + " |", "|---" * self.width + "|"]

    def row(self, *cells):
        self.lines.append("| " + " | ".join(map(str, cells)) + " |")

    def group(self, name):
        self.row(f"**{name}**", *[""] * (self.width - 1))

    def text(self):
        return "\n".join(self.lines) + "\n"


def find(rows, **wanted):
    return next((row for row in rows if all(row[key] == value for key, value in wanted.items())), None)


def number(value):
    """Cycles, and other whole numbers: with commas, in millions where there are many."""
    return f"{value / 1e6:.2f} M" if value >= 1_000_000 else f"{value:,.0f}"


def mib(value):
    return f"{value / 2**20:.2f} MiB"


def binary(value):
    """A power of two in bytes."""
    unit = (value.bit_length() - 1) // 10
    return f"{value >> 10 * unit} {['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}"


# ---- rows that have a cell for each preset ----

def walks(data, size, levels):
    cells = []
    for preset in data["presets"].values():
        found = [find(preset["walks"], size=size, levels=levels, walk_caches=pattern)
                 for pattern in ("none", "random", "sequential")]
        cells.append(" / ".join(f"{row['reads_per_walk']:.2f}" if row["walks"] else NOTHING for row in found)
                     if all(found) else NOTHING)
    return cells


def all_walks(data, table):
    ranges = {row["range"]: SIZES[row["size"]] for preset in data["presets"].values() for row in preset["walks"]}
    wide = " and ".join(f"in {binary(value)}" + (f" ({name})" if value != min(ranges) else "")
                        for value, name in sorted(ranges.items()))
    table.group(f"Memory accesses per walk: without walk caches / with them, pages at random {wide} / page after page")
    for levels in 4, 5:
        for size in SIZES:
            table.row(f"{SIZES[size]} page, {levels} levels", *walks(data, size, levels))


def latency(data, wanted):
    cells = []
    for preset in data["presets"].values():
        # The STLB's working set is another in each preset.
        row = find(preset["latency"], **{key: wanted[key] for key in ("what", "walk_caches", "bytes")
                                         if key != "bytes" or wanted["what"] == "miss"})
        alike = row and row.get("p50") == row.get("p99")
        cells.append(NOTHING if not row or not row["count"] else number(row["p50"]) if alike else
                     " / ".join(number(row[key]) for key in ("p50", "p90", "p99")) + f", mean {row['mean']:.1f}")
    return cells


def all_latencies(data, table):
    table.group("Cycles of a translation, accept to answer: p50 / p90 / p99, mean")
    for row in next(iter(data["presets"].values()))["latency"]:
        name = (row["what"] if row["what"] != "miss" else f"TLB miss, random in {binary(row['bytes'])}"
                + ("" if row["walk_caches"] else ", no walk caches"))
        table.row(name, *latency(data, row))


def all_faults(data, table):
    table.group("Cycles of a page fault, MMU and kernel, access to answer: p50 / p99; of these the MMU's own, mean")
    for wanted in next(iter(data["presets"].values()))["faults"]:
        cells = []
        for preset in data["presets"].values():
            row = find(preset["faults"], what=wanted["what"], device=wanted["device"])
            cells.append(NOTHING if not row or not row["count"] else
                         f"{number(row['p50'])} / {number(row['p99'])}; {row['mmu_mean']:.0f}")
        table.row(wanted["what"] + (f", {wanted['device']}" if wanted["device"] else ""), *cells)


def share(hit, miss):
    return f"{100 * hit / (hit + miss):.2f}" if hit + miss else NOTHING


def program_cells(data, trace, cell, policies):
    """For each preset what cell says of its replays with these pages."""
    cells = []
    for preset in data["presets"]:
        found = [find(data["programs"], trace=trace, preset=preset, pages=pages) for pages in policies]
        cells.append(" / ".join(cell(row) if row else NOTHING for row in found) if any(found) else NOTHING)
    return cells


def walked(row):
    return 1000 * row["walk_cycles"] / row["accesses"]


def programs(data):
    """The traces, those with the most walk cycles (4-KByte pages, all presets) first."""
    names = dict.fromkeys(row["trace"] for row in data["programs"])
    weight = {name: sum(walked(row) for row in data["programs"] if row["trace"] == name and row["pages"] == "4k")
              for name in names}
    return sorted(names, key=lambda name: (-weight[name], name))


def thousandth(row):
    cycles = walked(row)
    return f"{cycles:.0f}" if cycles >= 10 else f"{cycles:.1f}" if cycles >= 0.1 else "0"


def all_programs(data, table, names):
    table.group("The same program on 4-KByte / 2-MByte / 1-GByte pages: DTLB hits, %")
    for name in names:
        table.row(name, *program_cells(data, name, lambda row: share(row["dtlb_hit"], row["dtlb_miss"]), SIZES))
    table.group("Cycles of walks in 1,000 accesses: 4-KByte / 2-MByte / 1-GByte pages; large ones where a mapping, as "
                "recorded, has room (thp)")
    for name in names:
        plain, huge = program_cells(data, name, thousandth, SIZES), program_cells(data, name, thousandth, ["thp"])
        table.row(name, *[f"{a}; {b}" if a != NOTHING else NOTHING for a, b in zip(plain, huge)])


# ---- the page ----

def sources(data, names):
    """Hits by structure, and what is left for the kernel, of the programs, preset by preset."""
    parts = []
    for preset in data["presets"]:
        table = Table(["", "pages", "ITLB hits", "DTLB hits", "STLB hits", "walks", "walk cycles", "cycles",
                       "page faults"])
        for name in names:
            for pages in [*SIZES, "thp"]:
                row = find(data["programs"], trace=name, preset=preset, pages=pages)
                if row:
                    percent = [share(row[f"{key}_hit"], row[f"{key}_miss"]) + " %" for key in ("itlb", "dtlb", "stlb")]
                    table.row(name, pages, *percent, f"{row['walks']:,}", f"{row['walk_cycles']:,}",
                              f"{row['cycles']:,}", f"{row['faults']:,}")
        parts.append(f"**{preset}**\n\n{table.text()}")
    return "\n".join(parts)


def processes(memory):
    table = Table(["process", "RSS", "PSS"])
    for row in memory["processes"]:
        table.row(f"{row['pid']} {row['name']}", f"{row['rss']:,}", f"{row['pss']:,.3f}")
    table.row("**sum**", f"{memory['rss_sum']:,}", f"{memory['pss_sum']:,.3f}")
    table.row("**memory used**", "", f"{memory['used']:,}")
    return table.text()


def sums(memory):
    """The same moment on every preset."""
    table = Table(["", *memory["presets"]])
    for name, key in (("RSS, sum", "rss_sum"), ("PSS, sum", "pss_sum"), ("memory that they use", "used")):
        table.row(name, *[mib(preset[key]) for preset in memory["presets"].values()])
    return table.text()


def page(data):
    """What stands between the marks of docs/headline.md."""
    heads = ["", *data["presets"]]
    checked = sum(preset["checked"] for preset in data["presets"].values())
    cycles = sum(preset["cycles"] for preset in data["presets"].values())
    parts = [f"{checked:,} answers judged by the oracle, {cycles:,} cycles of model and RTL compared, for the first "
             "three sections.\n", "## Memory accesses per walk\n"]
    table = Table(heads)
    all_walks(data, table)
    parts += [table.text(), "![Memory accesses per walk](accesses-per-walk.svg)\n", "## Cycles of a translation\n"]
    table = Table(heads)
    all_latencies(data, table)
    parts += [table.text(), "![Latency of TLB misses](miss-latency.svg)\n", "![The reach of the TLBs](tlb-reach.svg)\n",
              "## Cycles of a page fault\n"]
    table = Table(heads)
    all_faults(data, table)
    parts += [table.text()]
    if data["programs"]:
        table = Table(heads)
        all_programs(data, table, programs(data))
        parts += ["## The same program on pages of each size\n", table.text(), sources(data, programs(data))]
    if data["memory"]:
        memory = data["memory"]
        parts += ["## Memory of processes that share libraries\n",
                  f"{memory['trace']} after {memory['after']:,} accesses, in bytes.\n", processes(memory), sums(memory),
                  "![RSS and PSS](rss-pss.svg)\n"]
    return "\n" + "\n".join(parts)
