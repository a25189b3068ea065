#!/usr/bin/env bash
# DUT=: what is wrong with a description or a library is one line with its place; names may hold blanks; what is built is
# built anew when something that it is made of changes, and only then.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS PRESET DUT TRACE ARGS
export TWINWALK_NONE=
fail() { echo "$*"; tail -n 25 "$work/said"; exit 1; }
bench=build/tiny/twinwalk-model
trace=traces/corpus/random.tw

# ---- libraries ----
cp tb/dut/dut.h model/pins.h "$work"
library() { # library NAME FIELD…: a device whose twinwalk_dut has these
    local name=$1
    shift
    cat > "$work/$name.c" <<EOF
#include <stddef.h>
#include <string.h>
#include "dut.h"
static struct dut *create(const char **error) { *error = 0; return (struct dut *)"none"; }
static void destroy(struct dut *dut) { (void)dut; }
static void reset(struct dut *dut, struct pins_out *out) { (void)dut; memset(out, 0, sizeof *out); }
static void step(struct dut *dut, const struct pins_in *in, struct pins_out *out) { (void)in; reset(dut, out); }
static void never(struct dut *dut, uint64_t cycles) { (void)dut; (void)cycles; __builtin_trap(); }
static const struct dut_ops good = {.name = "stub", .create = create, .destroy = destroy, .reset = reset, .step = step, .skip = never};
static const struct dut_ops half = {.name = "stub", .create = create, .destroy = destroy, .reset = reset};
static const struct dut_ops named = {.name = "../stub", .create = create, .destroy = destroy, .reset = reset, .step = step};
static const struct dut_ops *opens(const struct dut_host *host, const char **error) { (void)error; return host->size == sizeof *host ? &good : 0; }
static const struct dut_ops *halves(const struct dut_host *host, const char **error) { (void)host; (void)error; return &half; }
static const struct dut_ops *names(const struct dut_host *host, const char **error) { (void)host; (void)error; return &named; }
static const struct dut_ops *refuses(const struct dut_host *host, const char **error) { (void)host; *error = "it has no pages"; return 0; }
const struct twinwalk_dut twinwalk_dut_abi = {$*};
void *const used[] = {(void *)opens, (void *)halves, (void *)names, (void *)refuses, (void *)never};
EOF
    cc -std=c11 -O1 -shared -fPIC -I "$work" "$work/$name.c" -o "$work/$name.so"
}
library good "TWINWALK_DUT_ABI, sizeof(struct dut_ops), \"arch\", opens"
library older "TWINWALK_DUT_ABI, offsetof(struct dut_ops, skip), \"arch\", opens"
library version "TWINWALK_DUT_ABI + 1, sizeof(struct dut_ops), \"arch\", opens"
library half "TWINWALK_DUT_ABI, sizeof(struct dut_ops), \"arch\", halves"
library named "TWINWALK_DUT_ABI, sizeof(struct dut_ops), \"arch\", names"
library level "TWINWALK_DUT_ABI, sizeof(struct dut_ops), \"archi\", opens"
library refuses "TWINWALK_DUT_ABI, sizeof(struct dut_ops), NULL, refuses"
echo 'int nothing;' > "$work/other.c"
cc -shared -fPIC "$work/other.c" -o "$work/other.so"
echo text > "$work/text.so"
head -c 9000 "$work/good.so" > "$work/torn.so" # behind what the dynamic linker reads to map it: the mapping has no file

# ends STATUS TEXT COMMAND…: so, with one line on stderr that says it.
ends() {
    local status=$1 text=$2 got=0
    shift 2
    timeout 60 "$@" > "$work/out" 2> "$work/said" < /dev/null || got=$?
    [ $got -eq "$status" ] && grep -qF -- "$text" "$work/said" || fail "exit $got, expected $status and \"$text\": $*"
    [ "$status" -eq 1 ] || [ "$(wc -l < "$work/said")" -eq 1 ] || fail "more than a line: $*"
}
for way in "cosim $trace --dut=" "random --dut=" "profile $trace --dut=" "sweep --dut=" "vectors traces/vectors/walk.txt --on="; do
    # shellcheck disable=SC2086
    ends 3 "$work/none.so: No such file or directory" $bench $way"$work/none.so"
    # shellcheck disable=SC2086
    ends 4 "$work/version.so: was built for version 2 of tb/dut/dut.h, and this bench has version 1" $bench $way"$work/version.so"
