# fpga-sim: a Verilated board behind a pty or a TCP socket, the link alone (a byte a clock) or the top of a ULX3S at its
# UART, and both with all planted defects in the MMU (docs/board.md). TWINWALK_DEFECT chooses, as in twinwalk-defects.
ifndef FPGA_RULES
FPGA_RULES := 1

FPGA_DIR := $(B)/fpga
FPGA_RTL := $(FROM)rtl/link/link_pkg.sv $(filter-out %/link_pkg.sv,$(wildcard $(FROM)rtl/link/link_*.sv)) $(FROM)rtl/link/mmu_link.sv
FPGA_CLOCKED := $(patsubst $(FROM)rtl/%,$(FPGA_DIR)/rtl/%,$(RTL))
FPGA_AIDS := $(addprefix $(FPGA_DIR)/,fpga_sim.o faults.o plug.o planted.o) $(call objects,tb/base/exits.c) $(filter-out $(VRUN_FST),$(VRUN))

# What goes to the link beside the MMU: all that it consists of, and the endpoints.
.PHONY: lint-link
lint-link: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/rtl/mmu.sv $(VSTAMP)
	@$(VERILATOR) --lint-only -Wall --top-module mmu_link $< $(FPGA_CLOCKED) $(FPGA_RTL) > /dev/null
	@# The others that could be inside have no clock enable.
	@$(if $(filter tiny,$(PRESET)),for end in link_uart link_ft245; do $(VERILATOR) --lint-only -Wall --top-module $$end rtl/link/$$end.sv > /dev/null || exit 1; done; \
	    $(VERILATOR) --lint-only -Wall -Wno-PINMISSING --top-module ulx3s -GInside=2 $< $(FPGA_CLOCKED) $(FPGA_RTL) $(CORE_RTL) rtl/fpga/cells.sv $(wildcard rtl/fpga/board_*.sv) rtl/fpga/ulx3s.sv > /dev/null)

# A folder of RTL whose clock can stand, and the board around it.
$(FPGA_DIR)/rtl/mmu.sv: $(RTL) scripts/clock_enable.py
	@scripts/clock_enable.py $(@D) $(RTL)
$(FPGA_DIR)/defects/mmu.sv: $(DEFECT_DIR)/rtl/defect_pkg.sv scripts/clock_enable.py
	@scripts/clock_enable.py $(@D) $(DEFECT_RTL)
FPGA_DEFECTS := $(patsubst $(DEFECT_DIR)/rtl/%,$(FPGA_DIR)/defects/%,$(DEFECT_RTL))
# $(1): for whom, $(2): top and sources. Registers of the readout are no state.
verilate_board = REGISTERS_BESIDE='g_readout_waiting_sel_q g_readout_waiting_idx_q g_readout_waiting_data_q fin_q u_ctl_late_q' $(call verilate,$(1),--cc $(filter-out --trace% --assert,$(VFLAGS)) --noassert $(GEN)/mmu_cfg_pkg.sv $(2))
FPGA_BYTES := --top-module mmu_link $(FPGA_RTL)
$(FPGA_DIR)/bytes/Vmmu_link__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/rtl/mmu.sv $(FPGA_RTL) $(VSTAMP)
	@+$(call verilate_board,'board ($(PRESET))',$(FPGA_CLOCKED) $(FPGA_BYTES))
$(FPGA_DIR)/bytes-defects/Vmmu_link__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/defects/mmu.sv $(FPGA_RTL) $(VSTAMP)
	@+$(call verilate_board,'board with planted defects ($(PRESET))',$(FPGA_DEFECTS) $(FPGA_BYTES))
# What else could be inside has no clock enable.
FPGA_TOP    = $(CORE_RTL) $(wildcard rtl/fpga/board_*.sv) rtl/fpga/ulx3s.sv tb/core/board_cells.sv
FPGA_ULX3S  = --top-module ulx3s -GInside=2 -Wno-PINMISSING $(FPGA_RTL) $(FPGA_TOP)
$(FPGA_DIR)/ulx3s/Vulx3s__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/rtl/mmu.sv $(FPGA_RTL) $(FPGA_TOP) $(VSTAMP)
	@+$(call verilate_board,'ULX3S with the link ($(PRESET))',$(FPGA_CLOCKED) $(FPGA_ULX3S))
$(FPGA_DIR)/ulx3s-defects/Vulx3s__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/defects/mmu.sv $(FPGA_RTL) $(FPGA_TOP) $(VSTAMP)
	@+$(call verilate_board,'ULX3S with the link and planted defects ($(PRESET))',$(FPGA_DEFECTS) $(FPGA_ULX3S))

$(FPGA_DIR)/%.o: tb/fpga/%.cpp $(GEN)/mmu_cfg.h
	@mkdir -p $(@D)
	@$(CXX) $(CPPFLAGS) $(WARN) $(CXXFLAGS) -c $< -o $@
# The board's class is another one with defects.
compile_board = $(CXX) $(CPPFLAGS) -I $(@D) -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(WARN) $(CXXFLAGS) -c $< -o $@
$(FPGA_DIR)/bytes%board.o: tb/fpga/board_bytes.cpp $(FPGA_DIR)/bytes%Vmmu_link__ALL.a
	@$(compile_board)
$(FPGA_DIR)/ulx3s%board.o: tb/fpga/board_ulx3s.cpp $(FPGA_DIR)/ulx3s%Vulx3s__ALL.a
	@$(compile_board)
$(B)/fpga-sim: $(FPGA_AIDS) $(FPGA_DIR)/bytes/board.o $(FPGA_DIR)/bytes/Vmmu_link__ALL.a
	@$(CXX) $^ -lpthread -o $@
$(B)/fpga-sim-defects: $(FPGA_AIDS) $(FPGA_DIR)/bytes-defects/board.o $(FPGA_DIR)/bytes-defects/Vmmu_link__ALL.a
	@$(CXX) $^ -lpthread -o $@
$(B)/fpga-sim-ulx3s: $(FPGA_AIDS) $(FPGA_DIR)/uart_line.o $(FPGA_DIR)/ulx3s/board.o $(FPGA_DIR)/ulx3s/Vulx3s__ALL.a
	@$(CXX) $^ -lpthread -o $@
$(B)/fpga-sim-ulx3s-defects: $(FPGA_AIDS) $(FPGA_DIR)/uart_line.o $(FPGA_DIR)/ulx3s-defects/board.o $(FPGA_DIR)/ulx3s-defects/Vulx3s__ALL.a
	@$(CXX) $^ -lpthread -o $@

ifneq ($(and $(filter fpga-sim,$(MAKECMDGOALS)),$(filter-out ulx3s,$(BOARD))),)
$(error BOARD=$(BOARD): make fpga-sim knows the board ulx3s; without BOARD= the link alone)
endif
.PHONY: fpga-sim
fpga-sim: needs-bench ## the corpus through a Verilated board, over a pty and a socket, without faults and with: figures (ARGS=TRACE…; BOARD=ulx3s: at its UART; docs/board.md)
	@$(PATIENT) "building the board of $(PRESET)" $(MAKE) -s -j2 $(B)/twinwalk-model $(B)/fpga-sim$(if $(BOARD),-$(BOARD))
	@BOARD=$(BOARD) scripts/fpga_sim.sh $(notdir $(B)) $(ARGS)

# Ours alone: those of Verilator name themselves as made from the copies above, so make would make all of it anew, whatever
# it is asked for, and with MUTANTS= out of mutated RTL.
-include $(wildcard $(FPGA_DIR)/*.d $(FPGA_DIR)/bytes*/board.d $(FPGA_DIR)/ulx3s*/board.d)
endif
