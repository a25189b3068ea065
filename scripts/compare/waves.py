"""Two waveforms in one: scopes `base` and `head` on one time axis, and a save file with each pin beside its twin."""

import re
import shutil
import subprocess

PINS = (
    "req_valid_i",
    "req_ready_o",
    "req_va_i",
    "resp_valid_o",
    "resp_id_o",
    "resp_kind_o",
    "resp_addr_o",
    "resp_src_o",
    "ctl_valid_i",
    "ctl_ready_o",
    "ctl_done_o",
    "mem_req_valid_o",
    "mem_req_cas_o",
    "mem_req_addr_o",
    "mem_rsp_valid_i",
    "waiting_o",
)


def read(path):
    """Header lines and changes of a waveform: [(time, line)…]. Names stand as fst2vcd of GTKWave writes them."""
    text = subprocess.run(["fst2vcd", str(path)], capture_output=True, text=True, timeout=60, check=True).stdout
    header, _, body = text.partition("$enddefinitions $end")
    changes, time = [], 0
    for line in body.splitlines():
        if line.startswith("#"):
            time = int(line[1:])
        elif line and not line.startswith("$"):
            changes.append((time, line))
    return header.splitlines(), changes


def renamed(line, prefix):
    """A change with the identifier of its side."""
    if line[0] in "bBrR":
        value, name = line.split()
        return f"{value} {prefix}{name}"
    return f"{line[0]}{prefix}{line[1:]}"


def side_by_side(paths, folder, cycle):
    """Writes compare.vcd and compare.gtkw; gives the waveform's name, None where fst2vcd is missing or refuses."""
    if not shutil.which("fst2vcd"):
        return None
    try:
        sides = [read(path) for path in paths]
    except (subprocess.SubprocessError, OSError):
        return None
    out, shown = ["$timescale 1ps $end"], []
    for (header, _), side in zip(sides, ("base", "head")):
        out.append(f"$scope module {side} $end")
        scope = [side]
        for line in header:
            words = line.split()
            if line.startswith("$scope"):
                scope.append(words[2])
            elif line.startswith("$upscope"):
                scope.pop()
            elif line.startswith("$var"):
                shown.append(".".join(scope + words[4:-1]).replace(" ", ""))
                words[3] = side[0] + words[3]
                line = " ".join(words)
            if line.startswith(("$scope", "$upscope", "$var")):
                out.append(line)
        out.append("$upscope $end")
    out.append("$enddefinitions $end")
    merged = sorted(
        (
            (time, number, renamed(line, side))
            for (_, changes), side in zip(sides, "bh")
            for number, (time, line) in enumerate(changes)
        ),
        key=lambda change: change[:2],
    )
    now = None
    for time, _, line in merged:
        if time != now:
            out.append(f"#{time}")
            now = time
        out.append(line)
    (folder / "compare.vcd").write_text("\n".join(out) + "\n")
    (folder / "compare.gtkw").write_text(save_file(shown, cycle))
    return "compare.vcd"


def save_file(names, cycle):
    lines = [
        '[dumpfile] "compare.vcd"',
        f"[timestart] {max(cycle - 20, 0) * 1000}",
        f"*{-14}.0 {cycle * 1000}" + " -1" * 26,
    ]
    top = {}
    for name in names:
        found = re.match(r"(base|head)\.([\w.]+?)\.(\w+)(\[[\d:]+\])?$", name)
        if found and found[3] in PINS:
            top.setdefault(found[3], {}).setdefault(found[1], name)
    for pin in PINS:
        for side in ("base", "head"):
            if side in top.get(pin, {}):
                lines += ["@22" if "[" in top[pin][side] else "@28", f"+{{{side} {pin}}} {top[pin][side]}"]
        lines += ["@200", "-"] if top.get(pin) else []
    return "\n".join(lines) + "\n"
