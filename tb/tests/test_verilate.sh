#!/usr/bin/env bash
# scripts/verilate.py takes any Verilator that will do and says what is wrong with another; it finds how a design
# remembers its clock, with the Verilator at hand, and where the clock must be seen to fall it says why. What lies
# behind inputs that are loaded before the edge is settled once a clock, where that can be, and a readout when it is
# looked at.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; [ ! -e "$work/said" ] || cat "$work/said"; exit 1; }
verilator=${VERILATOR:-verilator}

# tries STATUS WORDS VERILATOR VERB…: what it says of such a Verilator.
tries() {
    local want=$1 words=$2 got=0
    shift 2
    VERILATOR=$1 "$root/scripts/verilate.py" "${@:2}" > "$work/said" 2>&1 || got=$?
    [ $got -eq "$want" ] && grep -qF -- "$words" "$work/said" || fail "exit $got, expected $want and \"$words\": $*"
    [ "$(wc -l < "$work/said")" -le 1 ] || fail "more than a line: $*"
}
# another VERSION: a program that calls itself that Verilator.
another() {
    mkdir -p "$work/root/include"
    printf '#define VERILATOR_VERSION "%s"\n' "$1" > "$work/root/include/verilated_config.h"
    printf '#!/bin/sh\necho %s\n' "$work/root" > "$work/another"
    chmod +x "$work/another"
}
tries 7 "no-verilator: not found" no-verilator check
tries 7 "no Verilator of 5.006 or later" /bin/true check
another "4.038 2020-07-11" && tries 7 "Verilator 4.038 2020-07-11 is too old" "$work/another" check
another "5.49" && VERILATOR=$work/another scripts/verilate.py check
mkdir "$work/a blank" && cd "$work/a blank"
tries 7 "cannot be made in a folder with blanks" "$verilator" make build/Vtop/Vtop top top.sv
cd "$root"
# Another one, or other flags, make the stamp anew; the same do not.
VERILATOR=$work/another scripts/verilate.py stamp "$work/stamp" -O3 && touch -d 2000-01-01 "$work/stamp"
VERILATOR=$work/another scripts/verilate.py stamp "$work/stamp" -O3
[ "$(stat -c %Y "$work/stamp")" -lt 1000000000 ] || fail "the stamp of the same Verilator is new"
VERILATOR=$work/another scripts/verilate.py stamp "$work/stamp" -O2
[ "$(stat -c %Y "$work/stamp")" -gt 1000000000 ] || fail "the stamp of other flags is old"
touch -d 2000-01-01 "$work/stamp" && another 5.050 && VERILATOR=$work/another scripts/verilate.py stamp "$work/stamp" -O2
[ "$(stat -c %Y "$work/stamp")" -gt 1000000000 ] || fail "the stamp of another Verilator is old"

# design NAME REASON [PORT]: its body from standard input; an empty reason is one evaluation a clock.
design() {
    local name=$1 reason=$2 port=${3:-} dir=$work/$1
    mkdir -p "$dir"
    { echo "module top (input logic clk_i, ${port:+$port, }input logic rst_i, input logic [7:0] i, output logic [7:0] o);"; cat; echo endmodule; } > "$dir/top.sv"
    "$verilator" --cc --assert -Wno-fatal -Wno-lint --prefix Vtop --top-module top -Mdir "$dir" "$dir/top.sv" > "$work/said" 2>&1 || fail "$name: not verilated"
    scripts/verilate.py clock "$dir" Vtop > "$work/said" 2>&1
    if [ -n "$reason" ]; then
        grep -qE "return (nullptr|2);" "$dir/Vtop_clock.h" && grep -qE "two evaluations a clock: .*($reason)" "$work/said" || fail "$name: not told: $reason"
    else
        grep -q 'return 1;' "$dir/Vtop_clock.h" || fail "$name: its clock was not found"
    fi
}
design rising "" <<< 'always_ff @(posedge clk_i) o <= rst_i ? 0 : o + 1; assert property (@(posedge clk_i) o != 77);'
design reset "" <<< 'always_ff @(posedge clk_i or posedge rst_i) if (rst_i) o <= 0; else o <= o + 1;'
design falling "falling edge" <<< 'logic a; always_ff @(negedge clk_i) a <= i; always_ff @(posedge clk_i) o <= {7{a}};'
design both "falling edge" <<< 'always_ff @(edge clk_i) o <= o + 1;'
design latch "as a value" <<< 'logic a; always_latch if (!clk_i) a = i; always_ff @(posedge clk_i) o <= a;'
design gated "another clock|as a value" <<< 'logic a, g; always_ff @(posedge clk_i) a <= i; assign g = clk_i & a; always_ff @(posedge g) o <= o + 1;'
design inverted "another clock|falling edge" <<< 'logic n; assign n = !clk_i; always_ff @(posedge n) o <= o + 1;'
design none "not found" <<< 'assign o = {7{clk_i & i}};'

