#!/usr/bin/env bash
# docs/bring-your-own.md, run word for word in a copy of the sources (tb/tests/told.py).
set -eu
cd "$(dirname "$0")/../.."
place=out/test/bring-your-own
copy=$place/twinwalk
rm -rf $place
mkdir -p $copy/build/tiny
trap 'rm -rf $copy/build' EXIT
git ls-files -z | tar -cf - --null -T - | tar -xf - -C $copy
cp -a build/tiny/{gen,obj,twinwalk-model} $copy/build/tiny/ # so that only what changes is built
cp -a build/tiny-no-pku-pks-cet-lam build/verilated build/verilator.stamp build/version.h $copy/build/
rm -rf $copy/build/*/dut
python3 tb/tests/told.py docs/bring-your-own.md $copy
# The example is the page's.
python3 - $place/my-mmu/dut.toml tb/examples/other_names/dut.toml <<'EOP'
import sys
import tomllib

page, example = (tomllib.load(open(name, "rb")) for name in sys.argv[1:])
example.pop("check")
sys.exit(page != example and f"docs/bring-your-own.md: its description is not that of {sys.argv[2]}")
EOP
