# link-cost: what the host's end of a board costs by itself, against nothing (null_stream.c).
ifndef LINK_COST_RULES
LINK_COST_RULES := 1

$(B)/link-cost: $(filter-out %/tb/link/stream.o,$(C_OBJ)) $(B)/obj/tb/dut/cc_main.o $(B)/obj/tb/tests/link_cost/null_stream.o
	@$(CC) $^ -Wl,--wrap=checks_add,--wrap=link_ask $(LIBS) -o $@
endif
