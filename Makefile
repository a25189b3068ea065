# Twinwalk: the only front door. `make help` lists every verb.
#
#   make cosim PRESET=skylake TRACE=traces/corpus/sqlite3.tw CHECK=cycle BENCH=cc WAVES=1 JSON=out/run.json
#
# Everything generated stays under build/ (one folder a preset) and out/.

PRESET ?= skylake
TRACE  ?= traces/corpus/sqlite3.tw
CHECK  ?= cycle
BENCH  ?= cc
WAVES  ?=
JSON   ?=
ARGS   ?=
# Somebody else's MMU in the place of the RTL: a folder with a dut.toml, or a library (docs/bring-your-own.md).
DUT    ?=
# 0: for any x86-64, not for this processor alone. So Valgrind, which knows no AVX-512, can count, and the binaries can
# be taken elsewhere.
NATIVE ?= 1
# 1: the Verilated code compiled for what two short traces make it do, under build/pgo. Twice the time to build.
PGO ?= 0

# A word for the shell, whatever it holds.
q     = '$(subst ','\'',$(1))'
empty :=
blank := $(empty) $(empty)

BUILD := $(if $(filter 0,$(NATIVE)),build/portable,$(if $(filter 1,$(PGO)),build/pgo,build))

# A preset's name may hold blanks, colons and more that make cannot have in a target: then its folder under build/ has +
# for them, and a checksum of the name. The verbs that go through all presets go through those with plain names.
PRESETS     := $(shell ls config | sed -n '/[ :]/!s/\.toml$$//p' | LC_ALL=C sort)
PLAIN       := $(shell printf %s $(call q,$(PRESET)) | LC_ALL=C tr -c 'A-Za-z0-9._-' +)
B           := $(BUILD)/$(PLAIN)$(if $(filter-out x$(PLAIN),$(subst $(blank),_,x$(PRESET))),+$(firstword $(shell printf %s $(call q,$(PRESET)) | cksum)))

ifneq ($(findstring /,$(PRESET))$(shell test -f $(call q,config/$(PRESET).toml) || echo none),)
$(error PRESET=$(PRESET): no file config/$(PRESET).toml; there are: $(PRESETS))
endif
ifeq ($(filter cc systemc,$(BENCH)),)
$(error BENCH=$(BENCH): must be cc or systemc)
endif
ifeq ($(filter 0 1,$(NATIVE)),)
$(error NATIVE=$(NATIVE): must be 0 or 1)
endif
ifeq ($(filter 0-0 1-0 1-1,$(NATIVE)-$(PGO)),)
$(error PGO=$(PGO): must be 0 or 1, and not 1 with NATIVE=0)
endif
# Whatever else there is runs on the programs in build/, which these are not.
NATIVE_0_GOALS := help setup build library shared-library dut-library dut-build install uninstall cosim model random forms vectors sweep matrix wave wave-png clean $(BUILD)/%
ifneq ($(and $(filter-out build,$(BUILD)),$(filter-out $(NATIVE_0_GOALS),$(MAKECMDGOALS))),)
$(error $(if $(filter 0,$(NATIVE)),NATIVE=0,PGO=1) goes with these only: $(NATIVE_0_GOALS))
endif

# A device that lacks features of the preset has a preset of its own, without them.
PRESET_FILE := config/$(PRESET).toml
ifneq ($(DUT),)
DUT_GOALS := help setup build dut-library dut-build cosim random vectors sweep matrix check wave wave-png clean $(BUILD)/%
ifneq ($(filter-out $(DUT_GOALS),$(MAKECMDGOALS)),)
$(error DUT= goes with these only: $(filter-out %/% dut-%,$(DUT_GOALS)))
endif
ifneq ($(BENCH),cc)
$(error BENCH=$(BENCH): DUT= goes with the plain bench, cc)
endif
ifneq ($(filter %.so,$(lastword $(DUT))),)
DUT_LIBRARY := $(DUT)
else
DUT_LOOKED := $(shell scripts/dut.py look $(call q,$(DUT)) $(call q,$(PRESET_FILE)) || echo none)
ifeq ($(DUT_LOOKED),none)
$(error DUT=$(DUT): cannot be used, as said above)
endif
DUT_LACKS := $(wordlist 2,9,$(DUT_LOOKED))
WITHOUT   := $(addprefix -no-,$(subst $(blank),-,$(DUT_LACKS)))
B         := $(B)$(WITHOUT)
DUT_LIBRARY := $(B)/dut/$(firstword $(DUT_LOOKED))/libdut.so
endif
endif
GEN := $(B)/gen

# ---- compilers -----------------------------------------------------------------------------------------------------
MARCH    := $(if $(filter 0,$(NATIVE)),,-march=native)
OPT      := -O3 $(MARCH)
WARN     := -Wall -Wextra -Werror
CPPFLAGS := -I . -I model -I traces -I tb -I $(GEN) -MMD -MP
CFLAGS   := -std=gnu11 $(OPT) $(WARN) -g
CXXFLAGS := -std=gnu++17 $(OPT) -g
LIBS     := -lzstd -lz -llzma -lbz2 -llz4 -lsnappy -larchive -ljansson -lm

