#!/bin/sh
# Records a whole Linux under qemu-system-x86_64 with the plugin of traces/system/ (docs/system-capture.md).
#
#   scripts/capture_system.sh -o OUT [-w WORK] [-v LEVELS] [-a START] [-u UNTIL] [-s SKIP] [-l LIMIT] [-z LEVEL] [-m MIB]
#   OUT=FILE WORK=… LEVELS=… START=… UNTIL=… SKIP=N LIMIT=N LEVEL=N MEMORY=MIB scripts/capture_system.sh      (make capture-system)
#
#   -o OUT     the trace to write; a FIFO or - (standard output) feeds `twinwalk cosim -` as it is recorded
#   -w WORK    what the guest does: boot, tour (the default), swap, pressure, programs, all
#   -v LEVELS  4 (48-bit addresses, the default) or 5 (57-bit)
#   -a START   user (the first user instruction), or mark1 (the work begins; the default), mark2 (it has ended) … mark20
#   -u UNTIL   mark1 … mark20: end there                 -s SKIP   leave out so many accesses behind START
#   -l LIMIT   record at most so many accesses           -z LEVEL  zstd, 1 … 19 (smallest)
#   -m MIB     the guest's memory, 96 … 2048 MiB (160)
#
# KERNEL is the Debian package of the kernel, with =VERSION if need be (default: the one that linux-image-cloud-amd64
# names). PLUGIN is the built plugin, QEMU the emulator, PROGRAMS the programs of this machine that the guest has, BUILD
# where all is made (build/system). What the guest prints is in BUILD/serial.txt.
set -eu

die() { echo "capture-system: $*" >&2; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
plugin=${PLUGIN:-$root/build/system/twinwalk_system.so}
programs=${PROGRAMS:-/usr/bin/sqlite3 /usr/bin/sort /usr/bin/gzip /usr/bin/sha256sum /usr/bin/bash /usr/bin/perl}
modules=virtio_ring,virtio,virtio_pci_modern_dev,virtio_pci_legacy_dev,virtio_pci,virtio_blk
out=${OUT:-} work=${WORK:-tour} levels=${LEVELS:-4} start=${START:-mark1} until=${UNTIL:-} skip=${SKIP:-} limit=${LIMIT:-} level=${LEVEL:-} memory=${MEMORY:-160}
[ -n "$work" ] || work=tour

while getopts o:w:v:a:u:s:l:z:m:h opt; do
    case $opt in
    o) out=$OPTARG ;;
    w) work=$OPTARG ;;
    v) levels=$OPTARG ;;
    a) start=$OPTARG ;;
    u) until=$OPTARG ;;
    s) skip=$OPTARG ;;
    l) limit=$OPTARG ;;
    z) level=$OPTARG ;;
    m) memory=$OPTARG ;;
    *) sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || die "$1: what is that? (-h for help)"
[ -n "$out" ] || die "where to? OUT=FILE or -o FILE (- is standard output)"
case $out in *,*) die "$out: a comma cannot be passed to a plugin of QEMU; choose another name" ;; esac
case $work in boot | tour | swap | pressure | programs | all) ;; *) die "WORK=$work: boot, tour, swap, pressure, programs or all" ;; esac
case $start in user | mark[1-9] | mark1[0-9] | mark20) ;; *) die "START=$start: user, or mark1 to mark20" ;; esac
case $until in '' | mark[1-9] | mark1[0-9] | mark20) ;; *) die "UNTIL=$until: mark1 to mark20" ;; esac
for n in "$skip" "$limit" "$level" "$memory"; do
    case $n in *[!0-9]*) die "SKIP, LIMIT, LEVEL and MEMORY are whole numbers, not $n" ;; esac
done
{ [ "$memory" -ge 96 ] && [ "$memory" -le 2048 ]; } || die "MEMORY=$memory: 96 to 2048 (MiB)"
# phys-bits: what the guest's kernel takes for MAXPHYADDR; no address above 8 GiB occurs. Neither PKU nor 1-GByte pages
# in 5-level traces, so that every preset with 57-bit addresses can replay them.
cpu=max,-rdrand,-rdseed,-erms,-fsrm,phys-bits=46
case $levels in
4) cpu=$cpu,-la57 says='4-level tables; needs pku' ;;
5) cpu=$cpu,-pku,-pdpe1gb says='5-level tables; needs la57' ;;
*) die "LEVELS=$levels: 4 or 5" ;;
esac
qemu=$("$root"/scripts/qemu.sh system) || exit 2
[ -r "$plugin" ] || die "$plugin is not built; 'make capture-system' builds it"
if [ "$out" != - ] && [ ! -p "$out" ]; then
    ( : > "$out" ) 2> /dev/null || die "$out: cannot be written"