done
ends 3 "$work: cannot be loaded:" $bench cosim --dut="$work" $trace
ends 3 "text.so: cannot be loaded: " $bench cosim --dut="$work/text.so" $trace
ends 3 "torn.so: cannot be loaded: it is torn: " $bench cosim --dut="$work/torn.so" $trace
ends 3 "other.so: is no device: it exports no twinwalk_dut_abi" $bench cosim --dut="$work/other.so" $trace
ends 3 "half.so: its dut_ops lacks what every device has" $bench cosim --dut="$work/half.so" $trace
ends 3 "named.so: its dut_ops lacks what every device has: a plain name" $bench cosim --dut="$work/named.so" $trace
ends 3 'level.so: twinwalk_dut_abi.check is "archi": it must be arch' $bench cosim --dut="$work/level.so" $trace
ends 4 "refuses.so: cannot be the MMU of preset tiny: it has no pages" $bench cosim --dut="$work/refuses.so" $trace
blocking=$(scripts/dut.py where tb/examples/blocking_walker build/tiny)
ends 4 "cannot be the MMU of preset tiny-no-pku-pks-cet-lam: it was built for preset tiny" \
    build/tiny-no-pku-pks-cet-lam/twinwalk-model cosim --dut="$blocking" $trace
# What answers nothing hangs; what an older library does not know of is not called, and in the present folder no slash is needed.
for name in good older; do
    got=0
    (cd "$work" && "$OLDPWD/$bench" vectors --on=$name.so "$OLDPWD/traces/vectors/walk.txt") > "$work/said" 2>&1 || got=$?
    [ $got -eq 1 ] && grep -q "stub hangs: it is asked no more" "$work/said" || fail "$name: exit $got"
done

# ---- descriptions ----
mmu=$work/mmu
mkdir "$mmu"
cp tb/examples/other_names/pg_unit.v "$mmu"
# refuses TEXT SED…: the description of the example, changed so.
refuses() {
    local text=$1
    shift
    sed "$@" tb/examples/other_names/dut.toml > "$mmu/dut.toml"
    ! cmp -s "$mmu/dut.toml" tb/examples/other_names/dut.toml || fail "nothing is changed: $*"
    ends 3 "$text" scripts/dut.py look "$mmu" config/tiny.toml
}
wires() { # the same for what is seen only when it is built
    local text=$1
    shift
    sed "$@" tb/examples/other_names/dut.toml > "$mmu/dut.toml"
    make -s PRESET=tiny DUT="$mmu" build > "$work/said" 2>&1 && fail "built: $*"
    grep -qF -- "$text" "$work/said" || fail "not said: $text"
}
ends 3 "dut: $work/none/dut.toml: No such file or directory; DUT= names a folder" scripts/dut.py look "$work/none" config/tiny.toml
refuses "dut.toml: not a TOML file: " '2s/.*/top = pg_unit/'
refuses "dut.toml: top is missing" '/^top/d'
refuses "dut.toml:2: topp: no such key; did you mean top?" 's/^top /topp/'
refuses "dut.toml:13: prots: no such key; did you mean ports?" 's/^\[ports\]/[prots]/'
refuses 'dut.toml:3: files = "*.sv": matches nothing' 's/"\*\.v"/"*.sv"/'
refuses 'dut.toml:3: files = "a.v": there is no such file' 's/"\*\.v"/"a.v"/'
refuses 'dut.toml:4: check = "all": must be arch, events, cycle or state' 's/"arch"/"all"/'
refuses 'dut.toml:5: requests = "two": must be each' 's/"one"/"two"/'
refuses 'dut.toml:6: features = "la75": no such feature; did you mean la57?' 's/la57/la75/'
refuses "name = \"a/b\": must be 1 to 40 letters" '2s/^/name = "a\/b"\n/'
refuses "top = 5: must be the name of the top module" 's/^top.*/top = 5/'
refuses "parameters.PA_WIDTH = true: must be a string or a whole number" 's/"ARCH_PADDR_BITS"/true/'
refuses 'dut.toml:14: ports.clk = "clk_o": clk_o is none of our pins; did you mean clk_i?' 's/"clk_i"/"clk_o"/'
refuses 'ports.rs_addr = "resp_addr_o + req_va_i": resp_addr_o is an output of ours' 's/"resp_addr_o"/"resp_addr_o + req_va_i"/'
refuses "nothing drives ctl_done_o: name the port that does in [ports], or give it a value in [outputs]" '/^cr_ack/d'
refuses "outputs.resp_kind = " 's/^resp_kind_o/resp_kind/'
refuses "outputs.resp_addr_o = \"rs_addr\": resp_addr_o is driven already, by ports.rs_addr" '$a resp_addr_o = "rs_addr"'
refuses 'ports.dbg_state = "resp_pat_o": resp_pat_o is driven already, by ports.rs_pat in line 27' 's/^dbg_state.*/dbg_state = "resp_pat_o"/'
refuses 'must be one expression of SystemVerilog' "s/\"1'b0\"/\"1'b0; initial \$finish\"/"
wires "dut.toml:14: ports.clock: module pg_unit has no such port" 's/^clk /clock/'
wires "dut.toml:9: parameters.PA_WIDHT: module pg_unit has no such parameter" 's/^PA_WIDTH/PA_WIDHT/'
wires "dut.toml:13: ports: module pg_unit has a port m_err too" '/^m_err/d'
wires "dut.toml:27:6: Output port connection 'rs_pat' expects 3 bits" 's/^m_vld .*/m_vld = "resp_pat_o"/; s/^rs_pat .*/rs_pat = "mem_req_valid_o"/'
wires "dut.toml:2: top = \"pg_units\": none of its files has such a module; did you mean pg_unit?" 's/"pg_unit"/"pg_units"/'
wires "dut.toml:16: ports.scan_en = \"\": module pg_unit has it as an input" '/^scan_en/s/= .*/= ""/'
wires "dut.toml:16: ports.scan_en: nothing drives resp_pat_o:" '/^rs_pat/s/= .*/= ""/; /^scan_en/s/= .*/= "resp_pat_o"/'

