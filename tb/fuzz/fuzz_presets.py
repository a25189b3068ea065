#!/usr/bin/env python3
"""Presets that are nearly right, through scripts/config.py: each is refused in one line that names the file, or
everything that is made of it can be made, and `without` gives a preset again.

  fuzz_presets.py RUNS [SEED]     SEED: a new one each time, printed

A finding is written to out/fuzz/preset-SEED-N.toml. Exit status 1 when there is one.
"""
import os
import random
import string
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import config  # noqa: E402

VALUES = ["0", "1", "-1", "2", "3", "7", "8", "16", "17", "36", "52", "57", "64", "128", "16384", "1_000", "0x10",
          "1e3", "1.5", "nan", "inf", "true", "false",
          '""', '"lru"', '"plru"', '"fixed"', '"cache"', "'8'", "[]", "[1]", '["4k"]', '["4k", "2m", "1g"]',
          '["pde", "pml5e"]', '[["4k"]]', "{}", "{ entries = 4 }",
          '{ sizes = ["4k"], entries = 16, ways = 4 }', '{ levels = ["pde"], entries = 4, ways = 4, more = 1 }',
          "1979-05-27", "07:32:00", "9" * 20, "9" * 5000, '"""a\nb"""', '"a\\nb"', '"\\u202e"', "[" * 2000, "{a=" * 400]
KEYS = ["entries", "ways", "sizes", "levels", "array0", "array1", "array2", "array9", "latency", "lam", '"a\\nb"',
        '"é"', "a.b", '""', "la57"]


def change(lines, choose):
    """One thing, somewhere."""
    at = choose.randrange(len(lines)) if lines else 0
    what = choose.randrange(9)
    if not lines or what == 0:
        lines.insert(at, choose.choice(["[psc]", "[arch.x]", "[[stlb]]", "[ ]", "\x00", "=", '["a\\nb"]', "["]))
    elif what == 1:
        del lines[at]
    elif what == 2:
        lines.insert(at, choose.choice(lines))
    elif what == 3:
        lines.insert(at, f"{choose.choice(KEYS)} = {choose.choice(VALUES)}")
    elif what in (4, 5) and "=" in lines[at]:
        lines[at] = lines[at].partition("=")[0] + "= " + choose.choice(VALUES)
    elif what == 6 and any(c.isdigit() for c in lines[at]):
        digits = [n for n, c in enumerate(lines[at]) if c.isdigit()]
        n = choose.choice(digits)
        lines[at] = lines[at][:n] + choose.choice(string.digits) + lines[at][n + 1:]
    elif lines[at]:
        n = choose.randrange(len(lines[at]))
        lines[at] = lines[at][:n] + choose.choice(["", choose.choice(string.printable),
                                                   chr(choose.randrange(0x250))]) + lines[at][n + choose.randrange(2):]
    return lines


def judge(path):
    """What is wrong, or None."""
    try:
        preset = config.Preset(str(path))
    except config.Bad as bad:
        return (None if str(bad).startswith(f"{path}: ") and len(str(bad).splitlines()) == 1
                else f"refused in such words: {str(bad)!r}")
    for emit in (config.emit_sv, config.emit_header, config.emit_values):
        emit(preset)
    config.docs_table([preset])
    text = config.emit_without(preset, ["page_1g", "la57", "pcid"])
    path.write_text(text, encoding="utf-8")
    try:
        config.Preset(str(path))
    except config.Bad as bad:
        return None if "needs one array" in str(bad) or "no array holds" in str(bad) else f"without features: {bad}"
    return None


def main(arguments):
    runs = int(arguments[0])
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().getrandbits(32)
    choose = random.Random(seed)
    seeds = [path.read_text(encoding="utf-8").splitlines() for path in sorted((ROOT / "config").glob("*.toml"))]
    findings = accepted = 0
    memory = "/dev/shm"  # a disk's writes would take longer than all the rest
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        path = Path(folder) / "preset.toml"
        for n in range(runs):
            lines = list(choose.choice(seeds))
            for _ in range(choose.choice((1, 1, 1, 2, 3, 8))):
                lines = change(lines, choose)
            text = "\n".join(lines) + "\n"
            path.write_text(text, encoding="utf-8")
            try:
                wrong = judge(path)
            except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
                wrong = f"{type(error).__name__}: {str(error)[:200]}"
            accepted += wrong is None and path.read_text(encoding="utf-8") != text
            if wrong:
                findings += 1
                kept = ROOT / "out" / "fuzz" / f"preset-{seed}-{n}.toml"
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(text, encoding="utf-8")
                print(f"FAIL  presets: {wrong}\n        {kept.relative_to(ROOT)}")
                if findings == 10:
                    break
    print(f"{'FAIL ' if findings else 'ok   '} presets      {n + 1:9} executions, {accepted} presets accepted, "
          f"{findings} findings, seed {seed}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
