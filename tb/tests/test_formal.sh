#!/usr/bin/env bash
# What formal/ says of the RTL is proved (witnesses and mutants: of the arbiter; all of them: make formal), docs/formal.md
# has its rows, and the prover tells a wrong RTL, a mutant that lives, a property without witness and a name without one.
set -eu
cd "$(dirname "$0")/../.."
[ -x build/venv/bin/yices-smt2 ] || { echo "SKIP: no solver in build/venv: make formal installs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; cat "$work/said"; exit 1; }

scripts/formal.py --proofs --share > "$work/said" 2>&1 || fail "not proved"
scripts/formal.py arbiter > "$work/said" 2>&1 || fail "the arbiter: not proved, or a mutant lives"
grep -q 'arbiter: 10 properties and 2 lemmas, proved together .* 13 of 13 witnesses' "$work/said" || fail "another count"

# What cannot be asked for.
refused() { # WHAT IT MUST SAY  ARGUMENT…
    local got=0
    scripts/formal.py "${@:2}" > "$work/said" 2>&1 || got=$?
    [ $got -eq 2 ] && grep -qF -- "$1" "$work/said" || fail "exit $got, expected 2 and \"$1\""
}
refused 'toast: there is no such unit; there are arbiter' toast
refused 'there is no preset config/toast.toml' --preset=toast arbiter

# The rows of the document: names and sentences, in order.
python3 -c '
import tomllib
for unit in tomllib.load(open("formal/properties.toml", "rb")).values():
    for name, said in unit.items():
        if isinstance(said, dict): print("| `%s` | %s |" % (name, said["says"]))' > "$work/said"
diff <(sed -n 's/^\(| `[a-z0-9_]*` | [0-9s][^|]* |\).*/\1/p' docs/formal.md) "$work/said" > "$work/differ" || { cp "$work/differ" "$work/said"; fail "docs/formal.md (<) is not of formal/properties.toml (>): scripts/formal.py --docs"; }

# In a tree of its own, with one thing wrong at a time.
tree=$work/tree
mkdir "$tree" "$tree/build"
ln -s "$PWD/build/venv" "$tree/build/venv"
# red STATUS WORDS FILE SED-SCRIPT [OPTION…]
red() {
    local want=$1 words=$2 file=$3 change=$4 got=0
    shift 4
    cp -r --parents rtl formal config scripts/config.py scripts/formal.py "$tree"
    sed -i "$change" "$tree/$file"
    ! cmp -s "$file" "$tree/$file" || fail "nothing changed in $file: $change"
    "$tree/scripts/formal.py" "$@" arbiter > "$work/said" 2>&1 || got=$?
    [ $got -eq "$want" ] && grep -qE -- "$words" "$work/said" || fail "exit $got, expected $want and \"$words\""
}
red 1 "refuted: .*a_offer_stays" rtl/mmu_mem_arb.sv 's/held_q <= ready_i ? .0 : offer_o;/held_q <= 0;/' --proofs
red 1 "not inductive" formal/arbiter_rules.sv 's/, aged)/, 1'"'"'b1)/' --proofs
red 1 "offer_stays holds of its mutant too" formal/properties.toml '0,/new = "held_q <= .0;"/s//new = "held_q <= !ready_i ? offer_o : 0;"/'
red 1 "reaches c_offer_stays" formal/arbiter_rules.sv 's/(offer_stays, !was_rst/(offer_stays, was_rst \&\& !was_rst/'
red 7 "stands there 0 times" formal/properties.toml '0,/^old = ": first_walker(want_i);"/s//old = "not there"/'
red 7 "one_more has no section" formal/arbiter_rules.sv 's/(lemma_sets,/(one_more,/' --proofs
