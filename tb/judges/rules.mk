# The outside judges: programs of their own that compare the oracle with a machine that is not ours. The same for every
# preset.
ifndef JUDGES_RULES
JUDGES_RULES := 1

CASES ?= 100000
SEED  ?= 1

JUDGES       := build/judges
JUDGE_COMMON := tb/judges/case.c tb/judges/expect.c tb/judges/options.c tb/judges/progress.c tb/judges/sabotage.c tb/judges/verdict.c tb/base/arguments.c tb/base/exits.c tb/base/interrupt.c tb/base/outfile.c tb/base/about.c traces/format/plain.c traces/format/whole.c model/arch/oracle.c model/mem/physmem.c
judge_objects = $(patsubst %,$(JUDGES)/obj/%.o,$(basename $(1)))
JUDGE_FLAGS  := -I . -I model -I tb -I tb/judges -MMD -MP

$(JUDGES)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(JUDGE_FLAGS) $(CFLAGS) -c $< -o $@

$(JUDGES)/obj/tb/base/about.o: build/version.h

# QEMU: the guest is bare metal, 64-bit code in a 32-bit file (QEMU's multiboot loader takes no other), and goes into
# the host program.
GUEST_FLAGS := -std=gnu11 -O2 $(WARN) -I tb/judges -MMD -MP -ffreestanding -nostdlib -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
               -mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
GUEST_OBJ   := $(patsubst tb/judges/%,$(JUDGES)/guest/%.o,$(basename $(wildcard tb/judges/qemu_guest*.[cS])))
QEMU_OBJ    := $(call judge_objects,$(JUDGE_COMMON) $(filter-out tb/judges/qemu_guest.c,$(wildcard tb/judges/qemu*.c)))

$(JUDGES)/guest/%.o: tb/judges/%.c
	@mkdir -p $(@D)
	@$(CC) $(GUEST_FLAGS) -c $< -o $@
$(JUDGES)/guest/%.o: tb/judges/%.S
	@mkdir -p $(@D)
	@$(CC) $(GUEST_FLAGS) -c $< -o $@
$(JUDGES)/qemu_guest.elf: tb/judges/qemu_guest.ld $(GUEST_OBJ)
	@$(LD) -m elf_x86_64 -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments -T $< $(GUEST_OBJ) -o $@.64
	@objcopy -O elf32-i386 $@.64 $@
$(JUDGES)/qemu_image.o: tb/judges/qemu_image.S $(JUDGES)/qemu_guest.elf
	@$(CC) -Wa,-I,$(@D) -c $< -o $@
$(JUDGES)/qemu: $(QEMU_OBJ) $(JUDGES)/qemu_image.o
	@$(CC) $^ -ljansson -o $@

.PHONY: judge-qemu
judge-qemu: needs-judge-qemu ## judge the oracle by QEMU's MMU (CASES=N SEED=S ARGS=)
	@$(MAKE) -s -j2 $(JUDGES)/qemu
	@$(JUDGES)/qemu --cases=$(CASES) --seed=$(SEED) $(ARGS)

# /dev/kvm: the guest is a stub within the program.
KVM_OBJ := $(call judge_objects,$(JUDGE_COMMON) $(wildcard tb/judges/kvm*.c))
$(JUDGES)/kvm: $(KVM_OBJ)
	@$(CC) $^ -ljansson -o $@

.PHONY: judge-kvm
judge-kvm: needs-judge-kvm ## judge the oracle by /dev/kvm, where there is one (CASES=N SEED=S ARGS=)
	@$(MAKE) -s -j2 $(JUDGES)/kvm
	@$(JUDGES)/kvm --cases=$(CASES) --seed=$(SEED) $(ARGS)

# Bochs: its processor, built from source by scripts/judge_bochs.sh, is linked to the program; what of it must be C++ is.
BOCHS       := build/bochs-judge/bochs-3.0
BOCHS_LIBS  := $(addprefix $(BOCHS)/,cpu/libcpu.a cpu/avx/libavx.a cpu/fpu/libfpu.a cpu/softfloat3e/libsoftfloat.a cpu/libcpu.a cpu/cpudb/libcpudb.a gui/paramtree.o)
BOCHS_CXX   := $(patsubst %.cc,$(JUDGES)/obj/%.o,$(wildcard tb/judges/bochs*.cc))
BOCHS_OBJ   := $(call judge_objects,$(JUDGE_COMMON) model/arch/invalidation.c $(wildcard tb/judges/bochs*.c)) $(BOCHS_CXX)
BOCHS_FLAGS := -O2 -Wall -isystem $(BOCHS) -isystem $(BOCHS)/cpu -I tb/judges/bochs_hooks -I model -I tb/judges -MMD -MP

$(BOCHS)/built: scripts/judge_bochs.sh tb/judges/bochs_hooks/instrument.h
	@scripts/judge_bochs.sh
$(BOCHS_CXX): $(JUDGES)/obj/%.o: %.cc $(BOCHS)/built
	@mkdir -p $(@D)
	@$(CXX) $(BOCHS_FLAGS) -c $< -o $@
$(JUDGES)/bochs: $(BOCHS_OBJ)
	@$(CXX) $^ $(BOCHS_LIBS) -ljansson -o $@

.PHONY: judge-bochs
judge-bochs: needs-judge-bochs ## judge the oracle by Bochs' MMU, built from source at the first call (CASES=N SEED=S ARGS=)
	@$(MAKE) -s -j2 $(JUDGES)/bochs
	@$(JUDGES)/bochs --cases=$(CASES) --seed=$(SEED) $(ARGS)

-include $(shell find $(JUDGES) -name '*.d' 2>/dev/null)
endif
