/* The processor that this binary's preset describes, as the oracle sees it. */
#ifndef TWINWALK_PRESET_CPU_H
#define TWINWALK_PRESET_CPU_H

#include "arch/oracle.h"
#include "mmu_cfg.h"

static inline struct oracle_cpu preset_cpu(void)
{
    return (struct oracle_cpu){
        .paddr_bits = CFG_ARCH_PADDR_BITS,
        .page_1g = CFG_ARCH_PAGE_1G,
        .la57 = CFG_ARCH_LA57,
        .pcid = CFG_ARCH_PCID,
        .pku = CFG_ARCH_PKU,
        .pks = CFG_ARCH_PKS,
        .cet = CFG_ARCH_CET,
        .lam = CFG_ARCH_LAM,
        .amd = CFG_ARCH_AMD,
    };
}

#endif
