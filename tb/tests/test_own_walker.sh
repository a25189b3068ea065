#!/usr/bin/env bash
# Somebody else's walker, blocking and without any cache: right at --check=arch, and red at --check=cycle, since its
# clock is another.
set -eu
cd "$(dirname "$0")/../.."
out=out/test/own-walker
build/tiny/twinwalk cosim --dut=blocking --check=arch --limit=150000 --out=$out traces/corpus/sqlite3.tw
build/tiny/twinwalk cosim --dut=blocking --check=arch --limit=150000 --out=$out traces/corpus/python3.tw
if build/tiny/twinwalk cosim --dut=blocking --check=cycle --limit=150000 --out=$out traces/corpus/sqlite3.tw; then
    echo "a different clock went unnoticed"
    exit 1
fi
