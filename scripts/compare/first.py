"""The first cycle in which the pins of two sides differ, and one waveform of both around it."""

import re
import subprocess
from pathlib import Path

import waves

INTERRUPTED = 130
AROUND = 40  # cycles of waveform before and after the first that differs
SKIPPED = "(jumped over: waiting)"


def run(fleet, words, log):
    """The exit status; what it says goes into the file."""
    with open(log, "w") as out:
        process = fleet.start(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        if not process:
            return INTERRUPTED
        process.wait()
    return fleet.ended(process)


def cycles(path):
    """{cycle: the lines of its pins} of a file that `twinwalk profile --pins` wrote."""
    found = {}
    try:
        parts = re.split(r"^cycle (\d+)\n", path.read_text(), flags=re.MULTILINE)
    except OSError:
        return found
    for number, text in zip(parts[1::2], parts[2::2]):
        found[int(number)] = text
    return found


def find(fleet, command, folder, start, span):
    """Looks from cycle `start` on. command(side, *more): a `twinwalk profile`. None: they do not differ."""
    texts = []
    for side, name in enumerate(("base", "head")):
        pins = folder / f"{name}.pins"
        pins.unlink(missing_ok=True)
        words = command(side, f"--pins={pins}", f"--from={start}", f"--to={start + span}")
        run(fleet, words, folder / f"{name}-pins.txt")
        texts.append(cycles(pins))
    cycle = next((c for c in texts[0] if c in texts[1] and texts[0][c] != texts[1][c]), None)
    if cycle is None:
        cycle = min(set(texts[0]) ^ set(texts[1]), default=None)
    if cycle is None:
        return None
    first = {"cycle": cycle, "base": texts[0].get(cycle, SKIPPED), "head": texts[1].get(cycle, SKIPPED)}
    first["waves"] = both(fleet, command, folder, cycle)
    return first


def both(fleet, command, folder, cycle):
    """The waveform's name in the folder; None where there is none."""
    paths = []
    for side, name in enumerate(("base", "head")):
        path = folder / f"{name}.fst"
        path.unlink(missing_ok=True)
        window = [f"--waves={path}", f"--waves-from={max(cycle - AROUND, 0)}", f"--waves-to={cycle + AROUND}"]
        run(fleet, command(side, *window), folder / f"{name}-waves.txt")
        if not path.exists():
            return None
        paths.append(path)
    return waves.side_by_side(paths, Path(folder), cycle)