# Any Verilator from 5.006 on: that in PATH (the package index calls its own verilator-cli), or VERILATOR=. Another one
# makes all anew.
ifndef VERILATOR
VERILATOR := $(if $(shell command -v verilator; :),verilator,$(if $(shell command -v verilator-cli; :),verilator-cli,verilator))
endif
export VERILATOR
# No switch that changes the meaning of the RTL: the same sources as for synthesis. The design's own assertions are
# checked.
VFLAGS := -O3 --x-assign fast --x-initial fast --assert --trace-fst --trace-structs
# How Verilator's runtime is compiled: what a design says goes to the bench (tb/dut/verilated_says.h).
VSAYS  := -include tb/dut/verilated_says.h
# How what Verilator writes is compiled: what the code of every cycle is compiled with besides, and what all is.
vmake   = OPT_FAST="$(OPT) $(1) $(2)" OPT_SLOW="-O0 $(2)" OPT_GLOBAL="-O3 $(2)"
VMAKE  := $(call vmake)
VROOT   = $(eval VROOT := $$(shell $(VERILATOR) --getenv VERILATOR_ROOT))$(VROOT)
VLIBS   = $(if $(shell grep -s llz4 $(VROOT)/include/verilated.mk),-llz4) # what its FST writer stands on
VSTAMP := $(BUILD)/verilator.stamp
# Verilates into the target's folder, looks how the clock is remembered, and compiles: label, arguments, what the
# compilation differs in. Or in two steps, so that what needs the headers alone is compiled beside the rest: the first
# writes PREFIX.written.
verilate = VMAKE='$(or $(3),$(VMAKE))' scripts/verilate.py make $@ $(1) $(2)
verilate_write   = scripts/verilate.py write $@ $(1) $(2)
verilate_compile = VMAKE='$(or $(1),$(VMAKE))' scripts/verilate.py compile $@

