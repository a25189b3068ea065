#!/usr/bin/env bash
# The C programs under ASan and UBSan, and the first few thousand traces of nearly legal system calls (`make sanitize` is the long run).
set -eu
cd "$(dirname "$0")/../.."
exec make -s sanitize SHARE=ci CALLS=${CALLS:-3000}
