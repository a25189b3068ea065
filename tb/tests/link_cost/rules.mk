# link-cost: what the host's end of a board costs by itself, against nothing (null_stream.c).
ifndef LINK_COST_RULES
LINK_COST_RULES := 1

$(B)/link-cost: $(filter-out %/tb/link/stream.o,$(C_OBJ)) $(B)/obj/tb/dut/cc_main.o $(B)/obj/tb/tests/link_cost/null_stream.o
	@$(CC) $^ -Wl,--wrap=checks_add,--wrap=link_ask $(LIBS) -o $@

.PHONY: link-cost
link-cost: needs-bench ## what the host's end of a board costs beside the model alone and the lockstep, in CPU time, on TRACE (docs/board.md)
	@$(PATIENT) "building the bench of $(PRESET)" $(MAKE) -s -j2 $(B)/twinwalk $(B)/twinwalk-model $(B)/link-cost
	@scripts/link_cost.py $(notdir $(B)) $(call q,$(TRACE)) $(ARGS)
endif
