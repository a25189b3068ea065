#!/usr/bin/env python3
"""Holds the OS model against the running Linux, program by program: `make truth`, NAMES="ls cow" for some of them only.

Each program runs natively under traces/truth/ (twinwalk-truth), which notes what the kernel does with its memory, and
under QEMU with the recorder; its trace, moved to the native addresses, is replayed by `twinwalk memory`. What both say
of each process at its end is compared, mapping by mapping and fault by fault, and written into docs/os-model.md between
its markers. --out=FILE writes elsewhere; --keep leaves the document as it is.

Exit status (tb/base/exits.h): 0; 1 a run failed, or a figure is more than 2 % off (and more than 16 KiB or 2 faults)
what this kernel gave in several runs; 2 wrong usage; 4 this host lacks what is needed, which a line SKIP names.
"""
import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import truth_compare

os.chdir(Path(__file__).resolve().parent.parent)
OUT = Path("out/truth")
TOOL = "build/truth/twinwalk-truth"
MODEL = os.environ.get("MODEL", "build/skylake/twinwalk-model")
# What Linux does by default on a machine whose files are in memory, and what this one has chosen for large pages.
LARGE = {"always": ["--pages=thp"], "madvise": ["--pages=thp", "--thp-madvise"]}
# The same instructions on both sides: QEMU's processor has fewer features, and no restartable sequences.
OFF = ("AVX2 AVX XSAVEC XSAVE SSSE3 SSE4_1 SSE4_2 ERMS FSRM BMI1 BMI2 LZCNT MOVBE POPCNT FMA RTM "
       "AVX_Fast_Unaligned_Load").split()
TUNABLES = "glibc.pthread.rseq=0:glibc.malloc.arena_max=1:glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in OFF)
VARIABLES = {"GLIBC_TUNABLES": TUNABLES, "LD_BIND_NOW": "1", "PYTHONHASHSEED": "0"}


def model_options():
    try:
        chosen = re.search(r"\[(\w+)\]", Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text())[1]
    except OSError: # a kernel without them
        chosen = "never"
    return ["--pressure", "--warm-files", "--fault-around=16", *LARGE.get(chosen, ["--pages=4k"])]


OPTIONS = model_options()


def cc1():
    return subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True).stdout.strip()


TEXT, FILES, SHARED = OUT / "input.txt", OUT / "files", OUT / "shared.bin"
PYTHON = """
import json, re
state, words = 12345, [f"w{i * 7919 % 10007:05d}" for i in range(800)]
def pick():
    global state
    state = (state * 1103515245 + 12345) % 2147483648
    return words[(state >> 8) % len(words)]
text = " ".join(pick() for _ in range(4000))
counts = {}
for word in re.findall(r"w(\\d+)", text):
    counts[word] = counts.get(word, 0) + 1
print(len(json.dumps(sorted(counts.items()))))
"""
PROGRAMS = {
    "ls": ["/usr/bin/ls", "-l", str(FILES)],
    "sqlite3": ["/usr/bin/sqlite3", ":memory:", ".read traces/corpus/sqlite3.sql"],
    "python3": ["/usr/bin/python3", "-sSBc", PYTHON],
    "xz": ["/usr/bin/xz", "-c", "-2", "-T1", str(TEXT)],
    "sort": ["/usr/bin/sort", "--parallel=1", "-S", "4M", str(TEXT)],
    "cc1": [cc1(), "-quiet", "-imultiarch", "x86_64-linux-gnu", "-O1", "traces/truth/programs/threads.c", "-o",
            "/dev/null"],
    "shell": ["/bin/sh", "-c",
              'for i in 1 2; do ls -l "$1" > /dev/null; sort -S 1M "$0" > "$0.$i"; tail -1 "$0.$i"; done; '
              'echo "$(wc -l < "$0")"',
              str(TEXT), str(FILES)],
    "pipeline": ["/bin/sh", "-c", 'ls -l "$0" | sort -S 1M | tail -3', str(FILES)],
    "cow": ["build/truth/cow"],
    "threads": ["build/truth/threads"],
    "huge": ["build/truth/huge"],
    "shared": ["build/truth/shared", str(SHARED)],
}
RUNS = 4 # natively, closely and lightly each
# Processes of these run at the same time: with whom one shares its pages when it ends is a matter of the moment, and so
# is its PSS.
CONCURRENT = {"pipeline"}


def fail(what):
    print(f"truth: {what}", file=sys.stderr)
    sys.exit(1)


def host_lacks():
    """What this host does not let us do, tried on a program that does nothing: ptrace, perf's event of page faults, a
    mount over a file. None: nothing."""
    if os.geteuid() != 0:
        return "not root, which the mounts need that give a program's files to it alone"
    OUT.mkdir(parents=True, exist_ok=True)
    probe = OUT / "probe"
    shutil.copy("/bin/true", probe)
    done = subprocess.run([TOOL, "run", "-v", "-o", OUT / "probe.log", "-b", f"{probe.resolve()}=/bin/true",
                           "/bin/true"], capture_output=True, text=True)
    return done.stderr.strip().split("\n")[0] if done.returncode else None


