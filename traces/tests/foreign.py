#!/usr/bin/env python3
"""Writes traces in foreign formats, each from its public description, and beside each what `twinwalk trace text` must
say of it once it is imported (without the header). It shares nothing with the importers.

  foreign.py FOLDER [SEED]
"""
import bz2
import gzip
import io
import lzma
import random
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

PAGE = 4096


def pieces(kind, address, size, thread=0):
    """The lines of one access: none longer than 64 bytes, none in two pages."""
    while size:
        here = min(size, 64, PAGE - address % PAGE)
        yield f"{kind} 0x{address:x} {here}" + (f" thread={thread}" if thread else "")
        address, size = address + here, size - here


class Program:
    """A made-up program: straight code with jumps, a stack, a heap, and now and then something at a page's end."""

    def __init__(self, seed, threads=1):
        self.dice = random.Random(seed)
        self.ip = [0x401000 + 0x100000 * t for t in range(threads)]

    def instruction(self, thread=0):
        """(address, length, taken branch, loads, stores); an access is (address, size)."""
        dice = self.dice
        ip, length = self.ip[thread], dice.choice((1, 2, 3, 3, 4, 5, 7, 8, 11, 15))
        taken = dice.random() < 0.1
        self.ip[thread] = ip + length
        if taken:
            self.ip[thread] = dice.choice((0x401000, 0x55550000,
                                           0x7fff00000000)) + 0x100000 * thread + dice.randrange(3 * PAGE)
        return ip, length, taken, self.accesses(2), self.accesses(1)

    def accesses(self, most):
        dice, out = self.dice, []
        for _ in range(dice.choice((0, 0, 0, 1, 1, most))):
            base = dice.choice((0x602000, 0x7ffffffde000, 0x7f1234567000))
            address = base + (dice.choice((PAGE - 3, PAGE - 1)) if dice.random() < 0.05 else dice.randrange(8 * PAGE))
            out.append((address, dice.choice((1, 2, 4, 8, 8, 16, 32, 64))))
        return out


