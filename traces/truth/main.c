/* twinwalk-truth: what a real Linux does with a command's memory, to hold the OS model against. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "relocate.h"
#include "tracer.h"

static const char HELP[] =
    "twinwalk-truth run [-l] [-v] [-e NAME=VALUE]… [-b COPY=FILE]… [-O OUT] -o LOG PROGRAM [ARGUMENT]…\n"
    "    runs the command natively, on one processor, without address randomization, and writes what the kernel did "
    "with its memory.\n"
    "    -e  a variable; apart from these the program sees none     -O  where its standard output goes (/dev/null)\n"
    "    -b  in place of FILE it gets COPY, so that no other process of the machine shares its pages (root only)\n"
    "    -l  lightly: looks at exec and exit only                     -v  without the vDSO, as under QEMU, which has "
    "none\n"
    "twinwalk-truth relocate LOG IN OUT\n"
    "    IN is a trace of the same command, captured under QEMU. OUT is the same trace in the address space of the "
    "native run.\n";

static int usage(const char *wrong, const char *what)
{
    fprintf(stderr, "twinwalk-truth: %s%s\n%s", wrong, what, HELP);
    return 2;
}

/* COPY stands in FILE's place in a mount namespace of our own. */
static bool put_in_place(char *pair)
{
    static bool apart;
    char *file = strchr(pair, '=');
    if (!file)
        return false;
    *file++ = 0;
    if (!apart && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
        fprintf(stderr, "twinwalk-truth: -b: no mount namespace of its own: %s\n", strerror(errno));
    else if ((apart = true), mount(pair, file, NULL, MS_BIND, NULL))
        fprintf(stderr, "twinwalk-truth: -b: %s in place of %s: %s\n", pair, file, strerror(errno));
    else
        return true;
    exit(1);
}

static int run(int argc, char **argv)
{
    char *environment[256] = {0};
    size_t variables = 0;
    struct utsname system;
    struct run run = {.environment = environment, .out = "/dev/null"};
    const char *path = NULL;
    int option;
    while ((option = getopt(argc, argv, "+lve:b:O:o:")) != -1) {
        if (option == 'l')
            run.light = true;
        else if (option == 'v')
            run.no_vdso = true;
        else if (option == 'e' && variables < sizeof environment / sizeof *environment - 1)
            environment[variables++] = optarg;
        else if (option == 'b' && put_in_place(optarg))
            continue;
        else if (option == 'O')
            run.out = optarg;
        else if (option == 'o')
            path = optarg;
        else
            return usage("cannot make sense of the options", "");
    }
    if (!path || optind == argc)
        return usage("run: needs -o LOG and a command", "");
    if (argv[optind][0] != '/')
        return usage("run: name the program by its full path, not ", argv[optind]);
    run.argv = argv + optind;
    run.program = argv[optind];
    run.log = fopen(path, "we");
    if (!run.log) {
        fprintf(stderr, "twinwalk-truth: %s: %s\n", path, strerror(errno));
        return 1;
    }
    uname(&system);
    fprintf(run.log, TRUTH_HEAD "\nkernel %s\n", system.release);
    int status = tracer_run(&run);
    if (fclose(run.log)) {
        fprintf(stderr, "twinwalk-truth: %s: %s\n", path, strerror(errno));
        return 1;
    }
    return status < 0 ? 1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    if (argc >= 2 && !strcmp(argv[1], "run"))
        return run(argc - 1, argv + 1);
    if (argc == 5 && !strcmp(argv[1], "relocate"))
        return relocate(argv[2], argv[3], argv[4]);
    if (argc == 2 && !strcmp(argv[1], "--help"))
        return fputs(HELP, stdout) < 0;
    return usage(argc < 2 ? "which verb?" : "cannot make sense of ", argc < 2 ? "" : argv[1]);
}
