#!/usr/bin/env python3
"""What the host's end of a board costs: CPU time of the model alone, of the host against a board that is not there
(tb/tests/link_cost), and of the lockstep with the Verilated MMU, in turn, the median of the rounds.

  link_cost.py PRESET TRACE [ROUNDS]       default: 9 rounds; `make link-cost` builds what it runs

Exit status: 0, 1 a program failed, 2 wrong usage.
"""
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        sys.exit(f"link_cost: {' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout


def seconds(command):
    with tempfile.NamedTemporaryFile() as file:
        run([*command, f"--json={file.name}"])
        result = json.loads(Path(file.name).read_text(encoding="utf-8"))
    return result["speed"]["cpu_seconds"], result["replay"]["accesses"]


def main(arguments):
    if (len(arguments) not in (2, 3)
        or not arguments[2:] == [one for one in arguments[2:] if one.isdigit() and int(one)]):
        print(__doc__, file=sys.stderr)
        return 2
    build, trace = f"build/{arguments[0]}", arguments[1]
    model, host, lockstep, parts = [], [], [], {}
    for _ in range(int(arguments[2]) if len(arguments) == 3 else 9):
        took, accesses = seconds([f"{build}/twinwalk-model", "model", trace])
        model.append(took)
        said = run([f"{build}/link-cost", "cosim", "--dut=fpga:null", trace])
        parts = dict(zip(("cycles", "bytes"), map(int, re.findall(r"(\d+) (?:cycles|bytes)", said))))
        host.append(float(re.search(r"([\d.]+) s of CPU", said)[1]))
        lockstep.append(seconds([f"{build}/twinwalk", "cosim", "--check=cycle", trace])[0])
    alone, cost, both = map(statistics.median, (model, host, lockstep))
    print(f"{arguments[0]}, {trace}: {accesses:,} accesses, {parts['bytes'] / accesses:.2f} bytes an access")
    print(f"  model alone                 {alone:7.3f} s  {accesses / alone / 1e6:6.2f} M accesses/s, least "
          f"{min(model):.3f} s")
    print(f"  the host's end of a board   {cost:7.3f} s  {accesses / cost / 1e6:6.2f} M accesses/s, least "
          f"{min(host):.3f} s: {100 * (cost / alone - 1):.0f} % over the model alone")
    print(f"  lockstep, Verilated         {both:7.3f} s  {accesses / both / 1e6:6.2f} M accesses/s: {both / cost:.1f} "
          f"times the host's end, {both / alone:.1f} times the model alone")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
