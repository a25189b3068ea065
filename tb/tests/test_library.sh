#!/usr/bin/env bash
# libtwinwalk.so and `make install`: what leaves the library is what the header says; installed below a DESTDIR and a
# PREFIX with blanks, programs outside of the tree build against it by pkg-config alone and run; the installed program
# needs nothing of the tree; every verb has its page and its completions; uninstall leaves nothing. And what must be
# seen is seen: an ABI that changed, a name too many, a struct of the Python binding that is another.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 5 "$work/said" 2> /dev/null || true; exit 1; }
tree=$PWD dest="$work/a stage" prefix="/opt/my tools"
root=$dest$prefix

# ---- the library alone: its presets in the order asked for, its names ----
header_names() { sed -n 's/^TWINWALK_API.*[ *]\(twinwalk_[a-z_]*\)(.*/\1/p' model/library/twinwalk.h | LC_ALL=C sort; }
exported() { nm -D --defined-only "$1" | sed -n 's/.* T \([^@]*\)@@TWINWALK_'"$abi"'$/\1/p' | LC_ALL=C sort; }
abi=$(sed -n 's/^.define TWINWALK_ABI //p' model/library/twinwalk.h)

# Into a folder of the test's own: that of others may have other presets.
install() { make -s install BUILD_LIB="$work/lib" PREFIX="$prefix" DESTDIR="$dest" PRESETS="$1" > "$work/said" 2>&1 || fail "make install PRESETS='$1'"; }
install "tiny contrary"
so=$root/lib/libtwinwalk.so.$abi
readelf -d "$so" | grep -q "soname: \[libtwinwalk.so.$abi\]" || fail "the soname is not that of ABI $abi"
diff <(header_names) <(exported "$so") || fail "the header (<) and the library (>) have not the same functions"
[ "$(nm -D --defined-only "$so" | grep -cv " A TWINWALK_$abi\$")" = "$(header_names | wc -l)" ] || fail "a name leaves the library that is not its ABI's"
needed=$(readelf -d "$so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
[ "$needed" = libc.so.6 ] || fail "the library needs more than libc: $needed"

# ---- programs outside of the tree ----
cp tb/tests/library/* "$root/share/doc/twinwalk/examples/walk.c" "$work"
export PKG_CONFIG_PATH="$root/lib/pkgconfig" LD_LIBRARY_PATH="$root/lib"
built() { (cd "$work" && eval "$1 -Wall -Wextra -Wpedantic -Werror $2 $(pkg-config --cflags --libs twinwalk) -o ${2%.*}") > "$work/said" 2>&1 || fail "$2 cannot be built"; }
built "${CC:-cc} -std=c11" api.c
built "${CC:-cc} -std=c11" walk.c
built "${CXX:-c++} -std=c++17" cxx.cpp
[ "$(pkg-config --modversion twinwalk)" = "$(cat VERSION)" ] || fail "pkg-config tells of another version"
"$work/api" "$(cat VERSION)" > "$work/said" || fail "api.c: exit $?"
"$work/cxx" || fail "cxx.cpp: exit $?"
for preset in tiny contrary; do "$work/walk" $preset > "$work/walk.$preset" 2> "$work/said" || fail "walk.c $preset: exit $?"; done
# Another geometry, other cycles: each preset's model is its own.
cycles() { tail -n 1 "$work/walk.$1" | cut -d, -f 2; }
[ "$(cycles tiny)" != "$(cycles contrary)" ] || fail "tiny and contrary take the same cycles"
status=0
"$work/walk" none 2> /dev/null || status=$?
[ $status -eq 2 ] || fail "walk.c none: exit $status"
grep -q "^tiny: 4000 accesses, [0-9]* cycles, 0 answers" "$work/walk.tiny" || fail "walk.c does not say what it has seen"

# ---- the Python binding: its structs are C's, and a struct that is another is seen ----
layout() {
    TWINWALK_LIBRARY=$so python3 - "$@" << 'END' > "$work/layout.c"
import ctypes, sys
sys.path.insert(0, "tb/examples/cocotb")
import twinwalk
print('#include "twinwalk.h"')
for name, struct in twinwalk.STRUCTS.items():
    print(f'_Static_assert(sizeof(struct {name}) == {ctypes.sizeof(struct)}, "{name}");')
    for field, *_ in struct._fields_:
        at = getattr(struct, field)
        print(f'_Static_assert(offsetof(struct {name}, {field}) == {at.offset + len(sys.argv) - 1} && sizeof((struct {name}){{0}}.{field}) == {at.size}, "{name}.{field}");')
assert twinwalk.presets() == ["tiny", "contrary"] and twinwalk.library().twinwalk_abi() == twinwalk.ABI
END
    ${CC:-cc} -std=c11 -fsyntax-only -I "$root/include/twinwalk" "$work/layout.c" > "$work/said" 2>&1
}
layout || fail "twinwalk.py and the headers differ"
! layout off-by-one 2> /dev/null || fail "twinwalk.py and the headers differ, and nobody sees it"

# ---- the program: alone, from anywhere ----
unset PKG_CONFIG_PATH LD_LIBRARY_PATH
installed() { (cd "$work" && env -i PATH="$root/bin:/usr/bin:/bin" "$@") > "$work/said" 2>&1 || fail "$*: exit $?"; }
installed twinwalk-contrary --version
grep -q "^preset contrary:" "$work/said" || fail "twinwalk-contrary is another preset"
installed twinwalk --version
grep -q "^twinwalk $(cat VERSION)" "$work/said" && grep -q "^preset tiny:" "$work/said" || fail "twinwalk --version"
installed twinwalk cosim --check=state --limit=20000 "$tree/traces/corpus/sqlite3.tw"
verbs=$("$root/bin/twinwalk" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
for verb in $verbs; do
    [ "$verb" = version ] || grep -q "^twinwalk-$verb \\\\- [a-z]" "$root/share/man/man1/twinwalk-$verb.1" || fail "twinwalk $verb has no page"
done
grep -q 'B twinwalk trace$' "$root/share/man/man1/twinwalk-trace-import.1" || fail "the page of trace import names another program"
! grep -l '??' "$root"/share/man/man1/*.1 || fail "a page has lost a letter"

# ---- completion ----
# completed WORD…: what follows the last word
completed() {
    PATH="$root/bin:$PATH" bash -c 'source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); compopt() { :; }; _twinwalk; printf "%s\n" "${COMPREPLY[@]}"' _ \
        "$root/share/bash-completion/completions/twinwalk-contrary" "$@" > "$work/said"
}
completed twinwalk ""
for verb in $verbs; do grep -qx "$verb" "$work/said" || fail "the completion does not know $verb"; done
completed twinwalk co && [ "$(paste -sd' ' "$work/said")" = "cosim compare" ] || fail "co is not completed"
completed twinwalk-contrary cosim --dut = m && [ "$(cat "$work/said")" = model ] || fail "--dut=m is not completed"
completed twinwalk cosim --check = "" && [ "$(wc -l < "$work/said")" -eq 4 ] || fail "--check= is not completed"
for level in $(cat "$work/said"); do
    "$root/bin/twinwalk" cosim --check="$level" --limit=10 traces/corpus/sqlite3.tw > /dev/null || fail "--check=$level is completed, and refused"
done
completed twinwalk cosim --li && grep -qx -- "--limit=" "$work/said" || fail "--limit is not completed"
completed twinwalk trace import --fo && grep -qx -- "--fold=" "$work/said" || fail "trace import --fold is not completed"
completed twinwalk trace ch && [ "$(cat "$work/said")" = check ] || fail "trace ch is not completed"

# ---- again with less, and away ----
touch "$root/bin/mine"
install tiny
[ ! -e "$root/bin/twinwalk-contrary" ] && [ -x "$root/bin/twinwalk-tiny" ] || fail "a second install leaves what it does not bring"
make -s uninstall PREFIX="$prefix" DESTDIR="$dest" > "$work/said" 2>&1 || fail "make uninstall"
[ "$(find "$dest" -type f -o -type l)" = "$root/bin/mine" ] || fail "uninstall leaves, or takes too much: $(find "$dest" -type f)"
status=0
PREFIX="$prefix" DESTDIR="$dest" scripts/install.sh uninstall > "$work/said" 2>&1 || status=$?
[ $status -eq 2 ] || fail "uninstall of nothing: exit $status"
PREFIX=relative scripts/install.sh install build "$work/lib" tiny tiny > "$work/said" 2>&1 && fail "a PREFIX that is no absolute path is taken"
: > "$work/file"
status=0
PREFIX="$work/file" scripts/install.sh install build "$work/lib" tiny tiny > "$work/said" 2>&1 || status=$?
[ $status -eq 6 ] || fail "a PREFIX that is a file: exit $status"

# ---- an ABI that changed without its number ----
sed 's/uint64_t mem_req_desired;/uint64_t mem_req_desired, more;/' model/pins.h > "$work/pins.h"
mkdir -p "$work/model/library" && cp model/library/*.[ch] "$work/model/library" && cp "$work/pins.h" "$work/model"
! ${CC:-cc} -std=gnu11 -fsyntax-only -I "$work/model" -I . -I model "$work/model/library/twinwalk.c" > "$work/said" 2>&1 || fail "a struct of the ABI grew, and its number did not"
grep -q 'the ABI: pins.h' "$work/said" || fail "nobody says that the ABI changed"
