# Fuzzing of every reader of foreign bytes (libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer):
#
#   make fuzz RUNS=10000000 [FUZZ=pin] [FUZZ_SECONDS=600]     so many executions of each, or of one, or so many seconds
#   make fuzz FUZZ_SANITIZER=memory                           with MemorySanitizer
#   make fuzz FUZZ_FAST=1     a quarter more of them in the time, without the comparisons that libFuzzer learns from
#   make fuzz FUZZ_RESUME=1   less those that build/fuzz/tally has of the same sources
#
# What was found worth keeping is in traces/fuzz/corpus/ and tb/fuzz/corpus/; what a run adds stays under build/fuzz/. A
# failing input lands in out/fuzz/.
RUNS      ?= 100000
FUZZ_SANITIZER ?= address
FUZZ_MEMORY := $(filter memory,$(FUZZ_SANITIZER))
FUZZ_B    := build/fuzz$(FUZZ_MEMORY:%=-%)$(if $(FUZZ_FAST),-fast)
FUZZERS   := block text binary champsim cloudsuite drmemtrace shards lackey pin any
FUZZ      ?= $(FUZZERS)
FUZZ_CC   := clang
FUZZ_FLAGS := -std=gnu11 -O2 -g -fno-omit-frame-pointer -fsanitize=$(FUZZ_SANITIZER),undefined -fno-sanitize-recover=undefined -I . -I model -I traces -MMD -MP
FUZZ_COVER := $(if $(FUZZ_FAST),-fno-sanitize-coverage=trace-cmp)
FUZZ_SRC  := $(TRACE_LIB) $(filter-out traces/import/verbs.c traces/import/output.c,$(wildcard traces/import/*.c)) $(filter-out traces/fuzz/fuzz_%,$(wildcard traces/fuzz/*.c))
FUZZ_OBJ  := $(FUZZ_SRC:%.c=$(FUZZ_B)/obj/%.o)
FUZZ_WRAP := malloc calloc realloc free fopen fclose fstat ZSTD_createDCtx ZSTD_freeDCtx ZSTD_decompressDCtx ZSTD_decompressStream LZ4F_createDecompressionContext \
             LZ4F_freeDecompressionContext LZ4F_decompress lzma_stream_decoder lzma_end lzma_code BZ2_bzDecompressInit BZ2_bzDecompress inflate \
             snappy_uncompress archive_read_support_format_tar archive_read_open archive_read_free \
             archive_read_next_header archive_read_data_block archive_error_string

$(FUZZ_B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(FUZZ_COVER) -c $< -o $@
FUZZ_LINK  = @$(FUZZ_CC) $(filter-out -MMD -MP,$(FUZZ_FLAGS)) -fsanitize=fuzzer $(FUZZ_COVER) $(filter-out %.h,$^) -lzstd -lz -llzma -lbz2 -llz4 -lsnappy -larchive $(FUZZ_WRAP:%=-Wl,--wrap=%) -o $@
$(FUZZ_B)/fuzz_binary $(FUZZ_B)/fuzz_block $(FUZZ_B)/fuzz_text: $(FUZZ_B)/%: traces/fuzz/%.c $(wildcard traces/fuzz/*.h traces/format/*.h) $(FUZZ_OBJ)
	$(FUZZ_LINK)
$(patsubst %,$(FUZZ_B)/fuzz_%,any champsim cloudsuite drmemtrace shards lackey pin): $(FUZZ_B)/fuzz_%: traces/fuzz/fuzz_import.c \
  $(wildcard traces/fuzz/*.h traces/format/*.h traces/import/*.h) $(FUZZ_OBJ)
	$(FUZZ_LINK) -DFORMAT='"$*"'

.PHONY: fuzz
fuzz: needs-fuzz ## fuzz the trace readers, importers, options and presets (RUNS= executions of each; FUZZ=NAME: one of them; FUZZ_SECONDS=; FUZZ_SANITIZER=memory; FUZZ_FAST=1; FUZZ_RESUME=1)
	@$(if $(filter-out presets,$(FUZZ)),$(MAKE) -s -j2 $(patsubst %,$(FUZZ_B)/fuzz_%,$(filter-out presets,$(FUZZ))))
	@FUZZ_BUILD=$(FUZZ_B) FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_RESUME=$(FUZZ_RESUME) FUZZ_SANITIZER=$(FUZZ_SANITIZER) traces/fuzz/run.sh $(RUNS) $(filter-out presets,$(FUZZ))
	@$(if $(filter presets,$(FUZZ)),tb/fuzz/fuzz_presets.py $(PRESET_RUNS),:)

-include $(shell find $(FUZZ_B)/obj -name '*.d' 2>/dev/null)
