#!/usr/bin/env bash
# Constrained-random stimulus for every preset: REQUESTS (10,000,000) requests from SEED (1) each. `make soak` has built the programs.
set -eu
cd "$(dirname "$0")/.."
for config in config/*.toml; do
    preset=$(basename "$config" .toml)
    printf '%s\t%s\n' "random-$preset" \
        "build/$preset/twinwalk random --check=state --requests=${REQUESTS:-10000000} --seed=${SEED:-1} --out=out/soak/$preset --json=out/soak/$preset.json"
done | { mkdir -p out/soak; scripts/jobs.sh out/soak/logs; }
