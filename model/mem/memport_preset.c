/* The memory of the preset that this program was compiled for: the only file of model/mem that knows mmu_cfg.h. */
#include "memport.h"

#include "mmu_cfg.h"

void memport_preset(struct memport_config *config)
{
    *config = (struct memport_config){
        .model = CFG_MEMORY_MODEL, /* the numbers of scripts/config.py follow enum memport_model */
        .fixed_latency = CFG_MEMORY_FIXED_LATENCY,
        .random_min = CFG_MEMORY_RANDOM_MIN,
        .random_max = CFG_MEMORY_RANDOM_MAX,
        .level = {{CFG_MEMORY_L1_KIB, CFG_MEMORY_L1_WAYS, CFG_MEMORY_L1_LATENCY},
                  {CFG_MEMORY_L2_KIB, CFG_MEMORY_L2_WAYS, CFG_MEMORY_L2_LATENCY},
                  {CFG_MEMORY_LLC_KIB, CFG_MEMORY_LLC_WAYS, CFG_MEMORY_LLC_LATENCY}},
        .dram_latency = CFG_MEMORY_DRAM_LATENCY,
        .reply_bytes = CFG_WALKERS_REPLY_BYTES,
        .seed = 1,
    };
}
