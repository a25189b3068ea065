# The RTL with all planted defects of PRESET in one binary: twinwalk-defects. Which of them acts is chosen when it runs;
# see scripts/defects.sh. With MUTANTS=FOLDER those that scripts/mutants wrote to FOLDER/rtl: FOLDER/twinwalk-defects.
ifndef DEFECTS_RULES
DEFECTS_RULES := 1

DEFECT_DIR := $(or $(MUTANTS),$(B)/defects)
DEFECT_BIN := $(or $(MUTANTS),$(B))/twinwalk-defects
DEFECT_RTL := $(DEFECT_DIR)/rtl/defect_pkg.sv $(patsubst $(FROM)rtl/%,$(DEFECT_DIR)/rtl/%,$(RTL))

ifndef MUTANTS
$(DEFECT_DIR)/rtl/defect_pkg.sv: $(RTL) $(wildcard tb/defects/*.toml) scripts/plant_defects.py
	@scripts/plant_defects.py $(if $(FROM),changed,rtl) $(PRESET) $(@D) $(RTL)
endif
# Without the assertions in the design: what is judged here is what the bench sees by itself. Two defects bring a
# register of their own, which no state word tells of.
$(DEFECT_DIR)/cc/Vdefects__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(DEFECT_DIR)/rtl/defect_pkg.sv tb/dut/registers.h $(VSTAMP)
	@+REGISTERS_BESIDE='fin_q u_ctl_late_q' $(call verilate,'mmu with planted defects ($(PRESET))',--cc $(filter-out --trace% --assert,$(VFLAGS)) --noassert $(if $(MUTANTS),-Wno-fatal -Wno-lint -Wno-style) --top-module mmu -GReadout=2 -GGated="1'b1" $(GEN)/mmu_cfg_pkg.sv $(DEFECT_RTL),OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1)
$(DEFECT_DIR)/dut_defective.o: tb/defects/dut_defective.cpp $(DEFECT_DIR)/cc/Vdefects__ALL.a $(wildcard tb/dut/*.h)
	@$(CXX) $(CPPFLAGS) -I tb/dut -I $(DEFECT_DIR)/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -c $< -o $@
$(DEFECT_BIN): $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(DEFECT_DIR)/dut_defective.o $(DEFECT_DIR)/cc/Vdefects__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@

-include $(DEFECT_DIR)/dut_defective.d
endif
