"""A page of docs/ run word for word: for the tests of docs/tutorial.md and docs/bring-your-own.md.

    told.py PAGE COPY      the page's commands, in its order, in a copy of the sources

Lines that begin with `    $ ` are typed, the indented lines behind them are what that prints, with `…` for what is left
out. A fenced block behind "Write `FILE`:" is that file. Ends with one line: how many commands there were, or what is
not as it is told.
"""
import os
import re
import subprocess
import sys
from pathlib import Path


def steps(page):
    """What a reader does: (command, lines shown), or (file, its text) for what is written."""
    found = []
    for part in re.finditer(r"^Write `([^`]+)`[^\n]*:\n\n```\w*\n(.*?)^```$|^    ([^\n]*)$", page, re.M | re.S):
        file, text, line = part.groups()
        if file:
            found.append(("write", file, text))
        elif line.startswith("$ "):
            found.append(("run", line[2:], []))
        elif found and found[-1][0] == "run":
            found[-1][2].append(line)
    return found


def run(command, folder):
    env = {name: value for name, value in os.environ.items()
           if not re.match(r"MAKE|MFLAGS|TWINWALK_|PRESET|DUT|GIT_", name)}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def shown_in(shown, printed):
    """The lines shown, with what is left out, must be those printed. None, or the first that is not."""
    at, gap = 0, False
    for line in shown:
        if line == "…":
            gap = True
            continue
        want = re.compile(".*".join(re.escape(part) for part in line.split("…")))
        while at < len(printed) and not want.fullmatch(printed[at]) and gap:
            at += 1
        if at == len(printed) or not want.fullmatch(printed[at]):
            return line
        at, gap = at + 1, False
    return None if gap or at == len(printed) else "nothing more"


def main(page, copy):
    typed = 0
    for kind, what, rest in steps(Path(page).read_text()):
        if kind == "write":
            Path(copy, what).write_text(rest)
            continue
        typed += 1
        said = run(what, copy)
        missing = shown_in([line for line in rest if line], [line for line in said.split("\n") if line])
        if missing is not None:
            sys.exit(f"{page}: `{what}` does not print, at its place: {missing}\nit prints:\n{said}")
    if not typed:
        sys.exit(f"{page}: tells no command")
    print(f"{page}: {typed} commands, as they are told")


if __name__ == "__main__":
    main(*sys.argv[1:])