def champsim(folder, seed):
    """64 bytes an instruction. No lengths: data are bytes, an instruction ends where the next begins, if that is
    near."""
    program = Program(seed)
    steps = [program.instruction() for _ in range(3000)]
    raw, text = bytearray(), []
    for i, (ip, length, taken, loads, stores) in enumerate(steps):
        written = ([address for address, _ in stores] + [0, 0])[:2]
        read = ([address for address, _ in loads] + [0] * 4)[:4]
        raw += struct.pack("<QBB2B4B2Q4Q", ip, taken, taken, 1, 2, 3, 4, 5, 6, *written, *read)
        ahead = steps[i + 1][0] - ip if i + 1 < len(steps) else 0
        text += pieces("F", ip, ahead if not taken and 1 <= ahead <= 15 else 1)
        text += [f"L 0x{address:x} 1" for address, _ in loads]
        text += [f"S 0x{address:x} 1" for address, _ in stores]
    assert len(raw) == 64 * len(steps)
    (folder / "champsim.text").write_text("\n".join(text) + "\n")
    (folder / "plain.champsimtrace").write_bytes(raw)
    with lzma.open(folder / "one.champsimtrace.xz", "wb") as file:
        file.write(raw)
    half = 64 * (len(steps) // 2) + 20  # two streams, and a record in both
    (folder / "two.champsimtrace.xz").write_bytes(lzma.compress(raw[:half]) + lzma.compress(raw[half:]))
    (folder / "two.champsimtrace.gz").write_bytes(gzip.compress(raw[:half]) + gzip.compress(raw[half:]))
    (folder / "two.champsimtrace.bz2").write_bytes(bz2.compress(raw[:half]) + bz2.compress(raw[half:]))
    (folder / "snappy.champsimtrace.sz").write_bytes(snappy(raw))
    for mode in ("", ":gz", ":xz", ":bz2"):  # as people pack folders, in two of tar's dialects
        with tarfile.open(folder / f"packed.champsimtrace.tar{mode.replace(':', '.')}", "w" + mode,
                          format=tarfile.PAX_FORMAT if mode else tarfile.GNU_FORMAT) as archive:
            entry = tarfile.TarInfo("a folder")
            entry.type = tarfile.DIRTYPE
            archive.addfile(entry)
            for name, part in (("1", raw[:half]), ("2" * 150, raw[half:])):
                entry = tarfile.TarInfo("a folder/" + name)
                entry.size = len(part)
                archive.addfile(entry, io.BytesIO(part))
    raw = bytearray()
    for i, (ip, length, taken, loads, stores) in enumerate(steps):  # CloudSuite's: room for four of each
        written = ([address for address, _ in stores] + [0] * 4)[:4]
        read = ([address for address, _ in loads] + [0] * 4)[:4]
        raw += struct.pack("<QBB4B4B6x4Q4Q2B6x", ip, taken, taken, 1, 2, 0, 0, 3, 4, 5, 6, *written, *read, i % 2, 0)
    assert len(raw) == 96 * len(steps)
    (folder / "cloudsuite.champsimtrace").write_bytes(raw)
    (folder / "cloudsuite.champsimtrace.gz").write_bytes(gzip.compress(raw))


def snappy(raw):
    """Snappy's frames, without packing anything: each 64 KiB plainly, or as one literal after the other."""
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    out = b"\xff\x06\0\0sNaPpY"
    for start in range(0, len(raw), 65536):
        data, crc = raw[start:start + 65536], 0xFFFFFFFF
        for byte in data:
            crc = crc >> 8 ^ table[(crc ^ byte) & 255]
        crc ^= 0xFFFFFFFF
        crc = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        body, kind = bytes(data), 1
        if start // 65536 % 2:
            size, body, kind = len(data), b"", 0
            while size >= 128:
                body += bytes([size & 127 | 128])
                size >>= 7
            body += bytes([size])
            for at in range(0, len(data), 60):
                piece = data[at:at + 60]
                body += bytes([(len(piece) - 1) << 2]) + piece
        out += bytes([kind]) + (len(body) + 4).to_bytes(3, "little") + crc.to_bytes(4, "little") + body
    return out


class Memtrace:
    """Entries of DynamoRIO's trace_entry_t, packed to 12 bytes."""

    def __init__(self):
        self.raw = bytearray()

    def entry(self, kind, size, value):
        self.raw += struct.pack("<HHQ", kind, size, value)

    def begin(self, tid, pid):
        self.entry(25, 0, 6)             # header, format version
        self.entry(28, 17, 6)            # markers: version, file type
        self.entry(28, 15, 0xe40)
        self.entry(22, 8, tid)
        self.entry(24, 8, pid)
        self.entry(28, 2, 13360000000000000)


def drmemtrace(folder, seed):
    program = Program(seed, threads=3)
    tids, pid = [7001, 7002, 7003], 7001
    out, text, thread = Memtrace(), [], 0
    chunks = []
    out.begin(tids[0], pid)
    counts = dict(instructions=0, loads=0, stores=0)
    order = [0]  # threads are numbered as they come
    for i in range(4000):
        if i % 97 == 96:
            thread = program.dice.randrange(3)
            out.entry(22, 8, tids[thread])
            out.entry(24, 8, pid)
            out.entry(28, 3, 5)
            order += [thread] if thread not in order else []
        ip, length, taken, loads, stores = program.instruction(thread)
        number = order.index(thread)
        if i % 5 == 0:
            out.entry(47, length, 0x9090909090909090)  # encoding
            if length > 8:
                out.entry(47, length - 8, 0x9090)
        kind = (program.dice.choice((11, 12, 14, 15, 16, 48)) if taken
                else program.dice.choice((10, 10, 10, 10, 13, 49, 31)))
        out.entry(kind, length, ip)
        text += pieces("F", ip, length, number)
        counts["instructions"] += 1
        if i % 50 == 7 and not taken:  # a bundle: three more instructions behind it
            lengths = [2, 5, 3]
            out.entry(17, 3, int.from_bytes(bytes(lengths), "little"))
            for more in lengths:
                text += pieces("F", program.ip[thread], more, number)
                program.ip[thread] += more
            counts["instructions"] += 3
        if i % 60 == 11:
            out.entry(program.dice.choice((2, 3, 6, 9, 27, 32, 46)), 1, 0x700000)  # prefetches
            out.entry(20, 64, 0x700040)  # a cache flush
        for address, size in loads:
            out.entry(0, size, address)
            text += pieces("L", address, size, number)
            counts["loads"] += 1
        for address, size in stores:
            out.entry(1, size, address)
            text += pieces("S", address, size, number)
            counts["stores"] += 1
        if i % 211 == 5:  # a repeated instruction's further rounds, and a long store (XSAVE)
            out.entry(29, length, ip)
            out.entry(1, 832, 0x7f1234569fc0)
            text += pieces("S", 0x7f1234569fc0, 832, number)
            counts["stores"] += 1
        if i % 1000 == 999:
            chunks.append(len(out.raw))
    for tid in tids:
        out.entry(23, 8, tid)
    out.entry(26, 0, 0)
    (folder / "drmemtrace.text").write_text("\n".join(text) + "\n")
    (folder / "drmemtrace.counts").write_text("".join(f"{key} {value}\n" for key, value in counts.items()))
    (folder / "drmemtrace.app.trace").write_bytes(out.raw)
    (folder / "drmemtrace.app.trace.gz").write_bytes(gzip.compress(out.raw))
    ends = chunks[:-1] + [len(out.raw)]
    for name, method, stream in (("chunks", zipfile.ZIP_DEFLATED, False), ("stored", zipfile.ZIP_STORED, False),
                                 ("behind", zipfile.ZIP_DEFLATED, True)):
        buffer = io.BytesIO()
        target = Unseekable(buffer) if stream else buffer
        with zipfile.ZipFile(target, "w", method) as archive:
            start = 0
            for number, end in enumerate(ends):
                with archive.open(f"chunk.{number:04}", "w", force_zip64=stream and number % 2 == 1) as file:
                    file.write(out.raw[start:end])
                start = end
        (folder / f"drmemtrace.{name}.trace.zip").write_bytes(buffer.getvalue())


def shards(folder, seed):
    """A folder as DynamoRIO leaves it: a file for each thread, packed in several ways, and files that are none. Its
    order is that of the timestamps, the file's name where two are equal. Some parts are the kernel's."""
    program = Program(seed, threads=3)
    dice = program.dice
    pieces_of = []
    (folder / "shards" / "trace").mkdir(parents=True, exist_ok=True)
    for thread in range(3):
        out, time = Memtrace(), 1000 + 7 * thread
        out.begin(9001 + thread, 9001)
        out.raw = out.raw[:-12]  # its timestamp
        for part in range(20):
            time += dice.randrange(0, 50)
            text, kernel = [], part % 4 == 3
            out.entry(28, 2, time)
            out.entry(28, 3, thread)
            if kernel:
                out.entry(28, 27, 1)
            for _ in range(dice.randrange(1, 30)):
                ip, length, taken, loads, stores = program.instruction(thread)
                lines = []
                out.entry(10, length, ip)
                lines += pieces("F", ip, length)
                for kind, letter, accesses in ((0, "L", loads), (1, "S", stores)):
                    for address, size in accesses:
                        out.entry(kind, size, address)
                        lines += pieces(letter, address, size)
                text += [line + (" sup" if kernel else "") + (f" thread={thread}" if thread else "") for line in lines]
            if kernel:
                out.entry(28, 28, 1)
            pieces_of.append((time, thread, part, text))
        out.entry(23, 8, 9001 + thread)
        out.entry(26, 0, 0)
        pack = (lambda raw: raw, gzip.compress, lzma.compress)[thread]
        name = f"drmemtrace.app.{9001 + thread}.0001.trace{('', '.gz', '.xz')[thread]}"
        (folder / "shards" / "trace" / name).write_bytes(pack(bytes(out.raw)))
    (folder / "shards" / "trace" / "serial_schedule.bin.gz").write_bytes(gzip.compress(bytes(64)))
    (folder / "shards" / "trace" / "funclist.log").write_text("")
    (folder / "shards.text").write_text("\n".join(line for part in sorted(pieces_of, key=lambda p: p[:3])
                                                  for line in part[3]) + "\n")


class Unseekable:
    """A file that only grows: zipfile then writes the sizes behind the data."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        self.file.flush()


def pin(folder, seed):
    """The original form of pinatrace, and dialects of it."""
    program = Program(seed, threads=3)
    steps = []
    for i in range(1500):
        thread = (i // 40) % 3
        ip, length, taken, loads, stores = program.instruction(thread)
        steps += [(thread, ip, kind, address, size) for kind, list_ in (("L", loads), ("S", stores))
                  for address, size in list_]
    letter = {"L": "R", "S": "W"}

    def write(name, line, fetches=True, sizes=True, threads=False, head="", tail=""):
        text, last = [], {}
        for thread, ip, kind, address, size in steps:
            thread = thread if threads else 0
            if fetches and last.get(thread) != ip:
                text += pieces("F", ip, 1, thread)
            last[thread] = ip
            text += pieces(kind, address, size if sizes else 1, thread)
        lines = [line(step) for step in steps]
        (folder / f"{name}.pin").write_text(head + "\n".join(lines) + "\n" + tail)
        (folder / f"{name}.pin.text").write_text("\n".join(text) + "\n")

    write("original", lambda s: f"0x{s[1]:x}: {letter[s[2]]} 0x{s[3]:x}", sizes=False, tail="#eof\n")
    write("values", lambda s: f"0x{s[1]:x}: {letter[s[2]]:<2} 0x{s[3]:012x} {s[4]:>2} 0x{s[3] * 77 % 2 ** 64:x}",
          head="#\n# Memory Access Trace\n#\n")
    write("decimal", lambda s: f"{s[1]} {letter[s[2]]} {s[3]} {s[4]}")
    write("hexadecimal", lambda s: f"{s[1]:x}: {letter[s[2]]} {s[3]:X} {s[4]}")
    write("no-ip", lambda s: f"{letter[s[2]]} 0x{s[3]:x} {s[4]}", fetches=False)
    write("threads", lambda s: f"0x{s[1]:x}: {letter[s[2]]} 0x{s[3]:x} {s[4]}; TID: {s[0]}", threads=True)
    write("thread-first", lambda s: f"tid={s[0]} 0x{s[1]:x}: {letter[s[2]].lower()} 0x{s[3]:x} {s[4]}\r", threads=True)
    write("commas", lambda s: f"0x{s[1]:x},{letter[s[2]]},0x{s[3]:x},{s[4]}", tail="\n")


def main():
    folder = Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    folder.mkdir(parents=True, exist_ok=True)
    champsim(folder, seed)
    drmemtrace(folder, seed + 1)
    pin(folder, seed + 2)
    shards(folder, seed + 3)


main()
