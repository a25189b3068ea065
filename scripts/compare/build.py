"""Designs other than this checkout's, built into its bench. Builds are kept.

  scripts/compare/build.py REVISION|FOLDER|PATCH PRESET [NAME]      (`make design OF=… PRESET=…`)

builds one and says where its program is, for a run by hand: `PROGRAM random --check=arch`. NAME: twinwalk, or
twinwalk-defects, the design with all planted defects.
"""

import fcntl
import hashlib
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import history  # noqa: E402

# What a design is, of a checkout. Not every revision has all of them.
PARTS = ("rtl", "config", "tb/dut/mmu_waves.sv", "tb/dut/mmu_ports.svh")
KEPT = Path("build/compare")


class Failed(Exception):
    def __init__(self, what, status):
        super().__init__(what)
        self.status = status


def git(*words):
    return subprocess.run(["git", *words], capture_output=True, check=False)


def is_patch(what):
    return Path(what).suffix in (".patch", ".diff") and Path(what).is_file()


def contents(root):
    """{path: bytes} of a design's files, by their names in it."""
    files = (f for part in PARTS for f in ([root / part] if (root / part).is_file() else (root / part).rglob("*")))
    return {str(f.relative_to(root)): f.read_bytes() for f in sorted(files) if f.is_file()}


class Design:
    """A revision, a folder, or a patch of another design: where its sources are, and its name in what people read.

    under: what a patch changes, the root of another design. commit: as a program says it that is built of this design
    alone; empty where it is nobody's."""

    def __init__(self, what, side, under=Path()):
        self.side, self.what, self.commit = side, what, ""
        if Path(what, "rtl").is_dir():
            self.root, self.name = self.plain(Path(what)), str(what)
            if Path(what).resolve() == Path().resolve():
                self.name, self.commit = "work tree", history.here()
        elif is_patch(what):
            self.name = f"{what}: {Path(what).read_text(errors='replace').partition(chr(10))[0]}"
            self.root = self.patched(under)
        else:
            self.of_revision()

    @staticmethod
    def plain(folder):
        """The folder, by a name that make takes in a rule: no blank, colon or dollar."""
        if re.fullmatch(r"[\w./+@,-]+", str(folder)):
            return folder
        whole = folder.resolve()
        link = KEPT / (hashlib.sha256(str(whole).encode()).hexdigest()[:12] + ".link")
        KEPT.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(whole)
        return link

    def of_revision(self):
        found = git("rev-parse", "--verify", "--quiet", f"{self.what}^{{commit}}")
        if found.returncode:
            raise Failed(
                f"--{self.side}={self.what}: neither a git revision, nor a folder with an rtl/ in it, nor a *.patch", 2
            )
        commit = found.stdout.decode().strip()
        self.commit = commit + ("" if self.same_bench(commit) else "-dirty")
        subject = git("log", "-1", "--format=%s", commit).stdout.decode().strip()
        self.name = f"{commit[:12]} {subject}"
        self.root = KEPT / self.key(commit)
        if not (self.root / "rtl").is_dir():
            self.unpack(commit)

    @staticmethod
    def same_bench(commit):
        """Has the revision the bench that is here? Only then its cycles here are those that it has itself."""
        parts = (*PARTS, "*/tests/*", "model/cycle")
        return not history.here().endswith("-dirty") and not git(
            "diff", "--quiet", commit, "HEAD", "--", "model", "tb", "traces/format", *(f":!{part}" for part in parts)
        ).returncode

    @staticmethod
    def key(commit):
        """Revisions with the same design share a build."""
        trees = b"".join(git("rev-parse", "--verify", "--quiet", f"{commit}:{part}").stdout for part in PARTS)
        return hashlib.sha256(trees).hexdigest()[:12]

    def unpack(self, commit):
        there = [part for part in PARTS if git("rev-parse", "--verify", "--quiet", f"{commit}:{part}").stdout]
        archive = git("archive", commit, *there)
        if archive.returncode:
            raise Failed(f"--{self.side}={self.what}: {archive.stderr.decode().strip()}", 2)
        self.root.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", str(self.root)], input=archive.stdout, check=True)

    def patched(self, under):
        """The folder of `under` with the patch applied. It is named by what is in it, so that it is built once."""
        files = contents(under)
        digest = hashlib.sha256(Path(self.what).read_bytes())
        for name, text in files.items():
            digest.update(name.encode() + b"\0" + text)
        root = KEPT / digest.hexdigest()[:12]
        if (root / "patched").exists():
            return root
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text)
        words = ["patch", "-p1", "--batch", "--forward", "-r", "-", "-d", str(root), "-i",
                 str(Path(self.what).resolve())]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).split())
            raise Failed(f"--{self.side}={self.what}: the patch does not apply to {under}: {said}", 2)
        (root / "patched").touch()
        return root

    def presets(self):
        return {path.stem for path in (self.root / "config").glob("*.toml")}

    def program(self, preset, name="twinwalk"):
        """Builds the bench around this design; gives its path."""
        if preset not in self.presets():
            raise Failed(
                f"the {self.side} ({self.name}) has no preset {preset}; it has: {' '.join(sorted(self.presets()))}", 2
            )
        here = self.root.resolve() == Path().resolve()
        folder = Path("build") / preset if here else KEPT / self.folder_key() / preset
        program = folder / name
        print(f"  building the {self.side}: {self.name}, preset {preset}", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / ".lock", "w") as lock:  # two comparisons at a time build one after the other
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = self.make(preset, folder, program)
        if made.returncode:
            raise Failed(
                f"the {self.side} ({self.name}) does not build for {preset} in this bench:\n"
                + "\n".join((made.stdout + made.stderr).strip().splitlines()[-12:]),
                7,
            )
        return program

    def make(self, preset, folder, program):
        return subprocess.run(
            ["make", "-s", "-j2", f"PRESET={preset}", f"DESIGN={self.root}", f"B={folder}", str(program)],
            capture_output=True,
            text=True,
            check=False,
        )

    def folder_key(self):
        """Of a folder the build is named by its path: make builds anew what has changed in it."""
        if self.root.parts[:2] == KEPT.parts:
            return self.root.name + ".bench"
        return hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:12] + ".bench"


def both(base, head):
    """The designs of both sides. A patch is of the other side's, or of the work tree where both are patches."""
    if not is_patch(base):
        first = Design(base, "base")
        return [first, Design(head, "head", first.root)]
    second = Design(head, "head")
    return [Design(base, "base", Path() if is_patch(head) else second.root), second]


def main(words):
    if len(words) not in (2, 3):
        print("usage: scripts/compare/build.py REVISION|FOLDER|PATCH PRESET [NAME]", file=sys.stderr)
        return 2
    try:
        print(Design(words[0], "design").program(*words[1:]))
    except Failed as failure:
        print(f"design: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        print("design: interrupted; the next build goes on there", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
