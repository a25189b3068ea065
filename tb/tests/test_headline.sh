#!/usr/bin/env bash
# The headline: what is committed is what its JSON gives; what is measured is what can be known beforehand; a device
# that is wrong is seen.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
scripts/headline.py --check

build/tiny/twinwalk headline --quick --dut=rtl --json="$work/tiny.json"
if build/tiny/twinwalk headline --quick --only=walks --dut=null > "$work/said" 2>&1; then echo "the null device passes"; exit 1; fi
grep -q MISMATCH "$work/said"

python3 - "$work" <<'EOP'
import json, re, sys, xml.dom.minidom
from pathlib import Path
sys.path.insert(0, "scripts")
import headline_plots, headline_tables
work = Path(sys.argv[1])
tiny = json.loads((work / "tiny.json").read_text())

# Known beforehand, from tiny.toml: levels and page sizes, latencies, 8 and 32 pages of reach, costs of the kernel's
# work.
for row in tiny["walks"]:
    depth = row["levels"] - ["4k", "2m", "1g"].index(row["size"])
    assert row["walks"] > 0 and (row["reads_per_walk"] == depth if row["walk_caches"] == "none" else 1 <= row["reads_per_walk"] < depth), row
latency = {row["what"] if row["what"] != "miss" else (row["bytes"] >> 30, row["walk_caches"]): row for row in tiny["latency"]}
assert latency["L1 hit"]["p50"] == latency["L1 hit"]["max"] == 1 and latency["STLB hit"]["p50"] == latency["STLB hit"]["max"] == 6
assert latency[1, True]["mean"] < latency[1, False]["mean"]
for row in tiny["reach"]:
    if row["size"] == "4k":
        assert (row["l1"] == row["accesses"]) == (row["pages"] <= 8) and (row["walks"] == 0) == (row["pages"] <= 32), row
faults = {(row["what"], row["device"]): row for row in tiny["faults"]}
assert faults["copy-on-write fault after fork", None]["kernel_mean"] == 1400 and faults["minor fault, first write", None]["kernel_mean"] == 1150
assert 150000 < faults["swap-in", "NVMe"]["p50"] < 200000 and 12000000 < faults["swap-in", "disk"]["p50"] < 13000000

# The tables show the numbers of the JSON, the plots are XML, and both follow when a number changes.
process = {"name": "/bin/a & <b>", "pid": 1, "rss": 8192, "pss": 6144.5}
program = {"trace": "some", "preset": "tiny", "pages": "4k", "accesses": 1000, "cycles": 9, "itlb_hit": 1, "itlb_miss": 0, "dtlb_hit": 3, "dtlb_miss": 1,
           "stlb_hit": 0, "stlb_miss": 1, "walks": 1, "walk_cycles": 54321, "faults": 0}
sums = {"rss_sum": 24576, "pss_sum": 18433.5, "used": 18433}
data = {"presets": {"tiny": tiny}, "programs": [program], "memory": {"trace": "some", "after": 5, "processes": [process] * 3, **sums, "presets": {"tiny": sums}}}
table, plots = headline_tables.page(data), headline_plots.draw(data)
assert "| 4.00 / " in table and "| 54321 / – / –; – |" in table and "75.00" in table and "18,433.500" in table
assert "| RSS, sum | 0.02 MiB |" in table
for part in table.split("\n\n"):  # every row of a table has its width
    assert len({line.count("|") for line in part.splitlines() if line.startswith("|")}) <= 1, part
assert len(plots) == 4
for name, text in plots.items():
    assert xml.dom.minidom.parseString(text).documentElement.tagName == "svg" and "nan" not in text and "<b>" not in text, name
tiny["walks"][0]["reads_per_walk"] = 7.25
assert "7.25" in headline_tables.page(data) and "7.25" in headline_plots.draw(data)["accesses-per-walk.svg"]

# Marks: what lies around them stays, what lacks them is refused.
page = work / "page.md"
page.write_text(f"before\n{headline_tables.BEGIN}\nold\n{headline_tables.END}\nafter\n")
assert headline_tables.insert(page, "new\n") == f"before\n{headline_tables.BEGIN}\nnew\n{headline_tables.END}\nafter\n"
page.write_text("no marks\n")
try:
    headline_tables.insert(page, "new\n")
    sys.exit("a page without marks was taken")
except SystemExit as error:
    assert "must be there" in str(error), error
EOP
