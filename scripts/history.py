"""The history of runs: a small SQLite file beside the folders of results (out/history.db).

Whoever runs something begins a session, adds each run as it ends, and ends the session; so what was done stays known
when the session is killed. Figures belong to the commit that the *program* was built from, as it says itself (`commit`
of its JSON); one built from a tree with changes is dirty, and counts for no commit.

A history that cannot be had costs no run: it is said in one line, the session goes on in memory, and `lost` tells why.
A damaged file is kept aside (history.db.damaged-N), and a new one begun. Two sessions at once wait for each other; the
journal is SQLite's plain one, which shared file systems know, too.
"""

import contextlib
import fcntl
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

VERSION = 2
WAIT = 30  # seconds for another session's writing
TABLES = """
CREATE TABLE session (id INTEGER PRIMARY KEY, kind TEXT, begun REAL, ended REAL, host TEXT, commit_id TEXT, dirty INT,
                      scope TEXT, words TEXT, status INT, folder TEXT, facts TEXT);
CREATE TABLE run (session INT REFERENCES session, trace TEXT, preset TEXT, side TEXT, same TEXT, commit_id TEXT,
                  dirty INT, result TEXT, reason TEXT, seconds REAL, cpu REAL, accesses INT, cycles INT, kept INT,
                  link TEXT, host TEXT);
CREATE INDEX run_of ON run (session);
CREATE INDEX run_case ON run (trace, preset, same);
CREATE TABLE seed (seed INTEGER PRIMARY KEY, session INT REFERENCES session, preset TEXT, begun REAL, ended REAL,
                   result TEXT, reason TEXT, cycles INT, link TEXT);
"""
LATER = {1: "ALTER TABLE run ADD COLUMN host TEXT"}  # what makes the next version of this one
# session  scope: what was asked for, in which the last green commit is looked for; words: the same for people;
#          status: as the run's exit status, null while it runs or when it was killed; facts: JSON, by kind
# run      same: hash of all that decides how many cycles a run takes but the design (trace, options, limit): only runs
#          with the same one stand in one trend; side: base or head of a comparison; kept: taken from before, not run


class Unusable(Exception):
    pass


def git(*words):
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def commit_of(said):
    """(full hash or what there is, dirty) of what a program says of its commit; no commit at all is dirty."""
    name = said.removesuffix("-dirty")
    return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") or name if name else "", int(
        not name or name != said
    )


def here():
    """What git says of this tree, as scripts/version.sh writes it into programs."""
    said = subprocess.run(["scripts/version.sh", "-"], capture_output=True, text=True, check=False).stdout.split('"')
    return said[3] if len(said) > 3 else ""


class History:
    def __init__(self, path):
        """`path` None: in memory alone, and nothing is amiss."""
        self.path, self.lost, self.id = path, "", None
        if path is None:
            self.db = self.prepare(":memory:")
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self.alone():
                self.db = self.open()
        except (OSError, sqlite3.Error, Unusable) as error:
            self.db = None
            self.lose(error)

    @contextlib.contextmanager
    def alone(self):
        """So that of two sessions that find damage only one moves the file away."""
        with open(self.path.parent / f".{self.path.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def lose(self, error):
        """On in memory, with what the file holds if it can be read."""
        self.lost = f"{self.path}: {getattr(error, 'strerror', None) or error}"
        print(f"history: {self.lost}: this session is not recorded", file=sys.stderr)
        memory = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            if self.db is None:
                self.db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=WAIT)
            self.db.rollback()
            self.db.backup(memory)
            self.db.close()
            self.db = self.prepare(memory)
        except (OSError, sqlite3.Error, Unusable):
            self.db = self.prepare(":memory:")

    def open(self):
        try:
            return self.prepare(self.path)
        except sqlite3.OperationalError:
            raise  # cannot be opened, read or written: nothing is wrong with what is in it
        except sqlite3.DatabaseError as error:
            aside = next(p for n in range(1, 1 << 30)
                         if not (p := self.path.with_name(f"{self.path.name}.damaged-{n}")).exists())
            for tail in ("-wal", "-shm", "-journal", ""):
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{self.path}{tail}", f"{aside}{tail}")
            print(f"history: {self.path} is damaged ({error}); it is kept as {aside}, and a new one begun",
                  file=sys.stderr)
            return self.prepare(self.path)

    @staticmethod
    def prepare(path):
        db = (path if isinstance(path, sqlite3.Connection)
              else sqlite3.connect(path, timeout=WAIT, check_same_thread=False))
        db.row_factory = sqlite3.Row
        sound = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if sound != "ok":
            raise sqlite3.DatabaseError(sound)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise Unusable(f"version {version}, written by a later Twinwalk (this one knows {VERSION})")
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables:
            raise sqlite3.DatabaseError("another program's tables")
        if version == 0:
            db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        for old in range(version or VERSION, VERSION):
            db.executescript(f"BEGIN; {LATER[old]}; PRAGMA user_version = {old + 1}; COMMIT;")
        return db

    def write(self, text, values):
        """One statement, at once on the disk. When it cannot be, the session goes on in memory."""
        for _ in range(2):
            try:
                with self.db:
                    return self.db.execute(text, values)
            except sqlite3.IntegrityError:
                raise
            except (sqlite3.Error, OSError) as error:
                if self.lost or self.path is None:
                    raise
                self.lose(error)
        return None

    def add_row(self, table, **row):
        names = ", ".join(row)
        return self.write(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",
                          list(row.values())).lastrowid

    # ---- a session ----
    def begin(self, kind, scope, words, folder, facts=None, begun=None):
        commit, dirty = commit_of(here())
        self.id = self.add_row("session", kind=kind, begun=begun or time.time(), host=socket.gethostname(),
                               commit_id=commit, dirty=dirty,
                               scope=scope, words=words, folder=str(Path(folder).resolve()),
                               facts=json.dumps(facts or {}))
        return self.id

    def told(self, said):
        """The session's commit is that of the programs which ran, once one of them has told it."""
        commit, dirty = commit_of(said)
        self.write("UPDATE session SET commit_id = ?, dirty = ? WHERE id = ?", (commit, dirty, self.id))

    def add(self, **run):
        self.add_row("run", session=self.id, **run)

    def end(self, status, facts=None):
        self.write("UPDATE session SET ended = ?, status = ?, facts = coalesce(?, facts) WHERE id = ?",
                   (time.time(), status, json.dumps(facts) if facts is not None else None, self.id))

    # ---- seeds: each is run once, by one session ----
    def new_seed(self, preset):
        while True:
            seed = secrets.randbits(48)
            try:
                self.add_row("seed", seed=seed, session=self.id, preset=preset, begun=time.time(), result="running")
                return seed
            except sqlite3.IntegrityError:
                continue  # it has run before

    def end_seed(self, seed, **row):
        names = ", ".join(f"{name} = ?" for name in row)
        self.write(f"UPDATE seed SET ended = ?, {names} WHERE seed = ?", (time.time(), *row.values(), seed))

    # ---- questions ----
    def all(self, text, *values):
        return self.db.execute(text, values).fetchall()

    def one(self, text, *values):
        return self.db.execute(text, values).fetchone()