# ---- sources -------------------------------------------------------------------------------------------------------
# The design under test: the RTL, its presets and the module that waves are taken of. `make compare` takes another
# revision's.
DESIGN    ?= .
FROM      := $(if $(filter .,$(DESIGN)),,$(DESIGN)/)
RTL       := $(FROM)rtl/mmu_pkg.sv $(filter-out %/mmu_pkg.sv,$(wildcard $(FROM)rtl/*.sv))
WAVES_TOP := $(FROM)tb/dut/mmu_waves.sv
PORTS_SV  := $(firstword $(wildcard $(FROM)tb/dut/mmu_ports.svh) tb/dut/mmu_ports.svh)
VPORTS    := -I$(dir $(PORTS_SV))
as_target  = $(subst :,\:,$(subst $(blank),\ ,$(1))) # as make wants a file
TOML      := $(if $(WITHOUT),$(B)/$(PRESET)$(WITHOUT).toml,$(FROM)$(PRESET_FILE))
TOML_FILE := $(call as_target,$(TOML))
MODEL_SRC := $(wildcard model/cycle/*.c model/arch/*.c model/mem/*.c model/os/*.c)
TRACE_LIB := $(wildcard traces/format/*.c)
TRACE_SRC := $(TRACE_LIB) traces/command.c $(wildcard traces/import/*.c)
TB_ROOMS  := base cli engine forms headline kernel link matrix pins processes profile random reduce replay report session stale sweep vectors
TB_SRC    := $(wildcard $(TB_ROOMS:%=tb/%/*.c)) $(patsubst %,tb/dut/%.c,dut_list dut_load events model null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup
help: ## list every verb
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  presets: $(PRESETS); options: PRESET= TRACE= CHECK=arch|events|cycle|state BENCH=cc|systemc WAVES=1 JSON=FILE ARGS="
	@echo "  DUT=FOLDER|FILE.so: somebody else's MMU in the place of the RTL (docs/bring-your-own.md), with $(filter-out %/% dut-% help setup clean,$(DUT_GOALS))"
	@echo "  NATIVE=0: for any x86-64, under build/portable/ (Valgrind, other machines); with build, library and what runs the bench"
	@echo "  PGO=1: RTL simulated 1.2 to 1.3 times faster, built in twice the time, under build/pgo/; with what NATIVE=0 goes with"
	@echo "  made in build/PRESET/: twinwalk (BENCH=systemc: twinwalk-sc), twinwalk-model; in build/lib/: libtwinwalk.so"

setup: ## install what any verb needs and this machine lacks (each verb asks for its own)
	@scripts/setup.sh
# What the groups of scripts/setup.sh need: needs-model, needs-bench, …
needs-%:
	@scripts/setup.sh $*
NEEDS_cc      := needs-bench
NEEDS_systemc := needs-systemc

# ---- parameters: one source ----------------------------------------------------------------------------------------
ifneq ($(WITHOUT),)
$(TOML_FILE): $(call as_target,$(PRESET_FILE)) scripts/config.py scripts/dut.py
	@mkdir -p $(@D)
	@scripts/config.py without '$(DUT_LACKS)' $(call q,$(PRESET_FILE)) > $(call q,$(TOML))
endif
$(GEN)/mmu_cfg_pkg.sv: $(TOML_FILE) scripts/config.py
	@mkdir -p $(@D)
	@scripts/config.py sv $(call q,$(TOML)) > $@
$(GEN)/mmu_cfg.h: $(TOML_FILE) scripts/config.py
	@mkdir -p $(@D)
	@scripts/config.py header $(call q,$(TOML)) > $@
docs: ## make the table of docs/configuration.md and the pictures of docs/rooms.md and README.md anew
	@scripts/check_rooms.py --draw
	@scripts/pictures.py
	@mkdir -p build
	@scripts/config.py docs config/*.toml < docs/configuration.md > build/configuration.md && cp build/configuration.md docs/configuration.md

# The version: a header that is made anew when the number or the checkout is another one.
.PHONY: version
build/version.h: version
	@scripts/version.sh $@
$(B)/obj/tb/base/about.o: build/version.h

# ---- C: model, traces, bench ---------------------------------------------------------------------------------------
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
C_SRC  := $(MODEL_SRC) $(TRACE_SRC) $(TB_SRC)
C_OBJ  := $(call objects,$(C_SRC))

$(B)/obj/%.o: %.c $(GEN)/mmu_cfg.h
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(B)/obj/%.o: %.cpp $(GEN)/mmu_cfg.h
	@mkdir -p $(@D)
	@$(CXX) $(CPPFLAGS) -I tb/dut $(VINCLUDES) $(CXXFLAGS) -c $< -o $@

# A command that replays a trace without Verilator.
$(B)/twinwalk-model: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o
	@$(CC) $^ $(LIBS) -o $@

include model/library/rules.mk

# ---- Verilator -----------------------------------------------------------------------------------------------------
VRUN_FST  := $(addprefix $(BUILD)/verilated/,verilated_fst_c.o fst_writer.o fst_changes.o)
VRUN      := $(addprefix $(BUILD)/verilated/,verilated.o verilated_threads.o verilated_says.o) $(VRUN_FST)
VRUN_SC   := $(addprefix $(BUILD)/verilated/sc/,verilated.o verilated_threads.o) $(BUILD)/verilated/verilated_says.o
VINCLUDES  = -I $(B)/cc -I $(B)/sc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd

.PHONY: $(VSTAMP).now
$(VSTAMP): $(VSTAMP).now
	@scripts/verilate.py stamp $@ '$(VFLAGS)' '$(VMAKE)'

# Verilator's own runtime, the same for every design and preset; hardly any of it runs in a cycle.
VLIGHT := -O1 $(MARCH)
$(BUILD)/verilated/verilated_says.o: tb/dut/verilated_says.cpp $(wildcard tb/dut/*.h) tb/base/exits.h $(VSTAMP)
	@mkdir -p $(@D)
	@$(CXX) -I . -I model -I tb -I tb/dut -isystem $(VROOT)/include $(WARN) $(CXXFLAGS) -fPIC -c $< -o $@
# Its writer of waveforms, but for the file itself: that is ours.
$(BUILD)/verilated/verilated_fst_c.cpp: $(VSTAMP)
	@scripts/verilate.py writer $@
$(BUILD)/verilated/verilated_fst_c.o: $(BUILD)/verilated/verilated_fst_c.cpp tb/dut/verilated_says.h $(wildcard tb/dut/fst_*.h)
	@$(CXX) $(VSAYS) $(OPT) -fPIC -DVM_COVERAGE=0 -DVM_SC=0 -DVM_TRACE=1 -I tb/dut -I $(VROOT)/include -I $(VROOT)/include/vltstd -c $< -o $@
$(BUILD)/verilated/fst_%.o: tb/dut/fst_%.c $(wildcard tb/dut/fst_*.h) $(VSTAMP)
	@$(CC) $(CFLAGS) -fPIC -c $< -o $@
$(BUILD)/verilated/%.o: tb/dut/verilated_says.h $(VSTAMP)
	@mkdir -p $(@D)
	@$(CXX) $(VSAYS) $(VLIGHT) -fPIC -DVM_COVERAGE=0 -DVM_SC=0 -DVM_TRACE=1 -I $(VROOT)/include -I $(VROOT)/include/vltstd -c $(VROOT)/include/$*.cpp -o $@
$(BUILD)/verilated/sc/%.o: tb/dut/verilated_says.h $(VSTAMP)
	@mkdir -p $(@D)
	@$(CXX) $(VSAYS) $(VLIGHT) -DVM_COVERAGE=0 -DVM_SC=1 -DVM_TRACE=0 -I $(VROOT)/include -I $(VROOT)/include/vltstd -c $(VROOT)/include/$*.cpp -o $@

MMU_SOURCES  = tb/dut/waves.vlt $(GEN)/mmu_cfg_pkg.sv $(RTL) $(WAVES_TOP) $(PORTS_SV) tb/dut/registers.h $(VSTAMP)
write_mmu = $(call verilate_write,$(1),--cc $(VFLAGS) $(VPORTS) --top-module mmu_waves $(filter %.vlt %.sv,$^))
$(B)/cc/Vmmu.written: $(MMU_SOURCES)
	@+$(call write_mmu,'mmu ($(PRESET))')
ifneq ($(PGO),1)
$(B)/cc/Vmmu__ALL.a: $(B)/cc/Vmmu.written
	@+$(call verilate_compile)
else
# Twice: first so that it counts what it does, on two traces; then with those counts. They last until the RTL changes.
$(B)/train/cc/Vmmu.written: $(MMU_SOURCES)
	@+$(call write_mmu,'mmu that counts ($(PRESET))')
$(B)/train/cc/Vmmu__ALL.a: $(B)/train/cc/Vmmu.written
	@+$(call verilate_compile,$(call vmake,-fprofile-generate))
$(B)/train/verilator.o: tb/dut/verilator.cpp $(B)/train/cc/Vmmu.written
	@$(CXX) $(CPPFLAGS) -I tb/dut -I $(B)/train/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -c $< -o $@
$(B)/train/twinwalk: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(B)/train/verilator.o $(B)/train/cc/Vmmu__ALL.a $(VRUN)
	@$(CXX) -fprofile-generate $^ $(LIBS) $(VLIBS) -lpthread -o $@
$(B)/train/cc/counted: $(B)/train/cc/Vmmu__ALL.a | $(B)/train/twinwalk
	@for trace in sqlite3 gcc; do $(B)/train/twinwalk cosim --limit=200000 traces/corpus/$$trace.tw > /dev/null || exit 1; done; touch $@
$(B)/cc/Vmmu__ALL.a: $(B)/cc/Vmmu.written $(B)/train/cc/counted
	@+COUNTS=$(B)/train/cc $(call verilate_compile,$(call vmake,-fprofile-use -Wno-missing-profile))
endif
$(B)/obj/tb/dut/verilator.o: $(B)/cc/Vmmu.written

$(B)/twinwalk: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(B)/obj/tb/dut/verilator.o $(B)/cc/Vmmu__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@

# Somebody else's MMU as a library (scripts/dut.py), which any program here takes by --dut=. Whether it must be built
# anew says the script, since names in a description may be such that make cannot have.
make_dut = VFLAGS='$(VFLAGS)' VMAKE='$(call vmake,,-fPIC)' \
           CXX='$(CXX)' CXXFLAGS='$(CXXFLAGS)' VRUN='$(VRUN)' scripts/dut.py make $(1) $(B)
DUT_NEEDS = $(GEN)/mmu_cfg_pkg.sv $(GEN)/mmu_cfg.h $(VRUN) $(VSTAMP)
.PHONY: dut-library dut-build
dut-build: $(B)/twinwalk-model dut-library
dut-library: $(DUT_NEEDS)
	@+$(call make_dut,$(call q,$(DUT)))
# Those that the tests run, each with the bench for what it lacks.
.PHONY: duts
duts: $(B)/twinwalk-model $(DUT_NEEDS)
	@+for dut in $(patsubst %/dut.toml,%,$(wildcard tb/examples/*/dut.toml tb/bus/dut.toml tb/tests/*/dut.toml)); do $(MAKE) -s DUT=$$dut dut-build || exit 1; done

# The same engine under SystemC: the MMU verilated with --sc, its memory behind a TLM-2.0 socket.
SC_OBJ := $(patsubst %.cpp,$(B)/obj/%.o,$(wildcard tb/systemc/*.cpp))
$(B)/sc/Vmmu_sc.written: $(GEN)/mmu_cfg_pkg.sv $(RTL) $(wildcard tb/systemc/*.sv) $(VSTAMP)
	@+$(call verilate_write,'mmu for SystemC ($(PRESET))',--sc $(filter-out --trace%,$(VFLAGS)) --top-module mmu_sc $(filter %.sv,$^))
$(B)/sc/Vmmu_sc__ALL.a: $(B)/sc/Vmmu_sc.written
	@+$(call verilate_compile)
$(SC_OBJ): $(B)/sc/Vmmu_sc.written
$(B)/twinwalk-sc: $(C_OBJ) $(SC_OBJ) $(B)/sc/Vmmu_sc__ALL.a $(VRUN_SC)
	@$(CXX) $^ $(LIBS) -lsystemc -lpthread -o $@

# The recorder: a plugin of qemu-x86_64, and the collector that writes what it finds, with the trace library inside.
CAPTURE_BOTH := traces/capture/channel.c traces/capture/launch.c
build/capture/twinwalk-collect: $(wildcard traces/capture/collect/*.c) $(CAPTURE_BOTH) $(TRACE_LIB) \
                                $(wildcard traces/capture/*.h traces/capture/collect/*.h traces/format/*.h) model/pins.h
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 $(OPT) -flto $(WARN) -I . -I model -I traces -I traces/capture $(filter %.c,$^) -lzstd -lz -lpthread -o $@
build/capture/twinwalk_capture.so: $(wildcard traces/capture/*.[ch]) traces/format/record.c $(wildcard traces/format/*.h) model/pins.h build/capture/twinwalk-collect
	@$(CC) -std=gnu11 $(OPT) $(WARN) -fPIC -shared -fvisibility=hidden -ffunction-sections -Wl,--gc-sections -I . -I model -I traces $(filter %.c,$^) -o $@

# The least that a Verilated module costs, for `make bench`.
build/floor/Vfloor: tb/floor/floor.sv tb/floor/floor.cpp $(VSTAMP)
	@+$(call verilate,'one register',--cc --exe -O3 --x-assign fast --x-initial fast --noassert $(abspath $(filter %.sv %.cpp,$^)))
# The RTL without waveform support, to see what its being built in costs.
$(B)/plain/Vmmu__ALL.a: $(GEN)/mmu_cfg_pkg.sv $(RTL) $(WAVES_TOP) $(PORTS_SV) tb/dut/registers.h $(VSTAMP)
	@+$(call verilate,'mmu without waveforms ($(PRESET))',--cc $(filter-out --trace%,$(VFLAGS)) $(VPORTS) --top-module mmu_waves $(filter %.sv,$^))
$(B)/obj/tb/dut/verilator_plain.o: tb/dut/verilator.cpp $(B)/plain/Vmmu__ALL.a
	@mkdir -p $(@D)
	@$(CXX) $(CPPFLAGS) -I tb/dut -I $(B)/plain -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -c $< -o $@
$(B)/twinwalk-plain: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(B)/obj/tb/dut/verilator_plain.o $(B)/plain/Vmmu__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@

# ---- tests ---------------------------------------------------------------------------------------------------------
# A unit and its test carry the same stem. The model's tests run for every preset, and that of stretches of hits, since
# cycles take more accesses elsewhere; the others for tiny.
TEST_SRC := $(sort $(wildcard model/tests/test_*.c) tb/tests/test_stretch.c $(if $(filter tiny,$(PRESET)),$(wildcard traces/tests/test_*.c tb/tests/test_*.c)))
TESTS    := $(foreach src,$(TEST_SRC),$(B)/test/$(basename $(notdir $(src))))
AIDS     := $(call objects,$(filter-out $(wildcard */tests/test_*.c),$(wildcard */tests/*.c)))
vpath test_%.c model/tests traces/tests tb/tests
$(B)/test/test_%: test_%.c $(C_OBJ) $(AIDS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -MF $@.d -I $(<D) $(CFLAGS) $< $(C_OBJ) $(AIDS) -lcmocka $(LIBS) -o $@

# Presets that stand for no processor but for a size of hardware: in the tests whole MMUs only, and not in the headline.
SIZES       := ecp5 mini
# Everything that the tests of PRESET run on.
test-build: $(B)/twinwalk $(if $(filter $(SIZES),$(PRESET)),,$(B)/twinwalk-sc $(TESTS)) $(if $(filter tiny contrary,$(PRESET)),$(B)/part/part.o) $(if $(filter tiny contrary,$(PRESET)),$(B)/twinwalk-defects core-build) $(if $(filter tiny ecp5,$(PRESET)),$(B)/twinwalk-waiting $(B)/twinwalk-leftout) $(if $(filter ecp5,$(PRESET)),$(B)/twinwalk-defects) \
            $(if $(filter tiny,$(PRESET)),$(LIB_COMMON) build/capture/twinwalk_capture.so build/system/twinwalk_system.so build/truth/twinwalk-truth $(B)/twinwalk-model duts $(B)/fpga-sim $(B)/fpga-sim-defects $(B)/fpga-sim-ulx3s $(B)/fpga-sim-ulx3s-defects $(B)/link-cost build/judges/kvm build/judges/qemu $(if $(wildcard build/bochs-judge/*/built),build/judges/bochs) $(B)/core-planted/cc/core_bench contract-dut) $(if $(filter mini,$(PRESET)),core-build core-board-build)

