#!/usr/bin/env python3
"""Writes the cases of tb/tests/test_endpoints.sh into a folder: the endpoints of rtl/link as they are, and with a
defect planted, each in a module of its own name; a top module that has them all, and their list for C++.

  make_cases.py FOLDER
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# name -> (endpoint, its parameter, text of it, what stands there instead)
CASES = {
    "uart_8": ("uart", 8, "", ""),
    "uart_20": ("uart", 20, "", ""),
    "uart_217": ("uart", 217, "", ""),
    "defect_uart_samples_late": ("uart", 20, "rx_count_q <= count_t'(Divisor / 2);",
                                 "rx_count_q <= count_t'(Divisor - 1);"),
    "defect_uart_order": ("uart", 20, "{line, rx_shift_q[7:1]}", "{rx_shift_q[6:0], line}"),
    "defect_uart_no_vote": ("uart", 20,
                            "assign line   = (line_q[0] && line_q[1]) || (line_q[0] && line_q[2]) || (line_q[1] && "
                            "line_q[2]);", "assign line = line_q[1];"),
    "defect_uart_no_stop_bit": ("uart", 20, "valid_o    <= line;", "valid_o    <= 1'b1;"),
    "defect_uart_break_is_start": ("uart", 20, "rx_break_q <= !line;", "rx_break_q <= 1'b0;"),
    "defect_uart_spike_is_start": ("uart", 20, "rx_busy_q <= !line;", "rx_busy_q <= 1'b1;"),
    "defect_uart_no_cts": ("uart", 20, "ready_o = !tx_busy_q && cts_q[1];", "ready_o = !tx_busy_q;"),
    "defect_uart_ready_too_soon": ("uart", 20, "ready_o = !tx_busy_q && cts_q[1];", "ready_o = cts_q[1];"),
    "defect_uart_short_stop_bit": ("uart", 20, "tx_busy_q  <= tx_left_q != '0;", "tx_busy_q  <= tx_left_q > 4'd1;"),
    "defect_uart_fast": ("uart", 8, "tx_shift_q <= {1'b1, tx_shift_q[8:1]};\n      tx_count_q <= count_t'(Divisor - "
                                    "1);",
                         "tx_shift_q <= {1'b1, tx_shift_q[8:1]};\n      tx_count_q <= count_t'(Divisor - 2);"),
    "ft245_64": ("ft245", 64, "", ""),
    "ft245_1": ("ft245", 1, "", ""),
    "defect_ft245_no_turn": ("ft245", 64, "state_q <= StTurn;\n          oe_n_o  <= 1'b0;",
                             "state_q <= StRead;\n          oe_n_o  <= 1'b0;\n          rd_n_o  <= 1'b0;"),
    "defect_ft245_reads_nothing": ("ft245", 64, "read     = !rd_n_o && !rxf_n_i;", "read     = !rd_n_o;"),
    "defect_ft245_written_into_full": ("ft245", 64, "write    = !wr_n_o && !txe_n_i;", "write    = !wr_n_o;"),
    "defect_ft245_drives_at_once": ("ft245", 64, "state_q <= StIdle;\n        left_q  <= '0;",
                                    "state_q <= full_q ? StWrite : StIdle;\n        drive_o <= full_q;\n        "
                                    "left_q  <= '0;"),
    "defect_ft245_reads_for_ever": ("ft245", 64, "if (rxf_n_i || give_way) begin", "if (rxf_n_i) begin"),
    "defect_ft245_writes_for_ever": ("ft245", 64, "if (txe_n_i || give_way || (!full_q && !valid_i)) begin",
                                     "if (txe_n_i || (!full_q && !valid_i)) begin"),
    "defect_ft245_written_over": ("ft245", 64, "if (ready_o && valid_i) bus_o <= data_i;",
                                  "if (valid_i) bus_o <= data_i;"),
    "defect_ft245_twice": ("ft245", 64, "full_q <= full_q ? !write : valid_i;",
                           "full_q <= full_q ? !(write && left_q != '0) : valid_i;"),
    "defect_ft245_kept": ("ft245", 64, "siwu_n_o <= !(sent_q && quiet_q == '1);", "siwu_n_o <= 1'b1;"),
}
PORTS = {
    "uart": (["rx_i", "cts_i"], ["tx_o"]),
    "ft245": (["rxf_n_i", "txe_n_i", "[7:0] bus_i"],
              ["oe_n_o", "rd_n_o", "wr_n_o", "siwu_n_o", "drive_o", "[7:0] bus_o"]),
}
BYTES = (["valid_i", "[7:0] data_i"], ["ready_o", "valid_o", "[7:0] data_o"])
PARAMETER = {"uart": "Divisor", "ft245": "Burst"}


def main(folder):
    ports, instances, listed = ["input logic clk_i", "input logic rst_i"], [], []
    for name, (endpoint, parameter, old, new) in CASES.items():
        text = (ROOT / f"rtl/link/link_{endpoint}.sv").read_text(encoding="utf-8")
        if old:
            if text.count(old) != 1:
                sys.exit(f"make_cases: {name}: the text stands in rtl/link/link_{endpoint}.sv {text.count(old)} times, "
                         f"not once: {old}")
            text = text.replace(old, new)
        Path(folder, f"link_{name}.sv").write_text(re.sub(rf"\bmodule link_{endpoint}\b", f"module link_{name}", text),
                                                   encoding="utf-8")
        connections = [".clk_i", ".rst_i"]
        for direction, both in (("input", PORTS[endpoint][0] + BYTES[0]), ("output", PORTS[endpoint][1] + BYTES[1])):
            for port in both:
                width, _, bare = port.rpartition(" ")
                ports.append(f"{direction} logic {width} {name}_{bare}")
                connections.append(f".{bare}({name}_{bare})")
        instances.append(f"  link_{name} #(.{PARAMETER[endpoint]}({parameter})) u_{name} ({', '.join(connections)});")
        listed.append(f"{endpoint.upper()}({name}, {parameter})")
    Path(folder, "cases.sv").write_text("module cases (\n  " + ",\n  ".join(ports) + "\n);\n" + "\n".join(instances)
                                        + "\nendmodule\n", encoding="utf-8")
    Path(folder, "cases.inc").write_text("\n".join(listed) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
