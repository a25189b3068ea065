"""What a regression need not do again: results of runs, kept by all that decides them.

A key is the hash of the program, the trace, the files that options name, and the options themselves; so another
commit, preset, trace or option is another key, and nobody asks for dates. Kept is what is a result of these: equal, a
difference, a trace that is damaged or does not fit. What the host had a part in (a crash, a full disk, Ctrl-C) is not.
"""

import hashlib
import json
import os
import re
import threading
from pathlib import Path

from outputs import write_whole

VERSION = 1  # of what is kept, and of how a run is judged
STATUSES = (0, 1, 3, 4, 5)
MOST = 3000  # files; the ones not used for longest go
# Options that change neither a cycle nor an answer: what is looked at, and what is done with what is found.
LOOKS = re.compile(r"--(check|state-every|reduce|out|json|waves|waves-from|waves-to|jobs|progress)\b|--dut=rtl$")

digests, digesting = {}, threading.Lock()


def stamp(path):
    facts = os.stat(path)
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def digest(path):
    """Of a file's contents; a file that has not been touched is read once."""
    with digesting:
        key = (str(path), stamp(path))
        if key not in digests:
            with open(path, "rb") as file:
                digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return digests[key]


def files_of(words):
    """The files that options name (--signatures=FILE)."""
    named = [word.partition("=")[2] for word in words if word.startswith("--")]
    return [name for name in named if name and os.path.isfile(name)]


def hash_of(*what):
    return hashlib.sha256(json.dumps([VERSION, *what]).encode()).hexdigest()[:32]


def same(trace, words):
    """Hash of all that decides how many cycles a run takes but the design: runs with the same one can be compared."""
    telling = [word for word in words if not LOOKS.match(word)]
    return hash_of(digest(trace), telling, [digest(name) for name in files_of(telling)])[:16]


class Kept:
    """A folder of results. `fresh`: none of them is taken, all are made anew."""

    def __init__(self, folder, fresh=False):
        self.folder, self.fresh, self.trouble = folder, fresh, ""
        folder.mkdir(parents=True, exist_ok=True)
        old = sorted(folder.glob("*.json"), key=lambda path: -path.stat().st_mtime)
        for path in old[MOST:]:
            path.unlink(missing_ok=True)

    @staticmethod
    def parts(run):
        return [run.program, run.trace.path, *files_of(run.words)]

    def key(self, run):
        """Before the run. None when a file is not there: then the run says so."""
        try:
            run.stamps = [stamp(path) for path in self.parts(run)]
            return hash_of([digest(path) for path in self.parts(run)], run.preset, run.words)
        except OSError:
            return None

    def load(self, run, key):
        """The state of a run that is done; None when it has to be made."""
        if self.fresh or not key:
            return None
        path = self.folder / f"{key}.json"
        try:
            state = json.loads(path.read_text())
            os.utime(path)
        except (OSError, ValueError):
            return None
        folder = state.get("bundle")
        return state if not folder or Path(folder).is_dir() else None

    def save(self, run, key, state):
        try:
            if not key or state["status"] not in STATUSES or run.stamps != [stamp(path) for path in self.parts(run)]:
                return  # or somebody has changed them meanwhile
            write_whole(self.folder / f"{key}.json", json.dumps(state), forced=True)
        except OSError as error:
            self.trouble = f"{self.folder}: {error.strerror}"
