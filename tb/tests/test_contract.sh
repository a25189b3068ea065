#!/usr/bin/env bash
# The contract of the ports (tb/core/mmu_contract.sv, docs/integration.md) holds under random stimulus, with memory that
# answers in any order and after any time: its rules are those that every core can rely on. tb/tests/test_core.sh has
# seen each broken.
set -eu
cd "$(dirname "$0")/../.."
device=$(scripts/dut.py where tb/tests/contract/mmu build/tiny)
for memory in fixed random; do
    build/tiny/twinwalk-model random --dut="$device" --memory=$memory --requests=60000 --seed=11 --out=out/test/contract
done
