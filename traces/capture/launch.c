/* Starting qemu-x86_64 with the plugin.
 *
 * QEMU hands its own environment to the program, in reverse order, so it is given the program's environment, reversed.
 * Variables that would act upon QEMU itself (LD_…, QEMU_…) travel as -E options instead, which must not hold a comma.
 */
#define _GNU_SOURCE
#include "launch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_LINE = 256, SCRIPTS = 5 }; /* as Linux: the first line counts up to here; scripts of scripts */

/* The interpreter and its one argument from "#! interpreter argument". */
static bool parse_script(char *line, char **interpreter, char **argument)
{
    line[strcspn(line, "\n")] = 0;
    line += 2 + strspn(line + 2, " \t");
    for (size_t n = strlen(line); n && (line[n - 1] == ' ' || line[n - 1] == '\t'); n--)
        line[n - 1] = 0;
    size_t n = strcspn(line, " \t");
    *interpreter = line;
    *argument = NULL;
    if (line[n]) {
        line[n] = 0;
        *argument = line + n + 1 + strspn(line + n + 1, " \t");
    }
    return **interpreter;
}

static int look_at(const char *path, char head[SCRIPT_LINE + 1], size_t *len)
{
    struct stat st;
    if (stat(path, &st))
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    if (access(path, X_OK))
        return errno;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t n = read(fd, head, SCRIPT_LINE);
    close(fd);
    *len = n < 0 ? 0 : (size_t)n;
    head[*len] = 0;
    return 0;
}

int image_resolve(struct image *image, const char *path)
{
    char head[SCRIPT_LINE + 1];
    memset(image, 0, sizeof *image);
    if (strlen(path) >= sizeof image->path)
        return ENAMETOOLONG;
    strcpy(image->path, path);
    for (int depth = 0; depth <= SCRIPTS; depth++) {
        const Elf64_Ehdr *elf = (const Elf64_Ehdr *)head;
        size_t len = 0;
        char *words[3];
        int wrong = look_at(image->path, head, &len);
        if (wrong)
            return wrong;
        if (len >= sizeof *elf && !memcmp(head, ELFMAG, SELFMAG))
            return elf->e_ident[EI_CLASS] == ELFCLASS64 && elf->e_machine == EM_X86_64 ? 0 : ENOTSUP;
        if (len < 2 || head[0] != '#' || head[1] != '!' || !parse_script(head, &words[0], &words[1]))
            return ENOEXEC;
        /* interpreter, its argument, the script, and then what stood before argv[1] so far without its first */
        unsigned count = 0, keep = image->prefixes ? image->prefixes - 1 : 0;
        char *before[sizeof image->prefix / sizeof *image->prefix];
        memcpy(before, image->prefix + 1, keep * sizeof *before);
        image->prefix[count++] = strdup(words[0]);
        if (words[1] && *words[1])
            image->prefix[count++] = strdup(words[1]);
        image->prefix[count++] = strdup(image->path);
        if (count + keep > sizeof image->prefix / sizeof *image->prefix)
            return ELOOP;
        memcpy(image->prefix + count, before, keep * sizeof *before);
        image->prefixes = count + keep;
        if (strlen(words[0]) >= sizeof image->path)
            return ENAMETOOLONG;
        strcpy(image->path, words[0]);
    }
    return ELOOP;
}

void launch(const struct channel *ch, unsigned task, bool first, const struct image *image, char *const *argv,
            char *const *env)
{
    size_t args = 0, vars = 0;
    char option[1024], *absolute = realpath(image->path, NULL);
    while (argv && argv[args])
        args++;
    while (env && env[vars])
        vars++;
    const char **to = calloc(args + 2 * vars + 32, sizeof *to), **to_env = calloc(vars + 1, sizeof *to_env);
    if (!to || !to_env || !absolute)
        return;
    size_t n = 0, m = 0;
    snprintf(option, sizeof option, "%s,channel=%s,task=%u,first=%s", ch->plugin, ch->path, task, first ? "on" : "off");
    to[n++] = ch->qemu;
    to[n++] = "-seed"; /* the random bytes that the kernel gives to a program are always the same */
    to[n++] = "1";
    to[n++] = "-plugin";
    to[n++] = option;
    for (size_t i = vars; i-- > 0;) {
        if (strncmp(env[i], "LD_", 3) && strncmp(env[i], "QEMU_", 5)) {
            to_env[m++] = env[i];
        } else if (!strchr(env[i], ',')) {
            to[n++] = "-E";
            to[n++] = env[i];
        }
    }
    to[n++] = "-0";
    to[n++] = image->prefixes ? image->prefix[0] : args ? argv[0] : "";
    to[n++] = absolute;
    for (unsigned i = 1; i < image->prefixes; i++)
        to[n++] = image->prefix[i];
    for (size_t i = 1; i < args; i++)
        to[n++] = argv[i];
    execve(ch->qemu, (char *const *)to, (char *const *)to_env);
    free(to);
    free(to_env);
    free(absolute);
}
