# Fuzzing of every reader of foreign bytes (libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer):
#
#   make fuzz RUNS=10000000 [FUZZ=pin] [FUZZ_SECONDS=600]     so many executions of each, or of one, or so many seconds
#   make fuzz FUZZ_SANITIZER=memory                           with MemorySanitizer, those that need no library of others
#
# What was found worth keeping is in traces/fuzz/corpus/ and tb/fuzz/corpus/; what a run adds stays under build/fuzz/. A
# failing input lands in out/fuzz/.
RUNS      ?= 100000
FUZZ_SANITIZER ?= address
FUZZ_MEMORY := $(filter memory,$(FUZZ_SANITIZER))
FUZZ_B    := build/fuzz$(FUZZ_MEMORY:%=-%)
FUZZERS   := block text champsim cloudsuite drmemtrace shards lackey pin
FUZZERS   += $(if $(FUZZ_MEMORY),,binary any)
FUZZ      ?= $(FUZZERS)
FUZZ_CC   := clang
FUZZ_FLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=$(FUZZ_SANITIZER),undefined -fno-sanitize-recover=undefined -I . -I model -I traces -MMD -MP
FUZZ_OBJ  := $(patsubst %.c,$(FUZZ_B)/obj/%.o,$(TRACE_LIB) $(filter-out traces/import/verbs.c traces/import/output.c,$(wildcard traces/import/*.c)) traces/fuzz/shared.c)

$(FUZZ_B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c $< -o $@
FUZZ_LINK  = @$(FUZZ_CC) $(filter-out -MMD -MP,$(FUZZ_FLAGS)) -fsanitize=fuzzer $(filter-out %.h,$^) -lzstd -lz -llzma -lbz2 -llz4 -lsnappy -larchive -o $@
$(FUZZ_B)/fuzz_binary $(FUZZ_B)/fuzz_block $(FUZZ_B)/fuzz_text: $(FUZZ_B)/%: traces/fuzz/%.c $(wildcard traces/fuzz/*.h traces/format/*.h) $(FUZZ_OBJ)
	$(FUZZ_LINK)
$(patsubst %,$(FUZZ_B)/fuzz_%,any champsim cloudsuite drmemtrace shards lackey pin): $(FUZZ_B)/fuzz_%: traces/fuzz/fuzz_import.c \
  $(wildcard traces/fuzz/*.h traces/format/*.h traces/import/*.h) $(FUZZ_OBJ)
	$(FUZZ_LINK) -DFORMAT='"$*"'

.PHONY: fuzz
fuzz: needs-fuzz ## fuzz the trace readers, importers, options and presets (RUNS= executions of each; FUZZ=NAME: one of them; FUZZ_SECONDS=; FUZZ_SANITIZER=memory)
	@$(if $(filter-out presets,$(FUZZ)),$(MAKE) -s -j2 $(patsubst %,$(FUZZ_B)/fuzz_%,$(filter-out presets,$(FUZZ))))
	@FUZZ_BUILD=$(FUZZ_B) FUZZ_SECONDS=$(FUZZ_SECONDS) traces/fuzz/run.sh $(RUNS) $(filter-out presets,$(FUZZ))
	@$(if $(filter presets,$(FUZZ)),tb/fuzz/fuzz_presets.py $(PRESET_RUNS),:)

-include $(shell find $(FUZZ_B)/obj -name '*.d' 2>/dev/null)
