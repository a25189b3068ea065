/* What the fuzzers of the readers share. Each fuzz_*.c is one program of libFuzzer's; `make fuzz` builds and runs them.
 */
#ifndef TWINWALK_FUZZ_H
#define TWINWALK_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* The path of a file with these bytes; the same file every time. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* A promise of the library that did not hold: says which, and stops. */
#define PROMISE(held) ((held) ? (void)0 : fuzz_broken(#held, __FILE__, __LINE__))
void fuzz_broken(const char *promise, const char *file, int line) __attribute__((noreturn));

/* Reads the trace in a file to its end or damage, seeks in it, and checks what trace.h promises about both. */
void fuzz_read_trace(const char *path);

#endif
