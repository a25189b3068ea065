"""The two designs of a comparison, built into the bench of this checkout. Builds are kept."""

import hashlib
import subprocess
import sys
from pathlib import Path

# What a design is, of a checkout. Not every revision has all of them.
PARTS = ("rtl", "config", "tb/dut/mmu_waves.sv", "tb/dut/mmu_ports.svh")


class Failed(Exception):
    def __init__(self, what, status):
        super().__init__(what)
        self.status = status


def git(*words):
    return subprocess.run(["git", *words], capture_output=True, check=False)


class Design:
    """A revision or a folder: where its sources are, and how it is named in what people read."""

    def __init__(self, what, side):
        self.side, self.what = side, what
        if Path(what, "rtl").is_dir():
            self.root, self.name = Path(what), "work tree" if Path(what).resolve() == Path().resolve() else str(what)
            return
        found = git("rev-parse", "--verify", "--quiet", f"{what}^{{commit}}")
        if found.returncode:
            raise Failed(f"--{side}={what}: neither a git revision nor a folder with an rtl/ in it", 2)
        commit = found.stdout.decode().strip()
        subject = git("log", "-1", "--format=%s", commit).stdout.decode().strip()
        self.name = f"{commit[:12]} {subject}"
        self.root = Path("build/compare") / self.key(commit)
        if not (self.root / "rtl").is_dir():
            self.unpack(commit)

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

    def presets(self):
        return {path.stem for path in (self.root / "config").glob("*.toml")}

    def program(self, preset):
        """Builds the bench around this design; gives its path."""
        if preset not in self.presets():
            raise Failed(
                f"the {self.side} ({self.name}) has no preset {preset}; it has: {' '.join(sorted(self.presets()))}", 2
            )
        here = self.root.resolve() == Path().resolve()
        folder = Path("build") / preset if here else Path("build/compare") / self.folder_key() / preset
        program = folder / "twinwalk"
        print(f"  building the {self.side}: {self.name}, preset {preset}", file=sys.stderr, flush=True)
        made = subprocess.run(
            ["make", "-s", "-j2", f"PRESET={preset}", f"DESIGN={self.root}", f"B={folder}", str(program)],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise Failed(
                f"the {self.side} ({self.name}) does not build for {preset} in this bench:\n"
                + "\n".join((made.stdout + made.stderr).strip().splitlines()[-12:]),
                7,
            )
        return program

    def folder_key(self):
        """Of a folder the build is named by its path: make builds anew what has changed in it."""
        if self.root.parts[:2] == ("build", "compare"):
            return self.root.name + ".bench"
        return hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:12] + ".bench"
