#!/usr/bin/env python3
"""Measures the headline: docs/headline.json, the tables of docs/headline.md, and the plots in docs/, all from runs.

  headline.py [--presets="…"] [--quick] [--jobs=N]    runs everything, then writes it all (`make headline` builds what
                                                      it runs)
  headline.py --write                                 the tables and plots again, from docs/headline.json
  headline.py --check                                 are they what docs/headline.json gives? exit status 1 when not

What is run: `twinwalk headline` on every preset, the RTL in lockstep; every trace of the corpus that the OS model can
lay out anew, through the cycle model with pages of each size; `twinwalk memory` on a trace with several processes.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import headline_memory
import headline_plots
import headline_tables

os.chdir(Path(__file__).resolve().parent.parent)
OUT, DATA, PAGE, BUILD = Path("out/headline"), Path("docs/headline.json"), Path("docs/headline.md"), "build"
ACCESSES = 1_000_000      # of each program
RAM = "64G"               # 1-GByte pages need room
PLACED = ("F ", "L ", "S ", "bits ", "tables ", "program ", "recorder ", "twinwalk-trace ")


def wrong(what):
    print(f"headline: {what}", file=sys.stderr)
    sys.exit(1)


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = (done.stdout[-1000:] + done.stderr[-1000:]).strip()
        wrong(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return done.stdout


def measure(preset, quick):
    """What `twinwalk headline` says of a preset."""
    path, begin = OUT / f"{preset}.json", time.monotonic()
    run([f"{BUILD}/{preset}/twinwalk", "headline", "--dut=rtl", f"--json={path}", *(["--quick"] if quick else [])])
    print(f"{preset}: measured in {time.monotonic() - begin:.0f} s", flush=True)
    return json.loads(path.read_text())


def without_layout(program, trace, folder, limit):
    """The first accesses of a trace without its mappings, so that the OS model may lay them out in pages of any size;
    None where that would be another program: several processes, or page tables of its own."""
    path = folder / trace.name
    info = run([program, "trace", "info", trace])
    if not re.search(r"^tables\s+made by the OS model", info, re.MULTILINE):
        return None
    cut = subprocess.Popen([program, "trace", "cut", "--accesses", "--text", trace, "0", str(limit), "-"],
                           stdout=subprocess.PIPE, text=True)
    pack = subprocess.Popen([program, "trace", "pack", "-", path], stdin=subprocess.PIPE, text=True)
    one = True
    for line in cut.stdout:
        if line.startswith(PLACED):
            pack.stdin.write(line)
        elif line.startswith("exec ") or (line.startswith("clone ") and " vm" not in line):
            one = False
            break
    cut.stdout.close()
    pack.stdin.close()
    cut.terminate() if not one else None
    if (cut.wait() and one) or pack.wait():
        wrong(f"{trace}: cannot be converted")
    return path if one else None


def replay(preset, trace, path, pages, folder):
    """One program on one preset with pages of one size; None where the preset has none of them."""
    result = folder / f"{preset}-{trace.stem}-{pages}.json"
    command = [f"{BUILD}/{preset}/twinwalk", "model", f"--pages={pages}", f"--ram={RAM}", f"--limit={ACCESSES}",
               f"--json={result}", path]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace")
    if done.returncode and ("has no 1-GByte pages" in done.stderr or done.returncode == 4):
        return None
    if done.returncode:
        wrong(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-1500:]}")
    numbers = json.loads(result.read_text())
    mmu, walks, kernel = numbers["mmu"], numbers["walks"], numbers["replay"]
    return {"trace": trace.stem, "preset": preset, "pages": pages, "accesses": kernel["accesses"],
            "cycles": numbers["cycles_model"],
            "itlb_hit": mmu["itlb_hit"], "itlb_miss": mmu["itlb_miss"], "dtlb_hit": mmu["dtlb_hit"],
            "dtlb_miss": mmu["dtlb_miss"],
            "stlb_hit": mmu["stlb_hit"], "stlb_miss": mmu["stlb_miss"], "walks": mmu["walks"],
            "walk_cycles": round(walks.get("latency_mean", 0) * walks.get("latency_count", 0)),
            "faults": kernel["faults_taken"]}


def programs(presets, pool, quick):
    program, limit = f"{BUILD}/{presets[0]}/twinwalk", ACCESSES // 10 if quick else ACCESSES
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        jobs = []
        for trace in sorted(Path("traces/corpus").glob("*.tw")):
            path = without_layout(program, trace, folder, limit)
            for preset in presets if path else []:
                jobs += [pool.submit(replay, preset, trace, path, pages, folder) for pages in ("4k", "2m", "1g")]
                # As it was mapped, large pages where a mapping has room for one.
                jobs.append(pool.submit(replay, preset, trace, trace, "thp", folder))
        rows = [job.result() for job in jobs]
    print(f"{len(rows)} replays of programs", flush=True)
    return [row for row in rows if row]


def gather(presets, jobs, quick):
    OUT.mkdir(parents=True, exist_ok=True)
    for preset in presets:
        if not Path(f"{BUILD}/{preset}/twinwalk").exists():
            wrong(f"{BUILD}/{preset}/twinwalk is not built; `make headline` builds it")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        measured = {preset: pool.submit(measure, preset, quick) for preset in presets}
        rows = programs(presets, pool, quick)
        return {"presets": {preset: job.result() for preset, job in measured.items()}, "programs": rows,
                "memory": headline_memory.measure({preset: f"{BUILD}/{preset}/twinwalk" for preset in presets}, run)}


def outputs(data):
    """Every file that is made of the data, with its text."""
    files = {Path("docs") / name: text for name, text in headline_plots.draw(data).items()}
    files[PAGE] = headline_tables.insert(PAGE, headline_tables.page(data))
    return files


def main(words):
    presets = sorted(path.stem for path in Path("config").glob("*.toml"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--presets", default=" ".join(presets), help="only these, separated by blanks")
    parser.add_argument("--quick", action="store_true", help="a tenth of the accesses: rough numbers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true",
                        help="run nothing: make tables and plots from docs/headline.json")
    parser.add_argument("--check", action="store_true",
                        help="run nothing, write nothing: are the committed tables and plots those of "
                             "docs/headline.json?")
    settings = parser.parse_args(words)
    begin = time.monotonic()
    if not settings.write and not settings.check:
        data = gather(settings.presets.split(), settings.jobs, settings.quick)
        DATA.write_text(json.dumps(data, separators=(",", ":")).replace('},{', '},\n{') + "\n")
    files = outputs(json.loads(DATA.read_text()))
    if settings.check:
        stale = [str(path) for path, text in files.items() if not path.exists() or path.read_text() != text]
        if stale:
            wrong(f"not what {DATA} gives: {' '.join(stale)}; `scripts/headline.py --write` makes them again")
        return 0
    for path, text in files.items():
        path.write_text(text)
    print(f"{', '.join(map(str, files))} written in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
