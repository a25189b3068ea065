# The system recorder (docs/system-capture.md): a plugin of qemu-system-x86_64, and the guest that it records.
ifndef SYSTEM_RULES
SYSTEM_RULES := 1

build/system/twinwalk_system.so: $(wildcard traces/system/*.[ch]) $(TRACE_LIB) $(wildcard traces/format/*.h) \
                                 traces/capture/qemu_plugin_api.h model/pins.h
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 $(OPT) $(WARN) -fPIC -shared -I . -I model -I traces $(filter %.c,$^) -lzstd -lz -o $@

.PHONY: capture-system
capture-system: needs-system ## record a whole Linux: OUT=FILE [WORK=boot|tour|swap|pressure|programs|all] [LEVELS=4|5] [START=] [UNTIL=] [SKIP=] [LIMIT=]
	@$(MAKE) -s build/system/twinwalk_system.so >&2
	@scripts/capture_system.sh # make hands the variables of its command line on
endif
