# The OS model against a real kernel: `make truth`.
build/truth/twinwalk-truth: $(wildcard traces/truth/*.[ch]) $(TRACE_LIB) $(wildcard traces/format/*.h)
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 $(OPT) $(WARN) -I . -I model -I traces -I traces/truth $(filter %.c,$^) -lzstd -lz -o $@
build/truth/%: traces/truth/programs/%.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O1 $(WARN) $< -lpthread -o $@

TRUTH_PROGRAMS := $(patsubst traces/truth/programs/%.c,build/truth/%,$(wildcard traces/truth/programs/*.c))
.PHONY: truth
truth: needs-truth ## hold the OS model against the running kernel, program by program; rewrites the tables of docs/os-model.md (NAMES=)
	@$(MAKE) -s $(B)/twinwalk-model build/capture/twinwalk_capture.so build/truth/twinwalk-truth $(TRUTH_PROGRAMS)
	@MODEL=$(B)/twinwalk-model scripts/truth.py $(NAMES)