# ---- verbs ---------------------------------------------------------------------------------------------------------
PROGRAM_cc      := $(B)/twinwalk$(if $(DUT),-model)
PROGRAM_systemc := $(B)/twinwalk-sc
DUT_cc          := rtl
# With DUT=: the device, and its own level unless CHECK= is given.
DUT_OPTION      := $(if $(DUT),--dut=$(call q,$(DUT_LIBRARY)))
ON_OPTION       := $(if $(DUT),--on=$(call q,$(DUT_LIBRARY)))
CHECK_OPTION    := $(if $(and $(DUT),$(filter file,$(origin CHECK))),,--check=$(CHECK))
DUT_systemc     := systemc
VECTORS         ?= $(wildcard traces/vectors/*.txt)
WAVE_FST        := out/waves/last.fst
# The presets' programs together, so that both processors have work to the end; one first, which also makes what all
# share.
FIRST       := $(firstword $(filter tiny,$(PRESETS)) $(PRESETS))
TEST_BUILDS := $(PRESETS:%=test-build-of-%)
HEADLINES   := $(if $(filter command,$(origin PRESETS)),$(PRESETS),$(filter-out $(SIZES),$(PRESETS)))
.PHONY: $(TEST_BUILDS) build library install uninstall cosim model random forms vectors sweep matrix lint lint-one format synth verilog fpga formal cocotb bench test test-build \
        regress equal headline soak forms-sweep timing wave wave-png capture docs clean

# What install brings: the presets that are asked for, else those that are built, else PRESET; and where to.
PREFIX     ?= /usr/local
INSTALLED  := $(if $(filter command,$(origin PRESETS)),$(PRESETS),$(or $(filter $(PRESETS),$(patsubst $(BUILD)/%/twinwalk,%,$(wildcard $(BUILD)/*/twinwalk))),$(PRESET)))
INSTALL_TO := $(foreach v,PREFIX DESTDIR BINDIR LIBDIR INCLUDEDIR DATADIR,$(if $($(v)),$(v)=$(call q,$($(v)))))

