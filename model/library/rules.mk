# libtwinwalk.so: the cycle model of every preset, and the oracle, behind the functions of twinwalk.h (docs/library.md).
#
# Each preset's cycle model is compiled into one object whose names are all local, so that many stand side by side; the
# oracle and physical memory, which know no preset, are compiled once. Nothing leaves the library but the names of
# libtwinwalk.map.
ABI        := $(shell sed -n 's/^.define TWINWALK_ABI //p' model/library/twinwalk.h)
LIB        := $(BUILD)/lib
BUILD_LIB  ?= $(LIB)
SONAME     := libtwinwalk.so.$(ABI)
LIB_FLAGS  := -fPIC -fvisibility=hidden
LIB_PART   := $(patsubst %.c,$(B)/part/%.o,$(wildcard model/cycle/*.c) model/library/preset.c)
LIB_COMMON := $(patsubst %.c,$(LIB)/%.o,model/library/twinwalk.c model/arch/oracle.c model/mem/physmem.c)

$(GEN)/mmu_values.h: $(TOML_FILE) scripts/config.py
	@mkdir -p $(@D)
	@scripts/config.py values $(call q,$(TOML)) > $@
$(B)/part/%.o: %.c $(GEN)/mmu_cfg.h $(GEN)/mmu_values.h
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(LIB_FLAGS) -c $< -o $@
$(B)/part/part.o: $(LIB_PART)
	@$(CC) -r -nostdlib $^ -o $@.all
	@objcopy --localize-hidden $@.all $@
	@rm $@.all
$(LIB)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) -I . -I model -MMD -MP $(CFLAGS) $(LIB_FLAGS) -c $< -o $@
$(LIB)/model/library/twinwalk.o: build/version.h

# Linked anew each time: which presets are in it is the command line's choice (PRESETS=). BUILD_LIB= is another folder
# for it.
.PHONY: shared-library
shared-library: $(LIB_COMMON)
	@for preset in $(PRESETS); do $(MAKE) -s PRESET=$$preset $(BUILD)/$$preset/part/part.o || exit 1; done
	@mkdir -p $(call q,$(BUILD_LIB))
	@$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,model/library/libtwinwalk.map -Wl,-z,defs $(LIB_COMMON) \
	    $(PRESETS:%=$(BUILD)/%/part/part.o) -o $(call q,$(BUILD_LIB)/$(SONAME))
	@ln -sf $(SONAME) $(call q,$(BUILD_LIB)/libtwinwalk.so)
	@echo $(PRESETS) > $(call q,$(BUILD_LIB)/presets)

-include $(shell find $(LIB) $(B)/part -name '*.d' 2>/dev/null)
