#!/usr/bin/env bash
# Every preset x every corpus trace x both benches, whole traces, all state compared. `make regress` has built the programs.
set -eu
cd "$(dirname "$0")/.."
for config in config/*.toml; do
    preset=$(basename "$config" .toml)
    for trace in traces/corpus/*.tw; do
        for bench in twinwalk-sc twinwalk; do
            name=$preset-$(basename "$trace" .tw)-$bench
            printf '%s\t%s\n' "$name" "build/$preset/$bench cosim --check=state --out=out/regress/$name --json=out/regress/$name.json $trace"
        done
    done
done | { mkdir -p out/regress; scripts/jobs.sh out/regress/logs; }
