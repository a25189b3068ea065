"""What does a change of the RTL cost or win? Two revisions, over the corpus and every preset, laid side by side.

  scripts/compare --base=REVISION|FOLDER|PATCH [--head=REVISION|FOLDER|PATCH]      (`make compare BASE=…`)

The MMU of each side (its rtl/ and config/) stands in the bench of this checkout; a patch is the other side's MMU with
that patch applied. Each replays every trace at its own
pace, judged by the oracle (`twinwalk profile`), every cycle booked under what the program waited for; then both are
compared access by access (`twinwalk compare`). Where the pins differ, the first cycle in which they do is found, with
one waveform of both sides around it.

Results, in --out: the table, results.json, index.html (one file, no network), and a folder a trace with logs and
waveforms; and both sides' cycles in the history, under their commits, with the dashboard drawn anew. Exit status
(tb/base/exits.h): 0 translations right and equal, and the policy of --allow kept; 1 not; 2 wrong usage; 5 nothing was
compared; 6 an output could not be written; 7 a side could not be built; 130 interrupted.
"""

import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import build  # noqa: E402  (beside this file)
import dashboard  # noqa: E402
import history  # noqa: E402
import outputs  # noqa: E402
import page  # noqa: E402
import pair  # noqa: E402
import stimuli  # noqa: E402
import regress  # noqa: E402  (the traces of the corpus, and how processes are stopped)
import regress_keep  # noqa: E402

EQUAL, MISMATCH, USAGE, INCOMPLETE, OUTPUT, HOST, INTERRUPTED = 0, 1, 2, 5, 6, 7, 130


