/* What the kernel writes while it executes a program, before the program's first instruction. */
#ifndef TWINWALK_TRUTH_ELF_BSS_H
#define TWINWALK_TRUTH_ELF_BSS_H

#include <stddef.h>
#include <stdint.h>

/* The ELF file is mapped from `start` on: gives the addresses where the kernel clears the rest of a page because a
 * segment's data end in it and its bss begins (Linux: padzero). Returns how many, at most `room`; 0 also when the file
 * cannot be read. */
size_t elf_bss(const char *file, uint64_t start, uint64_t *at, size_t room);

#endif
