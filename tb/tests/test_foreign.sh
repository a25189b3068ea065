#!/usr/bin/env bash
# The MMUs of tb/examples: right at the level that they ask for, on random stimulus, directed cases and the beginning of
# every trace of the corpus; red when they are wrong, and at --check=cycle, since their clock is another.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 25 "$work/said"; exit 1; }

# in_c FILE: the library made of it, outside the tree, from two headers.
mkdir "$work/headers"
cp tb/dut/dut.h model/pins.h "$work/headers"
in_c() { cc -std=c11 -Wall -Wextra -Werror -O2 -shared -fPIC -fvisibility=hidden -I "$work/headers" "$1" -o "${1%.c}.so"; }
cp tb/examples/c_walker/walker.c "$work/walker.c"
in_c "$work/walker.c"

right() { # right PRESET LIBRARY
    local bench=build/$1/twinwalk-model
    $bench random --dut="$2" --requests=40000 --seed=3 > "$work/said" || fail "$2: random"
    $bench random --dut="$2" --requests=40000 --seed=4 > "$work/said" || fail "$2: random, rough"
    grep -q "check arch" "$work/said" || fail "$2: not at its level"
    $bench vectors --on="$2" traces/vectors/*.txt > "$work/said" || fail "$2: vectors"
    grep -Eq " 6[0-9][0-9] cases, [4-5][0-9][0-9] passed, 0 failed" "$work/said" || fail "$2: vectors"
    scripts/regress.py --program=$bench --presets="$1" --check=own --limit=3000 --no-history --jobs=1 --args="--dut=$2" --out="$work/out" \
        > "$work/said" || fail "$2: the corpus"
    grep -Eq "^[1-9][0-9]* passed, 0 failed" "$work/said" || fail "$2: the corpus"
}
without=tiny-no-pku-pks-cet-lam
right tiny "$(scripts/dut.py where tb/examples/blocking_walker build/tiny)"
right $without "$(scripts/dut.py where tb/examples/other_names build/$without)"
right tiny "$work/walker.so"

wrong() { # wrong WHERE WHAT OPTION…
    local where=$1 what=$2 got=0
    shift 2
    build/tiny/twinwalk-model "$@" --out="$work/out" > "$work/said" 2>&1 || got=$?
    [ $got -eq 1 ] && grep -q "MISMATCH ($where)" "$work/said" || fail "$what went unnoticed: exit $got"
}
wrong pin "another clock" cosim --dut="$work/walker.so" --check=cycle --limit=3000 traces/corpus/sqlite3.tw
# plant NAME FROM TO: the walker in C with a line changed.
plant() {
    sed "s/$2/$3/" tb/examples/c_walker/walker.c > "$work/$1.c"
    ! cmp -s tb/examples/c_walker/walker.c "$work/$1.c" || fail "$1: nothing is planted"
    in_c "$work/$1.c"
}
plant leaf_rights "d->w && e & BIT_W, u =" "(e \& BIT_W) != 0, u ="
wrong oracle "R\/W of the last entry alone" random --dut="$work/leaf_rights.so"
plant wrong_offset "(d->req.va & offset))" "(d->req.va \& offset \& ~UINT64_C(8)))"
wrong oracle "a bit of the offset" cosim --dut="$work/wrong_offset.so" --limit=3000 traces/corpus/sqlite3.tw
plant no_dirty "ACC_WRITE ? BIT_D : 0);" "ACC_WRITE ? 0 : 0);"
wrong memory "D not set" cosim --dut="$work/no_dirty.so" --limit=3000 traces/corpus/sqlite3.tw
plant withdrawn "if (in->mem_req_ready)" "if (!in->mem_req_ready)\n            d->addr ^= 64;\n        else"
wrong protocol "an offer that changes" random --dut="$work/withdrawn.so"

# Running again, to see walk and state, may take as long as a device that waits needs for it, and not for ever. One
# second is a minute here; the device waits in every reset for FIRST seconds, where it is run again for NEXT.
cc -O1 -Wall -Wextra -Werror -fPIC -shared -o "$work/hasten.so" tb/tests/hasten_shim.c -ldl
waits() { # waits FIRST NEXT: what it says
    local reset='static int first;\n    first = first ? first : getpid();\n    sleep(first == getpid() ? '"$1 : $2"');\n    '
    sed "s/^#include <stdlib.h>/&\n#include <unistd.h>/; s/\*d = (struct dut){.pat/$reset&/" "$work/wrong_offset.c" > "$work/waits.c"
    in_c "$work/waits.c"
    LD_PRELOAD=$work/hasten.so wrong oracle "what waits" cosim --dut="$work/waits.so" --limit=3000 traces/corpus/sqlite3.tw
}
waits 1 4
! grep -q "the folder is not complete" "$work/said" || fail "a device that waits was not waited for"
waits 0 1000
grep -q "the folder is not complete: .*: given up after [0-9]* s" "$work/said" || fail "a device that does not end was waited for"
echo "examples: as they should be"
