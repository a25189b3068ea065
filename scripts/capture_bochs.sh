#!/bin/sh
# Records a trace of Linux that uses PCIDs and INVPCID, with Bochs and the instrumentation of traces/bochs/
# (docs/bochs-capture.md).
#
#   scripts/capture_bochs.sh -o OUT [-l LIMIT] [-s SKIP] [-S TEXT] [-E TEXT] [-z LEVEL] [-i INIT]
#   scripts/capture_bochs.sh -b                       only fetches and builds all that is needed
#
#   -o OUT    the trace to write             -l LIMIT  end after so many accesses (default 1000000)
#   -S TEXT   begin when the guest has written TEXT to its console (default "twinwalk: go"; "": at the first user-mode instruction)
#   -s SKIP   … and so many instructions later
#   -E TEXT   end when the guest has written TEXT, before the limit
#   -z LEVEL  zstd, 1 … 19 (smallest; default 3)
#   -i INIT   the guest's first program, a script for busybox (default traces/bochs/init)
#
# Everything is made under build/bochs (BUILD): Bochs' source comes from Debian 13, the guest's kernel and busybox from
# the machine's own Debian, by apt; nothing is installed and apt's own configuration is not changed. MIRROR names
# another Debian mirror.
set -eu

die() { echo "capture_bochs: $*" >&2; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${BUILD:-$root/build/bochs}
memory=192
out='' limit=1000000 skip=0 start='twinwalk: go' stop='' level=3 init=$root/traces/bochs/init only_build=''

while getopts o:l:s:S:E:z:i:bh opt; do
    case $opt in
    o) out=$OPTARG ;;
    l) limit=$OPTARG ;;
    s) skip=$OPTARG ;;
    S) start=$OPTARG ;;
    E) stop=$OPTARG ;;
    z) level=$OPTARG ;;
    i) init=$OPTARG ;;
    b) only_build=1 ;;
    *) sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || die "what is $1? (-h for help)"
[ -n "$out$only_build" ] || die "where to? -o FILE"
for n in "$limit" "$skip" "$level"; do
    case $n in '' | *[!0-9]*) die "LIMIT, SKIP and LEVEL are whole numbers, not '$n'" ;; esac
