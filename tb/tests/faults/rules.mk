# The blocking walker with the faults of faults.sv in the place of the blocking walker, and no RTL: twinwalk-faults, for
# tb/tests/test_design.sh.
ifndef FAULTS_RULES
FAULTS_RULES := 1

FAULTS_DIR := $(B)/faults

$(FAULTS_DIR)/cc/Vfaults__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(wildcard tb/examples/blocking_walker/*.sv) tb/tests/faults/faults.sv tb/dut/mmu_ports.svh $(VSTAMP)
	@+$(call verilate,'blocking walker with faults ($(PRESET))',--cc $(VFLAGS) -Itb/dut --top-module blocking $(filter %.sv,$^),OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1)
$(FAULTS_DIR)/dut_faults.o: tb/tests/faults/dut_faults.cpp $(FAULTS_DIR)/cc/Vfaults__ALL.a $(wildcard tb/dut/*.h)
	@$(CXX) $(CPPFLAGS) -I tb/dut -I $(FAULTS_DIR)/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -c $< -o $@
$(B)/twinwalk-faults: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(FAULTS_DIR)/dut_faults.o $(FAULTS_DIR)/cc/Vfaults__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@

-include $(FAULTS_DIR)/dut_faults.d
endif
