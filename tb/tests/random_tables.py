#!/usr/bin/env python3
"""A trace of an unruly kernel: it changes page tables at random, at every level, and invalidates at random, or not at
all.

Three roots share a few tables, so that each change is seen from many addresses; entries are present or not, have
rights, A, D and G at random; some map large pages. There are no expectations: whatever an MMU answers must be explained
by the judge of what may be stale (tb/stale/stale.h), and an MMU that invalidates too little must be found.

  random_tables.py SEED RECORDS [pcid]      pcid: with process-context identifiers and INVPCID
"""
import random
import sys

P, RW, US, A, D, PS, G, XD = 1, 2, 4, 0x20, 0x40, 0x80, 0x100, 1 << 63
TABLES = {4: [0x1000, 0x2000, 0x3000], 3: [0x4000, 0x5000], 2: [0x6000, 0x7000, 0x8000],
          1: [0x9000, 0xa000, 0xb000, 0xc000]}
ENTRIES = {4: 2, 3: 2, 2: 3, 1: 3}  # that are used of each table
ADDRESSES = [a << 39 | b << 30 | c << 21 | d << 12 for a in range(2) for b in range(2) for c in range(3)
             for d in range(3)]
CR4 = 0x1000A0
PCIDE, PGE, NO_FLUSH = 1 << 17, 1 << 7, 1 << 63


def flags(r, leaf):
    often = [(P, 0.85), (RW, 0.7), (US, 0.85), (A, 0.6)] + ([(D, 0.5), (G, 0.3), (XD, 0.1)] if leaf else [])
    return sum(bit for bit, chance in often if r.random() < chance)


def poke(r, level):
    pa = r.choice(TABLES[level]) + 8 * r.randrange(ENTRIES[level])
    if level == 1:
        value = r.randrange(0x100, 0x140) << 12 | flags(r, True)
    elif level == 2 and r.random() < 0.2:
        value = r.randrange(1, 8) << 21 | PS | flags(r, True)
    else:
        value = r.choice(TABLES[level - 1]) | flags(r, False)
    return f"poke {pa:#x} {value:#x}"


def move(r, pcid):
    root = r.choice(TABLES[4])
    return f"mov cr3 {root | r.randrange(3) | (NO_FLUSH if r.random() < 0.7 else 0) if pcid else root:#x}"


def main():
    seed, records, pcid = int(sys.argv[1]), int(sys.argv[2]), "pcid" in sys.argv[3:]
    r = random.Random(seed)
    cr4 = CR4 | (PCIDE if pcid else 0)
    hot = r.sample(ADDRESSES, 6)
    print("twinwalk-trace 1\nbits 48\ntables own")
    for _ in range(80):
        print(poke(r, r.choice((1, 1, 2, 3, 4))))
    print(f"mov cr0 0x80050033\nmov cr4 {CR4:#x}\nwrmsr efer 0xd01\nmov cr3 0x1000\nmov cr4 {cr4:#x}")
    for _ in range(records):
        x = r.random()
        if x < 0.75:
            va = r.choice(hot if r.random() < 0.8 else ADDRESSES) + 8 * r.randrange(500)
            print(f"{r.choice('LLSF')} {va:#x} 4{r.choice(('', ' sup', ' sup ac'))}")
        elif x < 0.87:
            print(poke(r, r.choice((1, 1, 1, 1, 2, 2, 3, 4))))
        elif x < 0.92:
            print(f"invlpg {r.choice(ADDRESSES):#x}")
        elif x < 0.97:
            print(move(r, pcid))
        elif x < 0.98 and pcid:
            print(f"invpcid {r.randrange(4)} {r.randrange(3):#x} {r.choice(ADDRESSES):#x}")
        elif x < 0.985:
            print(f"mov cr4 {cr4 ^ PGE:#x}\nmov cr4 {cr4:#x}")
        elif x < 0.99:
            hot = r.sample(ADDRESSES, 6)


main()
