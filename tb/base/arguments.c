/* Arguments of the command line, in numbers: see arguments.h. */
#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exits.h"

/* argp has a word of its own that sleeps for an hour, --HANG, and takes what abbreviates it. */
static void refuse_hang(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const size_t length = strcspn(argv[i], "=");
        if (length < 3 || strncmp(argv[i], "--HANG", length) != 0)
            continue;
        fprintf(stderr, "%s: unrecognized option '%s'\n", argv[0], argv[i]);
        exit(STATUS_USAGE);
    }
}

void arguments_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    refuse_hang(argc, argv);
    const error_t error = argp_parse(argp, argc, argv, 0, NULL, input);
    if (!error)
        return;
    fprintf(stderr, "%s: the command line cannot be read: %s\n", argv[0], strerror(error));
    exit(STATUS_HOST);
}

uint64_t arguments_number(struct argp_state *state, const char *option, const char *text, uint64_t low, uint64_t high,
                          bool suffix)
{
    char *end;
    unsigned shift = 0;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    const char *scale = suffix && *end ? strchr("KMGT", *end) : NULL;
    if (scale) {
        shift = 10 * (unsigned)(scale - "KMGT" + 1);
        end++;
    }
    if (errno || end == text || *end || *text == '-' || value > UINT64_MAX >> shift)
        argp_error(state, "--%s=%s: not a number%s", option, text, suffix ? " (K, M, G and T are understood)" : "");
    value <<= shift;
    if (value < low || value > high)
        argp_error(state, "--%s=%s: must be %llu to %llu", option, text, (unsigned long long)low,
                   (unsigned long long)high);
    return value;
}

unsigned arguments_choice(struct argp_state *state, const char *option, const char *text, const char *const *names)
{
    char list[128] = "";
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
        strncat(list, i ? ", " : "", sizeof list - strlen(list) - 1);
        strncat(list, names[i], sizeof list - strlen(list) - 1);
    }
    argp_error(state, "--%s=%s: must be one of %s", option, text, list);
    return 0;
}

void arguments_share(struct argp_state *state, const char *option, const char *text, uint64_t *share, uint64_t *shares)
{
    char *end;
    errno = 0;
    *share = strtoull(text, &end, 10);
    const char *second = *end == '/' ? end + 1 : "";
    *shares = strtoull(second, &end, 10);
    if (errno || !isdigit((unsigned char)*text) || !isdigit((unsigned char)*second) || *end || *share >= *shares)
        argp_error(state, "--%s=%s: must be I/N with I less than N, like 0/16", option, text);
}

double arguments_reduce(struct argp_state *state, const char *text)
{
    return (double)arguments_number(state, "reduce", text, 0, 86400, false);
}

double arguments_reduce_default(void)
{
    return isatty(STDOUT_FILENO) ? 60 : 0;
}
