# fpga-sim: the Verilated board behind a pty or a TCP socket, and the same with all planted defects in its MMU
# (docs/board.md). TWINWALK_DEFECT chooses, as in twinwalk-defects.
ifndef FPGA_RULES
FPGA_RULES := 1

FPGA_DIR := $(B)/fpga
FPGA_RTL := $(FROM)rtl/link/link_pkg.sv $(filter-out %/link_pkg.sv,$(wildcard $(FROM)rtl/link/link_*.sv)) $(FROM)rtl/link/mmu_link.sv
FPGA_AIDS := $(patsubst %.cpp,$(FPGA_DIR)/%.o,$(filter-out fpga_sim.cpp,$(notdir $(wildcard tb/fpga/*.cpp)))) \
             $(call objects,tb/base/exits.c) $(filter-out %_fst_c.o,$(VRUN))

# A folder of RTL whose clock can stand, and the board around it.
$(FPGA_DIR)/rtl/mmu.sv: $(RTL) scripts/clock_enable.py
	@scripts/clock_enable.py $(@D) $(RTL)
$(FPGA_DIR)/defects/mmu.sv: $(DEFECT_RTL) scripts/clock_enable.py
	@scripts/clock_enable.py $(@D) $(DEFECT_RTL)
# Registers of the readout are no state.
verilate_board = REGISTERS_BESIDE='g_readout_waiting_sel_q g_readout_waiting_idx_q g_readout_waiting_data_q fin_q u_ctl_late_q' $(call verilate,$(1),--cc $(filter-out --trace% --assert,$(VFLAGS)) --noassert --top-module mmu_link $(GEN)/mmu_cfg_pkg.sv $(2) $(FPGA_RTL))
$(FPGA_DIR)/cc-board/Vmmu_link__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/rtl/mmu.sv $(FPGA_RTL) $(VSTAMP)
	@+$(call verilate_board,'board ($(PRESET))',$(patsubst $(FROM)rtl/%,$(FPGA_DIR)/rtl/%,$(RTL)))
$(FPGA_DIR)/cc-defects/Vmmu_link__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(FPGA_DIR)/defects/mmu.sv $(FPGA_RTL) $(VSTAMP)
	@+$(call verilate_board,'board with planted defects ($(PRESET))',$(patsubst $(DEFECT_DIR)/rtl/%,$(FPGA_DIR)/defects/%,$(DEFECT_RTL)))

$(FPGA_DIR)/%.o: tb/fpga/%.cpp $(GEN)/mmu_cfg.h
	@mkdir -p $(@D)
	@$(CXX) $(CPPFLAGS) $(WARN) $(CXXFLAGS) -c $< -o $@
# The board's class is another one with defects.
$(FPGA_DIR)/cc%/fpga_sim.o: tb/fpga/fpga_sim.cpp $(FPGA_DIR)/cc%/Vmmu_link__ALL.a
	@$(CXX) $(CPPFLAGS) -I $(@D) -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(WARN) $(CXXFLAGS) -c $< -o $@
$(B)/fpga-sim: $(FPGA_AIDS) $(FPGA_DIR)/cc-board/fpga_sim.o $(FPGA_DIR)/cc-board/Vmmu_link__ALL.a
	@$(CXX) $^ -lpthread -o $@
$(B)/fpga-sim-defects: $(FPGA_AIDS) $(FPGA_DIR)/cc-defects/fpga_sim.o $(FPGA_DIR)/cc-defects/Vmmu_link__ALL.a
	@$(CXX) $^ -lpthread -o $@

.PHONY: fpga-sim
fpga-sim: needs-bench ## the corpus through a Verilated board, over a pty and a socket, without faults and with: figures (ARGS=TRACE…; docs/board.md)
	@$(PATIENT) "building the board of $(PRESET)" $(MAKE) -s -j2 $(B)/twinwalk-model $(B)/fpga-sim
	@scripts/fpga_sim.sh $(notdir $(B)) $(ARGS)

-include $(wildcard $(FPGA_DIR)/*.d $(FPGA_DIR)/cc-*/*.d)
endif