# make, with a line now and then while compilers work.
PATIENT = scripts/patiently.sh

build: $(NEEDS_$(BENCH)) ## build the bench for PRESET and BENCH
	@$(PATIENT) "building $(PROGRAM_$(BENCH))" $(MAKE) -s -j2 $(PROGRAM_$(BENCH)) $(if $(DUT_LOOKED),dut-library)
library: needs-library ## build build/lib/libtwinwalk.so: models of PRESETS and oracle (needs no Verilator; docs/library.md)
	@$(PATIENT) "building $(LIB)/$(SONAME)" $(MAKE) -s -j2 shared-library
# What of ARGS= all parts of the job take alike.
ALIKE_ARGS = $(filter --reduce=% --out=%,$(ARGS))
cosim: build ## replay TRACE through model and RTL in lockstep and compare; without TRACE= also random stimulus and directed cases
	@mkdir -p out/waves
	@$(PROGRAM_$(BENCH)) cosim $(DUT_OPTION) $(CHECK_OPTION) $(if $(WAVES),--waves=$(WAVE_FST)) $(if $(JSON),--json=$(call q,$(JSON))) $(ARGS) $(call q,$(TRACE))
	@$(if $(filter file,$(origin TRACE)),$(PROGRAM_$(BENCH)) random $(or $(DUT_OPTION),--check=state) --brief --requests=100000 $(ALIKE_ARGS))
	@$(if $(filter file,$(origin TRACE)),$(PROGRAM_$(BENCH)) vectors $(ON_OPTION) $(ALIKE_ARGS) $(VECTORS))
