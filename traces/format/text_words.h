/* Words of a line of the text form: taking them, numbers, and the answer to a mistake. For text_parse.c only. */
#ifndef TWINWALK_TRACE_TEXT_WORDS_H
#define TWINWALK_TRACE_TEXT_WORDS_H

#include "format.h"
#include "text_names.h"

struct word {
    const char *p;
    size_t len;
};

/* Says what was expected and what was found; gives false. */
bool text_expected(struct text_cursor *c, const char *what, struct word found);

/* The next word, empty at the end of the line or where a comment begins; word_next takes it. */
struct word word_peek(struct text_cursor *c);
struct word word_next(struct text_cursor *c);

bool word_is(struct word w, const char *text);
bool word_starts(struct word w, const char *text);
const struct name *word_lookup(const struct name *names, struct word w); /* NULL: not among them */

/* A whole number, decimal or 0x…, negative if asked; false without a message when it is none. */
bool word_number(struct word w, bool negative_too, uint64_t *value);

/* The next word is a number up to limit, called `what`. */
bool text_number(struct text_cursor *c, const char *what, uint64_t limit, bool negative_too, uint64_t *value);

bool text_line_end(struct text_cursor *c);

/* The rest of the line, blanks at its end cut off and \xHH resolved, to out[size]. */
bool text_rest(struct text_cursor *c, char *out, size_t size, const char *what);

/* thread=N, if it comes next. */
bool text_thread(struct text_cursor *c, struct trace_rec *rec, bool *found);
bool text_thread_and_end(struct text_cursor *c, struct trace_rec *rec);

/* An optional KEY=…, if it comes next: *value is the part behind the sign. False when something else comes. */
bool text_key(struct text_cursor *c, const char *key, struct word *whole, struct word *value);

#endif