loaded() { design "$1" "$2" "input logic load_i"; }
load='logic [7:0] in, next, state; always_ff @(edge load_i) in <= i; always_ff @(posedge clk_i) state <= rst_i ? 0 : next;'
loaded once "" <<< "$load"' import "DPI-C" function int seen(input int v); always_comb next = 8'"'"'(seen(int'"'"'(in + state))); assign o = state;'
loaded alone "" <<< "$load"' assign next = in; assign o = state;'
loaded through "output o depends on inputs" <<< "$load"' assign next = in; assign o = state ^ in;'
loaded shared "output o depends on inputs" <<< "$load"' assign next = in; logic [7:0] a; assign a = state + in; assign o = {a[3:0], state[3:0]};'
loaded late "events beside" <<< "$load"' assign next = in; always_ff @(negedge clk_i) o <= state;'
loaded second "events beside" <<< "$load"' logic g; assign g = state[0] & clk_i; assign next = in; always_ff @(posedge g) o <= state;'

looked() { design "$1" "$2" "input logic load_i, input logic look_i, output logic [7:0] state_data_o"; }
look='logic [7:0] sel; always_ff @(edge look_i) sel <= i;'
looked readout "" <<< "$load$look"' import "DPI-C" function int seen(input int v); assign next = in; assign o = state; always_comb state_data_o = 8'"'"'(seen(int'"'"'(state + sel)));'
looked judged "" <<< "$load$look"' assign next = in; assign o = state; always_comb begin state_data_o = 0; if (state[7]) unique case (sel) 1: state_data_o = state; 2: state_data_o = ~state; state: state_data_o = 9; default: ; endcase end'
looked outside "o depends on what is looked at" <<< "$load$look"' assign next = in; assign o = state ^ sel; assign state_data_o = sel;'
looked apart "a module apart, u_rd" << END
$load$look assign next = in;
logic [7:0] told;
rd u_rd (.sel, .state, .told, .data(state_data_o));
always_ff @(posedge clk_i) o <= o + told;
endmodule
module rd (input logic [7:0] sel, input logic [7:0] state, output logic [7:0] told, output logic [7:0] data);
/*verilator no_inline_module*/
import "DPI-C" function int seen(input int v);
always_comb told = 8'(seen(int'(state ^ sel)));
assign data = state + sel;
END
looked three "" <<< "$load$look"' import "DPI-C" function int seen(input int v); assign next = in; assign o = state; always_comb state_data_o = 8'"'"'(seen(int'"'"'(state + in + sel)));'
looked kept "next depends on what is looked at" <<< "$load$look"' import "DPI-C" function int seen(input int v); always_comb next = 8'"'"'(seen(int'"'"'(in ^ sel))); assign o = state; assign state_data_o = state + sel;'

