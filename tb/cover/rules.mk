# The RTL that counts lines, toggles and the points of tb/cover/*.sv, in one binary: twinwalk-cover. See
# docs/coverage.md.
ifndef COVER_RULES
COVER_RULES := 1

COVER_DIR := $(B)/cover
COVER_SV  := $(wildcard tb/cover/*.sv)
# Of arrays with more than 512 bits in all no toggles are counted: see docs/coverage.md.
# No splitting of always blocks: Verilator 5.006 would count a branch by the variables as the block leaves them.
COVER_VFLAGS := $(filter-out --trace%,$(VFLAGS)) -fno-split -fno-reorder --coverage-line --coverage-toggle --coverage-user --coverage-max-width 512 -Wno-WIDTH
COVER_RUN := build/verilated/cover/verilated.o build/verilated/cover/verilated_cov.o build/verilated/cover/verilated_threads.o $(BUILD)/verilated/verilated_says.o

build/verilated/cover/%.o: tb/dut/verilated_says.h $(VSTAMP)
	@mkdir -p $(@D)
	@$(CXX) $(VSAYS) -O3 -march=native -DVM_COVERAGE=1 -DVM_SC=0 -DVM_TRACE=0 -I $(VROOT)/include -I $(VROOT)/include/vltstd -c $(VROOT)/include/$*.cpp -o $@
$(COVER_DIR)/cc/Vcover__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(RTL) $(COVER_SV) $(wildcard tb/cover/*.svh) tb/dut/registers.h $(VSTAMP)
	@+$(call verilate,'mmu with coverage ($(PRESET))',--cc $(COVER_VFLAGS) +incdir+tb/cover --top-module mmu -GReadout=2 -GGated="1'b1" $(GEN)/mmu_cfg_pkg.sv $(RTL) $(COVER_SV),OPT_FAST="-O1 -march=native" OPT_SLOW=-O0 OPT_GLOBAL=-O1)
$(COVER_DIR)/dut_covered.o: tb/cover/dut_covered.cpp $(COVER_DIR)/cc/Vcover__ALL.a $(wildcard tb/dut/*.h)
	@$(CXX) $(CPPFLAGS) -DVM_COVERAGE=1 -I tb/dut -I $(COVER_DIR)/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -c $< -o $@
$(B)/twinwalk-cover: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(COVER_DIR)/dut_covered.o $(COVER_DIR)/cc/Vcover__ALL.a $(COVER_RUN)
	@$(CXX) $^ $(LIBS) -lpthread -o $@

.PHONY: coverage
COVER_PRESETS := tiny contrary
coverage: needs-bench ## line, toggle and functional coverage of the RTL; the report is out/coverage/index.html
	@for preset in $(COVER_PRESETS); do $(PATIENT) "building $$preset with coverage" $(MAKE) -s -j2 PRESET=$$preset build/$$preset/twinwalk-cover || exit 1; done
	@scripts/coverage.sh $(COVER_PRESETS)

-include $(COVER_DIR)/dut_covered.d
endif
