/* See shell.h. */
#include "shell.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(const char *text)
{
    while (*text && !is_control(*text))
        text++;
    return *text;
}

/* Writes the word at `to`, which has room for four bytes a byte and four more; gives its end. */
static char *put_word(char *to, const char *text)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./,:+@%";
    const bool escaped = has_control(text), plain = *text && !text[strspn(text, harmless)];
    to += sprintf(to, "%s", plain ? "" : escaped ? "$'" : "'");
    for (const char *c = text; *c; c++)
        if (escaped && is_control(*c))
            to += sprintf(to, "\\x%02x", (unsigned char)*c);
        else if (escaped && (*c == '\'' || *c == '\\'))
            to += sprintf(to, "\\%c", *c);
        else
            to += *c == '\'' ? sprintf(to, "'\\''") : sprintf(to, "%c", *c);
    return to + sprintf(to, "%s", plain ? "" : "'");
}

char *shell_line(int argc, char *const *argv)
{
    size_t size = 1;
    for (int i = 0; i < argc; i++)
        size += 4 * strlen(argv[i]) + 4;
    char *line = malloc(size), *to = line;
    for (int i = 0; line && i < argc; i++) {
        if (i)
            *to++ = ' ';
        to = put_word(to, argv[i]);
    }
    return line;
}

char *shell_word(const char *text)
{
    return shell_line(1, (char *const *)&text);
}

static char *rerun, *program;

void shell_begin(int argc, char *const *argv)
{
    rerun = shell_line(argc, argv);
    program = argc ? shell_word(argv[0]) : NULL;
}

const char *shell_rerun(void)
{
    return rerun ? rerun : "";
}

const char *shell_program(void)
{
    return program ? program : "twinwalk";
}
