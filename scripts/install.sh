#!/usr/bin/env bash
# `make install` and `make uninstall`: what was built goes to where programs look for it.
#
#   PREFIX=/usr/local DESTDIR= scripts/install.sh install BUILD LIB DEFAULT PRESET…
#   PREFIX=/usr/local DESTDIR= scripts/install.sh uninstall
#
# BUILD holds PRESET/twinwalk, LIB the library; DEFAULT is the preset that `twinwalk` without a suffix is. BINDIR,
# LIBDIR, INCLUDEDIR and DATADIR may lie elsewhere than under PREFIX. With DESTDIR everything goes into a tree below it
# that looks like the root. Every file's path is written into DATADIR/twinwalk/installed, from which uninstall takes
# them; so a second install takes away what it does not bring any more. Exit status (tb/base/exits.h): 0, 2 wrong usage,
# 6 something cannot be written.
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local} dest=${DESTDIR:-}
bindir=${BINDIR:-$prefix/bin} libdir=${LIBDIR:-$prefix/lib} includedir=${INCLUDEDIR:-$prefix/include} datadir=${DATADIR:-$prefix/share}
docdir=$datadir/doc/twinwalk
list=$datadir/twinwalk/installed

fail() {
    echo "install: $1" >&2
    exit "${2:-6}"
}
for folder in "$prefix" "$bindir" "$libdir" "$includedir" "$datadir"; do
    case $folder in /*) ;; *) fail "$folder: PREFIX, BINDIR, LIBDIR, INCLUDEDIR and DATADIR are absolute paths" 2 ;; esac
done

put() { # MODE FILE PATH
    install -D -m "$1" -- "$2" "$dest$3" || fail "$dest$3 cannot be written"
    printf '%s\n' "$3" >> "$new"
}
link() { # TARGET PATH
    mkdir -p -- "$(dirname "$dest$2")" && ln -sfn -- "$1" "$dest$2" || fail "$dest$2 cannot be written"
    printf '%s\n' "$2" >> "$new"
}
# Takes away a file, and the folders that are empty then, up to the prefix.
take() {
    rm -f -- "$dest$1" || fail "$dest$1 cannot be taken away"
    local folder=$1
    while folder=$(dirname "$folder") && [ "$folder" != "$prefix" ] && [ "$folder" != / ]; do
        rmdir -- "$dest$folder" 2> /dev/null || break
    done
}

# A path in a .pc file, where pkg-config splits at blanks: from the prefix, if it lies there.
path() {
    case $1 in "$prefix"/*) printf '${prefix}'; set -- "${1#"$prefix"}" ;; esac
    printf '%s' "$1" | sed 's/[ \\"$]/\\&/g'
}
# The prefix is found from where the .pc file lies: so what was installed can be moved, and tried below DESTDIR.
pc() {
    cat << END
prefix=\${pcfiledir}/$(realpath -m --relative-to="$libdir/pkgconfig" "$prefix" | sed 's/[ \\"$]/\\&/g')
libdir=$(path "$libdir")
includedir=$(path "$includedir")

Name: twinwalk
Description: reference model of an x86-64 MMU, clock by clock, and the oracle that judges it
Version: $(cat VERSION)
Libs: -L\${libdir} -ltwinwalk
Cflags: -I\${includedir}/twinwalk
END
}

binaries() { # BUILD LIB DEFAULT PRESET…
    local build=$1 default=$3 preset
    shift 3
    for preset; do put 755 "$build/$preset/twinwalk" "$bindir/twinwalk-$preset"; done
    link "twinwalk-$default" "$bindir/twinwalk"
    scripts/man.sh "$build/$default/twinwalk" "$work/man1"
    for page in "$work"/man1/*.1; do put 644 "$page" "$datadir/man/man1/$(basename "$page")"; done
    put 644 scripts/completion.bash "$datadir/bash-completion/completions/twinwalk"
    for preset; do link twinwalk "$datadir/bash-completion/completions/twinwalk-$preset"; done
}

library() { # LIB
    local so file
    so=$(readlink "$1/libtwinwalk.so")
    put 755 "$1/$so" "$libdir/$so"
    link "$so" "$libdir/libtwinwalk.so"
    # Beside each other as they include each other.
    put 644 model/library/twinwalk.h "$includedir/twinwalk/twinwalk.h"
    put 644 model/pins.h "$includedir/twinwalk/pins.h"
    put 644 model/arch/oracle_types.h "$includedir/twinwalk/arch/oracle_types.h"
    put 644 tb/dut/dut.h "$includedir/twinwalk/dut.h"
    pc > "$work/pc"
    put 644 "$work/pc" "$libdir/pkgconfig/twinwalk.pc"
    for file in LICENSE CHANGELOG.md docs/library.md docs/bring-your-own.md docs/microarchitecture.md docs/configuration.md docs/exits.md docs/trace-format.md; do
        put 644 "$file" "$docdir/$(basename "$file")"
    done
    put 644 tb/examples/library/walk.c "$docdir/examples/walk.c"
    put 644 tb/examples/cocotb/twinwalk.py "$docdir/examples/twinwalk.py"
}

case ${1:-} in
install)
    shift
    [ $# -ge 4 ] || fail "install BUILD LIB DEFAULT PRESET…" 2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    new=$work/installed
    : > "$new"
    binaries "$@"
    library "$2"
    if [ -e "$dest$list" ]; then
        grep -Fvx -f "$new" -- "$dest$list" | while IFS= read -r old; do [ "$old" = "$list" ] || take "$old"; done
    fi
    put 644 "$new" "$list"
    echo "install: $(wc -l < "$new") files under $dest$prefix: twinwalk is the preset $3; the library has $(cat "$2/presets")"
    # Where the system's own loader looks, it learns of the library now.
    case $dest$libdir in /usr/lib | /usr/local/lib) [ ! -w /etc/ld.so.cache ] || ldconfig || true ;; esac
    ;;
uninstall)
    [ -e "$dest$list" ] || fail "there is no $dest$list, so nothing that was installed under this PREFIX (DATADIR, DESTDIR)" 2
    count=0
    while IFS= read -r old; do
        [ "$old" = "$list" ] || take "$old"
        count=$((count + 1))
    done < "$dest$list"
    take "$list"
    echo "install: $count files taken away from $dest$prefix"
    ;;
*) fail "install or uninstall?" 2 ;;
esac
