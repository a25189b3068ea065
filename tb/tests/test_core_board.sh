#!/usr/bin/env bash
# The minimal core inside the top of a board (rtl/fpga/ulx3s.sv): its lamps say that the page-table test has passed, and
# of a program that ends with a code, that code.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }
build/mini/core-board/cc/core_board > "$work/said" || fail "exit $?"
grep -qE '^board: halted after [0-9]{6} clocks, code lamps 0$' "$work/said" || fail "it says something else"

mkdir -p "$work/build/core"
ended() { # CODE LAMPS, of another program in the place of the test
    local got=0
    printf 'li r1, %s\nhalt r1\n' "$1" > "$work/program.s"
    scripts/core_asm.py "$work/program.s" "$work/build/core/paging.hex"
    (cd "$work" && "$root/build/mini/core-board/cc/core_board" > said) || got=$?
    [ $got -eq 1 ] && grep -q "code lamps $2\$" "$work/said" || fail "code $1: exit $got"
}
ended 5 5
ended 16 8
printf 'here: jmp here\n' > "$work/program.s"
scripts/core_asm.py "$work/program.s" "$work/build/core/paging.hex"
if (cd "$work" && "$root/build/mini/core-board/cc/core_board" +cycles=20000 > said); then fail "a program without an end"; fi
grep -q 'has not ended after 20000 clocks, lamps 07' "$work/said" || fail "it says something else"