model: needs-model ## replay TRACE through the cycle model alone (needs no Verilator)
	@$(PATIENT) "building $(B)/twinwalk-model" $(MAKE) -s -j2 $(B)/twinwalk-model
	@$(B)/twinwalk-model model $(if $(JSON),--json=$(call q,$(JSON))) $(ARGS) $(call q,$(TRACE))
tlb: needs-model ## misses of TRACE in TLBs of any shape, without a clock; plots over entries and ways in out/tlb (needs no Verilator)
	@$(PATIENT) "building $(B)/twinwalk-model" $(MAKE) -s -j2 $(B)/twinwalk-model
	@mkdir -p out/tlb
	@$(B)/twinwalk-model tlb --shapes --json=out/tlb/counts.json $(ARGS) $(call q,$(TRACE))
	@scripts/tlb_plot.py out/tlb/counts.json out/tlb
check: needs-check ## the loop after a change of PRESET: lint, vectors, random with a new seed, a share of matrix and sweep, the corpus in short
	@$(PATIENT) "building $(PROGRAM_cc)" $(MAKE) -s -j2 $(PROGRAM_cc) $(if $(DUT_LOOKED),dut-library)
	@scripts/check.sh $(or $(and $(DUT),$(notdir $(B))),$(PRESET)) $(if $(DUT),'' $(call q,$(DUT_LIBRARY)))
random: build ## constrained-random stimulus in lockstep (ARGS="--seed=S --requests=N")
	@$(PROGRAM_$(BENCH)) random $(DUT_OPTION) $(ARGS)
forms: build ## measure the closed forms of docs/microarchitecture.md on model and RTL
	@$(PROGRAM_$(BENCH)) forms --dut=$(DUT_$(BENCH)) $(ARGS)
vectors: build ## run directed cases on oracle, model and RTL (VECTORS="FILE…", ARGS=)
	@$(PROGRAM_$(BENCH)) vectors $(ON_OPTION) $(ARGS) $(VECTORS)
sweep: build ## enumerate the rules of paging on oracle, model and RTL (ARGS="--share=I/N --only=PART")
	@$(PROGRAM_$(BENCH)) sweep $(or $(DUT_OPTION),--dut=$(DUT_$(BENCH))) $(ARGS)
matrix: build ## every invalidation x structure x page x state of a walk in flight (ARGS="--only=TEXT")
	@$(PROGRAM_$(BENCH)) matrix $(or $(DUT_OPTION),--dut=$(DUT_$(BENCH))) $(ARGS)
lint: needs-bench ## Verilator -Wall on every preset
	@for preset in $(PRESETS); do $(MAKE) -s PRESET=$$preset lint-one || exit 1; done; echo "lint: clean for $(PRESETS)"