done
[ -r "$init" ] || die "$init cannot be read"
case $init in /*) ;; *) init=$PWD/$init ;; esac
case $out in /* | '') ;; *) out=$PWD/$out ;; esac
for tool in apt-get apt-cache dpkg-deb g++ gcc make python3 tar; do
    command -v $tool > /dev/null || die "$tool is not installed; this needs a Debian system with build-essential and python3"
done
mkdir -p "$build"
build=$(cd "$build" && pwd)

# ---- Bochs ----

build_bochs() {
    cd "$source"
    export TWINWALK="$root"
    if ! cmp -s "$root/traces/bochs/instrument.h" instrument/twinwalk/instrument.h || ! cmp -s "$root/traces/bochs/Makefile.in" instrument/twinwalk/Makefile.in ||
        [ ! -r Makefile ]; then
        mkdir -p instrument/twinwalk
        cp "$root/traces/bochs/Makefile.in" "$root/traces/bochs/instrument.h" instrument/twinwalk/
        echo "capture_bochs: building Bochs (some minutes; $build/build.log)" >&2
        # AVX-512 only because 3.0 does not compile without it; the guest does not see it.
        { find . -name '*.o' -delete -o -name '*.a' -delete
            ./configure CFLAGS=-O2 CXXFLAGS=-O2 LIBS="-lzstd -lz" --enable-instrumentation=instrument/twinwalk --enable-x86-64 --enable-cpu-level=6 \
                --enable-avx --enable-evex --enable-protection-keys --with-nogui --disable-debugger --disable-docbook --disable-large-ramfile \
                --disable-gameport; } > "$build/build.log" 2>&1 || die "Bochs cannot be configured: see $build/build.log"
    fi
    nice make bochs >> "$build/build.log" 2>&1 || { grep -m 5 'error' "$build/build.log" >&2; die "Bochs cannot be built: see $build/build.log"; }
}

# ---- The guest: kernel, busybox, Twinwalk's guest program, on a CD image ----

fetch_packages() {
    kernel=$(apt-cache depends linux-image-cloud-amd64 2> /dev/null | sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -n 1)
    [ -n "$kernel" ] || die "apt knows no linux-image-cloud-amd64 (apt-get update?)"
    [ "$(cat "$build/packages/kernel" 2> /dev/null)" != "$kernel" ] || return 0
    rm -rf "$build/packages" "$build/root"
    mkdir -p "$build/packages" "$build/root"
    echo "capture_bochs: fetching $kernel, busybox, a BIOS and a boot loader" >&2
    cd "$build/packages"
    apt-get -qq -o APT::Sandbox::User=root download "$kernel" busybox-static bochsbios vgabios isolinux syslinux-common genisoimage > log 2>&1 || {
        tail -n 3 log >&2
        die "the guest's packages cannot be fetched (above: apt's last words)"
    }
    for package in *.deb; do
        dpkg-deb -x "$package" "$build/root"
    done
    echo "$kernel" > kernel
}

make_guest() {
    cd "$build"
    rm -rf guest
    mkdir -p guest/cd/isolinux guest/modules
    gcc -O2 -static -Wall -o guest/guest "$root"/traces/system/guest/*.c -lpthread || die "the guest's program (traces/system/guest) cannot be built"
    # Without its signature a module loads in a tenth of the time; checking a signature is nothing for an MMU.
    strip --strip-debug -o guest/modules/nls_ascii.ko root/lib/modules/*/kernel/fs/nls/nls_ascii.ko || die "$kernel has no module nls_ascii.ko"
    cp root/boot/vmlinuz-* guest/cd/vmlinuz
    python3 "$root/traces/system/initramfs.py" guest/cd/initrd guest/guest root/bin/busybox nls_ascii guest/modules "$init" || exit 2
    cp root/usr/lib/ISOLINUX/isolinux.bin root/usr/lib/syslinux/modules/bios/ldlinux.c32 guest/cd/isolinux/
    # 297 and 580: no fast rep movsb/stosb, of which Bochs makes an access a byte.
    cat > guest/cd/isolinux/isolinux.cfg << END
default linux
prompt 0
timeout 1
label linux
 kernel /vmlinuz
 initrd /initrd
 append console=ttyS0,115200 quiet nokaslr pti=on clearcpuid=297,580 panic=-1 tsc=reliable no_timer_check
END
    root/usr/bin/genisoimage -quiet -o guest/cd.iso -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table guest/cd \
        || die "the guest's CD image cannot be made"
    cat > guest/bochsrc << END
config_interface: textconfig
display_library: nogui
cpu: model=corei3_cnl, count=1, ips=100000000, reset_on_triple_fault=0, ignore_bad_msrs=1, exclude_features="avx512,avx512dq,avx512cd,avx512bw,avx512ifma52,avx512vbmi,sha,rdrand,rdseed,mwait"
memory: guest=$memory, host=$memory
romimage: file=$build/root/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=$build/root/usr/share/vgabios/vgabios.bin
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$build/guest/cd.iso, status=inserted
boot: cdrom
clock: sync=none, time0=1704067200, rtc_sync=0
com1: enabled=1, mode=file, dev=$build/guest/console
log: $build/guest/log
panic: action=fatal
error: action=ignore
info: action=report
debug: action=ignore
END
}

source=$(CALLER=capture_bochs "$root/scripts/bochs_source.sh" "$build")
build_bochs
fetch_packages
[ -z "$only_build" ] || exit 0
make_guest

cd "$build"
status=0
TWINWALK_OUT=$out TWINWALK_LIMIT=$limit TWINWALK_SKIP=$skip TWINWALK_START=$start TWINWALK_STOP=$stop TWINWALK_LEVEL=$level \
    TWINWALK_PROGRAM="$kernel, $(basename "$init")" \
    "$source/bochs" -q -f guest/bochsrc > guest/output 2>&1 || status=$?
grep '^twinwalk bochs:' guest/output >&2 || die "Bochs ended with status $status and recorded nothing; its words: $build/guest/output and log; the guest's: $build/guest/console"
[ -s "$out" ] || die "nothing was recorded: did the guest write '$start'? See $build/guest/console"
exit $status
