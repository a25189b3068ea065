# The MMU with the contract of its ports (tb/core/mmu_contract.sv) as a device of the bench, for
# tb/tests/test_contract.sh: without waves and quickly compiled, since it runs for a second.
ifndef CONTRACT_RULES
CONTRACT_RULES := 1

.PHONY: contract-dut
contract-dut: $(DUT_NEEDS)
	@+VFLAGS='$(filter-out --trace%,$(VFLAGS))' VMAKE='OPT_FAST="-O1 -fPIC" OPT_SLOW="-O0 -fPIC" OPT_GLOBAL="-O1 -fPIC"' \
	    CXX='$(CXX)' CXXFLAGS='$(CXXFLAGS)' VRUN='$(VRUN)' scripts/dut.py make tb/tests/contract/mmu $(B)
endif
