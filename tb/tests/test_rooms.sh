#!/usr/bin/env bash
# The sources keep to the picture of the house, and the check of that (scripts/check_rooms.py) sees what does not: an
# arrow that runs up or is not drawn, a circle, a file without a room, an arrow that nothing uses, an old drawing.
set -eu
cd "$(dirname "$0")/../.."
scripts/check_rooms.py

copy=out/test/rooms
rm -rf "$copy"
fresh() { # the sources and the document, without what they are no use for here
    rm -rf "$copy"
    mkdir -p "$copy"
    git ls-files -z -- rtl model traces tb docs/rooms.md docs/rooms.svg | grep -zE '\.(c|h|cpp|sv|svh|md|svg)$' |
        tar -cf - --null -T - | tar -xf - -C "$copy"
    mkdir -p "$copy"/traces/vectors && : > "$copy"/traces/vectors/one.txt
}
red() { # WHAT THE CHECK MUST SAY
    local said
    if said=$(scripts/check_rooms.py "$copy"); then echo "not seen: $1"; exit 1; fi
    grep -qF -- "$1" <<< "$said" || { echo "wanted: $1"; echo "said: $said"; exit 1; }
}

fresh
scripts/check_rooms.py "$copy" > "$copy.log" || { cat "$copy.log"; exit 1; }

echo '#include "report/rows.h"' >> "$copy/tb/engine/lane.h"
red 'tb/engine/lane.h: takes report/rows.h from tb/report, and tb/engine has no arrow to it'
# Drawing that arrow does not help: it runs up, and closes a circle.
sed -i 's/^\(| `tb\/engine` |.*\) |$/\1, `tb\/report` |/' "$copy/docs/rooms.md"
red 'the arrow tb/engine → tb/report runs up'

fresh
echo '#include "cycle/walker.h"' >> "$copy/model/arch/oracle.c"
red 'model/arch/oracle.c: takes cycle/walker.h from model/cycle'

fresh
echo 'module leak; blocking u_other (); endmodule' > "$copy/rtl/leak.sv"
red 'rtl/leak.sv: takes blocking from tb/examples'

fresh
echo '#include "Vmmu.h"' >> "$copy/tb/report/rows.c"
red 'tb/report/rows.c: takes Vmmu.h from rtl'

fresh
echo '#include "saboteur.h"' >> "$copy/tb/engine/lane.c"
cp "$copy/tb/tests/saboteur.h" "$copy/tb/engine/saboteur.h"
sed -i 's/"saboteur.h"/"tests\/saboteur.h"/' "$copy/tb/engine/lane.c"
red 'tb/engine/lane.c: takes tests/saboteur.h from the tests'

fresh
echo 'int heap;' > "$copy/tb/heap.c"
red 'tb/heap.c: lies in no room'
rm "$copy/tb/heap.c"
mkdir "$copy/tb/attic" && echo 'int heap;' > "$copy/tb/attic/heap.c"
red 'tb/attic/heap.c: lies in no room'

fresh
sed -i 's/^\(| `tb\/stale` |.*\) |$/\1, `model\/mem` |/' "$copy/docs/rooms.md"
red '`tb/stale` uses nothing of `model/mem`'

fresh
sed -i 's/^| `model\/cycle` | [^|]*/| `model\/cycle` | the other twin /' "$copy/docs/rooms.md"
red 'docs/rooms.svg: is not of this table'
echo "rooms: every fault is seen"
