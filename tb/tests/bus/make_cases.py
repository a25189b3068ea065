#!/usr/bin/env python3
"""Writes the cases of tb/tests/test_bus.sh into a folder: the adapters as they are, and with a defect planted, each in
modules of its own names, and a top module that has them all.

  make_cases.py FOLDER
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# name -> (bus, parameters, text of the adapter, what stands there instead)
CASES = {
    "axi_exclusive_64": ("axi", "DATA_BITS(64)", "", ""),
    "axi_atomic_64": ("axi", "DATA_BITS(64), ATOMIC(1'b1)", "", ""),
    "axi_atomic_256": ("axi", "DATA_BITS(256), ATOMIC(1'b1)", "", ""),
    "wb_pipelined_64": ("wb", "DATA_BITS(64)", "", ""),
    "wb_classic_128": ("wb", "DATA_BITS(128), PIPELINED(1'b0)", "", ""),
    "axi_eight_bytes_64": ("axi", "DATA_BITS(64), REPLY_BYTES(8)", "", ""),
    "axi_eight_bytes_256": ("axi", "DATA_BITS(256), REPLY_BYTES(8), ATOMIC(1'b1)", "", ""),
    "wb_eight_bytes_64": ("wb", "DATA_BITS(64), REPLY_BYTES(8)", "", ""),
    "wb_eight_bytes_128": ("wb", "DATA_BITS(128), REPLY_BYTES(8), PIPELINED(1'b0)", "", ""),
    "defect_eight_bytes_lane": ("axi", "DATA_BITS(128), REPLY_BYTES(8)", "if (Entry && r_slot == slot_t'(s)) r_place",
                                "if (Entry && s == 0) r_place"),
    "defect_eight_bytes_of_swap": ("axi", "DATA_BITS(64), REPLY_BYTES(8)", "mem_rsp_data_o <= r_last ? r_word : old_q;",
                                   "mem_rsp_data_o <= r_word;"),
    "defect_wb_eight_bytes_lane": ("wb", "DATA_BITS(128), REPLY_BYTES(8)", "if (done_q == line_t'(n)) done_place",
                                   "if (sent_q == line_t'(n)) done_place"),
    "defect_error_dropped": ("axi", "DATA_BITS(64)", "mem_rsp_err_o <= failed_q[s] || axi_rresp_i[1];",
                             "mem_rsp_err_o <= axi_rresp_i[1];"),
    "defect_beat_misplaced": ("axi", "DATA_BITS(64)", "r_beat == beat_t'(b)", "(r_beat ^ beat_t'(1)) == beat_t'(b)"),
    "defect_lane_of_compare": ("axi", "DATA_BITS(128)", "(Lanes / 8 - 1)) == w) r_word",
                               "(Lanes / 8 - 1)) != w) r_word"),
    "defect_strobes": ("axi", "DATA_BITS(128)", "^ w) <= 32'(ATOMIC)", "^ w) == 32'd1"),
    "defect_compare_left_out": ("axi", "DATA_BITS(64)", "!cas_err_q && old_q == expected_q", "!cas_err_q"),
    "defect_compare_stale": ("axi", "DATA_BITS(64)", "if (r_cas) old_q <= r_word;",
                             "if (r_cas && retry_q == '0) old_q <= r_word;"),
    "defect_tags_swapped": ("axi", "DATA_BITS(64)", "mem_rsp_tag_o <= tag_q[s];", "mem_rsp_tag_o <= tag_q[s^1];"),
    "defect_failed_is_done": ("axi", "DATA_BITS(64)", "axi_bresp_i == Okay &&", "axi_bresp_i == 2'b10 &&"),
    "defect_halves_swapped": ("axi", "DATA_BITS(64), ATOMIC(1'b1)", "second_q ? desired_q : expected_q",
                              "second_q ? expected_q : desired_q"),
    "defect_type_of_swap": ("axi", "DATA_BITS(64)", "cas_mt_q    <= mem_req_mt_i;", ""),
    "defect_type_of_line": ("axi", "DATA_BITS(64)", "axi_aruser_o  <= cas_q",
                            "if (mem_req_cas_i) axi_aruser_o  <= cas_q"),
    "defect_wb_type_of_line": ("wb", "DATA_BITS(64)", "{line_addr, line_mt} = {addr_q[n], mt_q[n]}",
                               "line_addr = addr_q[n]"),
    "defect_wb_error_dropped": ("wb", "DATA_BITS(64)", "mem_rsp_err_o   <= err_q || wb_err_i;",
                                "mem_rsp_err_o   <= 1'b0;"),
    "defect_wb_retry_is_end": ("wb", "DATA_BITS(64)", "if (ended && wb_rty_i) again_q <= 1'b1;", ""),
    "defect_wb_unlocked_half": ("wb", "DATA_BITS(64)", "wb_rty_i ? Back : state_q == CasRead",
                                "wb_rty_i ? state_q : state_q == CasRead"),
    "no_monitor": ("axi", "DATA_BITS(64), RETRIES(0), MONITOR(1'b0)", "", ""),
    "defect_no_monitor_looped_on": ("axi", "DATA_BITS(64), RETRIES(0), MONITOR(1'b0)",
                                    "cas_err_q <= axi_rresp_i != ExOkay;", "cas_err_q <= axi_rresp_i[1];"),
}


def main(folder):
    for name, (bus, parameters, old, new) in CASES.items():
        adapter = (ROOT / f"rtl/bus/mmu_{bus}.sv").read_text(encoding="utf-8")
        if old:
            if adapter.count(old) != 1:
                sys.exit(f"make_cases: {name}: the text stands in rtl/bus/mmu_{bus}.sv {adapter.count(old)} times, not "
                         f"once: {old}")
            adapter = adapter.replace(old, new)
        way = (ROOT / f"tb/bus/{bus}_there_and_back.sv").read_text(encoding="utf-8")
        case = (ROOT / "tb/tests/bus/bus_case.sv").read_text(encoding="utf-8")
        for word, value in (("PARAMETERS", ", ".join("." + one for one in parameters.split(", "))), ("CASE", name),
                            ("REPLYING", "8" if "REPLY_BYTES(8)" in parameters else "64"),
                            ("SWAPPING", str(int("MONITOR" not in parameters)))):
            case = case.replace(word, value)
        for text, names in ((adapter, {f"mmu_{bus}": f"mmu_{bus}_{name}"}),
                            (way, {f"{bus}_there_and_back": f"way_{name}", f"mmu_{bus}": f"mmu_{bus}_{name}"}),
                            (case, {"bus_case": f"case_{name}", "there_and_back": f"way_{name}"})):
            for was, becomes in names.items():
                text = re.sub(rf"\b{was}\b", becomes, text)
            module = re.search(r"^module (\w+)", text, re.M)[1]
            Path(folder, f"{module}.sv").write_text(text, encoding="utf-8")
    lines = [f"  case_{name} u_{name} (.*);" for name in CASES]
    Path(folder, "cases.sv").write_text("\n".join(["module cases (input logic clk_i, input logic rst_i);", *lines,
                                                   "endmodule", ""]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
