/* What a run is made of, when nothing else is said: see setup.h. */
#include "setup.h"

#include "base/arguments.h"

const char *check_name(enum check_level check)
{
    static const char *const names[] = {"arch", "events", "cycle", "state"};
    return names[check];
}

void setup_kernel_defaults(struct kernel_setup *o)
{
    *o = (struct kernel_setup){.config = {.pages = OS_PAGES_4K, .ram_bytes = UINT64_C(4) << 30, .seed = 1}};
}

void setup_defaults(struct setup *o)
{
    static const char *const models[] = {"fixed", "random", "cache"};
    *o = (struct setup){
        .check = CHECK_CYCLE,
        .waves_to = UINT64_MAX,
        .seed = 1,
        .limit = UINT64_MAX,
        .window = 64,
        .skip = true,
        .state_every = 4096,
        .to = UINT64_MAX,
        .hang_after = SETUP_HANG_CYCLES,
        .cycles = UINT64_MAX,
        .squash = -1,
        .reduce = arguments_reduce_default(),
        .out = "out",
        .program = "twinwalk",
    };
    setup_kernel_defaults(&o->kernel);
    memport_preset(&o->memory);
    o->memory.seed = o->seed;
    o->memory_name = models[o->memory.model];
}

struct os_config setup_os(const struct setup *o)
{
    struct os_config config = o->kernel.config;
    config.seed = o->seed;
    return config;
}
