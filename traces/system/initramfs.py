#!/usr/bin/env python3
"""Makes the guest's initial file system: initramfs.py OUT GUEST BUSYBOX MODULES KERNELDIR INIT [PROGRAM…]

A cpio archive ("newc"), not compressed, the same bytes for the same inputs: entries in a fixed order, owned by root, no
times. GUEST is Twinwalk's guest program; MODULES names the kernel modules to take from KERNELDIR (lib/modules/VERSION),
separated by commas, in the order they are loaded; PROGRAM … are programs of the host, which come with the libraries
that ldd names.
"""
import os
import re
import stat
import subprocess
import sys


def die(what):
    sys.exit(f"initramfs: {what}")


class Archive:
    """Writes entries of a cpio archive."""

    def __init__(self, out):
        self.out, self.inode, self.have = out, 0, set()

    def entry(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self.out.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def folder(self, path):
        path = path.strip("/")
        if path and path not in self.have:
            self.folder(os.path.dirname(path))
            self.have.add(path)
            self.entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, data, mode=0o755):
        path = path.strip("/")
        if path not in self.have:
            self.folder(os.path.dirname(path))
            self.have.add(path)
            self.entry(path, stat.S_IFREG | mode, data)

    def link(self, path, to):
        path = path.strip("/")
        self.folder(os.path.dirname(path))
        self.have.add(path)
        self.entry(path, stat.S_IFLNK | 0o777, to.encode())

    def end(self):
        self.entry("TRAILER!!!", 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        die(f"{path}: {error.strerror}")


def libraries(program):
    """The absolute paths that ldd names for a program; none for a static one."""
    found = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    if "not found" in found.stdout:
        die(f"{program}: a library is missing on this machine: " + found.stdout.strip().replace("\n", ";"))
    return re.findall(r"(?:=> )?(/\S+) \(0x", found.stdout)


def module(kerneldir, name):
    for folder, _, files in os.walk(kerneldir):
        if name + ".ko" in files:
            return read(os.path.join(folder, name + ".ko"))
    die(f"{kerneldir}: the kernel's package has no module {name}.ko")


def main():
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    out, guest, busybox, modules, kerneldir, init = sys.argv[1:7]
    with open(out, "wb") as file:
        archive = Archive(file)
        for path in ("dev", "proc", "sys", "tmp", "root", "etc"):
            archive.folder(path)
        archive.entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        archive.file("init", read(init))
        archive.file("bin/busybox", read(busybox))
        archive.file("bin/guest", read(guest))
        archive.link("bin/sh", "busybox")
        for i, name in enumerate(modules.split(",")):
            archive.file(f"modules/{i:02}-{name}.ko", module(kerneldir, name), 0o644)
        for program in sys.argv[7:]:
            for path in [program, *libraries(program)]:
                archive.file(path, read(path))
        archive.end()


main()
