#!/usr/bin/env python3
"""Writes a text trace in which every register of the MMU has something to tell: tables of every memory type, A and D
bits to be set, pages of shadow stacks, of every size, global ones, keys of both kinds, a PCID, LAM, and hardly an access
that the TLBs know."""

import random

rng = random.Random(3)
PAGES, ACCESSES = 1024, 9000
print("twinwalk-trace 1\ntables own\nbits 48")
print("poke 0x1000 0x2007\npoke 0x2000 0x3007")
for table in range(PAGES // 512):
    print(f"poke {0x3000 + 8 * table:#x} {0x10000 + 0x1000 * table + 7 + 8 * rng.randrange(4):#x}")
stacks = set()
for page in range(PAGES):
    stack = rng.random() < 0.3
    if stack:
        stacks.add(page)
    print(f"poke {0x10000 + 8 * page:#x} {0x1000000 + 0x1000 * page + (0x45 if stack else 7) + 0x18 * rng.randrange(2) + 0x100 * rng.randrange(2):#x}")
BIG = [0x1000000 + 0x200000 * n for n in range(24)] + [0x40000000, 0x80000000]
for at in BIG:
    entry = 0x2000 + 8 * (at >> 30) if at >> 30 else 0x3000 + 8 * (at >> 21)
    print(f"poke {entry:#x} {(at | 0x40000000) + 0x87 + 0x18 * rng.randrange(2) + 0x100 * rng.randrange(2):#x}")
print("mov cr0 0x80010001\nmov cr4 0x11c200a0\nwrmsr efer 0xd00\nwrpkru 0x30\nwrmsr pkrs 0x40\nmov cr3 0x4000000000001005")
recent = [0] * 12
for n in range(ACCESSES):
    if rng.random() < 0.6:
        print(f"{rng.choice('LS')} {rng.choice(BIG if rng.random() < 0.8 else BIG[-2:]) + 0x1000 * rng.randrange(8):#x} 8")
    if rng.random() < 0.1:
        print(f"invlpg {0x1000 * rng.choice(recent):#x}")  # so that sets have room
    page = rng.choice(recent) if rng.random() < 0.4 else rng.randrange(PAGES + PAGES // 4)  # beyond PAGES: not present
    recent[n % len(recent)] = page
    shadow = page in stacks and rng.random() < 0.8  # an ordinary store there is refused
    kind = rng.choice("LS" if page in stacks else "LLSF")
    print(f"{kind} {0x1000 * page + 8 * rng.randrange(512):#x} {4 if kind == 'F' else 8}{' ss' if shadow else ''}")
