#!/usr/bin/env bash
# A preset of shapes that none of config/ has (scripts/mutants/presets/rare.toml: an STLB array of all three page sizes,
# pseudo-LRU of more than 64 ways): directed cases, closed forms, random stimulus with all state compared.
set -eu
cd "$(dirname "$0")/../.."
unset MAKEFLAGS MAKELEVEL MFLAGS PRESET
tree=build/test/rare # of links, but for the preset and what is built
mkdir -p $tree/build $tree/config out/test
for part in Makefile VERSION rtl model tb traces scripts; do ln -sfn ../../../$part $tree/$part; done
cmp -s scripts/mutants/presets/rare.toml $tree/config/rare.toml || cp scripts/mutants/presets/rare.toml $tree/config
make -s -C $tree PRESET=rare build/rare/twinwalk
bench=$tree/build/rare/twinwalk

runs() { $bench "$@" > out/test/rare.said 2>&1 || { echo "exit $?: $*"; tail -n 20 out/test/rare.said; exit 1; }; }
runs vectors --out=out/test/rare traces/vectors/*.txt
runs forms --quick --dut=rtl
runs random --requests=200000 --check=state --seed=7 --out=out/test/rare
# It has what it is for, and has met it.
grep -q '^  exercised .* +4K +2M +1G +L1 +STLB' out/test/rare.said || { echo "not every size is met"; exit 1; }
rm -rf out/test/rare out/test/rare.said
