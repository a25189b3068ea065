#!/usr/bin/env bash
# Every header compiles alone: it includes what it needs.
set -eu
cd "$(dirname "$0")/../.."
said=$(mktemp)
trap 'rm -f "$said"' EXIT
flags="-fsyntax-only -Wall -Wextra -Werror -D_GNU_SOURCE -I . -I model -I traces -I traces/capture -I tb -I tb/dut -I build/tiny/gen"
root=$(verilator --getenv VERILATOR_ROOT)
failed=0
for header in $(git ls-files '*.h'); do
    echo "#include \"$header\"" > "$said.c"
    # One that is for C++ alone says so by what C does not take.
    # shellcheck disable=SC2086
    ${CC:-cc} $flags -std=gnu11 -x c "$said.c" 2> "$said" && continue
    case $header in traces/bochs/* | tb/judges/bochs_hooks/*) continue ;; esac # Bochs' own headers are not here
    # shellcheck disable=SC2086
    grep -lq -e namespace -e template -e 'std::' -e 'class ' -e '[a-z] &[a-z]' "$header" && ${CXX:-c++} $flags -std=gnu++17 -isystem "$root/include" -isystem "$root/include/vltstd" \
        -I build/tiny/cc -I build/tiny/sc -x c++ "$said.c" 2> "$said" && continue
    echo "$header does not compile alone:"
    cat "$said"
    failed=1
done
rm -f "$said.c"
exit $failed