lint-one: $(GEN)/mmu_cfg_pkg.sv $(VSTAMP)
	@$(VERILATOR) --lint-only -Wall --top-module mmu $< $(RTL) > /dev/null # what it has to say comes on stderr
	@$(VERILATOR) --lint-only -Wall --top-module core_system $< $(RTL) $(CORE_RTL) > /dev/null
	@$(MAKE) -s lint-link
	@$(if $(filter tiny,$(PRESET)),for board in ulx3s tang_nano_20k; do for inside in 0 1; do $(VERILATOR) --lint-only -Wall --top-module $$board -GInside=$$inside $< $(RTL) $(CORE_RTL) \
	    rtl/fpga/cells.sv $(wildcard rtl/fpga/board_*.sv) rtl/fpga/$$board.sv > /dev/null || exit 1; done; done)
format: needs-format ## bring every C, C++ and SystemVerilog file into form (clang-format, Verible)
	@scripts/format.sh
synth: $(if $(YOSYS),needs-model,needs-synth) ## what the RTL costs: LUTs, flip-flops, levels, memories by module, worst paths; of PRESET (tiny), or of MODULE= alone, in seconds (docs/synthesis.md)
	@$(PATIENT) "synthesizing" scripts/synth.py --preset=$(if $(filter file,$(origin PRESET)),tiny,$(call q,$(PRESET))) $(ARGS) $(if $(MODULE),$(call q,$(MODULE)))
verilog: $(if $(YOSYS),needs-model,needs-synth) ## the MMU of PRESET as one flat file of Verilog-2005, out/verilog/PRESET/mmu.v, and as a device (READOUT=0|1|2; docs/synthesis.md)
	@$(PATIENT) "writing Verilog" scripts/synth_verilog.sh $(call q,$(PRESET)) $(if $(READOUT),$(call q,$(READOUT)))
# What is inside the board: the MMU alone, in the minimal core with its program, or at the end of the UART.
INSIDE ?= mmu
fpga: $(if $(FPGA_TOOLS),needs-model,needs-fpga) ## a bitstream for BOARD (ulx3s, tang_nano_20k), and what PRESET (ecp5) takes there: INSIDE=mmu|core|link SEEDS="1 2 3" ALLOW="lut<=+5%" (docs/synthesis.md)
	@$(if $(filter core,$(INSIDE)),$(MAKE) -s $(CORE_PROGRAM))
	@$(PATIENT) "placing and routing" scripts/fpga.py --board=$(call q,$(or $(BOARD),ulx3s)) --preset=$(if $(filter file,$(origin PRESET)),ecp5,$(call q,$(PRESET))) --inside=$(call q,$(INSIDE)) \
	    $(if $(SEEDS),--seeds=$(call q,$(SEEDS))) --allow=$(call q,$(ALLOW)) $(ARGS)
formal: needs-formal ## prove what formal/ says of the RTL, and refute it in a mutant each: UNITS="queue control" (docs/formal.md)
	@$(PATIENT) "proving" scripts/formal.py --preset=$(if $(filter file,$(origin PRESET)),tiny,$(PRESET)) $(ARGS) $(UNITS)
mutants: needs-mutants ## random mutants against the stimulus of `make test`: what survives? ARGS="--number= --seed= --of=c" (docs/mutants.md)
	@build/venv/bin/python3 scripts/mutants/campaign.py $(ARGS)
cocotb: needs-cocotb ## the cocotb example: the RTL of PRESET, the C model as reference (CYCLES= SEED= PLANT=1)
	@$(PATIENT) "building the library" $(MAKE) -s -j2 shared-library PRESETS=$(PRESET) BUILD_LIB=$(B)/cocotb
	@$(PATIENT) "building and running the test" scripts/cocotb.sh $(PRESET)
timing: needs-timing ## draw the timing of docs/integration.md anew, from runs of docs/timing/*.pins
	@$(PATIENT) "building build/tiny/twinwalk" $(MAKE) -s -j2 PRESET=tiny build/tiny/twinwalk
	@scripts/timing.py
wave: needs-wave ## open GTKWave on the last run's waveform
	@scripts/wave.sh
wave-png: needs-wave-png ## draw the last run's waveform into out/waves/wave.png, without a display
	@scripts/wave_png.sh
$(TEST_BUILDS): test-build-of-%:
	@$(MAKE) -s PRESET=$* test-build
test: needs-test ## every test; ends with `N passed, N failed, N skipped` (ARGS=PATTERN: only those)
	@$(PATIENT) "building the tests of $(FIRST)" $(MAKE) -s -j2 test-build-of-$(FIRST)
	@$(PATIENT) "building the tests of all presets" $(MAKE) -s -j2 $(TEST_BUILDS)
	@scripts/test.sh $(call q,$(ARGS))
bench: needs-systemc needs-capture needs-system ## measure every speed of PRESET in one run (CPU time, median of 7), BASE=FOLDER: beside another revision's, built there
	@$(MAKE) -s -j2 $(B)/twinwalk $(B)/twinwalk-sc $(B)/twinwalk-model $(B)/twinwalk-plain build/floor/Vfloor build/capture/twinwalk_capture.so
	@scripts/bench.py $(notdir $(B)) $(call q,$(TRACE)) $(if $(BASE),$(call q,$(BASE)))
