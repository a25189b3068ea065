/* What a Verilated design says of itself: its assertions, $fatal, $error, $stop, $finish and what it prints.
 *
 * Included before everything else where Verilator's own runtime is compiled (the Makefile's VSAYS), so that the runtime
 * calls verilated_says.cpp instead of ending the process, and prints there instead of on standard output. */
#ifndef TWINWALK_VERILATED_SAYS_H
#define TWINWALK_VERILATED_SAYS_H

#define VL_USER_FINISH
#define VL_USER_STOP
#define VL_USER_FATAL
#define VL_PRINTF verilated_prints

int verilated_prints(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