# Ctrl-C while it is built: status 130, and no traceback.
cat > "$work/slow" <<'EOF'
#!/bin/sh
[ "$1" != --getenv ] || exec verilator "$@"
touch "$(dirname "$0")/begun"
exec sleep 60
EOF
chmod +x "$work/slow"
cp tb/examples/other_names/dut.toml "$mmu/dut.toml"
VERILATOR=$work/slow python3 - "$mmu" "$work" > "$work/said" 2>&1 <<'EOF' || fail "Ctrl-C"
import os, signal, subprocess, sys, time
made = subprocess.Popen(["scripts/dut.py", "make", sys.argv[1], "build/tiny-no-pku-pks-cet-lam"], start_new_session=True,
                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
while not os.path.exists(f"{sys.argv[2]}/begun") and made.poll() is None: time.sleep(0.02)
os.killpg(made.pid, signal.SIGINT)
sys.exit(made.wait(20) != 130)
EOF
! grep -q Traceback "$work/said" || fail "Ctrl-C: a traceback"

# ---- what else make says ----
got=0
make -s DUT="$mmu" regress > "$work/said" 2>&1 || got=$?
[ $got -eq 2 ] && grep -q "DUT= goes with these only: help setup build cosim" "$work/said" || fail "DUT= with regress: exit $got"

# ---- names with blanks, sources in C, files that are included; built anew when one of them changes ----
own="$work/my own: mmu's"
mkdir -p "$own/with blanks"
sed 's/^    localparam IDLE/`include "first state.vh"\n    import "DPI-C" function int unsigned patience();\n    initial if (patience() != 7) $fatal(1, "impatient");\n    localparam IDLE/; s/IDLE = 3.d0/IDLE = `FIRST/' \
    tb/examples/other_names/pg_unit.v > "$own/page unit.sv"
echo "\`define FIRST 3'd0" > "$own/with blanks/first state.vh"
printf '#include "Vdut__Dpi.h"\nunsigned int patience(void) { return 7; }\n' > "$own/how patient.c"
sed 's/^files.*/files = ["page *.sv", "how patient.c"]\ninclude = ["with blanks"]\nname = "mine"/' tb/examples/other_names/dut.toml > "$own/dut.toml"
replay() { make -s PRESET=tiny DUT="$own" TRACE=$trace ARGS=--limit=2000 cosim > "$work/said" 2>&1 || return 1; }
replay && grep -q "verilate *mine" "$work/said" && grep -q "DUT mine, check arch" "$work/said" || fail "blanks in names"
touch "$own/page unit.sv"
replay && ! grep -q verilate "$work/said" || fail "built anew for nothing"
echo "\`define FIRST 3'd7" > "$own/with blanks/first state.vh"
replay && grep -q verilate "$work/said" || fail "an included file has changed"
sed -i 's/7/8/' "$own/how patient.c"
if replay || ! grep -q "impatient" "$work/said"; then fail "a file in C has changed"; fi
rm -rf build/tiny-no-pku-pks-cet-lam/dut/mmu-* build/tiny-no-pku-pks-cet-lam/dut/my+own*
echo "DUT=: as it should be"
