#!/usr/bin/env python3
"""Holds the sources against the picture of the house, docs/rooms.md.

Every file under rtl/, model/, traces/ and tb/ lies in a room of the table; tb/ itself has none. A file takes only from
rooms that the table says its room uses; what the table says is really used. The rooms stand in the table from the top
floor down, and no arrow runs up, so there is no circle of rooms. The drawing, docs/rooms.svg, is of this table.

  check_rooms.py [ROOT]            says what is wrong, a line each; exit status 1 if anything is
  check_rooms.py --draw [ROOT]     draws docs/rooms.svg anew
"""
import sys
from pathlib import Path

import rooms
import rooms_svg

DRAWING = "docs/rooms.svg"


def check_table(table):
    place = {room.name: number for number, room in enumerate(table)}
    for room in table:
        for other in room.uses:
            if other not in place:
                yield f"{rooms.DOCUMENT}: `{room.name}` uses `{other}`, which has no row"
            elif place[other] <= place[room.name]:
                yield f"{rooms.DOCUMENT}: the arrow {room.name} → {other} runs up: `{other}` stands above `{room.name}`"
    if len(place) != len(table):
        yield f"{rooms.DOCUMENT}: a room has two rows"


def check_sources(root, table):
    by_name = {room.name: room for room in table}
    files = set(rooms.tracked(root))
    modules = rooms.modules(root, files)
    taken = set()
    for file in sorted(files):
        home = rooms.room_of(file, by_name)
        if home is None:
            yield f"{file}: lies in no room: give its folder a row in {rooms.DOCUMENT}, or put it into a room"
            continue
        if not file.endswith((".c", ".h", ".cpp", ".sv", ".svh")):
            continue
        for name, target in rooms.uses_of(root, file, files, modules):
            other = target if target in by_name else rooms.room_of(target, by_name)
            if other in (None, home):
                continue
            taken.add((home, other))
            if by_name[other].anything and not by_name[home].anything:
                yield f"{file}: takes {name} from the tests"
            elif not by_name[home].anything and other not in by_name[home].uses:
                yield f"{file}: takes {name} from {other}, and {home} has no arrow to it in {rooms.DOCUMENT}"
    for room in table:
        for other in room.uses:
            if other in by_name and (room.name, other) not in taken:
                yield f"{rooms.DOCUMENT}: `{room.name}` uses nothing of `{other}`: take the arrow out"


def main(arguments):
    draw = arguments[:1] == ["--draw"]
    root = Path(arguments[draw] if arguments[draw:] else Path(__file__).resolve().parent.parent)
    table = rooms.read(root) if (root / rooms.DOCUMENT).exists() else []
    wrong = list(check_table(table))
    if not table:
        wrong.append(f"{rooms.DOCUMENT}: no table of rooms")
    if not wrong:
        picture = rooms_svg.draw(table)
        if draw:
            (root / DRAWING).write_text(picture, encoding="utf-8")
        elif not (root / DRAWING).exists() or (root / DRAWING).read_text(encoding="utf-8") != picture:
            wrong.append(f"{DRAWING}: is not of this table: scripts/check_rooms.py --draw")
        wrong += check_sources(root, table)
    for line in wrong:
        print(line)
    arrows = sum(len(room.uses) for room in table)
    print(f"rooms: {len(table)} rooms, {arrows} arrows, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
