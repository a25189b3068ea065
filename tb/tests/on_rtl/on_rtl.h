/* The unit tests of the cycle model, on the RTL.
 *
 * What a test of model/tests says of the clocked model it says of docs/microarchitecture.md, so the RTL must pass it
 * too: a mistake made alike in both twins, which no lockstep run can see, fails here twice. The tests are compiled a
 * second time with this header in front: every call of the model's interface (model/cycle/mmu.h) goes to the Verilated
 * RTL of the same preset (on_rtl.c). */
#ifndef TWINWALK_TESTS_ON_RTL_H
#define TWINWALK_TESTS_ON_RTL_H

#define mmu_new rtl_mmu_new
#define mmu_free rtl_mmu_free
#define mmu_reset rtl_mmu_reset
#define mmu_step rtl_mmu_step
#define mmu_state rtl_mmu_state
#define mmu_counts rtl_mmu_counts

#endif
