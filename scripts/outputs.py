"""Files of results: written beside, and renamed when they are whole; what cannot be written is one line."""

import os
import sys
from pathlib import Path


def write_whole(path, text, forced=False):
    """`forced`: on the disk before it has its name, so that a power cut leaves the whole file or none."""
    beside = Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
    try:
        with open(beside, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            if forced:
                file.flush()
                os.fsync(file.fileno())
        beside.rename(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def said(who, what, *how):
    """Does what writes an output; False, with a line in the name of `who`, where it cannot be written."""
    try:
        what(*how)
        return True
    except OSError as error:
        print(f"{who}: {error.filename or how[0]}: {error.strerror}: this output is missing", file=sys.stderr)
        return False
