# The bench with the RTL at Readout = 1, mistakes planted in it: twinwalk-waiting, for tb/tests/test_readout.sh.
ifndef READOUT_RULES
READOUT_RULES := 1

READOUT_DIR := $(B)/readout
READOUT_RTL := $(READOUT_DIR)/rtl/defect_pkg.sv $(patsubst $(FROM)rtl/%,$(READOUT_DIR)/rtl/%,$(RTL))

$(READOUT_DIR)/rtl/defect_pkg.sv: $(RTL) tb/tests/readout/mistakes.toml scripts/plant_defects.py
	@scripts/plant_defects.py mistakes-of tb/tests/readout/mistakes.toml $(PRESET) $(@D) $(RTL)
# The registers of the readout are nobody's state.
$(READOUT_DIR)/cc/Vwaiting__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(READOUT_DIR)/rtl/defect_pkg.sv tb/dut/registers.h $(VSTAMP)
	@+REGISTERS_BESIDE='g_readout_waiting_sel_q g_readout_waiting_idx_q g_readout_waiting_data_q g_readout_waiting_late_q' $(call verilate,'mmu that is read while it waits ($(PRESET))',--cc $(filter-out --trace%,$(VFLAGS)) --top-module mmu -GReadout=1 $(GEN)/mmu_cfg_pkg.sv $(READOUT_RTL),OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1)
$(READOUT_DIR)/dut_waiting.o: tb/tests/readout/dut_waiting.cpp $(READOUT_DIR)/cc/Vwaiting__ALL.a $(wildcard tb/dut/*.h)
	@$(CXX) $(CPPFLAGS) -I tb/dut -I $(READOUT_DIR)/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -O1 -c $< -o $@
$(B)/twinwalk-waiting: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(READOUT_DIR)/dut_waiting.o $(READOUT_DIR)/cc/Vwaiting__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@

-include $(READOUT_DIR)/dut_waiting.d
endif
