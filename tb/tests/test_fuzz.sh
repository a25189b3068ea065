#!/usr/bin/env bash
# The fuzzers of readers, command lines and presets: the kept corpus, and a few thousand executions each, the readers
# also with MemorySanitizer (`make fuzz RUNS=10000000 FUZZ_FAST=1` is the long run).
set -eu
cd "$(dirname "$0")/../.."
make -s fuzz RUNS=5000
exec make -s fuzz RUNS=1000 FUZZ_SANITIZER=memory
