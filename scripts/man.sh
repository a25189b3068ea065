#!/usr/bin/env bash
# Makes the manual pages of section 1 from what the program says with --help: one of `twinwalk`, one of each verb, one
# of each verb of `twinwalk trace` that has help of its own (help2man).
#
#   scripts/man.sh PROGRAM FOLDER      FOLDER/twinwalk.1, FOLDER/twinwalk-cosim.1, …
#
# Exit status (tb/base/exits.h): 0; 6 a page cannot be made.
set -eu
program=$1 out=$2
version=$("$program" --version | awk 'NR == 1 { print $2 }')
mkdir -p "$out"
rm -f "$out"/*.1
include=$(mktemp) bin=$(mktemp -d)
trap 'rm -rf "$include" "$bin"' EXIT
ln -s "$(realpath "$program")" "$bin/twinwalk" # whatever the program's own name is
PATH=$bin:$PATH
printf '[see also]\n.BR twinwalk (1);\nthe documents and examples in share/doc/twinwalk, beside the bin folder of the program.\n' > "$include"
# page WORDS WHAT-IT-DOES: of `twinwalk WORDS`
page() {
    local name=twinwalk
    [ -z "$1" ] || name=twinwalk-${1// /-}
    help2man --locale=C.UTF-8 --no-info --no-discard-stderr --include="$include" --version-string="$version" --name="$2" "twinwalk${1:+ $1}" > "$out/part" ||
        { echo "man: no page of '$name' can be made" >&2; exit 6; }
    sed -e "s/^\.B trace$/.B twinwalk trace/" -e "s/^twinwalk.* \\\\- /$name \\\\- /" -e "1,3s/^\.TH TWINWALK /.TH ${name^^} /" "$out/part" > "$out/$name.1"
    rm "$out/part"
}
# Of a list in --help: the verbs, and what one does (what follows the last wide gap of its line).
verbs() { "$@" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'; }
what_of() { "${@:2}" --help | sed -n "s/^  $1 .*  \([^ ]\)/\1/p" | head -n 1; }

page "" "an x86-64 MMU in SystemVerilog and its C twin, in lockstep"
for verb in $(verbs twinwalk); do
    [ "$verb" = version ] || page "$verb" "$(what_of "$verb" twinwalk)"
done
for verb in import merge; do page "trace $verb" "$(what_of "$verb" twinwalk trace)"; done
