/* What the fuzzers of the readers share. Each fuzz_*.c is one program of libFuzzer's; `make fuzz` builds and runs them.
 */
#ifndef TWINWALK_FUZZ_H
#define TWINWALK_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* The path of a file with these bytes, which stay where they are; the same file every time. */
const char *fuzz_file(const uint8_t *data, size_t size);
/* The same, open; fclose() closes it. There are four at a time at most. */
FILE *fuzz_open(const uint8_t *data, size_t size);
unsigned fuzz_files_open(void);
/* Pieces of large memory that are in use: a leak of one cannot be seen otherwise, since they are kept. */
unsigned fuzz_pieces_used(void);
/* Do the files and the memory above keep their word? Asked once, before the first input. */
void fuzz_check_files(void);
void fuzz_check_memory(void);

/* A promise of the library that did not hold: says which, and stops. */
#define PROMISE(held) ((held) ? (void)0 : fuzz_broken(#held, __FILE__, __LINE__))
void fuzz_broken(const char *promise, const char *file, int line) __attribute__((noreturn));

/* Reads the trace in a file to its end or damage, seeks in it, and checks what trace.h promises about both. False: it
 * cannot be opened. */
bool fuzz_read_trace(const char *path);

/* Written by what MemorySanitizer does not see into, which is libFuzzer too. */
#ifdef __has_feature /* of clang, which is not all that reads this */
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define WRITTEN(at, len) __msan_unpoison(at, len)
#endif
#endif
#ifndef WRITTEN
#define WRITTEN(at, len) ((void)(at), (void)(len))
#endif

#endif