def make_input():
    state = 1
    lines = []
    for _ in range(6000):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        lines.append(f"{state >> 40:08d} {'abcdefgh'[state >> 60 & 7] * (state >> 50 & 31)} {state >> 33 & 0xFFF:x}\n")
    TEXT.write_text("".join(lines))
    SHARED.write_bytes(b"\0" * (64 * 4096))
    FILES.mkdir(exist_ok=True)
    for line in lines[:400]:
        (FILES / line[:20].replace(" ", "-")).write_text(line)


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        fail(f"{' '.join(map(str, command))[:200]}: exit status {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def arguments(variables):
    return [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]


def capture(command, where):
    with open("/dev/null") as nothing, open(where / "captured.out", "w") as out:
        done = subprocess.run(["scripts/capture.sh", "-z", "1", "-o", where / "captured.tw", *arguments(VARIABLES),
                               *command], stdin=nothing, stdout=out,
                              stderr=subprocess.PIPE, text=True)
    if done.returncode:
        fail(f"{command[0]}: capture failed: {done.stderr.strip()[-600:]}")


def copies(log, where):
    """A copy of every file that was mapped, so that nobody else on this machine maps its pages. It is written page by
    page: what came into memory in larger pieces (large folios) is also mapped in larger pieces by Linux 6.18, which the
    OS model leaves out."""
    files = sorted({line.split(" ", 6)[6] for line in log.read_text().splitlines()
                    if re.match(r"smaps \d+ \S+ \S+ \S+ \S+ /", line)})
    pairs = []
    shutil.rmtree(where / "copies", ignore_errors=True)
    for i, name in enumerate(files):
        copy = where / "copies" / str(i) / Path(name).name
        if not Path(name).is_file():
            continue
        copy.parent.mkdir(parents=True)
        with open(name, "rb") as original, open(copy, "wb", buffering=0) as f:
            while page := original.read(4096):
                f.write(page)
            os.fsync(f.fileno())
        shutil.copymode(name, copy)
        pairs += ["-b", f"{copy.resolve()}={name}"]
    return pairs


def native(command, where):
    """Runs to learn which files there are, and with copies of them in place; then several times, since a kernel's own
    figures vary from run to run, and as often lightly, to see that looking closely disturbs nothing."""
    variables = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", **VARIABLES}
    def once(log, *options):
        run([TOOL, "run", "-v", "-o", where / log, "-O", where / "native.out", *options, *arguments(variables),
             *command])
        return where / log

    for old in where.glob("*.log"):
        old.unlink()
    pairs = copies(once("first.log"), where)
    once("warm.log", *pairs)
    good, disturbed = [], []
    for turn in range(2 * RUNS):
        log = once(f"native-{turn}.log", *pairs)
        # A fault that had to wait for somebody else's lock on the page counts as major: the machine is not all ours.
        waited = any(task["major"] for task in truth_compare.read_native(log).values())
        (disturbed if waited else good).append(log)
        if len(good) == RUNS:
            break
    for log in disturbed if good else []:
        log.unlink()
    (good or disturbed)[-1].rename(where / "native.log")
    for turn in range(RUNS):
        once("light.log" if turn == 0 else f"light-{turn}.log", "-l", *pairs)


def one(name, reuse):
    where = OUT / name
    command = [str(Path(PROGRAMS[name][0]).absolute()), *PROGRAMS[name][1:]]
    where.mkdir(parents=True, exist_ok=True)
    if not (reuse and (where / "captured.tw").exists()):
        capture(command, where)
    native(command, where)
    if (where / "captured.out").read_bytes() != (where / "native.out").read_bytes():
        fail(f"{name}: the program printed something else under QEMU; see {where}/*.out")
    births = run([TOOL, "relocate", where / "native.log", where / "captured.tw", where / "moved.tw"])
    (where / "births").write_text(births)
    run([MODEL, "memory", *OPTIONS, f"--smaps={where}/smaps", f"--faults={where}/faults", f"--json={where}/memory.json",
         where / "moved.tw"])
    return truth_compare.compare(name, where, name in CONCURRENT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PROGRAMS)} (all)")
    parser.add_argument("--out", default="docs/os-model.md", help="the document whose tables are rewritten")
    parser.add_argument("--keep", action="store_true", help="print the tables, and leave the document as it is")
    parser.add_argument("--reuse", action="store_true", help="do not capture again what was captured before")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in PROGRAMS]
    if unknown:
        parser.error(f"{unknown[0]}: no such program; there are {', '.join(PROGRAMS)}")
    for tool in (TOOL, MODEL, "build/capture/twinwalk_capture.so"):
        if not os.path.exists(tool):
            fail(f"{tool} is not built; `make truth` builds it")
    if lacking := host_lacks():
        print(f"SKIP: {lacking}")
        sys.exit(4)
    make_input()
    results, skipped = [], 0
    for name in options.names or PROGRAMS:
        if not os.path.exists(PROGRAMS[name][0]):
            print(f"SKIP: {name}: no {PROGRAMS[name][0] or 'cc1'} on this machine")
            skipped += 1
            continue
        print(f"truth: {name}", file=sys.stderr, flush=True)
        try:
            results.append(one(name, options.reuse))
        except truth_compare.Bad as bad:
            fail(f"{name}: {bad}")
    (OUT / "results.json").write_text(json.dumps(results, indent=1))
    tables = truth_compare.tables(results, f"Linux {platform.release()}, {' '.join(OPTIONS)}")
    print(tables)
    if not options.keep and not options.names and not skipped:
        truth_compare.put_between_markers(Path(options.out), tables)
    good = truth_compare.good(results)
    print(f"truth: {len(results)} programs compared, {skipped} skipped")
    sys.exit(1 if not good else 0 if results else 4)


if __name__ == "__main__":
    main()