# For SystemC, what is taken when load_i turns over is copied then, and not waited for; what the edge reads stays. Where
# it reads nothing, each evaluation is a few calls.
mkdir "$work/reads" "$work/takes"
cat > "$work/reads/top.sv" << END
module top (input logic clk_i, input logic load_i, input logic [99:0] i, input logic [99:0] j, output logic [99:0] o);
logic [99:0] in;
always_ff @(edge load_i) in <= i;
always_ff @(posedge clk_i) o <= in + j;
endmodule
END
cat > "$work/takes/top.sv" << END
module top (input logic clk_i, load_i, look_i, input logic [99:0] i, input logic k, output logic [99:0] o, state_data_o);
logic [99:0] in;
logic sel;
always_ff @(edge load_i) in <= i;
always_ff @(edge look_i) sel <= k;
always_ff @(posedge clk_i) o <= in;
assign state_data_o = sel ? o : 0;
endmodule
END
python3 - "$work" << 'END'
import re
import sys
from pathlib import Path

sys.path.insert(0, "scripts")
from verilate import Verilator, clock, systemc
from verilated.events import only_calls
from verilated.systemc import blocks

def mended(name):
    folder = f"{sys.argv[1]}/{name}"
    arguments = ["--sc", "-Wno-fatal", "-Wno-lint", "--prefix", "Vtop", "--top-module", "top", "-Mdir", folder, f"{folder}/top.sv"]
    if Verilator().run(arguments):
        sys.exit(f"{name}: not verilated")
    clock(folder, "Vtop")
    systemc(folder, "Vtop")
    code = "".join(file.read_text() for file in Path(folder).glob("Vtop___024root*.cpp") if "Slow" not in file.name)
    return Path(folder, "Vtop.cpp").read_text(), code

for name, waits, copied, kept, straight in (
    ("reads", {"clk_i", "load_i", "j"}, "i", "j", False),
    ("takes", {"clk_i", "load_i", "look_i"}, "i", None, True),
):
    top, code = mended(name)
    if (found := set(re.findall(r"sensitive << (\w+);", top))) != waits:
        sys.exit(f"{name}: waits for {found}")
    late = re.search(r"if \(\w+(?:->|\.)load_i.read\(\) != [^{}]*\) {\n([^{}]*)}\n", code)
    if not late or not re.search(rf"[>.]{copied}\);", late[1]) or (kept and re.search(rf"[>.]{kept}\);", late[1])):
        sys.exit(f"{name}: copies {late and late[1]}")
    calls = all(only_calls("Vtop", text) for _, text in blocks(f"{sys.argv[1]}/{name}", "Vtop"))  # newer ones put small functions where they are called
    if ("Vtop_evaluate(&(vlSymsp->TOP));" in top) != (straight and calls):
        sys.exit(f"{name}: evaluated in the other way")
END

# A function that does nothing, as each Verilator writes it: what says so lets a clock be two calls without asking.
python3 - << 'END'
import sys

sys.path.insert(0, "scripts")
from verilated.code import statements_of

for version, text in (
    ("5.006", "    if (false && vlSelf) {}  // Prevent unused\n    Vtop__Syms* const __restrict vlSymsp VL_ATTR_UNUSED = vlSelf->vlSymsp;\n"
              "    VL_DEBUG_IF(VL_DBG_MSGF(\"+    eval_act\\n\"); );\n"),
    ("5.032", "    (void)vlSelf;  // Prevent unused variable warning\n    Vtop__Syms* const __restrict vlSymsp VL_ATTR_UNUSED = vlSelf->vlSymsp;\n"
              "    auto& vlSelfRef = std::ref(*vlSelf).get();\n"),
):
    if statements_of("void eval_act(Vtop* vlSelf) {\n" + text + "}\n"):
        sys.exit(f"{version}: what does nothing does {statements_of('{' + chr(10) + text)}")
END

# What becomes a variable of a function: what it has written, in all ways to there, before it reads it; and nobody else may know it.
python3 - << 'END'
import sys

sys.path.insert(0, "scripts")
from verilated.locals import read_first

def first(body):
    return read_first("void f(Vtop___024root* vlSelf) {\n" + body + "}\n", {"a": 1, "b": 2})

