"""The headline's plots, from docs/headline.json. See headline.py."""
import math

from headline_svg import COLOURS, Plot

FAVOURITE = "skylake"     # whose curves are drawn
SIZES = {"4k": "4K", "2m": "2M", "1g": "1G"}
UNITS = ["B", "KiB", "MiB", "GiB", "TiB"]


def size(value):
    unit = 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {UNITS[unit]}"


def favourite(data):
    return FAVOURITE if FAVOURITE in data["presets"] else next(iter(data["presets"]))


def linear(low, high):
    return lambda value: (value - low) / (high - low)


def logarithmic(low, high):
    return lambda value: (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))


def accesses(data):
    """Bars for each page size and depth, of the preset that has most of them."""
    name, preset = max(data["presets"].items(), key=lambda item: len(item[1]["walks"]))
    rows, patterns = preset["walks"], {"none": "no walk caches", "random": "random pages",
                                       "sequential": "page after page"}
    groups = list(dict.fromkeys((row["levels"], row["size"]) for row in rows))
    plot = Plot(f"Memory accesses per walk ({name})", "page size, levels of the tables", "accesses per walk",
                linear(0, len(groups)), linear(0, 5.5))
    plot.y_ticks([(n, str(n)) for n in range(6)])
    plot.x_ticks([(n + 0.5, f"{SIZES[page]}, {levels} levels") for n, (levels, page) in enumerate(groups)], grid=False)
    for number, (pattern, label) in enumerate(patterns.items()):
        plot.legend(label, COLOURS[number])
        for n, (levels, page) in enumerate(groups):
            row = next(row for row in rows
                       if (row["levels"], row["size"], row["walk_caches"]) == (levels, page, pattern))
            left = plot.x(n + 0.12 + 0.26 * number)
            plot.bar(left, plot.x(n + 0.36 + 0.26 * number), row["reads_per_walk"], COLOURS[number],
                     f"{row['reads_per_walk']:.2f}")
    plot.axes()
    return plot.svg()


def cumulative(bins):
    """Steps: how large a share of all took at most so many cycles."""
    total, seen, points = sum(times for _, times in bins), 0, []
    for cycles, times in bins:
        points.append((cycles, 100 * seen / total))
        seen += times
        points.append((cycles, 100 * seen / total))
    return points


def misses(data):
    name = favourite(data)
    rows = [row for row in data["presets"][name]["latency"] if row["what"] == "miss" and row["count"]]
    if not rows:
        return None
    low, high = 10, max(500, max(row["max"] for row in rows)) * 1.2
    plot = Plot(f"Latency of a TLB miss, random in an array ({name}; dashed: no walk caches)",
                "cycles, accept to answer", "% of misses take at most",
                logarithmic(low, high), linear(0, 104))
    plot.y_ticks([(n, str(n)) for n in range(0, 101, 20)])
    plot.x_ticks([(n, str(n)) for n in (10, 20, 50, 100, 200, 500, 1000) if n <= high])
    arrays = list(dict.fromkeys(row["bytes"] for row in rows))
    for row in rows:
        bare, colour = not row["walk_caches"], COLOURS[arrays.index(row["bytes"])]
        points = cumulative(row["bins"])
        plot.path([(low, 0), *points, (high, 100)], colour, bare)
        if not bare:
            plot.legend(size(row["bytes"]), colour)
    plot.axes()
    return plot.svg()


def reach(data):
    name = favourite(data)
    rows = data["presets"][name]["reach"]
    low, high = min(row["bytes"] for row in rows), max(row["bytes"] for row in rows)
    plot = Plot(f"TLB hits of random loads, by working set ({name})", "working set", "% of accesses",
                logarithmic(low, high), linear(0, 104))
    plot.y_ticks([(n, str(n)) for n in range(0, 101, 20)])
    ticks = [2 ** n for n in range(int(math.log2(low)), int(math.log2(high)) + 1)]
    plot.x_ticks([(n, size(n)) for n in ticks if int(math.log2(n)) % 4 == 1])
    for number, page in enumerate(dict.fromkeys(row["size"] for row in rows)):
        some = [row for row in rows if row["size"] == page]
        plot.legend(f"{SIZES[page]} pages: L1 or STLB", COLOURS[number])
        plot.path([(row["bytes"], 100 * (row["l1"] + row["stlb"]) / row["accesses"]) for row in some], COLOURS[number])
        plot.path([(row["bytes"], 100 * row["l1"] / row["accesses"]) for row in some], COLOURS[number], dashed=True,
                  width=1.5)
    plot.legend("L1", COLOURS[-1], dashed=True)
    plot.axes()
    return plot.svg()


def memory(data):
    said = data["memory"]
    if not said:
        return None
    rows, mib = said["processes"], 2**20
    high = max(row["rss"] for row in rows) / mib * 1.15
    step = 10 ** math.floor(math.log10(high))
    step = step if high / step >= 4 else step / 2 if high / step >= 2 else step / 5
    plot = Plot(f"RSS and PSS: {said['trace']}, {len(rows)} processes",
                "sums: RSS {:.2f} MiB, PSS {:.2f} MiB, memory used {:.2f} MiB".format(
        said["rss_sum"] / mib, said["pss_sum"] / mib, said["used"] / mib), "MiB", linear(0, len(rows)), linear(0, high))
    plot.y_ticks([(n * step, f"{n * step:g}") for n in range(int(high / step) + 1)])
    plot.x_ticks([(n + 0.5, f"{row['pid']} {row['name'].rsplit('/', 1)[-1][:14]}") for n, row in enumerate(rows)],
                 grid=False)
    for number, key in enumerate(("rss", "pss")):
        plot.legend(key.upper(), COLOURS[number])
        for n, row in enumerate(rows):
            plot.bar(plot.x(n + 0.2 + 0.3 * number), plot.x(n + 0.48 + 0.3 * number), row[key] / mib, COLOURS[number],
                     f"{row[key] / mib:.2f}")
    plot.axes()
    return plot.svg()


def draw(data):
    """File names in docs/, and their text."""
    files = {"accesses-per-walk.svg": accesses(data), "miss-latency.svg": misses(data), "tlb-reach.svg": reach(data),
             "rss-pss.svg": memory(data)}
    return {name: text for name, text in files.items() if text}
