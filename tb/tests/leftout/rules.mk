# The bench whose writer of state (tb/dut/registers.h) leaves out the register that the environment variable LEFT_OUT
# names, for tb/tests/test_slices.sh.
ifndef LEFTOUT_RULES
LEFTOUT_RULES := 1

LEFTOUT_DIR := $(B)/leftout

$(LEFTOUT_DIR)/registers.h: tb/dut/registers.h tb/dut/adapter.h tb/dut/verilator.cpp tb/tests/leftout/rules.mk
	@mkdir -p $(@D)
	@cp tb/dut/adapter.h tb/dut/verilator.cpp $(@D)
	@{ echo '#include <cstdlib>'; echo '#include <cstring>'; \
	   echo 'inline bool left_out(const char *r) { const char *l = std::getenv("LEFT_OUT"); return l && !std::strcmp(l, r); }'; \
	   sed 's/^\( *\)registers\.\(\w*_q\)(/\1if (!left_out("\2")) registers.\2(/' tb/dut/registers.h; } > $@
$(LEFTOUT_DIR)/verilator.o: $(LEFTOUT_DIR)/registers.h $(B)/cc/Vmmu__ALL.a $(wildcard tb/dut/*.h)
	@$(CXX) $(CPPFLAGS) -I tb/dut -I $(B)/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -O1 -c $(@D)/verilator.cpp -o $@
$(B)/twinwalk-leftout: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(LEFTOUT_DIR)/verilator.o $(B)/cc/Vmmu__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@
endif
