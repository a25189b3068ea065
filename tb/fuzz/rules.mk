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
