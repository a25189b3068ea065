# Fuzzing of every reader of foreign bytes (libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer):
#
#   make fuzz RUNS=10000000 [FUZZ=pin]     so many executions of each, or of one
#
# What was found worth keeping is in traces/fuzz/corpus/; what a run adds stays under build/fuzz/. A failing input lands
# in out/fuzz/.
RUNS      ?= 100000
FUZZERS   := binary block text any champsim cloudsuite drmemtrace shards lackey pin
FUZZ      ?= $(FUZZERS)
FUZZ_CC   := clang
FUZZ_FLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -I . -I model -I traces -MMD -MP
FUZZ_OBJ  := $(patsubst %.c,build/fuzz/obj/%.o,$(TRACE_LIB) $(filter-out traces/import/verbs.c traces/import/output.c,$(wildcard traces/import/*.c)) traces/fuzz/shared.c)

build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c $< -o $@
FUZZ_LINK  = @$(FUZZ_CC) $(filter-out -MMD -MP,$(FUZZ_FLAGS)) -fsanitize=fuzzer $(filter-out %.h,$^) -lzstd -lz -llzma -lbz2 -llz4 -lsnappy -larchive -o $@
build/fuzz/fuzz_binary build/fuzz/fuzz_block build/fuzz/fuzz_text: build/fuzz/%: traces/fuzz/%.c $(wildcard traces/fuzz/*.h traces/format/*.h) $(FUZZ_OBJ)
	$(FUZZ_LINK)
$(patsubst %,build/fuzz/fuzz_%,any champsim cloudsuite drmemtrace shards lackey pin): build/fuzz/fuzz_%: traces/fuzz/fuzz_import.c \
  $(wildcard traces/fuzz/*.h traces/format/*.h traces/import/*.h) $(FUZZ_OBJ)
	$(FUZZ_LINK) -DFORMAT='"$*"'

.PHONY: fuzz
fuzz: needs-fuzz ## fuzz the trace readers and importers (RUNS= executions of each; FUZZ=NAME: one of them)
	@$(MAKE) -s -j2 $(FUZZERS:%=build/fuzz/fuzz_%)
	@traces/fuzz/run.sh $(RUNS) $(FUZZ)

-include $(shell find build/fuzz/obj -name '*.d' 2>/dev/null)
