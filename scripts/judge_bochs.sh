#!/bin/sh
# Builds Bochs' processor for the judge (tb/judges/bochs_cpu.cc): libraries, no program. Some three minutes of one
# processor, once.
#
#   scripts/judge_bochs.sh          builds build/bochs-judge (BUILD), if something has changed; the file `built` is made last
#
# What Bochs calls while it translates are the hooks of tb/judges/bochs_hooks/instrument.h, its own interface for
# instrumentation. One thing of it is changed after unpacking: MAXPHYADDR, a constant, becomes a variable
# (judge_physical_mask), so that one program judges all of them.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${BUILD:-$root/build/bochs-judge}
die() { echo "judge_bochs: $*" >&2; exit 2; }
for tool in g++ make; do
    command -v $tool > /dev/null || die "$tool is not installed (Debian: apt-get install build-essential)"
done
source=$(CALLER=judge_bochs "$root/scripts/bochs_source.sh" "$build")
cd "$source"
hooks=instrument/judge/instrument.h
libraries="cpu/libcpu.a cpu/avx/libavx.a cpu/fpu/libfpu.a cpu/softfloat3e/libsoftfloat.a cpu/cpudb/libcpudb.a gui/paramtree.o"
made_of=$(cat "$root/scripts/judge_bochs.sh" "$root/tb/judges/bochs_hooks/instrument.h" | cksum)
if [ "$(cat built 2> /dev/null)" = "$made_of" ]; then
    touch built
    exit 0
fi
rm -f built
log=$build/build.log
mkdir -p instrument/judge
cp "$root/tb/judges/bochs_hooks/instrument.h" $hooks
cp instrument/stubs/Makefile.in instrument/judge/
sed -i -e 's/^const Bit64u BX_PHY_ADDRESS_MASK = .*/extern Bit64u judge_physical_mask;\n#define BX_PHY_ADDRESS_MASK judge_physical_mask/' \
    -e 's/^const Bit64u BX_PHY_ADDRESS_RESERVED_BITS = .*/#define BX_PHY_ADDRESS_RESERVED_BITS (~BX_PHY_ADDRESS_MASK)/' cpu/cpu.h
[ "$(grep -c 'judge_physical_mask$\|RESERVED_BITS (~' cpu/cpu.h)" = 2 ] || die "$source/cpu/cpu.h is not what it was: MAXPHYADDR is elsewhere"
echo "judge_bochs: building Bochs' processor (some minutes; $log)" >&2
find . -name '*.o' -delete -o -name '*.a' -delete
# AVX-512 only because 3.0 does not compile without it.
./configure CFLAGS=-O2 CXXFLAGS=-O2 --enable-instrumentation=instrument/judge --enable-x86-64 --enable-cpu-level=6 --enable-avx --enable-evex \
    --enable-protection-keys --enable-cet --enable-memtype --with-nogui --disable-debugger --disable-docbook --disable-large-ramfile --disable-gameport \
    --disable-logging > "$log" 2>&1 || die "Bochs cannot be configured: see $log"
for library in $libraries; do
    nice make -C "${library%/*}" "${library##*/}" >> "$log" 2>&1 || { grep -m 5 'error' "$log" >&2; die "Bochs' $library cannot be built: see $log"; }
done
echo "$made_of" > built
