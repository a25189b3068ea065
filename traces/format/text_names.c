#include "text_names.h"

#include "mem/memerr.h"
#include "os/os.h"
#include "pins.h"
#include "trace.h"

const struct name text_access_flags[] = {
    {"sup", TRACE_SUPERVISOR}, {"imp", TRACE_IMPLICIT}, {"ac", TRACE_AC}, {"ss", TRACE_SHADOW_STACK}, {NULL, 0},
};
const struct name text_map_flags[] = {
    {"file", OS_FILE},           {"stack", OS_STACK}, {"heap", OS_HEAP},
    {"growsdown", OS_GROWSDOWN}, {NULL, 0}, /* shared is the s of r-xs */
};
const struct name text_controls[] = {
    {"mov cr0", CTL_MOV_CR0},
    {"mov cr3", CTL_MOV_CR3},
    {"mov cr4", CTL_MOV_CR4},
    {"wrmsr efer", CTL_WRMSR_EFER},
    {"invlpg", CTL_INVLPG},
    {"invpcid 0", CTL_INVPCID_ADDRESS},
    {"invpcid 1", CTL_INVPCID_CONTEXT},
    {"invpcid 2", CTL_INVPCID_ALL},
    {"invpcid 3", CTL_INVPCID_ALL_NONGLOBAL},
    {"wrpkru", CTL_WRPKRU},
    {"wrmsr pkrs", CTL_WRMSR_PKRS},
    {"wrmsr pat", CTL_WRMSR_PAT},
    {NULL, 0},
};
const struct name text_page_sizes[] = {{"4k", SIZE_4K}, {"2m", SIZE_2M}, {"1g", SIZE_1G}, {NULL, 0}};
const struct name text_memory_types[] = {{"uc", MT_UC}, {"wc", MT_WC},        {"wt", MT_WT}, {"wp", MT_WP},
                                         {"wb", MT_WB}, {"uc-", MT_UC_MINUS}, {NULL, 0}};
const struct name text_features[] = {
    {"la57", TRACE_LA57}, {"pcid", TRACE_PCID}, {"1g", TRACE_PAGE_1G}, {"pku", TRACE_PKU}, {"pks", TRACE_PKS},
    {"cet", TRACE_CET},   {"lam", TRACE_LAM},   {"amd", TRACE_AMD},    {NULL, 0}, /* that AMD's are absent is spelled
                                                                                     intel */
};
const struct name text_results[] = {
    {"ok", KIND_OK}, {"gp", KIND_GP}, {"pf", KIND_PF}, {"memerr", KIND_MEMERR}, {NULL, 0}};
const struct name text_tasks[] = {
    {"clone", TRACE_CLONE},           {"exec", TRACE_EXEC}, {"exit", TRACE_EXIT},
    {"exit_group", TRACE_EXIT_GROUP}, {"open", TRACE_OPEN}, {NULL, 0},
};
const struct name text_clone_flags[] = {
    {"vm", TRACE_CLONE_VM},
    {"files", TRACE_CLONE_FILES},
    {"thread", TRACE_CLONE_THREAD},
    {"vfork", TRACE_CLONE_VFORK},
    {NULL, 0},
};
const struct name text_memory_errors[] = {{"off", MEMERR_OFF}, {"at", MEMERR_AT}, {"read", MEMERR_READ}, {NULL, 0}};
const struct name text_open_flags[] = {{"nofile", TRACE_OPEN_NO_FILE}, {NULL, 0}};
/* x86-64 Linux, those that matter to an address space */
const struct name text_syscalls[] = {
    {"mmap", 9},
    {"mprotect", 10},
    {"munmap", 11},
    {"brk", 12},
    {"mremap", 25},
    {"msync", 26},
    {"mincore", 27},
    {"madvise", 28},
    {"shmat", 30},
    {"clone", 56},
    {"fork", 57},
    {"vfork", 58},
    {"execve", 59},
    {"exit", 60},
    {"shmctl", 31},
    {"shmdt", 67},
    {"mlock", 149},
    {"munlock", 150},
    {"mlockall", 151},
    {"munlockall", 152},
    {"remap_file_pages", 216},
    {"exit_group", 231},
    {"mbind", 237},
    {"mlock2", 325},
    {"pkey_mprotect", 329},
    {NULL, 0},
};

const char *name_of(const struct name *names, uint64_t value)
{
    for (; names->word; names++)
        if (names->value == value)
            return names->word;
    return NULL;
}
