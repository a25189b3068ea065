#!/usr/bin/env bash
# Twenty mutants of the RTL by a new seed, of those that a campaign has seen killed (scripts/mutants/killed.txt): killed
# still; and the campaign tells one that lives. Which mutants do nothing was decided elsewhere, so chance makes none red. Who
# proves that a mutant is the same machine proves none that is another; what is the same C goes through all it is asked.
set -eu
cd "$(dirname "$0")/../.."
[ -d "$(echo build/venv/lib/python3*/site-packages/pyslang)" ] || { echo "SKIP: no pyslang in build/venv: make mutants installs it"; exit 77; }
seed=${SEED:-$(date +%s)}
echo "seed $seed (SEED=$seed $0)"

# What scripts/mutants/campaign.py says of them, beside those of the last run. Its status: the first argument.
campaign() {
    local want=$1 got=0
    shift
    build/venv/bin/python3 scripts/mutants/campaign.py --recorded --seed="$seed" --presets=tiny --jobs=1 --out=out/test/mutants "$@" > out/test/mutants.said 2>&1 || got=$?
    [ "$got" -eq "$want" ] || { echo "exit $got, expected $want: $*"; cat out/test/mutants.said; exit 1; }
}
mkdir -p out/test
planted() { sha1sum build/tiny/defects/rtl/*.sv build/tiny/fpga/defects/*.sv 2> /dev/null || true; }
before=$(planted)
campaign 0 --number=20
grep -q '^20 passed, 0 failed$' out/test/mutants.said || { echo "not twenty"; cat out/test/mutants.said; exit 1; }

[ "$(planted)" = "$before" ] || { echo "a campaign has written mutants into the folders of planted defects"; exit 1; }

# What cannot be asked for, before anything is built.
refused() { # STATUS  WHAT IT MUST SAY  ARGUMENT…
    campaign "$1" "${@:3}"
    grep -qF -- "$2" out/test/mutants.said || { echo "wanted: $2"; cat out/test/mutants.said; exit 1; }
    if grep -q 'Traceback\|verilate' out/test/mutants.said; then cat out/test/mutants.said; exit 1; fi
}
echo '{"mutants": [{"file": "mmu.sv"}]}' > out/test/mutants.json
for option in --again --but; do
    refused 3 'none.json: No such file or directory' $option=out/test/none.json
    refused 3 'docs/mutants.md: is not what a campaign has written with --json, or not whole' $option=docs/mutants.md
    refused 3 'mutants.json: is not what a campaign has written' $option=out/test/mutants.json
done
refused 2 '--jobs=0: must be 1 or more' --jobs=0
refused 2 '--number=0: must be 1 or more' --number=0
refused 2 '--stimuli=vectors,toast: there is no toast' --stimuli=vectors,toast
refused 2 '--out=/nowhere: make builds there' --out=/nowhere
refused 2 'there is no preset config/toast.toml' --presets=toast
refused 2 'toast.sv: no mutant is to be found there' toast.sv
rm out/test/mutants.json

build/venv/bin/python3 tb/tests/mutants_proofs.py
scripts/mutants/exhaust.py > out/test/mutants.said || { cat out/test/mutants.said; exit 1; }
scripts/mutants/exhaust.py --broken > out/test/mutants.said || { cat out/test/mutants.said; exit 1; }

# The same without what kills most of them.
campaign 1 --number=20 --stimuli=vectors
grep -q '^SURVIVES mmu' out/test/mutants.said || { echo "none lives without random stimulus"; cat out/test/mutants.said; exit 1; }
rm -r out/test/mutants out/test/mutants.said
