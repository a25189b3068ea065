#!/usr/bin/env bash
# What README, CONTRIBUTING and docs/ claim is so: length, links, paths, verbs (scripts/check_docs.py, which sees what
# is not), the pictures, the runs that README and docs/running.md show, and numbers of traces, cases and libraries.
set -eu
cd "$(dirname "$0")/../.."
scripts/check_docs.py
scripts/pictures.py --check

root=$PWD work=out/test/readme
rm -rf $work
mkdir -p $work
git ls-files -z | grep -zv '\.tw$' | tar -cf - --null -T - | tar -xf - -C $work
git ls-files -z -- '*.tw' | (cd $work && xargs -0 touch) # only their names count
scripts/check_docs.py $work > $work.log || { cat $work.log; exit 1; }
red() { # WHAT THE CHECK MUST SAY  FILE  TEXT TO ADD TO IT
    local said
    cp $work/"$2" $work/kept
    printf '\n%s\n' "$3" >> $work/"$2"
    if said=$("$root"/scripts/check_docs.py $work); then echo "not seen: $1"; exit 1; fi
    grep -qF -- "$1" <<< "$said" || { echo "wanted: $1"; echo "said: $said"; exit 1; }
    mv $work/kept $work/"$2"
}
red 'words, 1200 at most' README.md "$(printf 'word %.0s' {1..1200})"
red 'the link to docs/attic.md leads nowhere' README.md 'See [attic](docs/attic.md).'
red 'the link to ../attic leads nowhere' docs/speed.md 'See [attic](../attic).'
red 'tb/attic/heap.c is not there' CONTRIBUTING.md 'In `tb/attic/heap.c`.'
red 'make has no verb conquer' docs/speed.md 'Then `make PRESET=tiny conquer`.'
red 'make has no verb conquer' docs/speed.md '    cd here && make conquer A="b c"'
red 'twinwalk has no verb run' docs/speed.md '    build/tiny/twinwalk run traces/corpus/jit.tw'
red 'the contents lack: 14 attic' docs/trace-format.md '## 14. Attic'
red 'the contents tell of no section: 1 attic' docs/speed.md $'Contents: 1 attic\n\n'
red 'already' docs/speed.md "$(printf '%s\n' 'A line of prose that a merge has left twice, and that nobody reads twice.'{,})"
red 'already' CHANGELOG.md "$(printf '%s\n' '- A line of the changelog that a merge has left twice, of two branches.'{,})"
touch $work/docs/attic.md
red 'the contents do not name docs/attic.md' README.md ''

# The runs that README and docs/running.md show: each row of them is one of the real run, but what is this machine's.
shows() { # PAGE PRESET ROWS AT LEAST
    build/$2/twinwalk cosim traces/corpus/sqlite3.tw > $work/run
    sed -n "/^    twinwalk cosim: preset $2/,/^    *Equal/s/^    //p" "$1" | grep -vE '^$|^  (Verilator|speed) ' > $work/shown
    [ "$(wc -l < $work/shown)" -ge "$3" ] || { echo "$1 shows no run"; exit 1; }
    while IFS= read -r row; do
        sed 's/ *$//' $work/run | grep -qxF -- "$row" || { echo "$1 shows a row that the run does not have: $row"; exit 1; }
    done < $work/shown
}
shows README.md tiny 7
shows docs/running.md skylake 40

# Numbers that are told of what lies here.
tells() { tr '\n' ' ' < "docs/$1" | grep -qF -- "$2" || { echo "docs/$1 should say: $2"; exit 1; }; }
numbers=(no One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen Seventeen
    Eighteen Nineteen Twenty Twenty-one Twenty-two Twenty-three Twenty-four Twenty-five)
traces=(traces/corpus/*.tw)
tells running.md "${numbers[${#traces[@]}]} traces are committed"
cases=$(build/tiny/twinwalk vectors traces/vectors/*.txt | sed -n 's/^oracle *\([0-9]*\) cases.*/\1/p')
tells checks.md "| $cases cases written by hand"
libraries=$(sed -n 's/^ *model) echo cc python \(.*\) ;;/\1/p' scripts/setup.sh | wc -w)
tells running.md "Python and $(tr A-Z a-z <<< "${numbers[$libraries]}") libraries"
echo "README: as it says"
