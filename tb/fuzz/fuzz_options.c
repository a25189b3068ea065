/* The command lines of the verbs that run an MMU: every option of every parser, in any order, with any text. A line is
 * understood, or refused in one line and with the status of wrong usage; nothing is run.
 *
 * The first byte chooses the verb; the rest are the arguments, one a line. argp ends the program when it complains:
 * here it comes back (--wrap in rules.mk). */
#define _GNU_SOURCE
#include <argp.h>
#include <sanitizer/allocator_interface.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/outfile.h"
#include "cli/options.h"
#include "dut/dut_list.h"
#include "processes/serial_tlbs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *at, void *input);
void __wrap_argp_error(const struct argp_state *state, const char *format, ...);
void __wrap_exit(int status) __attribute__((noreturn));
void __real_exit(int status) __attribute__((noreturn));
error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *at, void *input);

enum { MOST_ARGUMENTS = 64, MOST_BYTES = 4096 };

static jmp_buf refused;
static int status;

/* What was allocated within a parser that does not come back is given back here: a program would have ended. */
enum { MOST_BLOCKS = 256 };
static const volatile void *block[MOST_BLOCKS];
static unsigned blocks;
static bool recording;

static void allocated(const volatile void *p, size_t size)
{
    (void)size;
    if (recording && blocks < MOST_BLOCKS)
        block[blocks++] = p;
}

static void freed(const volatile void *p)
{
    for (unsigned i = 0; i < blocks; i++)
        if (block[i] == p)
            block[i--] = block[--blocks];
}

static void free_blocks(void)
{
    const unsigned left = blocks;
    recording = false;
    blocks = 0;
    for (unsigned i = 0; i < left; i++)
        free((void *)(uintptr_t)block[i]);
}

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *at, void *input)
{
    if (__real_argp_parse(argp, argc, argv, flags | ARGP_NO_EXIT | ARGP_NO_ERRS, at, input)) {
        status = STATUS_USAGE;
        longjmp(refused, 1);
    }
    return 0;
}

/* The complaint is one line, and says something. */
void __wrap_argp_error(const struct argp_state *state, const char *format, ...)
{
    static char words[2 * MOST_BYTES];
    va_list ap;
    (void)state;
    va_start(ap, format);
    vsnprintf(words, sizeof words, format, ap);
    va_end(ap);
    if (!words[0])
        abort();
    status = STATUS_USAGE;
    longjmp(refused, 1);
}

void __wrap_exit(int s)
{
    if (!recording) /* libFuzzer's own */
        __real_exit(s);
    status = s;
    longjmp(refused, 1);
}

/* No file is looked for, and no device: what is asked of them here depends on the machine. */
bool __wrap_outfile_possible(const char *option, const char *path);
bool __wrap_outfile_possible(const char *option, const char *path)
{
    return option && path && path[0] != '/';
}

const char *dut_argument(struct argp_state *state, const char *option, const char *name)
{
    if (!name[0])
        argp_error(state, "--%s=%s: no such device", option, name);
    return name;
}

/* The preset's TLBs, where no option names others: no part of the command line. */
struct tlb_shapes serial_tlbs_preset(void)
{
    return (struct tlb_shapes){0};
}

const char *dut_check(const char *name)
{
    return strchr(name, ':') ? "cycle" : NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static FILE *nowhere;
    nowhere = fopen("/dev/null", "w");
    if (!nowhere || setvbuf(nowhere, NULL, _IONBF, 0)) /* a buffer would be taken for the parser's */
        abort();
    stdout = nowhere; /* what --help prints */
    if (!__sanitizer_install_malloc_and_free_hooks(allocated, freed))
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(struct setup *, int, char **) = {options_parse_cosim,  options_parse_model,
                                                                    options_parse_random, options_parse_profile,
                                                                    options_parse_memory, options_parse_tlb};
    static char text[MOST_BYTES + 1];
    static char verb[] = "verb";
    static struct setup setup;
    static char *argv[MOST_ARGUMENTS + 2];
    if (size < 2 || size > MOST_BYTES)
        return -1;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    int argc = 0;
    argv[argc++] = verb;
    for (char *at = text; at < text + size - 1 && argc <= MOST_ARGUMENTS; at += strlen(at) + 1) {
        char *end = strchr(at, '\n');
        if (end)
            *end = 0;
        argv[argc++] = at;
    }
    argv[argc] = NULL;
    memset(&setup, 0, sizeof setup);
    setup_defaults(&setup);
    status = STATUS_EQUAL;
    blocks = 0;
    recording = true;
    if (!setjmp(refused))
        parsers[data[0] % (sizeof parsers / sizeof *parsers)](&setup, argc, argv);
    free_blocks();
    if (status != STATUS_EQUAL && status != STATUS_USAGE && status != STATUS_OUTPUT)
        abort();
    return 0;
}
