#!/usr/bin/env bash
# The machinery of `make coverage` on a small design: what is reached counts, what is not is named, instances and
# presets are merged, a functional point must be reached in every preset that has it, and an exclusion that is not true
# any more is an error.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=out/test/coverage
rm -rf $work
mkdir -p $work/rtl $work/tb
cp tb/cover/points.svh $work/tb/
cd $work

cat > rtl/leaf.sv <<'END'
module leaf #(parameter int Ways = 2) (input logic clk_i, input logic rst_i, input logic [Ways-1:0] x_i, output logic y_o);
  always_ff @(posedge clk_i) begin
    if (rst_i) y_o <= 1'b0;
    else if (x_i[0]) y_o <= !y_o;
    else y_o <= 1'b1;
  end
  function automatic logic flipped(input logic y);
    if (y) flipped = 1'b0;
    else flipped = 1'b1;
  endfunction
  localparam logic Never = flipped(1'b1);
endmodule
module top (input logic clk_i, input logic rst_i, input logic [2:0] x_i, output logic [1:0] y_o);
  for (genvar i = 0; i < 2; i++) begin : g_leaf
    leaf #(.Ways(i + 2)) u_leaf (.clk_i, .rst_i, .x_i(x_i[i+1:0]), .y_o(y_o[i]));
  end
endmodule
END
cat > tb/cover.sv <<'END'
`include "points.svh"
/* verilator coverage_off */
module cover_leaf #(parameter int Ways = 2) (input logic clk_i, input logic rst_i, input logic [Ways-1:0] x_i);
  for (genvar w = 0; w < Ways; w++) begin : way
    `POINT(used, x_i[w])
  end
endmodule
bind leaf cover_leaf #(.Ways(Ways)) u_cover (.clk_i, .rst_i, .x_i);
END
cat > main.cpp <<'END'
#include <cstdlib>
#include "Vtop.h"
int main(int, char **argv)
{
    VerilatedContext context;
    Vtop top(&context, "");
    for (unsigned t = 0; t < 40; t++) {
        top.rst_i = t < 4;
        top.clk_i = t & 1;
        top.x_i = t >> 1 & std::strtoul(argv[1], nullptr, 0);
        top.eval();
    }
    context.coveragep()->forcePerInstance(true);
    context.coveragep()->write(argv[2]);
}
END
"${VERILATOR:-verilator}" --cc --exe --build -MAKEFLAGS CFG_CXXFLAGS_PCH_I=-include --assert --coverage-line --coverage-toggle --coverage-user --top-module top +incdir+tb -Mdir build \
    rtl/leaf.sv tb/cover.sv main.cpp > build.log 2>&1 || { cat build.log; exit 1; }
build/Vtop 7 all.dat
build/Vtop 3 two.dat
build/Vtop 6 rest.dat

# run EXPECTED-STATUS FILE ARGUMENT…: coverage.py with the exclusions of FILE; what it says goes to said.
run() {
    local want=$1 exclude=$2 status=0
    shift 2
    "$root/scripts/coverage.py" --out report --exclude "$exclude" "$@" > said 2>&1 || status=$?
    [ $status -eq "$want" ] || { echo "status $status instead of $want: $*"; cat said; exit 1; }
}
says() { grep -qF -- "$1" said || { echo "it does not say: $1"; cat said; exit 1; }; }
silent() { if grep -qF -- "$1" said; then echo "it says: $1"; cat said; exit 1; fi; }

# A function that makes a constant is no point, as a whole.
echo 'exclude = []' > empty.toml
cat > none.toml <<'END'
[[exclude]]
kind = "line"
file = "rtl/leaf.sv"
text = "function automatic logic flipped"
whole = true
tied = true
reason = "makes a constant while the design is elaborated"
END
run 1 empty.toml a:all.dat
says 'rtl/leaf.sv:8: else of `if (y)'
run 0 none.toml a:all.dat
says 'functional          5         5'
for file in index functional toggle rtl_leaf.sv; do [ -s report/$file.html ] || { echo "report/$file.html is missing"; exit 1; }; done

# Not reached: a way of one instance (functional points are told apart), not the line (another instance has it).
run 1 none.toml a:two.dat
says 'functional: g_leaf[1].u_leaf.u_cover.way[2].used (a)'
silent 'line:'

# Two runs of one preset are merged; two presets are not, as far as functional points go.
run 0 none.toml a:two.dat a:rest.dat
run 1 none.toml a:all.dat b:two.dat
says 'way[2].used (b)'

# Exclusions, of a run that never toggles bit 2 and leaves an arm out.
build/Vtop 0 idle.dat
run 1 none.toml a:idle.dat
says 'line: rtl/leaf.sv:4: if of `else if (x_i[0]) y_o <= !y_o;`'
says 'toggle: rtl/leaf.sv:1: x_i[2]'
cat none.toml - > some.toml <<'END'
[[exclude]]
kind = "toggle"
file = "rtl/leaf.sv"
point = 'x_i\[2\]'
reason = "nobody asks for way 2"
[[exclude]]
kind = "line"
file = "rtl/leaf.sv"
text = "else if (x_i[0])"
arm = "if"
reason = "nobody asks for way 0"
END
run 1 some.toml a:idle.dat
silent 'x_i[2]'
silent 'line: '
grep -qF 'nobody asks for way 2' report/toggle.html
# What is tied is no point at all, a bit or a line.
lines() { sed -n 's/^  line  *\([0-9]*\).*/\1/p' said; }
all=$(lines)
sed 's/^arm.*/&\ntied = true/' some.toml > tied.toml
run 1 tied.toml a:idle.dat
says '0 bits that are tied to a constant, and 4 lines behind such a condition'
[ "$(lines)" -eq $((all - 1)) ] || { echo "a tied line is counted: $(lines) of $all"; exit 1; }
run 1 some.toml a:all.dat
says 'was reached: rtl/leaf.sv:1: x_i[2]'
sed 's/x_i.*2.*/x_i_gone'\''/' some.toml > stale.toml
run 1 stale.toml a:idle.dat
says 'matches nothing'
sed '/reason/d' some.toml > unreasoned.toml
run 2 unreasoned.toml a:all.dat
says 'reason'
run 2 none.toml a:none.toml
says 'none.toml: this is not a file'
