# The minimal core (rtl/core) around the MMU of PRESET, running tb/core/paging.s: docs/integration.md.
ifndef CORE_RULES
CORE_RULES := 1

CORE_DIR     := $(B)/core
CORE_RTL     := rtl/core/core_pkg.sv $(filter-out %/core_pkg.sv,$(wildcard rtl/core/*.sv))
CORE_BENCH   := tb/core/mmu_contract.sv tb/core/mmu_contract_bind.sv tb/core/core_bench.sv
CORE_PROGRAM := build/core/paging.hex
CORE_VFLAGS  := --cc --exe $(VFLAGS) --top-module core_bench -CFLAGS "-I$(CURDIR)/tb" -LDFLAGS -lz
CORE_MAKE    := OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1

$(CORE_PROGRAM): tb/core/paging.s scripts/core_asm.py rtl/core/core_pkg.sv
	@mkdir -p $(@D)
	@scripts/core_asm.py $< $@ $(@:.hex=.lst)
$(CORE_DIR)/core_bench: $(GEN)/mmu_cfg_pkg.sv $(RTL) $(CORE_RTL) $(CORE_BENCH) tb/core/main.cpp tb/base/exits.h $(VSTAMP)
	@+$(call verilate,'minimal core ($(PRESET))',$(CORE_VFLAGS) $(filter %.sv,$^) $(CURDIR)/tb/core/main.cpp,$(CORE_MAKE))

# With the defects of tb/defects in the MMU and the mistakes of tb/core/mistakes.toml in the core; TWINWALK_DEFECT
# chooses one.
CORE_PLANTED := $(CORE_DIR)-planted/rtl/defect_pkg.sv $(addprefix $(CORE_DIR)-planted/rtl/,$(notdir $(RTL) $(CORE_RTL) tb/core/mmu_contract_bind.sv))
$(CORE_DIR)-planted/rtl/defect_pkg.sv: $(RTL) $(CORE_RTL) tb/core/mmu_contract_bind.sv $(wildcard tb/defects/*.toml) tb/core/mistakes.toml scripts/plant_defects.py
	@scripts/plant_defects.py core $(PRESET) $(@D) $(RTL) $(CORE_RTL) tb/core/mmu_contract_bind.sv
$(CORE_DIR)-planted/cc/core_bench: $(GEN)/mmu_cfg_pkg.sv $(CORE_DIR)-planted/rtl/defect_pkg.sv $(CORE_BENCH) tb/core/main.cpp tb/base/exits.h $(VSTAMP)
	@+$(call verilate,'minimal core with planted defects ($(PRESET))',$(CORE_VFLAGS) $(GEN)/mmu_cfg_pkg.sv $(CORE_PLANTED) $(filter-out %_bind.sv,$(CORE_BENCH)) $(CURDIR)/tb/core/main.cpp,$(CORE_MAKE))

# With the MMU as flat Verilog (make verilog): Yosys' style is not Verilator's, and its thousands of wires are not
# traced.
$(CORE_DIR)-flat/mmu.v: $(RTL) $(TOML_FILE) scripts/synth_verilog.sh
	@mkdir -p $(@D)
	@scripts/synth_verilog.sh $(PRESET) > /dev/null && cp out/verilog/$(PLAIN)/mmu.v $@
$(CORE_DIR)-flat/cc/core_bench: $(GEN)/mmu_cfg_pkg.sv rtl/mmu_pkg.sv $(CORE_DIR)-flat/mmu.v $(CORE_RTL) $(CORE_BENCH) tb/core/main.cpp tb/base/exits.h $(VSTAMP)
	@+$(call verilate,'minimal core on flat Verilog ($(PRESET))',$(CORE_VFLAGS) --trace-depth 3 -Wno-lint -Wno-style -Wno-SELRANGE $(filter %.sv %.v,$^) $(CURDIR)/tb/core/main.cpp,$(CORE_MAKE))

# The top of a board, with the core inside and its PLL played.
$(CORE_DIR)-board/cc/core_board: $(GEN)/mmu_cfg_pkg.sv $(RTL) $(CORE_RTL) $(wildcard rtl/fpga/board_*.sv) rtl/fpga/ulx3s.sv tb/core/board_cells.sv tb/core/board_main.cpp tb/base/exits.h $(VSTAMP)
	@+$(call verilate,'board with the minimal core ($(PRESET))',--cc --exe $(filter-out --trace%,$(VFLAGS)) --top-module ulx3s -GInside=1 '-GProgram="$(CORE_PROGRAM)"' -CFLAGS "-I$(CURDIR)/tb" $(filter %.sv,$^) $(CURDIR)/tb/core/board_main.cpp,$(CORE_MAKE))

.PHONY: core-board-build
core-board-build: $(CORE_DIR)-board/cc/core_board $(CORE_PROGRAM)
.PHONY: core core-build core-flat-build
core-build: $(CORE_DIR)/core_bench $(CORE_PROGRAM)
core-flat-build: $(CORE_DIR)-flat/cc/core_bench $(CORE_PROGRAM)
CORE_PRESET := $(if $(filter file,$(origin PRESET)),tiny,$(PRESET))
ifneq ($(and $(filter core,$(MAKECMDGOALS)),$(BOARD)),)
ifneq ($(BOARD)-$(FLAT)-$(WAVES),ulx3s--)
$(error BOARD=$(BOARD): make core knows the board ulx3s, and that without FLAT= and WAVES=)
endif
endif
ifneq ($(BOARD),)
core: needs-bench
	@$(PATIENT) "building the board" $(MAKE) -s -j2 PRESET=$(CORE_PRESET) core-board-build
	@build/$(CORE_PRESET)/core-board/cc/core_board
else
core: needs-bench $(if $(FLAT),$(if $(YOSYS),,needs-synth)) ## the minimal core on the MMU of PRESET (tiny): a bare-metal page-table test, judged from outside too; WAVES=1, FLAT=1: on flat Verilog, BOARD=ulx3s: the board's top
	@$(PATIENT) "building the core" $(MAKE) -s -j2 PRESET=$(CORE_PRESET) core-$(if $(FLAT),flat-)build
	@$(if $(FLAT),CORE=build/$(CORE_PRESET)/core-flat/cc/core_bench) scripts/core.sh $(CORE_PRESET) $(if $(WAVES),out/waves/core.fst)
endif
endif
