#!/usr/bin/env bash
# The engineer's loop after a change of the RTL: does it still hold? One preset, under two minutes on two processors.
#
#   scripts/check.sh PRESET [SEED [LIBRARY]]      SEED: of the random stimulus (a new one each time; it is printed); LIBRARY:
#                                                 somebody else's MMU, judged at the level that it asks for
#
# The quick ones first, so that what is grossly wrong shows at once; failures are cut down (docs/reduce.md).
# Ends with `N passed, N failed, N skipped`; exit status (tb/base/exits.h) 0 when none failed, else 1.
set -eu
cd "$(dirname "$0")/.."
preset=${1:?which preset}
seed=${2:-}
library=${3:-}
seed=${seed:-$(($(date +%s%N) / 1000 % 1000000007))}
bench=build/$preset/twinwalk${library:+-model}
out=out/check/$preset
[ -x "$bench" ] || { echo "check: $bench is not built; \`make check PRESET=$preset\` builds it" >&2; exit 2; }
rm -rf "$out"
mkdir -p "$out"
echo "check: preset $preset, seed $seed (again: scripts/check.sh $preset $seed${library:+ $(printf %q "$library")})"
job() { printf '%s\t%s\n' "$1" "$2"; }
if [ -n "$library" ]; then
    device=$(printf %q "$library")
    job vectors "$bench vectors --on=$device --reduce=30 --out=$out/vectors traces/vectors/*.txt"
    job random "$bench random --dut=$device --requests=300000 --seed=$seed --reduce=30 --out=$out/random"
    job traces "scripts/regress.py --program=$bench --presets=$preset --limit=60000 --check=own --jobs=1 --args=$(printf %q "--reduce=30 --dut=$device") --fresh --no-history --out=$out/traces"
    job matrix "$bench matrix --dut=$device --only=INVLPG --reduce=30 --out=$out/matrix"
    job sweep "$bench sweep --dut=$device --share=$((seed % 997))/997 --reduce=30 --out=$out/sweep"
    job random-rough "$bench random --dut=$device --requests=150000 --seed=$((seed / 4 * 4)) --reduce=30 --out=$out/rough"
else
    job vectors "$bench vectors --on=rtl --reduce=30 --out=$out/vectors traces/vectors/*.txt"
    job random "$bench random --check=state --requests=300000 --seed=$seed --reduce=30 --out=$out/random"
    job lint "make -s PRESET=$preset lint-one"
    job forms "$bench forms --quick --dut=rtl"
    job traces "scripts/regress.py --presets=$preset --limit=60000 --check=state --jobs=1 --args=--reduce=30 --fresh --no-history --out=$out/traces"
    job random-rough "$bench random --check=state --requests=150000 --seed=$((seed / 4 * 4)) --reduce=30 --out=$out/rough"
    job sweep "$bench sweep --dut=rtl --share=$((seed % 997))/997 --reduce=30 --out=$out/sweep"
    job matrix "$bench matrix --dut=rtl --state-every=4096 --only=INVLPG --reduce=30 --out=$out/matrix"
fi | scripts/jobs.sh "$out/logs"
