#!/usr/bin/env bash
# Every row that a run prints has its entry in docs/glossary.md, and every entry is of a row: what the verbs print on
# tiny, and, for rows that these runs have no reason to print, the names in the sources of the reports.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
twinwalk=build/tiny/twinwalk corpus=traces/corpus

run() { # NAME COMMAND…: its table; what it finds is not asked here
    local name=$1
    shift
    "$@" > "$work/$name.said" 2> "$work/err" || [ $? -eq 1 ] || { cat "$work/err"; exit 1; }
}
run cosim $twinwalk cosim --limit=20000 --check=state --speed $corpus/pipeline.tw
run events $twinwalk cosim --limit=20000 --check=events $corpus/sqlite3.tw
run kernel $twinwalk cosim --limit=20000 $corpus/linux-pcid.tw
run swap $twinwalk cosim --limit=200000 --swap=64M --ram=4M $corpus/memory-swap.tw
run finding $twinwalk cosim --limit=20 --dut=null --reduce=1 --out="$work/out" $corpus/pipeline.tw
run model $twinwalk model --limit=20000 $corpus/sqlite3.tw
run serial $twinwalk model --serial --limit=20000 $corpus/sqlite3.tw
run tlb $twinwalk tlb --shapes --limit=20000 $corpus/sqlite3.tw
run random $twinwalk random --requests=30000
run memory $twinwalk memory --limit=200000 --verify $corpus/pipeline.tw
run profile $twinwalk profile --limit=20000 --records="$work/base" $corpus/pipeline.tw
run slower $twinwalk profile --limit=20000 --latency=20 --records="$work/head" $corpus/pipeline.tw
run compare $twinwalk compare --allow='cycles<=+2%' "$work/base" "$work/head"

python3 - docs/glossary.md "$work"/*.said <<'EOP'
import re
import sys
from pathlib import Path

page, tables = Path(sys.argv[1]).read_text(), sys.argv[2:]
entries = [name for line in page.splitlines() if line.startswith("| `")
           for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])]
# A histogram's bins and processes, the head of a run, an access, a finding, a port's pins.
NO_ROWS = r"\d+\+?$|Verilator|traces/|access \d|MISMATCH|HANG|(request|ready|answer) \d"


def rows(text):
    """Names of rows: what stands before a value, or over rows that are set in further."""
    lines = text.splitlines()
    for line, below in zip(lines[1:], lines[2:] + [""]):
        indent, name, value = re.match(r"( *)(.*?)((?:  .*)?)$", line.rstrip()).groups()
        over = len(below) - len(below.lstrip()) > len(indent)
        if indent and name and (value or over) and not re.match(NO_ROWS, name):
            yield re.sub(r"^policy .*", "policy", re.sub(r"^(L1|STLB|walk|merged), then .*", "A, then B", name))


printed = {}
for table in tables:
    for row in rows(Path(table).read_text()):
        printed.setdefault(row, Path(table).stem)
reports = [path for folder in ("tb/report", "tb/processes", "tb/profile", "tb/random", "tb/engine", "scripts/compare")
           for path in Path(folder).iterdir() if path.suffix in (".c", ".py")]
sources = "".join(path.read_text() for path in reports)
can_be = {name.strip() for name in re.findall(r'\b(?:report_row|hit_row|kinds|print_worst)\(out, "([^"%]+)"', sources)}


def known(entry):
    """Is it printed, or a string of the reports, or put together of two?"""
    parts = [entry, *entry.split(", ")]
    found = [re.search(f"[\"'] *{re.escape(part)}", sources) for part in parts]
    return entry in printed or found[0] or len(parts) == 3 and all(found[1:])


wrong = [f"no entry `{row}`, which {verb} prints" for row, verb in printed.items() if row not in entries]
wrong += [f"no entry `{row}`, which a report can print" for row in sorted(can_be - set(entries) - set(printed))]
wrong += [f"`{entry}` is no row" for entry in entries if not known(entry)]
wrong += [f"`{entry}` stands there twice" for entry in sorted({entry for entry in entries if entries.count(entry) > 1})]
print("\n".join(f"docs/glossary.md: {what}" for what in wrong) or
      f"glossary: {len(entries)} entries, {len(printed)} rows seen in {len(tables)} runs")
sys.exit(1 if wrong else 0)
EOP