for body, expected in (
    ("vlSelf->a = 1U; vlSelf->o = vlSelf->a;", 0),
    ("vlSelf->o = vlSelf->a;", 1),
    ("vlSelf->a = (2U & vlSelf->a);", 1),
    ("vlSelfRef.a = 1U; vlSelfRef.o = vlSelfRef.a + vlSelfRef.b;", 2),
    ("if (vlSelf->i) {vlSelf->a = 1U; vlSelf->o = vlSelf->a;}", 0),
    ("if (vlSelf->i) {vlSelf->a = 1U;} vlSelf->o = vlSelf->a;", 1),
    ("if (vlSelf->a) {vlSelf->b = 1U;} else {vlSelf->b = 2U;} vlSelf->o = vlSelf->b;", 1),
    ("if (vlSelf->i) {vlSelf->a = 1U;} else {vlSelf->b = 2U;} vlSelf->o = vlSelf->b;", 2),
    ("if (vlSelf->i) {vlSelf->a = 1U;} else if (vlSelf->j) {vlSelf->a = 2U;} vlSelf->o = vlSelf->a;", 1),
    ("if (vlSelf->i) {vlSelf->a = 1U;} else if (vlSelf->j) {vlSelf->a = 2U;} else {vlSelf->a = 3U;} vlSelf->o = vlSelf->a;", 0),
    ("{if (vlSelf->i) {vlSelf->a = 1U; goto __Vlabel1;} vlSelf->a = 2U; __Vlabel1: ;} vlSelf->o = vlSelf->a;", 0),
    ("{if (vlSelf->i) {goto __Vlabel1;} vlSelf->a = 2U; __Vlabel1: ;} vlSelf->o = vlSelf->a;", 1),
    ("while (vlSelf->i) {vlSelf->a = 1U; vlSelf->o = vlSelf->a;}", 0),
    ("while (vlSelf->i) {vlSelf->a = 1U;} vlSelf->o = vlSelf->a;", 1),
    ("vlSelf->a = 1U; // vlSelf->b;\n VL_WRITEF(\"; vlSelf->b\", vlSelf->a);", 0),
    ("VL_ASSIGN_W(70, vlSelf->o, vlSelf->b);", 2),
    ("switch (vlSelf->i) {vlSelf->a = 1U;}", 3),
):
    if first(body) != expected:
        sys.exit(f"{body}: {first(body)}, expected {expected}")
END

# What the text of a register's assignment may look like: each is named, so that one with another name than NAME_q is told.
python3 - "$work/late.sv" << 'END'
import sys

sys.path.insert(0, "scripts")
from verilated.registers import assigned_late

for text, expected in (
    ("always_ff @(posedge c) a <= x;", "a"),
    ("always_ff @(posedge c) a[3] <= x <= y;", "a"),
    ("always_ff @(posedge c) {a, b[2]} <= {x, y};", "ab"),
    ("always_ff @(posedge c) begin if ({x, y} <= z) a.p <= {x, y} <= z; else {b, d} <= x; end", "abd"),
    ("always @(posedge c or posedge r) if (r) a <= 0; else b <= 1;", "ab"),
    ("always_ff @(posedge c) case (x) 2'd1: a <= 1; default: b <= 2; endcase", "ab"),
    ("always_comb begin a = x <= y; end always @* b = x <= y;", ""),
):
    with open(sys.argv[1], "w") as file:
        file.write(f"module m; {text} endmodule\n")
    if assigned_late(sys.argv[1]) != set(expected):
        sys.exit(f"{text}: {assigned_late(sys.argv[1])}, expected {expected}")
END

cat > "$work/clocked.h" <<'END'
#include "Vtop.h"
static unsigned calls; /* of logic that asks to be seen */
extern "C" int seen(int v)
{
    calls++;
    return v;
}
static void clock(Vtop &top, bool reset, unsigned char input)
{
    top.rst_i = reset;
    top.i = input;
    top.clk_i = 0;
    top.load_i = !top.load_i;
    top.eval();
    top.clk_i = 1;
    top.eval();
    if (reset)
        calls = 0;
}
END

