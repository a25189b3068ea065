/* The words of the text form: one table each for what is written and what is understood. */
#ifndef TWINWALK_TRACE_TEXT_NAMES_H
#define TWINWALK_TRACE_TEXT_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct name {
    const char *word;
    uint64_t value;
};

/* Each ends with a NULL word. */
extern const struct name text_access_flags[], text_map_flags[], text_controls[], text_page_sizes[], text_memory_types[],
    text_results[], text_syscalls[], text_features[], text_tasks[], text_clone_flags[], text_open_flags[],
    text_memory_errors[];

/* The word of a value, or NULL. */
const char *name_of(const struct name *names, uint64_t value);

#endif
