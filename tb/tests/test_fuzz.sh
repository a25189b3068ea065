#!/usr/bin/env bash
# The readers' fuzzers: the kept corpus, and a few thousand executions each (`make fuzz RUNS=10000000` is the long run).
set -eu
cd "$(dirname "$0")/../.."
exec make -s fuzz RUNS=5000