# Once means once, and changes nothing: 200 clocks with inputs of all kinds.
cat > "$work/once/main.cpp" <<'END'
#include "../clocked.h"
int main()
{
    VerilatedContext context;
    Vtop top{&context, "TOP"};
    unsigned char expected = 0, input = 1;
    for (int n = -2; n < 200; n++) {
        input = (unsigned char)(input * 5 + 3);
        clock(top, n < 0, input);
        expected = (unsigned char)(n < 0 ? 0 : expected + input);
        if (top.o != expected)
            return 2;
    }
    return calls == 200 ? 0 : 1;
}
END

# The same by the calls that the header tells, in between an evaluation: as many, and no other result.
cp -r "$work/once" "$work/straight"
cat > "$work/straight/main.cpp" <<'END'
#include "../clocked.h"
#include "Vtop_clock.h"
int main()
{
    VerilatedContext context;
    Vtop top{&context, "TOP"};
    unsigned char expected = 0, input = 1;
    for (int n = -2; n < 200; n++) {
        input = (unsigned char)(input * 5 + 3);
        if (n < 0 || n % 20 == 0) {
            clock(top, n < 0, input);
        } else {
            top.i = input;
            top.rst_i = 0;
            clock_load(top);
            clock_rise(top);
            if (n % 2)
                top.eval();
        }
        expected = (unsigned char)(n < 0 ? 0 : expected + input);
        if (top.o != expected)
            return 2;
    }
    return calls == 200 ? 0 : 1;
}
END

# A readout is settled when it is looked at, and tells the state of then.
cat > "$work/readout/main.cpp" <<'END'
#include "../clocked.h"
int main()
{
    VerilatedContext context;
    Vtop top{&context, "TOP"};
    for (int n = -2; n < 200; n++) {
        clock(top, n < 0, (unsigned char)(n * 7));
        if (n < 0 || n % 10)
            continue;
        top.i = (unsigned char)n;
        top.look_i = !top.look_i;
        top.eval();
        if (top.state_data_o != (unsigned char)(n * 7 + n) || top.o != (unsigned char)(n * 7))
            return 2;
    }
    return calls == 20 ? 0 : 1;
}
END

# A readout as a call, of what many words are selected by: the word of then, and a look in between changes nothing.
asked() { design "$1" "" "input logic load_i, input logic look_i, input logic [3:0] state_sel_i, input logic [7:0] state_idx_i, output logic [7:0] state_data_o"; }
asks='logic [3:0] sel; logic [7:0] idx; always_ff @(edge look_i) begin sel <= state_sel_i; idx <= state_idx_i; end assign next = in + state; assign o = state;
logic [7:0] word [16]; always_ff @(posedge clk_i) word[rst_i ? idx_q : in[3:0]] <= rst_i ? 0 : state; logic [3:0] idx_q; always_ff @(posedge clk_i) idx_q <= idx_q + 1;'
asked asked <<< "$load$asks"' always_comb begin logic [7:0] at; at = 0; state_data_o = 0; if (sel == 3 || sel == 12) begin at = word[idx[3:0]]; state_data_o = at + idx; end
if (sel == 5) state_data_o = state ^ idx; if (sel == 9) state_data_o = ~idx; end'
asked afar <<< "$load$asks"' import "DPI-C" function int seen(input int v); always_comb state_data_o = 8'"'"'(seen(int'"'"'(word[idx[3:0]] + sel)));'
cat > "$work/asked/main.cpp" <<'END'
#include "Vtop_clock.h"
int main()
{
    VerilatedContext context;
    Vtop top{&context, "TOP"};
    unsigned char state = 0, word[16] = {};
    for (int n = -40; n < 200; n++) {
        top.rst_i = n < 0;
        top.i = (unsigned char)(n * 7);
        top.clk_i = 0;
        top.load_i = !top.load_i;
        if (n < -20)
            top.eval();
        else
            clock_load(top);
        top.clk_i = 1;
        if (n < -20)
            top.eval();
        else
            clock_rise(top);
        if (n >= 0)
            word[n * 7 & 15] = state;
        state = (unsigned char)(n < 0 ? 0 : state + n * 7);
        for (unsigned sel = 0; sel < 16 && n >= 0; sel++) {
            const unsigned char idx = (unsigned char)(n * 5 + sel * 3);
            const unsigned char words = (unsigned char)(word[idx & 15] + idx), told = (unsigned char)~idx;
            const unsigned char expected = sel == 3 || sel == 12 ? words : sel == 5 ? state ^ idx : sel == 9 ? told : 0;
            top.state_sel_i = (unsigned char)sel;
            top.state_idx_i = idx;
            if (clock_look(top, sel) != (sel >= 1 && sel <= 5))
                return 1;
            if (sel < 1 || sel > 5) {
                top.look_i = !top.look_i;
                top.eval();
            }
            if (top.state_data_o != expected || top.o != state)
                return 2;
        }
    }
    return 0;
}
END
python3 - "$work/asked" "$work/afar" << 'END' || fail "a readout is not a call, or one that calls others is"
import sys