ON ?= local
NEEDS_ON_local := $(NEEDS_$(BENCH)) needs-regress
NEEDS_ON_slurm := needs-slurm
ifneq ($(filter-out local slurm,$(ON)),)
$(error ON=$(ON): must be local or slurm)
endif
regress: $(NEEDS_ON_$(ON)) ## every trace of the corpus (CORPUS=folder) on every preset (PRESETS=), at CHECK, on BENCH; REGRESS_SET=small; FRESH=1; ON=local|slurm
	@for preset in $(if $(filter local,$(ON)),$(PRESETS)); do $(PATIENT) "building $$preset" $(MAKE) -s -j2 PRESET=$$preset build/$$preset/$(notdir $(PROGRAM_$(BENCH))) || exit 1; done
	@scripts/regress.py --on=$(ON) --set=$(or $(REGRESS_SET),full) --check=$(CHECK) --bench=$(BENCH) --presets='$(PRESETS)' --args=$(call q,$(ARGS)) \
	    $(if $(CORPUS),--corpus=$(call q,$(CORPUS))) $(if $(filter-out 0,$(FRESH)),--fresh)
compare: needs-compare ## what a change of the RTL costs or wins: BASE=revision|folder|patch [HEAD= PRESETS= CORPUS= ALLOW="cycles<=+2%" ARGS=]
	@python3 scripts/compare --base='$(or $(BASE),HEAD)' --head='$(or $(HEAD),.)' --presets='$(if $(filter command,$(origin PRESETS)),$(PRESETS))' \
	    --allow='$(ALLOW)' $(if $(CORPUS),--corpus=$(call q,$(CORPUS))) $(ARGS)
equal: needs-systemc needs-regress ## the same results, byte for byte, from both benches of PRESETS, and from benches that are built elsewhere: WITH="../other/build/PRESET/twinwalk" (docs/compare.md)
	@for preset in $(PRESETS); do for program in twinwalk twinwalk-sc; do \
	    $(PATIENT) "building $$preset" $(MAKE) -s -j2 PRESET=$$preset build/$$preset/$$program || exit 1; done; done
	@scripts/equal.py --presets='$(PRESETS)' $(ARGS) build/PRESET/twinwalk build/PRESET/twinwalk-sc $(WITH)
design: needs-compare ## build the bench of PRESET around another MMU, OF=revision|folder|patch, and say where it is
	@python3 scripts/compare/build.py '$(OF)' $(call q,$(PRESET))
headline: needs-bench ## measure docs/headline.md, tables and plots, anew (PRESETS=)
	@for preset in $(HEADLINES); do $(PATIENT) "building $$preset" $(MAKE) -s -j2 PRESET=$$preset build/$$preset/twinwalk || exit 1; done
	@scripts/headline.py --presets='$(HEADLINES)' $(ARGS)
soak: needs-bench needs-regress ## random stimulus for HOURS= (1, fractions too) on every preset (PRESETS=), with seeds that have never run; goes on where it was (FRESH=1)
	@for preset in $(PRESETS); do $(PATIENT) "building $$preset" $(MAKE) -s -j2 PRESET=$$preset build/$$preset/twinwalk || exit 1; done
	@scripts/soak.py --presets='$(PRESETS)' $(if $(HOURS),--hours=$(HOURS)) $(if $(CYCLES),--cycles=$(CYCLES)) $(if $(filter-out 0,$(FRESH)),--fresh) --args=$(call q,$(ARGS))
forms-sweep: needs-model ## throughput of walks against the number of walkers, on the model
	@scripts/forms_sweep.sh
capture: needs-capture ## record a program and all that it starts: CMD="…" OUT=FILE [LIMIT=accesses] [SKIP=accesses] [QUANTUM=records]
	@$(MAKE) -s build/capture/twinwalk_capture.so
	@scripts/capture.sh # make hands the variables of its command line on
install: needs-install ## programs, library, headers, pages of man, completion under PREFIX= (DESTDIR=, PRESETS=: else those that are built)
	@for preset in $(INSTALLED); do $(PATIENT) "building $$preset" $(MAKE) -s -j2 PRESET=$$preset $(BUILD)/$$preset/twinwalk || exit 1; done
	@$(PATIENT) "building $(LIB)/$(SONAME)" $(MAKE) -s -j2 shared-library
	@$(INSTALL_TO) scripts/install.sh install $(BUILD) $(call q,$(BUILD_LIB)) $(or $(filter $(PRESET),$(INSTALLED)),$(firstword $(INSTALLED))) $(INSTALLED)
uninstall: ## take away what install has put under PREFIX= (DESTDIR=)
	@$(INSTALL_TO) scripts/install.sh uninstall
clean: ## remove everything generated
	@rm -rf build out

-include tb/defects/rules.mk
-include tb/tests/on_rtl/rules.mk
-include tb/tests/leftout/rules.mk
-include tb/tests/readout/rules.mk
-include tb/tests/contract/rules.mk
-include tb/tests/link_cost/rules.mk
-include tb/judges/rules.mk
-include tb/cover/rules.mk
-include tb/core/rules.mk
-include tb/fpga/rules.mk
-include traces/fuzz/rules.mk
-include tb/fuzz/rules.mk
-include traces/truth/rules.mk
-include traces/system/rules.mk
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