def arguments(words):
    parser = argparse.ArgumentParser(prog="compare", description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument(
        "--base", required=True,
        help="what is compared with: a git revision, a folder with rtl/ and config/, or a patch of the other side"
    )
    parser.add_argument("--head", default=".", help="what is compared: likewise (the work tree)")
    parser.add_argument("--presets", default="", help="only these, separated by blanks (all that both sides have)")
    parser.add_argument(
        "--base-preset", default="", help="the base's preset, where it is another (with one preset in --presets)"
    )
    parser.add_argument("--base-dut", default="rtl", help="device on the base's side: rtl, model, or a library (rtl)")
    parser.add_argument("--head-dut", default="rtl", help="device on the head's side (rtl)")
    parser.add_argument(
        "--base-args", default="", help='further options of the bench on the base\'s side ("--memory=fixed")'
    )
    parser.add_argument("--head-args", default="", help="… on the head's side")
    parser.add_argument(
        "--corpus", type=Path, default=Path("traces/corpus"), help="folder of the traces, or one trace (traces/corpus)"
    )
    parser.add_argument("--limit", type=int, default=0, help="accesses of each trace (all)")
    parser.add_argument("--allow", default="", help='policy: "cycles<=+2%% read1<=+0" (twinwalk compare --help)')
    parser.add_argument("--worst", type=int, default=10, help="accesses that lost and won most (10)")
    parser.add_argument(
        "--random", type=int, default=100000, help="requests of random stimulus for each preset (100000; 0: none)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random stimulus (1)")
    parser.add_argument(
        "--reduce", type=int, default=60, help="seconds to cut down what is wrong to a small case (60; 0: not at all)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time (one for each processor)")
    parser.add_argument("--out", type=Path, default=Path("out/compare"), help="folder of the results (out/compare)")
    parser.add_argument("--history", type=Path, help="the history (history.db beside the folder of results)")
    settings = parser.parse_args(words)
    settings.history = settings.history or settings.out.parent / "history.db"
    settings.presets = settings.presets.split()
    if settings.base_preset and len(settings.presets) != 1:
        parser.error("--base-preset wants exactly one preset in --presets: the head's")
    if settings.jobs < 1 or min(settings.limit, settings.random, settings.reduce) < 0:
        parser.error("--jobs is at least 1; --limit, --random and --reduce are not negative")
    return settings


def find_traces(settings):
    one = settings.corpus.is_file()
    traces = [regress.Trace(path) for path in ([settings.corpus] if one else sorted(settings.corpus.glob("*.tw")))]
    if not traces:
        print(f"compare: {settings.corpus}: no traces (*.tw) here", file=sys.stderr)
        sys.exit(USAGE)
    return traces


def check_policy(settings, program):
    """Ends at once where --allow is none: `twinwalk compare` knows what one is."""
    words = [program, "compare", f"--allow={settings.allow}", "--help"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        why = re.search(r"^twinwalk compare: (.*)$", ran.stderr, re.MULTILINE)
        print(f"compare: {why[1] if why else ran.stderr.strip()}", file=sys.stderr)
        sys.exit(USAGE)


def status_of(pairs, others, stopped):
    if any(p.result in ("different", "wrong", "policy broken", "failed") for p in pairs + others):
        return MISMATCH
    if stopped:
        return INTERRUPTED
    return EQUAL if any(p.result in ("equal", "timing differs") for p in pairs) else INCOMPLETE


def begin(settings, sides):
    """The session in the history."""
    record = history.History(settings.history)
    words = f"{sides[0].name} → {sides[1].name}"
    facts = {"base": sides[0].name, "head": sides[1].name, "allow": settings.allow, "cycles": [0, 0]}
    record.begin("compare", regress_keep.hash_of(settings.allow, [side.name for side in sides]), words, settings.out,
                 facts)
    record.told(sides[1].commit)
    return record, facts


def add(record, facts, sides, one):
    """Both sides of a pair, each under its own commit."""
    cycles, accesses = one.numbers.get("cycles", [None, None]), one.numbers.get("accesses", [None, None])
    for side, name in enumerate(("base", "head")):
        words = one.command(side)
        commit, dirty = history.commit_of(sides[side].commit)
        preset = one.settings.base_preset if name == "base" and one.settings.base_preset else one.preset
        record.add(
            trace=one.trace.name, preset=preset, side=name, same=regress_keep.same(one.trace.path, words[2:-1]),
            commit_id=commit, dirty=dirty, result=one.result, reason=one.reason, accesses=accesses[side],
            cycles=cycles[side], kept=0, link=str(one.folder.resolve()),
        )  # fmt: skip
        facts["cycles"][side] += cycles[side] or 0


def add_other(record, sides, one):
    """Random stimulus or directed cases: a verdict, and no cycles that could be compared with another day's."""
    commit, dirty = history.commit_of(sides[1].commit)
    record.add(
        trace=one.name, preset=one.preset, side="head", same="", commit_id=commit, dirty=dirty, result=one.result,
        reason=one.reason, accesses=None, cycles=None, kept=0, link=str(one.folder.resolve()),
    )  # fmt: skip


def main(words):
    settings = arguments(words)
    traces = find_traces(settings)
    try:
        sides = build.both(settings.base, settings.head)
        presets = settings.presets or sorted(sides[0].presets() & sides[1].presets())
        programs = {
            preset: (sides[0].program(settings.base_preset or preset), sides[1].program(preset)) for preset in presets
        }
    except build.Failed as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        print("compare: interrupted while a side was built; the next comparison goes on there", file=sys.stderr)
        return INTERRUPTED
    for preset in presets:
        check_policy(settings, programs[preset][1])
    fleet = regress.Fleet()
    others = [one for preset in presets for one in stimuli.of(settings, preset, programs[preset])]
    record, facts = begin(settings, sides)
    pairs = [pair.Pair(settings, preset, trace, programs[preset]) for preset in presets for trace in traces]
    with concurrent.futures.ThreadPoolExecutor(settings.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(p.go, fleet) for p in others + pairs]):
            print(done.result().line(), flush=True)
            if done.result().result == "not run":
                continue
            if done.result() in pairs:
                add(record, facts, sides, done.result())
            else:
                add_other(record, sides, done.result())
    settings.out.mkdir(parents=True, exist_ok=True)
    results = page.gather(settings, sides, pairs, others)
    page.table(results)
    written = True
    for name, text in (("results.json", json.dumps(results, indent=1) + "\n"), ("index.html", page.html(results))):
        written &= outputs.said("compare", outputs.write_whole, settings.out / name, text)
    status = status_of(pairs, others, fleet.signals)
    record.end(status, facts)
    drawn = settings.history.with_name("dashboard.html")
    written &= outputs.said("compare", dashboard.write, drawn, record) and not record.lost
    print(f"\n{settings.out}/index.html\n{drawn}")
    return status or (EQUAL if written else OUTPUT)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
