/* What Bochs' processor calls of the machine around it, where there is no machine: the objects that it expects, words
 * for a log that nobody keeps, timers that never run, ports that are not there. Nothing here decides anything of a
 * translation; memory is in bochs_cpu.cc. */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu/cpu.h"
/* Bochs' headers want this order. */
#include "iodev/iodev.h"
#include "memory/memory-bochs.h"
#include "pc_system.h"
/* And this. */
#include "gui/siminterface.h"
/* And this. */
#include "gui/gui.h"

#include <stdio.h>
#include <stdlib.h>

bx_pc_system_c bx_pc_system;
bx_devices_c bx_devices;
BX_CPU_C bx_cpu;
BX_MEM_C bx_mem;
bx_debug_t bx_dbg;
bx_simulator_interface_c *SIM;
logfunctions *genlog, *pluginlog, *siminterface_log;
bx_list_c *root_param;
bx_gui_c *bx_gui;
Bit32u apic_id_mask;
bool simulate_xapic;

/* Whoever comes here was asked for something that has nothing to do with translation. */
static void unheard_of(const char *what)
{
    fprintf(stderr, "judge: Bochs' processor asked for %s, which is not there\n", what);
    abort();
}

logfunctions::logfunctions() : name(), prefix(), logio() {}
logfunctions::~logfunctions() {}
void logfunctions::put(const char *) {}
void logfunctions::put(const char *, const char *) {}
void logfunctions::fatal1(const char *words, ...)
{
    unheard_of(words);
}

bx_pc_system_c::bx_pc_system_c()
{
    a20_mask = ~BX_CONST64(0);
    currCountdown = currCountdownPeriod = 1;
    ticksTotal = 0;
}
void bx_pc_system_c::countdownEvent() {}
void bx_pc_system_c::deactivate_timer(unsigned) {}
void bx_pc_system_c::activate_timer_ticks(unsigned, Bit64u, bool) {}
int bx_pc_system_c::register_timer_ticks(void *, bx_timer_handler_t, Bit64u, bool, bool, const char *)
{
    return 0;
}
void bx_pc_system_c::invlpg(bx_address) {}
int bx_pc_system_c::Reset(unsigned)
{
    unheard_of("a reset");
    return 0;
}

Bit32u bx_pci_device_c::pci_read_handler(Bit8u, unsigned)
{
    unheard_of("a PCI device");
    return 0;
}
bx_devices_c::bx_devices_c() {}
bx_devices_c::~bx_devices_c() {}
Bit32u bx_devices_c::inp(Bit16u, unsigned)
{
    unheard_of("a port");
    return 0;
}
void bx_devices_c::outp(Bit16u, Bit32u, unsigned)
{
    unheard_of("a port");
}
