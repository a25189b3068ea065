#include "elf_bss.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>

enum { PAGE = 4096 };

size_t elf_bss(const char *file, uint64_t start, uint64_t *at, size_t room)
{
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    uint64_t bias = 0;
    size_t found = 0;
    bool first = true;
    FILE *f = fopen(file, "re");
    if (!f || fread(&head, sizeof head, 1, f) != 1 || head.e_phentsize != sizeof segment ||
        fseek(f, (long)head.e_phoff, SEEK_SET))
        head.e_phnum = 0;
    for (unsigned i = 0; i < head.e_phnum && fread(&segment, sizeof segment, 1, f) == 1; i++) {
        if (segment.p_type != PT_LOAD)
            continue;
        if (first)
            bias = start - (segment.p_vaddr & ~(uint64_t)(PAGE - 1));
        first = false;
        uint64_t end = bias + segment.p_vaddr + segment.p_filesz;
        if (segment.p_memsz > segment.p_filesz && end % PAGE && segment.p_flags & PF_W && found < room)
            at[found++] = end;
    }
    if (f)
        fclose(f);
    return found;
}
