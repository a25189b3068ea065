"""What scripts/truth.py compares: the log of a native run (traces/truth/log.h) with what `twinwalk memory` says, and
the tables of it."""
import json
import re
import sys
from collections import Counter

PAGE = 4096
BEGIN, END = "<!-- truth: begin -->", "<!-- truth: end -->"
# A figure is good when it is this near: a share, or so little that a share says nothing (bytes, faults).
NEAR, LITTLE = 0.02, {"vsz": 0, "rss": 4 * PAGE, "rss_peak": 4 * PAGE, "pss": 4 * PAGE, "minor": 2, "major": 0}
# Linux counts pages of three kinds per processor, and adds them up when there are 32 (mm_counter, VmHWM)
LAG = 3 * 32 * PAGE
FIGURES = [("vsz", "VSZ"), ("rss", "RSS"), ("rss_peak", "peak RSS"), ("pss", "PSS"), ("minor", "minor faults"),
           ("major", "major faults")]
SAME_PROCESS = 4
LARGE_PAGE = 512 * PAGE


class Bad(Exception):
    """One line that says which file is wrong, and where."""


def read_native(path):
    """Every task of the log, by number."""
    tasks = {}
    mapping = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        word = line.split(" ")
        if number == 1 and line != "twinwalk-truth 1":
            raise Bad(f"{path}: is no log of twinwalk-truth")
        if number == 1 or word[0] in ("kernel", "wait", "lost", "call", "sp", "map"):
            continue
        try:
            kind, task = word[0], int(word[1])
            if kind == "task":
                same = int(word[3]) & SAME_PROCESS
                tasks[task] = {"leader": tasks[int(word[2])]["leader"] if same else task, "status": {}, "maps": [],
                               "faults": [], "execs": []}
                continue
            t = tasks[task]
            if kind == "exec":
                t["execs"].append((int(word[2]), int(word[3]), line.split(" ", 4)[4]))
            elif kind == "fault":
                t["faults"].append(int(word[2], 16))
            elif kind == "exit":
                t["minor"], t["major"] = int(word[2]), int(word[3])
            elif kind == "status":
                t["status"][word[2]] = int(word[3])
            elif kind == "smaps":
                mapping = {"start": int(word[2], 16), "end": int(word[3], 16),
                           "name": line.split(" ", 6)[6] if len(word) > 6 else ""}
                t["maps"].append(mapping)
            elif kind == "size":
                mapping[word[2]] = int(word[3])
            else:
                raise ValueError
        except (ValueError, IndexError, KeyError, TypeError):
            raise Bad(f"{path}: line {number}: no line of a log of twinwalk-truth: {line[:60]}") from None
    if 0 not in tasks or "minor" not in tasks[0]:
        raise Bad(f"{path}: does not tell of the program's end")
    return tasks


def read_smaps(path):
    """The mappings of every process at its end, by its number and the record at which it ended (None: at the end of the
    trace)."""
    processes, maps = {}, None
    for line in path.read_text().splitlines():
        if head := re.match(r"==== process (\d+), task \d+, .*: (?:\D* at record (\d+)|at the end of the trace) ====$",
                            line):
            maps = processes[int(head[1]), int(head[2]) if head[2] else None] = []
        elif place := re.match(r"([0-9a-f]+)-([0-9a-f]+) \S{4} \S+ \S+ \d+ *(.*)", line):
            maps.append({"start": int(place[1], 16), "end": int(place[2], 16), "name": place[3]})
        elif value := re.match(r"(\w+): +(\d+)", line):
            maps[-1][value[1]] = int(value[2])
    return processes


def read_faults(path):
    """Pages that faulted, by record: (record, task of the trace, address)."""
    faults = []
    for line in path.read_text().splitlines():
        word = line.split()
        faults.append((int(word[0]), int(word[2].rstrip(":")), int(word[4], 16)))
    return faults


def read_births(path):
    """The tasks of the trace: number natively, record at which it is born, number in the trace."""
    return [{"process": word == "process", "native": int(native), "record": int(record), "task": int(task)}
            for word, native, record, task in re.findall(r"^(process|thread) (\d+) (\d+) (\d+)$", path.read_text(),
                                                         re.MULTILINE)]


def label(maps, address):
    """What is mapped there, natively."""
    for m in maps:
        if m["start"] <= address < m["end"]:
            return m["name"].rsplit("/", 1)[-1] or "(anonymous)"
    return "(gone)"


