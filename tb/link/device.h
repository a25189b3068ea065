/* A board behind the bench's ABI: --dut=fpga:DEVICE (docs/board.md).
 *
 * Declared in dut/dut_list.c too, weak: a bench without this room has no boards. */
#ifndef TWINWALK_DEVICE_H
#define TWINWALK_DEVICE_H

#include "dut/dut_load.h"

/* The board that is named (what follows "fpga:"), as dut_load() gives libraries. A process has one. Never NULL. */
const struct dut_library *dut_board(const char *name);

#endif