sys.path.insert(0, "scripts")
from verilated.locals import localize
from verilated.look import look

sys.exit(not (localize(sys.argv[1], "Vtop") >= 0 and look(sys.argv[1], "Vtop") and not look(sys.argv[2], "Vtop")))
END

# And it is its clock: with the memory set low by hand every evaluation is a rising edge, without it none is.
cat > "$work/rising/main.cpp" <<'END'
#include "Vtop_clock.h"
int main()
{
    VerilatedContext context;
    Vtop top{&context, "TOP"};
    const auto clock = [&](bool edge) {
        if (edge)
            *clock_memory(top) = 0;
        top.clk_i = 1;
        top.eval();
    };
    top.rst_i = 1;
    clock(true);
    top.rst_i = 0;
    for (int n = 0; n < 30; n++)
        clock(n % 3 == 0);
    return top.o == 10 ? 0 : 1;
}
END
# Writes to many memories, of which one or none is done in a clock: their flags are bits of a word, and what is computed on the way is nowhere stored.
design memories "" << 'END'
logic [7:0] told [10];
for (genvar g = 0; g < 10; g++) begin : g_memory
    logic [7:0] word [4];
    always_ff @(posedge clk_i) if (rst_i || i[3:0] == 4'(g) || i[3:0] == 4'(g + 3)) word[i[5:4]] <= i + 8'(g);
    assign told[g] = word[i[7:6]];
