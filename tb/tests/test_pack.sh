#!/usr/bin/env bash
# The adapters' packing of array ports, for 1 to 8 ports.
set -eu
cd "$(dirname "$0")/../.."
include=$(${VERILATOR:-verilator} --getenv VERILATOR_ROOT)/include
mkdir -p out/test
g++ -std=c++17 -O1 -Wall -Wextra -fsanitize=undefined -fno-sanitize-recover -I tb/dut -isystem "$include" -isystem "$include/vltstd" \
    tb/tests/test_pack.cpp -o out/test/test_pack
out/test/test_pack
