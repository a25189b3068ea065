# The unit tests of the clocked model once more, with the RTL behind the model's interface (on_rtl.h).
ON_RTL := $(patsubst model/tests/%.c,$(B)/test-rtl/%,$(shell grep -l '"cycle_bench.h"' model/tests/test_*.c))
ON_RTL_OBJ := $(call objects,$(wildcard tb/tests/on_rtl/*.c))
$(B)/test-rtl/test_%: model/tests/test_%.c $(C_OBJ) $(ON_RTL_OBJ) $(B)/obj/tb/dut/verilator.o $(B)/cc/Vmmu__ALL.a $(VRUN)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -MF $@.d -include tb/tests/on_rtl/on_rtl.h -I $(<D) $(CFLAGS) -c $< -o $@.o
	@$(CXX) $@.o $(filter-out %.c,$^) -lcmocka $(LIBS) $(VLIBS) -lpthread -o $@
test-build: $(ON_RTL)
# And with planted defects, or a batch of mutants, in it (scripts/mutants): of the same objects.
$(DEFECT_DIR)/units/test_%: $(B)/test-rtl/test_% $(DEFECT_DIR)/dut_defective.o $(DEFECT_DIR)/cc/Vdefects__ALL.a
	@mkdir -p $(@D)
	@$(CXX) $(B)/test-rtl/test_$*.o $(C_OBJ) $(ON_RTL_OBJ) $(filter-out $<,$^) $(VRUN) -lcmocka $(LIBS) $(VLIBS) -lpthread -o $@
.PHONY: defect-units
defect-units: $(ON_RTL:$(B)/test-rtl/%=$(DEFECT_DIR)/units/%)
-include $(ON_RTL:=.d)
