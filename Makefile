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

PRESETS := $(sort $(basename $(notdir $(wildcard config/*.toml))))
B       := build/$(PRESET)
GEN     := $(B)/gen
TARGET_$(BENCH) := 1

ifeq ($(wildcard config/$(PRESET).toml),)
$(error PRESET=$(PRESET): no file config/$(PRESET).toml; there are: $(PRESETS))
endif
ifeq ($(filter cc systemc,$(BENCH)),)
$(error BENCH=$(BENCH): must be cc or systemc)
endif

# ---- compilers -----------------------------------------------------------------------------------------------------
OPT      := -O3 -march=native
WARN     := -Wall -Wextra -Werror
CPPFLAGS := -I model -I traces -I tb -I $(GEN) -MMD -MP
CFLAGS   := -std=gnu11 $(OPT) $(WARN) -g
CXXFLAGS := -std=gnu++17 $(OPT) -g
LIBS     := -lzstd -lz -ljansson -lm

VERILATOR := verilator
# No switch that changes the meaning of the RTL: the same sources as for synthesis.
VFLAGS := -Wall -O3 --x-assign fast --x-initial fast --noassert --trace-fst --trace-structs -Wno-fatal
VMAKE  := OPT_FAST="-O3 -march=native" OPT_SLOW="-O1" OPT_GLOBAL="-O3"
VROOT   = $(shell $(VERILATOR) --getenv VERILATOR_ROOT)

# ---- sources -------------------------------------------------------------------------------------------------------
RTL       := rtl/mmu_pkg.sv $(filter-out rtl/mmu_pkg.sv,$(wildcard rtl/*.sv))
MODEL_SRC := $(wildcard model/cycle/*.c model/arch/*.c model/mem/*.c model/os/*.c)
TRACE_SRC := $(wildcard traces/*.c)
TB_SRC    := $(wildcard tb/*.c)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup
help: ## list every verb
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  presets: $(PRESETS); options: PRESET= TRACE= CHECK=arch|events|cycle|state BENCH=cc|systemc WAVES=1 JSON=FILE ARGS="

setup: ## install what is missing (Debian packages)
	@scripts/setup.sh

# ---- parameters: one source ----------------------------------------------------------------------------------------
$(GEN)/mmu_cfg_pkg.sv: config/$(PRESET).toml scripts/config.py
	@mkdir -p $(@D)
	@scripts/config.py sv $< > $@
$(GEN)/mmu_cfg.h: config/$(PRESET).toml scripts/config.py
	@mkdir -p $(@D)
	@scripts/config.py header $< > $@
