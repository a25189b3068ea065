# The bench whose writer of state (tb/dut/registers.h) leaves out the register that the environment variable LEFT_OUT
# names, and whose device is put into its own state time and again: twinwalk-leftout, for tb/tests/test_registers.sh.
ifndef LEFTOUT_RULES
LEFTOUT_RULES := 1

LEFTOUT_DIR := $(B)/leftout

# As the writer is, but for what is left out; a function that shows every register; and the adapter, which takes both.
$(LEFTOUT_DIR)/registers.h: tb/dut/registers.h tb/dut/adapter.h tb/tests/leftout/rules.mk
	@mkdir -p $(@D)
	@sed 's/registers_write(registers, \*state)/registers_write_watched(registers, *state)/; s/^#include "registers.h"/&\n#include "watched.h"/' tb/dut/adapter.h > $(@D)/adapter.h
	@{ sed '$$d; s/^\( *\)registers\.\(\w*_q\)(/\1if (!left_out("\2")) registers.\2(/; s/^#include "verilated.h"/&\n#include "leftout.h"/' tb/dut/registers.h; \
	   echo 'template <class Registers, class Visit> void registers_all(Registers &registers, Visit &&visit)'; echo '{'; \
	   sed -n 's/^ *registers\.\(\w*_q\)(.*/    registers.\1([\&](auto \&reg, auto...) { visit("\1", reg); });/p' tb/dut/registers.h; \
	   echo '}'; echo '#endif'; } > $@
$(LEFTOUT_DIR)/dut_reborn.o: tb/tests/leftout/dut_reborn.cpp $(wildcard tb/tests/leftout/*.h) $(LEFTOUT_DIR)/registers.h $(B)/cc/Vmmu__ALL.a $(wildcard tb/dut/*.h)
	@$(CXX) $(CPPFLAGS) -I $(LEFTOUT_DIR) -I tb/tests/leftout -I tb/dut -I $(B)/cc -isystem $(VROOT)/include -isystem $(VROOT)/include/vltstd $(CXXFLAGS) -O1 -c $< -o $@
$(B)/twinwalk-leftout: $(C_OBJ) $(B)/obj/tb/dut/cc_main.o $(LEFTOUT_DIR)/dut_reborn.o $(B)/cc/Vmmu__ALL.a $(VRUN)
	@$(CXX) $^ $(LIBS) $(VLIBS) -lpthread -o $@
endif