fi

# ---- the guest ----
dir=${BUILD:-$root/build/system}
mkdir -p "$dir/packages"
# Fetches a package (not installing it) and unpacks it into build/system/root.
fetch() {
    command -v apt-get > /dev/null || die "the guest's $1 comes as a Debian package, and there is no apt-get here; unpack it into $dir/root by hand"
    rm -rf "$dir/packages/new" && mkdir "$dir/packages/new"
    if ! ( cd "$dir/packages/new" && apt-get download "$1" ) > "$dir/packages/log" 2>&1; then
        tail -n 3 "$dir/packages/log" >&2
        die "the package $1 cannot be fetched (above: apt-get). Mend the package source or the network ('apt-get update'), or name another by KERNEL="
    fi
    dpkg-deb -x "$dir"/packages/new/*.deb "$dir/root" || die "the package $1 cannot be unpacked into $dir/root"
    mv "$dir"/packages/new/*.deb "$dir/packages/"
}
find_one() { for found in $1; do [ -r "$found" ] && echo "$found" && return; done; return 0; }

if [ -n "${KERNEL:-}" ] && [ "$(cat "$dir/kernel" 2> /dev/null)" != "$KERNEL" ]; then
    rm -rf "$dir/root/boot" "$dir/root/lib/modules"
fi
if [ -z "$(find_one "$dir/root/boot/vmlinuz-*")" ]; then
    kernel=${KERNEL:-}
    if [ -z "$kernel" ]; then
        kernel=$(apt-cache depends linux-image-cloud-amd64 2> /dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
        [ -n "$kernel" ] || die "no package linux-image-cloud-amd64 is known here ('apt-get update'), or name the kernel's package by KERNEL="
    fi
    fetch "$kernel"
    echo "$kernel" > "$dir/kernel"
fi
[ -n "$(find_one "$dir/root/bin/busybox")" ] || fetch busybox-static
vmlinuz=$(find_one "$dir/root/boot/vmlinuz-*")
version=${vmlinuz##*/vmlinuz-}
[ -n "$version" ] || die "the kernel's package has no boot/vmlinuz-* ($dir/root)"

${CC:-cc} -static -O2 -std=gnu11 "$root"/traces/system/guest/*.c -o "$dir/guest" || die "the guest's program cannot be compiled"
# shellcheck disable=SC2086
"$root/traces/system/initramfs.py" "$dir/initramfs.cpio" "$dir/guest" "$dir/root/bin/busybox" "$modules" "$dir/root/lib/modules/$version" \
    "$root/traces/system/guest/init" $programs || die "the guest's file system cannot be made"

# ---- the recording: every clock is the number of executed instructions, so that two runs give the same bytes ----
disk=$(mktemp)
trap 'rm -f "$disk"' EXIT
truncate -s 256M "$disk"
status=0
TWINWALK_PROGRAM="Linux $version, work $work; $says, MAXPHYADDR of 33 bits or more, a walk before each page fault (policy.fault_rewalk)" \
    "$qemu" -machine q35,smm=off,hpet=off -accel tcg,thread=single -smp 1 -m "$memory" -nodefaults -display none -no-reboot \
    -icount shift=1,sleep=off -rtc base=2024-01-01,clock=vm -seed 1 -cpu "$cpu" -bios qboot.rom \
    -kernel "$vmlinuz" -initrd "$dir/initramfs.cpio" -append "console=ttyS0 nokaslr pti=on panic=-1 twinwalk=$work" \
    -serial "file:$dir/serial.txt" -drive "file=$disk,format=raw,if=none,id=swap,cache=unsafe" \
    -device virtio-blk-pci,drive=swap,ioeventfd=off,disable-legacy=on \
    -plugin "$plugin,out=$out,memory=$((memory << 20)),start=$start${until:+,until=$until}${skip:+,skip=$skip}${limit:+,limit=$limit}${level:+,level=$level}" ||
    status=$?
[ $status -eq 0 ] || { echo "capture-system: QEMU ended with status $status; the guest's last words ($dir/serial.txt):" >&2; tail -n 3 "$dir/serial.txt" >&2; }
exit $status
