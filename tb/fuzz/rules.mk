# Everything in C under AddressSanitizer and UndefinedBehaviorSanitizer.
#
# The programs of preset tiny once more, in build/sanitize/; each ends at the first thing that AddressSanitizer or UndefinedBehaviorSanitizer finds.
#
#   make sanitize [CALLS=1000000] [FIRST=0] [SHARE=all]   CALLS: traces of nearly legal system calls (tb/fuzz/calls.c), from seed FIRST on
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE   := BUILD=build/sanitize PRESET=tiny NATIVE=1 'OPT=-O2 -fno-omit-frame-pointer $(SANITIZERS)' 'WARN=-Wall -Wextra -Wno-format-truncation' \
              'LIBS=$(SANITIZERS) $(LIBS)'
CALLS      ?= 1000000
FIRST      ?= 0
SHARE      ?= all

$(B)/fuzz_calls: $(B)/obj/tb/fuzz/calls.o $(C_OBJ)
	@$(CC) $^ $(LIBS) -o $@

.PHONY: sanitize
sanitize: needs-model ## the C programs of preset tiny under ASan and UBSan, on the corpus, the vectors and nearly legal system calls (CALLS= FIRST= SHARE=ci)
	@$(MAKE) -s -j2 $(SANITIZE) build/sanitize/tiny/twinwalk-model build/sanitize/tiny/fuzz_calls
	@scripts/sanitize.sh $(SHARE) $(FIRST) $(CALLS)

# Command lines and presets, with the fuzzers of the readers (traces/fuzz/rules.mk). argp is the C library's own and is not
# instrumented, so MemorySanitizer is not for it. A preset costs Python a thousand times what a line costs C.
FUZZERS     += $(if $(FUZZ_MEMORY),,options presets)
PRESET_RUNS ?= $(shell expr $(RUNS) / 1000 + 1000)
FUZZ_CLI    := $(wildcard tb/cli/options*.c) tb/base/arguments.c tb/base/exits.c tb/base/outfile.c tb/session/setup.c model/mem/memport_preset.c traces/format/plain.c \
               traces/format/whole.c
$(FUZZ_B)/gen/mmu_cfg.h: config/tiny.toml scripts/config.py
	@mkdir -p $(@D)
	@scripts/config.py header $< > $@
$(FUZZ_B)/fuzz_options: tb/fuzz/fuzz_options.c $(FUZZ_CLI) $(FUZZ_B)/gen/mmu_cfg.h $(wildcard tb/cli/*.h tb/base/*.h tb/session/*.h)
	@$(FUZZ_CC) $(filter-out -MMD -MP,$(FUZZ_FLAGS)) -I tb -I $(FUZZ_B)/gen -ffunction-sections -Wl,--gc-sections -fsanitize=fuzzer $(FUZZ_COVER) $(filter %.c,$^) \
	    -Wl,--wrap=argp_parse,--wrap=argp_error,--wrap=exit,--wrap=outfile_possible -o $@