def differing_mappings(native, model):
    """RSS by name, where the two differ, in KiB."""
    sums = Counter()
    for m in native:
        sums[label(native, m["start"])] -= m["Rss"]
    for m in model:
        sums[label(native, m["start"])] += m["Rss"]
    return {name: value for name, value in sums.items() if value}


def differing_faults(native, native_maps, model, counted):
    """Faults by the name of what is mapped there, where the two differ in number. More may be counted natively than
    left a sample: those by which the kernel itself gets at a page, as execve at its strings on the stack
    (get_user_pages)."""
    pages = Counter(va // PAGE for va in model)
    pages.subtract(va // PAGE for va in native)
    sums = Counter({"no sample": len(native) - counted})
    for page, count in pages.items():
        sums[label(native_maps, page * PAGE)] += count
    return {name: value for name, value in sums.items() if value}


def split_large_pages(native, native_maps, model):
    """Faults that the model takes more, in a large page that is still whole natively: it splits one that several
    processes share for all of them, Linux for the one that needs a part (docs/os-model.md, section 2)."""
    more = Counter(va // LARGE_PAGE for va in model)
    more.subtract(va // LARGE_PAGE for va in native)
    whole = [m for m in native_maps if m.get("AnonHugePages")]
    inside = {page for page in more for m in whole if m["start"] <= page * LARGE_PAGE < m["end"]}
    return sum(more[page] for page in inside if more[page] > 0)


def runs_of(where, kind):
    """The native runs of a kind, the one that is compared with first."""
    return [read_native(path) for path in [where / f"{kind}.log", *sorted(where.glob(f"{kind}-*.log"))]]


def sizes_of(task):
    status = task["status"]
    return {"vsz": status["VmSize"] << 10, "rss": status["Rss"] << 10,
            "rss_peak": max(status["VmHWM"], status["Rss"]) << 10, "pss": status["Pss"] << 10}


def spread_of(number, runs, light):
    """The least and most of each figure in all native runs that had the same processes: what this kernel does of
    itself. The first process is counted from its execve on: what its launcher took before is not the program's."""
    figures = {key: [] for key, _ in FIGURES}
    of_exec = 0
    for run in (run for run in runs if len(run) == len(runs[0])):
        t = run[number]
        before = t["execs"][0][0] if number == 0 else 0
        of_exec = of_exec or (t["execs"][0][1] - before if number == 0 else 0)
        for key, value in {**sizes_of(t), "minor": t["minor"] - before, "major": t["major"]}.items():
            figures[key].append(value)
    # these look at nothing but the first execve and the ends
    for run in (run for run in light if number == 0 and len(run) == len(runs[0])):
        figures["minor"].append(run[0]["minor"] - run[0]["execs"][0][1] + of_exec)
    return {key: [min(values), max(values)] for key, values in figures.items()}


def processes_of(where):
    """Pairs of a native process and one of the model, in the order of their births."""
    tasks = read_native(where / "native.log")
    births = read_births(where / "births")
    model = json.loads((where / "memory.json").read_text())["kernel"]["processes"]
    processes = [b["native"] for b in births if b["process"]]
    if len(processes) != len(model):
        raise Bad(f"{where}: {len(processes)} processes natively, {len(model)} in the model")
    return tasks, births, list(zip(processes, model))


def compare(name, where, concurrent=False):
    """What both say of each process; concurrent: they run at the same time, so their PSS is not to be judged."""
    tasks, births, pairs = processes_of(where)
    natively, light = runs_of(where, "native"), runs_of(where, "light")
    smaps = read_smaps(where / "smaps")
    faults = {}
    for record, task, va in read_faults(where / "faults"):
        native = [b["native"] for b in births if b["task"] == task and b["record"] <= record][-1]
        faults.setdefault(tasks[native]["leader"], []).append(va)
    rows = []
    for number, p in pairs:
        t = tasks[number]
        before = t["execs"][0][0] if number == 0 else 0 # what the launcher took before its execve is not the program's
        kernel = {**sizes_of(t), "minor": t["minor"] - before, "major": t["major"]}
        model = {"vsz": p["vsz"], "rss": p["rss"], "rss_peak": p["rss_peak"], "pss": round(p["pss"]),
                 "minor": p["minor_faults"], "major": p["major_faults"]}
        own = faults.get(number, [])
        theirs = [va for task in tasks.values() if task["leader"] == number for va in task["faults"]]
        rows.append({
            "program": t["execs"][-1][2] if t["execs"] else "(forked)", "task": number, "kernel": kernel,
            "model": model,
            "spread": spread_of(number, natively, light), "runs": len(natively) + len(light),
            "split": split_large_pages(theirs, t["maps"], own),
            "mappings": differing_mappings(t["maps"], smaps.get((p["pid"], p.get("record")), [])),
            "faults": differing_faults(theirs, t["maps"], own, kernel["minor"] + kernel["major"])})
    return {"name": name, "concurrent": concurrent, "processes": rows}


def off(key, p):
    """Is it more than 2 % off all that the kernel gave in several runs, and by more than next to nothing? What the
    model is known to do otherwise is no news: the large pages that it splits."""
    least, most = p["spread"][key]
    model = p["model"][key] - (p["split"] if key == "minor" else 0)
    if key == "rss_peak":
        most += LAG
    distance = max(least - p["model"][key], model - most)
    return distance > max(NEAR * p["kernel"][key], LITTLE[key])


def good(results):
    wrong = []
    for r in results:
        for p in r["processes"]:
            for key, title in FIGURES:
                if off(key, p) and not (key == "pss" and r["concurrent"]):
                    least, most = p["spread"][key]
                    wrong.append(f"{r['name']}, {p['program']}: {title} is {p['model'][key]}, natively "
                                 f"{p['kernel'][key]}"
                                 + (f" ({least} to {most} in {p['runs']} runs)" if least != most else ""))
    for line in wrong:
        print(f"truth: {line}", file=sys.stderr)
    return not wrong


def cell(key, kernel, model):
    scale = 1 if key in ("minor", "major") else 1024
    k, m = round(kernel / scale), round(model / scale)
    if k == m:
        return f"{k:,} = {m:,}"
    return f"{k:,} / {m:,}" + (f" ({100 * (model - kernel) / kernel:+.1f} %)" if kernel else "")


def explanation(p, concurrent):
    parts = []
    if p["mappings"]:
        parts.append("RSS: " + ", ".join(f"{name} {kib:+d} KiB" for name, kib in sorted(p["mappings"].items())))
    if p["kernel"]["minor"] != p["model"]["minor"]:
        parts.append("faults: " + ", ".join(f"{name} {count:+d}" for name, count in sorted(p["faults"].items())
                                            if count))
    if p["kernel"]["rss_peak"] < p["model"]["rss_peak"] <= p["kernel"]["rss_peak"] + LAG:
        parts.append("peak: VmHWM lags behind")
    if concurrent and abs(p["kernel"]["pss"] - p["model"]["pss"]) > 1024:
        parts.append("PSS: other processes of the pipeline were alive")
    if p["split"]:
        parts.append(f"{p['split']} faults more where the model splits a large page that Linux keeps whole")
    least, most = p["spread"]["minor"]
    if least != most:
        parts.append(f"{p['runs']} native runs: {least:,} to {most:,} minor faults")
    return "; ".join(parts)


def tables(results, about):
    lines = [f"{about}. Each cell: kernel = model when they agree, else kernel / model (difference); sizes in KiB.", "",
             "| program | process | " + " | ".join(title for _, title in FIGURES)
             + " | what differs (model - kernel) |",
             "|---|---|" + "---:|" * len(FIGURES) + "---|"]
    for r in results:
        for i, p in enumerate(r["processes"]):
            cells = [cell(key, p["kernel"][key], p["model"][key]) for key, _ in FIGURES]
            lines.append(f"| {'' if i else r['name']} | {p['program'].rsplit('/', 1)[-1]} | " + " | ".join(cells)
                         + f" | {explanation(p, r['concurrent'])} |")
    figures = [(abs(p["model"][key] - p["kernel"][key]), p["kernel"][key]) for r in results for p in r["processes"]
               for key, _ in FIGURES]
    same = sum(not d for d, _ in figures)
    lines += ["", f"{len(figures)} figures of {sum(len(r['processes']) for r in results)} processes: {same} are equal, "
              f"{sum(d <= NEAR * k for d, k in figures)} within 2 %."]
    return "\n".join(lines)


def put_between_markers(path, text):
    document = path.read_text()
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise Bad(f"{path}: needs the lines {BEGIN} and {END}, once each")
    before, rest = document.split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}")
