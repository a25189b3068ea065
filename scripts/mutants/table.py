#!/usr/bin/env python3
"""What campaigns of mutants came to, as tables of docs/mutants.md, and the killed ones for the share in `make test`.

  table.py --proofs FATES.json   of a campaign --prove: how each mutant with a reason is proved
  table.py FATES.json…     the --json of campaigns (scripts/mutants/campaign.py), together; what one that was run
                           --again says of a mutant takes the place of what the campaign said that drew it

Writes the part of docs/mutants.md between its two marks (of campaigns: of the kinds that are among these), and adds to
scripts/mutants/killed.txt a line for each mutant of the RTL that was killed in the first preset: a hash of what it is
(recorded.py). Exit status: 0; 2 wrong usage.
"""
import json
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))
import recorded  # noqa: E402  (beside this file)

DOCS = HOME / "docs/mutants.md"
MARKS = ("<!-- campaigns: scripts/mutants/table.py -->\n", "<!-- end of campaigns -->\n")
PROOFS = ("<!-- proofs: scripts/mutants/table.py -->\n", "<!-- end of proofs -->\n")
NAMES = {"rtl": "RTL", "c": "model and oracle", "netlist": "netlist of tiny"}


def fate(mutant):
    if mutant["killed"]:
        return "killed"
    if not mutant.get("equivalent"):
        return "in part" if "proved" in mutant.get("done", {}).values() else "left"
    return "proved" if mutant["equivalent"] == "proved" else "reasoned"


def by_file(mutants):
    counts = defaultdict(Counter)
    for mutant in mutants:
        counts[mutant["file"]][fate(mutant)] += 1
    total = sum(counts.values(), Counter())
    lines = ["| file | mutants | killed | proved the same | the same by reason | proved in one preset, seen in none | "
             "not decided |", "|---|---|---|---|---|---|---|"]
    for name, count in [*sorted(counts.items()), ("**all**", total)]:
        lines.append(f"| {name} | {count.total()} | "
                     + " | ".join(str(count[word]) for word in ("killed", "proved", "reasoned", "in part", "left"))
                     + " |")
    return lines


def by_stimulus(mutants):
    killed = [mutant for mutant in mutants if mutant["killed"]]
    lines = ["| first red | killed | preset | comparator | seconds of CPU: median, most |", "|---|---|---|---|---|"]
    for name, count in Counter(mutant["by"] for mutant in killed).most_common():
        of = [mutant for mutant in killed if mutant["by"] == name]
        presets, sees = (", ".join(f"{word} {n}" for word, n in Counter(mutant[key] for mutant in of).most_common())
                         for key in ("preset", "sees"))
        seconds = [mutant["seconds"] for mutant in of]
        lines.append(f"| {name} | {count} | {presets} | {sees} | "
                     f"{statistics.median(seconds):.2f}, {max(seconds):.1f} |")
    return lines


def text(records, before):
    """before: what stands there. Of what these campaigns do not say a word it stays."""
    lines = []
    for of, name in NAMES.items():
        head = f"### {name[0].upper() + name[1:]}: "
        mine = [record for record in records if record.get("of", "rtl") == of]
        mutants = [mutant for record in mine for mutant in record["mutants"] if "killed" in mutant]
        if not mutants:
            lines += [(head + section).rstrip("\n") + "\n"
                      for section in before.partition(head)[2].split("\n### ", 1)[:1] if head in before]
            continue
        drawn = ";\n".join(f"{sum('killed' in mutant for mutant in record['mutants'])} by seed {record['seed']} at "
                           f"{record['commit']}, {record['date']}" for record in mine)
        lines += [f"{head}{len(mutants)} mutants", "",
                  f"Drawn: {drawn}. Presets: {', '.join(sorted({r['presets'] for r in mine}))}.", ""]
        lines += [*by_file(mutants), "", *by_stimulus(mutants), ""]
    return "\n".join(lines)


def together(records):
    """The campaigns, each with what was said last of its mutants."""
    drawn, campaigns = {}, []
    for record in records:
        for mutant in record["mutants"]:
            seed, at = mutant.pop("drawn", [record["seed"], mutant["at"]])
            drawn.setdefault((record.get("of", "rtl"), seed, at,
                              *(mutant[word] for word in ("file", "what", "text", "new"))),
                             [record, mutant])[1] = mutant
    for record in records:
        mutants = [mutant for of, mutant in drawn.values() if of is record]
        if mutants:
            campaigns.append(record | {"mutants": mutants})
    return campaigns


def proofs(record):
    """A row for each mutant that has a reason: how it is proved, in which presets, and what still rests on the
    reason."""
    lines = ["| file | mutant | how |", "|---|---|---|"]
    for mutant in sorted(record["mutants"], key=lambda mutant: (mutant["file"], mutant["line"])):
        said = [" ".join(mutant[word].split()).replace("|", "\\|") for word in ("text", "new")]
        uses = sorted({use for words in mutant["uses"].values() for use in words})
        presets = [preset for preset, fate in mutant["done"].items() if fate == "proved"]
        how = ("by reason: " + mutant["reason"] if not presets else f"proved in {', '.join(presets)}"
               + "".join(f"; but for {use}" for use in uses))
        lines.append(f"| {mutant['file']}:{mutant['line']} | "
                     f"`{said[0]}`{f' → `{said[1]}`' if said[1] else ' left out'} | {how} |")
    count = sum("proved" in mutant["done"].values() for mutant in record["mutants"])
    head = f"{count} of {len(record['mutants'])}, at {record['commit']}, {record['date']}:"
    return "\n".join([head, "", *lines])


def write(marks, content):
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(marks[0])
    after = rest.partition(marks[1])[2]
    DOCS.write_text(f"{before}{marks[0]}\n{content}\n{marks[1]}{after}", encoding="utf-8")


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--proofs":
        write(PROOFS, proofs(json.loads(Path(arguments[1]).read_text(encoding="utf-8"))) + "\n")
        return 0
    if not arguments or any(word.startswith("-") for word in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    records = together([json.loads(Path(path).read_text(encoding="utf-8")) for path in arguments])
    write(MARKS, text(records, DOCS.read_text(encoding="utf-8").partition(MARKS[0])[2].partition(MARKS[1])[0]))
    recorded.add(mutant for record in records if record.get("of", "rtl") == "rtl" for mutant in record["mutants"]
                 if mutant.get("killed") and mutant["preset"] == record["presets"].split(",")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