end
always_comb begin
    logic [7:0] sum, part;
    sum = 0;
    for (int g = 0; g < 10; g++) if (told[g] != 8'(g)) begin
        part = told[g] * 8'(g + 1);
        sum = sum ^ part;
    end
    o = sum;
end
END
cat > "$work/memories/main.cpp" <<'END'
#include "Vtop.h"
int main()
{
    VerilatedContext context;
    Vtop top{&context, "TOP"};
    unsigned char word[10][4] = {}, input = 1;
    for (int n = -4; n < 300; n++) {
        input = n < 0 ? (unsigned char)(n << 4) : (unsigned char)(input * 5 + 3);
        top.rst_i = n < 0;
        top.i = input;
        top.clk_i = 0;
        top.eval();
        top.clk_i = 1;
        top.eval();
        unsigned char sum = 0;
        for (int g = 0; g < 10; g++) {
            if (n < 0 || (input & 15) == g || (input & 15) == g + 3)
                word[g][input >> 4 & 3] = (unsigned char)(input + g);
            const unsigned char told = word[g][input >> 6];
            if (told != g)
                sum = (unsigned char)(sum ^ told * (g + 1));
        }
        if (n >= 0 && top.o != sum)
            return 1;
    }
    return 0;
}
END
python3 - "$work/memories" << 'END' || fail "memories: not made smaller"
import sys

sys.path.insert(0, "scripts")
from verilated.flags import gather_flags
from verilated.locals import localize

sys.exit(not (localize(sys.argv[1], "Vtop") and gather_flags(sys.argv[1], "Vtop") >= 10))
END
# A waveform with signals that are parts of a register, compared when that has changed: what is told is the same, in a second file too, in which it is soon again what it was at the end of the first.
mkdir "$work/shown"
cat > "$work/shown/top.sv" <<'END'
module top (input logic clk_i, input logic [15:0] i, output logic [3:0] o);
logic [15:0] state;
logic [3:0][3:0] words [2];
logic [7:0] high, low, upper, lower;
logic odd, none;
always_ff @(posedge clk_i) begin
    state <= i;
    words[i[0]] <= i + 1;
end
assign high = state[15:8], low = state[7:0], upper = words[1][3:2], lower = words[1][1:0], odd = state[0], none = state == 0, o = words[0][1] ^ words[1][2];
endmodule
END
cat > "$work/shown/main.cpp" <<'END'
#include "Vtop.h"
#include "verilated_vcd_c.h"
int main(int, char **arguments)
{
    VerilatedContext context;
    context.traceEverOn(true);
    Vtop top{&context, "TOP"};
    for (int file = 0, n = 0; file < 2; file++) {
        VerilatedVcdC waves;
        top.trace(&waves, 99);
        waves.open((std::string(arguments[1]) + char('0' + file)).c_str());
        for (int end = n + 40; n < end; n++) {
            top.i = short(n > 35 && n < 45 ? 0x8421 : n / 3 * 0x0357);
            top.clk_i = 0;
            top.eval();
            waves.dump(2 * n);
            top.clk_i = 1;
            top.eval();
            waves.dump(2 * n + 1);
        }
        waves.close();
        top.i = 0x1234; // a clock that no file shows
        top.clk_i = 0;
        top.eval();
        top.clk_i = 1;
        top.eval();
    }
    return 0;
}
END
"$verilator" --cc --trace -Wno-fatal -Wno-lint --prefix Vtop --top-module top -Mdir "$work/shown" "$work/shown/top.sv" > "$work/said" 2>&1 || fail "shown: not verilated"
cp -r "$work/shown" "$work/guarded"
python3 - "$work/guarded" << 'END' || fail "parts of a register are compared one by one"
import sys

sys.path.insert(0, "scripts")
from verilated.waves import guard_waves

sys.exit(guard_waves(sys.argv[1], "Vtop") < 2)
END
include=$("$verilator" --getenv VERILATOR_ROOT)/include
compile() {
    ${CXX:-c++} -std=gnu++17 -O0 -I "$work/$1" -isystem "$include" -isystem "$include/vltstd" "$work/$1"/*.cpp "$include/verilated.cpp" \
        "$include/verilated_dpi.cpp" "$include/verilated_threads.cpp" ${2:+"$include/$2"} -pthread -o "$work/run" > "$work/said" 2>&1 || fail "$1 does not compile"
}
compile memories
"$work/run" || fail "memories are not written, or wrong"
compile rising
"$work/run" || fail "the clock is not where the header says"
compile once
"$work/run" || fail "what lies behind inputs is not settled once a clock, or wrong: $?"
compile straight
"$work/run" || fail "what the header calls is not settled once a clock, or wrong: $?"
compile readout
"$work/run" || fail "a readout is not settled when it is looked at, or wrong: $?"
compile asked
"$work/run" || fail "a readout as a call tells something else: $?"
for way in shown guarded; do
    compile $way verilated_vcd_c.cpp
    "$work/run" "$work/$way.vcd"
done
[ -s "$work/shown.vcd1" ] && cmp "$work/shown.vcd0" "$work/guarded.vcd0" && cmp "$work/shown.vcd1" "$work/guarded.vcd1" || fail "a waveform tells something else"
