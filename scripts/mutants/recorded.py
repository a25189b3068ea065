"""Mutants of the RTL that a campaign has seen killed in preset tiny: scripts/mutants/killed.txt, a line each, the hash
of its file, what it is, its text and what takes its place. What the RTL does not say any more is found no more.
"""
import hashlib
from pathlib import Path

FILE = Path(__file__).resolve().parent / "killed.txt"
DIGITS = 12


def key(mutant):
    """mutant: a dictionary. Blanks and the place in the file do not count."""
    words = [" ".join(str(mutant[part]).split()) for part in ("file", "what", "text", "new")]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:DIGITS]


def load():
    return set(FILE.read_text(encoding="utf-8").split())


def add(mutants):
    known = (load() if FILE.exists() else set()) | {key(mutant) for mutant in mutants}
    FILE.write_text("".join(f"{word}\n" for word in sorted(known)), encoding="utf-8")
